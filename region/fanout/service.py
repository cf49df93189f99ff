"""The fan-out service of a region."""

from infra.serve import Host
from infra.settings import RegionalSettings, read
from region.fanout.follower import Follower


async def service(host: Host) -> None:
    """Tell gateways what the projector put out, until cancelled."""
    await Follower(read(RegionalSettings), host.health).run()
