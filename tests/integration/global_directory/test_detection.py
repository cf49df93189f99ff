"""Who is taken for down, on a real store: by two who see each other, once for an epoch, whoever reports first, and never while it is moved by plan."""

import asyncio
from typing import Protocol

import pytest

from global_directory.client import DirectoryClient
from global_directory.directory import Directory
from global_directory.errors import UnknownRegionError, UnknownTellerError
from global_directory.holding.schemas import Claim, LeaseRequest, ProposalView, Sighted

pytestmark = pytest.mark.integration
LAPSED = 7.0


class Clock(Protocol):
    """The directory's clock, moved by the test."""

    def forward(self, seconds: float) -> None:
        """Let time pass."""


async def told(
    directory: Directory, *, down: tuple[str, ...] = ("us",), by: tuple[str, ...] = ("ap", "eu")
) -> tuple[ProposalView, ...]:
    """Have each of these tell what it sees; return what follows from it."""
    found: tuple[ProposalView, ...] = ()
    for name in by:
        up = tuple({"ap", "eu", "us"} - {name, *down})
        seen = tuple(one for one in down if one != name)
        found = (await directory.detection.report(name, Sighted("gateway", up, seen))).proposals
    return found


async def test_two_who_see_each_other_take_a_region_for_down_once_its_lease_has_lapsed(
    directory: Directory, clock: Clock
) -> None:
    """Neither alone, nor both while the lease may run; it is told for how long, by whom and who stands by."""
    await directory.duties.renew("us", LeaseRequest("us", 1, 1, 7, 5, standby="eu"))
    assert await told(directory) == ()
    clock.forward(LAPSED)
    assert await told(directory, by=("eu",)) == (), "what ap has told is too old"
    [one] = await told(directory)
    assert (one.region, one.epoch, one.standby, one.witnesses, one.holds) == ("us", 1, "eu", ("ap", "eu"), True)
    clock.forward(3)
    [again] = await told(directory)
    assert again.seconds == pytest.approx(3)

    clock.forward(60)
    [kept] = (await directory.detection.proposals()).proposals
    assert not kept.holds, "nothing speaks against it, and nothing for it any more"
    assert await told(directory, down=()) != ()
    for _ in range(4):
        clock.forward(3)
        await told(directory, down=())
    assert (await directory.detection.proposals()).proposals == ()


async def test_a_region_that_reports_itself_or_moves_by_plan_is_not_taken_for_down(
    directory: Directory, clock: Clock
) -> None:
    """A plan that was told stays one until it is told that it is over, or is not told again for a minute; others cannot tell it."""
    clock.forward(LAPSED)
    await directory.detection.report("us", Sighted("gateway", (), ("ap", "eu")))
    assert await told(directory) == ()
    clock.forward(LAPSED)
    await directory.detection.report("us", Sighted("evacuation", planned=("us",), sees=False))
    clock.forward(59)
    assert await told(directory) == ()
    clock.forward(2)
    assert [one.region for one in await told(directory)] == ["us"]
    await directory.detection.report("us", Sighted("evacuation", planned=("us",), sees=False))
    assert [one.holds for one in await told(directory)] == [False], "it is told anew"
    await directory.detection.report("us", Sighted("evacuation", sees=False))
    await directory.detection.report("ap", Sighted("evacuation", planned=("us",), sees=False))
    assert [one.holds for one in await told(directory)] == [True]


async def test_who_tells_is_one_of_few(directory: Directory) -> None:
    """So that there is a bound to what is read whenever somebody reports."""
    with pytest.raises(UnknownTellerError, match="evacuation or gateway"):
        await directory.detection.report("us", Sighted("gateway" * 1000))


async def test_a_later_epoch_ends_a_proposal(directory: Directory, clock: Clock) -> None:
    """Who took over is up, whatever was said of who is gone."""
    clock.forward(LAPSED)
    assert await told(directory)
    await directory.duties.claim("us", Claim("us", incarnation=1, ended=1))
    assert (await told(directory, down=())) == ()


async def test_all_who_report_at_once_make_one_proposal(directory: Directory, clock: Clock) -> None:
    """Transactions that lose a race are tried again; the time is that of the first."""
    clock.forward(LAPSED)
    await asyncio.gather(*(told(directory, by=(name,)) for name in ("ap", "eu") * 5))
    [one] = (await directory.detection.proposals()).proposals
    assert one.holds


async def test_it_is_spoken_over_http_and_nonsense_is_refused(
    clients: tuple[DirectoryClient, ...], clock: Clock
) -> None:
    """As everything that the directory does."""
    client = clients[0]
    clock.forward(LAPSED)
    for name, other in (("ap", "eu"), ("eu", "ap")):
        found = await client.sighted(name, Sighted("gateway", (other,), ("us",)))
    assert [one.region for one in found] == ["us"]
    assert [one.region for one in (await client.proposals()).proposals] == ["us"]
    with pytest.raises(UnknownRegionError):
        await client.sighted("eu", Sighted("gateway", ("no region",)))
