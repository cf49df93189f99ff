"""The forwarder: drains what goes to every other region."""

import asyncio

from global_directory.client import DirectoryClient
from global_directory.trust import Trust
from infra.schema.guard import Guard
from infra.schema.known import find_schema
from infra.serve import Host
from infra.settings import RegionalSettings, read
from relay.forwarder import metrics
from relay.forwarder.access import CONDITION as ACCESS
from relay.forwarder.access import keep_access
from relay.forwarder.drain import CONDITION, Drain
from relay.forwarder.nudges import listen


async def service(host: Host) -> None:
    """Forward to the other regions, until cancelled."""
    settings = read(RegionalSettings)
    host.health.expect(CONDITION)
    for destination in settings.others:
        metrics.begin(destination)
    if not settings.others:
        host.health.tell(CONDITION, ok=True, detail="there is no other region")
        await asyncio.Event().wait()
    nudged = asyncio.Event()
    guard = Guard(
        find_schema("region"), settings.store, instance=settings.instance, service="forwarder", health=host.health
    )
    tls = host.mutual_tls(settings.region)
    async with DirectoryClient(settings.directory, tls=tls) as directory, asyncio.TaskGroup() as group:
        if tls is not None:
            host.health.expect(ACCESS)
            trust = Trust(directory, kafka=settings.kafka)
            group.create_task(trust.run())
            group.create_task(keep_access(settings.kafka, settings.others, trust, host.health))
        group.create_task(listen(settings.redis, settings.others, nudged))
        group.create_task(guard.watch_over(Drain(settings, host.health, nudged).run))
