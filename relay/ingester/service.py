"""The ingester: one reader for each other region."""

import asyncio

from infra.health import Health
from infra.serve import Host
from infra.settings import read
from infra.tasks import run_for_ever
from relay.ingester.asking import Asking
from relay.ingester.intake import Intake
from relay.ingester.reader import Reader
from relay.ingester.repairer import Repairer
from relay.ingester.settings import IngesterSettings


async def service(host: Host) -> None:
    """Take in what the other regions relay here, until cancelled."""
    settings = read(IngesterSettings)
    host.health.expect(*(f"from {origin}" for origin in settings.others))
    if not settings.others:
        host.health.tell("regions", ok=True, detail="there is no other")
        await asyncio.Event().wait()
    async with asyncio.TaskGroup() as group:
        for origin in settings.others:
            group.create_task(run_for_ever(_read(origin, settings, host.health)), name=f"from {origin}")


async def _read(origin: str, settings: IngesterSettings, health: Health) -> None:
    intake = Intake(origin, settings.region, settings.partitions)
    repairer = Repairer(origin, settings.peers.get(origin, ""), here=settings.region)
    asking = Asking(patience=settings.repair_patience, retry=settings.repair_retry)
    try:
        await Reader(intake, kafka=settings.kafka, health=health, repairer=repairer, asking=asking).run()
    finally:
        await repairer.close()
