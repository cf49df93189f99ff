"""The fan-out service of a region."""

from infra.schema.guard import Guard
from infra.serve import Host
from infra.settings import RegionalSettings, read
from region.fanout.follower import Follower
from region.store.revisions import SCHEMA
from replication.turns.waiting import in_turn


async def service(host: Host) -> None:
    """Tell gateways what the projector put out, until cancelled."""
    settings = read(RegionalSettings)

    async def work() -> None:
        guard = Guard(SCHEMA, settings.store, instance=settings.instance, service="fanout", health=host.health)
        await guard.watch_over(Follower(settings, host.health).run)

    await in_turn(settings, "fanout", host.health, work, finish=host.finish)
