"""The forwarder: drains what goes to every other region."""

import asyncio

from infra.serve import Host
from infra.settings import RegionalSettings, read
from relay.forwarder.drain import CONDITION, Drain
from relay.forwarder.nudges import listen


async def service(host: Host) -> None:
    """Forward to the other regions, until cancelled."""
    settings = read(RegionalSettings)
    host.health.expect(CONDITION)
    if not settings.others:
        host.health.tell(CONDITION, ok=True, detail="there is no other region")
        await asyncio.Event().wait()
    nudged = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(listen(settings.redis, settings.others, nudged))
        group.create_task(Drain(settings, host.health, nudged).run())
