"""The ingester: one reader for each other region."""

import asyncio

from infra.serve import Host
from infra.settings import RegionalSettings, read
from infra.tasks import run_for_ever
from relay.ingester.intake import Intake
from relay.ingester.reader import Reader


async def service(host: Host) -> None:
    """Take in what the other regions relay here, until cancelled."""
    settings = read(RegionalSettings)
    host.health.expect(*(f"from {origin}" for origin in settings.others))
    if not settings.others:
        host.health.tell("regions", ok=True, detail="there is no other")
        await asyncio.Event().wait()
    async with asyncio.TaskGroup() as group:
        for origin in settings.others:
            intake = Intake(origin, settings.region, settings.partitions)
            reader = Reader(intake, kafka=settings.kafka, health=host.health)
            group.create_task(run_for_ever(reader.run()), name=f"from {origin}")
