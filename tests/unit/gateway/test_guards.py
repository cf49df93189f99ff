"""What counts as one when logins, registrations and connections are counted, and what apart."""

import pytest
from starlette.requests import Request

from region.gateway.errors import RateLimitedError
from region.gateway.guards import Allowances, Guards
from region.gateway.limiter import Limiter
from region.gateway.origins import THROUGH
from region.gateway.rates import Book, Rate

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
