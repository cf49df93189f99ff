"""What counts as one when logins, registrations and connections are counted, and what apart."""

import pytest
from starlette.requests import Request

from region.gateway.errors import RateLimitedError
from region.gateway.guards import Allowances, Guards
from region.gateway.limiter import Limiter
from region.gateway.origins import THROUGH
from region.gateway.rates import Book, Rate
from region.gateway.settings import GatewaySettings

PLENTY = Rate(1_000_000, 1)


class Alone(Limiter):
    """Counts by itself, in a time that stands still."""

    def __init__(self) -> None:
        self._counted = Book()

    async def take(self, kind: str, subject: str, rate: Rate, cost: int = 1) -> float:
        """Take from an allowance."""
        return self._counted.take(f"{kind} {subject}", rate, 1000.0, cost)

    def now(self) -> float:
        """The time."""
        return 1000.0


def guards(**rates: Rate) -> Guards:
    """Guards that allow plenty of everything but this."""
    names = Allowances.__dataclass_fields__
    return Guards(Alone(), Allowances(**{name: rates.get(name, PLENTY) for name in names}), region="us")


def request(address: str, via: str | None = None) -> Request:
    """A request from an address, through another region's edge if one is named."""
    scope = {"type": "http", "client": (address, 1), "headers": []}
    return Request(scope if via is None else {**scope, THROUGH: via})


@pytest.mark.parametrize("limit", ["login_handle", "login_anywhere"])
@pytest.mark.parametrize("spelling", ["ADA", "\uff41\uff44\uff41", "\uff21d\uff41"])
async def test_a_handle_counts_as_one_however_it_is_spelled(limit: str, spelling: str) -> None:
    """Wide forms log the same user in, so they are the same guess."""
    there = guards(**{limit: Rate(1, 60)})
    await there.login(request("192.0.2.1"), "ada")

    with pytest.raises(RateLimitedError):
        await there.login(request("192.0.2.1"), spelling)
    await there.login(request("192.0.2.1"), "bob")


async def test_what_is_no_handle_is_counted_too() -> None:
    """It costs a hash like any other."""
    there = guards(login_anywhere=Rate(1, 60))
    await there.login(request("192.0.2.1"), "no handle " + "x" * 1000)

    with pytest.raises(RateLimitedError):
        await there.login(request("192.0.2.2"), "no HANDLE " + "x" * 1000)


async def test_what_another_region_carries_counts_together_whatever_addresses_it_names() -> None:
    """It could make them up; this region's own edge, and other regions, are not concerned."""
    there = guards(login_through=Rate(2, 60), register_through=Rate(2, 60))
    for number in range(2):
        await there.login(request(f"192.0.2.{number}", "eu"), f"user{number}")
        await there.register(request(f"192.0.2.{number}", "eu"))

    with pytest.raises(RateLimitedError):
        await there.login(request("192.0.2.9", "eu"), "another")
    with pytest.raises(RateLimitedError):
        await there.register(request("192.0.2.9", "eu"))
    for via in (None, "ap"):
        await there.login(request("192.0.2.9", via), "another")
        await there.register(request("192.0.2.9", via))


async def test_who_has_blocked_many_can_still_report_them() -> None:
    """Each has an allowance of its own, as large as that of changes of a profile."""
    there = guards(profile=Rate(1, 60))
    for demand in (there.block, there.report, there.profile):
        await demand("ada")
        with pytest.raises(RateLimitedError):
            await demand("ada")
        await demand("bob")


async def test_a_user_with_many_devices_cannot_take_all_the_room() -> None:
    """Twenty devices may come back at once, twice and again; a thousand may not."""
    there = guards(connect=Rate(30, 60), connect_user=GatewaySettings.model_fields["rate_connect_user"].default)
    for number in range(60):
        await there.connect("ada", f"v{number % 20}")

    for number in range(60):
        await there.connect("ada", f"w{number}")
    with pytest.raises(RateLimitedError):
        await there.connect("ada", "x")
    await there.connect("bob", "v0")
