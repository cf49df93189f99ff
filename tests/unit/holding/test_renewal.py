"""How a lease is asked for: what becomes of a grant, of a refusal, and of silence."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import structlog
from prometheus_client import REGISTRY

from global_directory.errors import ExpelledError, IncarnationConflictError
from global_directory.holding.schemas import Grant, LeaseRequest
from infra.errors import CausewayError, NotTheHolderError, UnavailableError
from region.holding import renewal
from region.holding.renewal import Renewer
from region.holding.tenure import Tenure
from replication.holding.deciding import Standing
from replication.holding.errors import LaidDownError

LENGTH = 6_000_000


class Lessor:
    """A directory that answers as the test says."""

    def __init__(self) -> None:
        """Grant everything."""
        self.asked: list[LeaseRequest] = []
        self.answer: Callable[[LeaseRequest], Awaitable[Grant]] = self.grant

    async def renew_lease(self, region: str, wanted: LeaseRequest) -> Grant:
        """Answer."""
        self.asked.append(wanted)
        return await self.answer(wanted)

    async def grant(self, wanted: LeaseRequest) -> Grant:
        """Grant it."""
        return Grant(wanted.holder, wanted.epoch, wanted.boot, wanted.asked_at, LENGTH)


async def away(_: LeaseRequest) -> Grant:
    """Be a directory that cannot be reached."""
    raise UnavailableError(what="The directory")


async def silent(_: LeaseRequest) -> Grant:
    """Be one that says nothing."""
    await asyncio.Event().wait()
    raise AssertionError


@pytest.fixture
def lessor() -> Lessor:
    """Who grants."""
    return Lessor()


@pytest.fixture
def tenure() -> Tenure:
    """That of a region by which eu stands, on a clock that stands still."""
    made = Tenure("us", "eu", clock=lambda: 5, boot=7)
    made.begin(3, 2)
    return made


def told(name: str, **labels: str) -> float | None:
    """Return what this process tells."""
    return REGISTRY.get_sample_value(name, {"service": "test", **labels})


async def test_a_grant_is_noted_and_told(lessor: Lessor, tenure: Tenure) -> None:
    """It asks in its epoch and life, and says who stands by."""
    renewer = Renewer("test", tenure, lessor)
    assert (told("causeway_lease_islanded"), told("causeway_lease_left_seconds")) == (1.0, 0.0)

    assert await renewer.renew()

    assert lessor.asked == [LeaseRequest("us", 3, 2, 7, 5, "eu")]
    assert tenure.standing() is Standing.HOLDING
    assert (told("causeway_lease_islanded"), told("causeway_lease_left_seconds")) == (0.0, 6.0)


async def test_who_is_told_of_a_newer_epoch_is_deposed(lessor: Lessor, tenure: Tenure) -> None:
    """Whoever holds it."""

    async def refuse(_: LeaseRequest) -> Grant:
        raise NotTheHolderError(region="us", holder="eu", epoch=4)

    renewer, lessor.answer = Renewer("test", tenure, lessor), refuse
    assert not await renewer.renew()
    assert tenure.standing() is Standing.DEPOSED
    assert told("causeway_lease_deposed") == 1.0


async def test_who_is_told_that_its_lease_was_laid_down_is_deposed_in_that_epoch(lessor: Lessor) -> None:
    """For good, whether or not anybody stands by; a later epoch is another."""

    async def refuse(wanted: LeaseRequest) -> Grant:
        raise LaidDownError(region="us", holder="us", epoch=wanted.epoch)

    lessor.answer = refuse
    for standby in ("", "eu"):
        tenure = Tenure("us", standby, clock=lambda: 5, boot=7)
        tenure.begin(3, 2)
        tenure.take(tenure.ask(), LENGTH)
        assert not await Renewer("test", tenure, lessor).renew()
        assert tenure.standing() is Standing.DEPOSED
        tenure.begin(4, 2)
        tenure.take(tenure.ask(), LENGTH)
        assert tenure.standing() is Standing.HOLDING


async def test_a_directory_that_is_away_or_silent_changes_nothing(
    lessor: Lessor, tenure: Tenure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lease runs on until it ends by itself; silence is waited for no longer than that allows."""
    renewer = Renewer("test", tenure, lessor)
    assert await renewer.renew()

    monkeypatch.setattr(renewal, "SHARE", 600)
    for lessor.answer in (away, silent):
        before = told("causeway_lease_renewals_total", result="failed") or 0.0
        assert not await renewer.renew()
        assert told("causeway_lease_renewals_total", result="failed") == before + 1
        assert tenure.standing() is Standing.HOLDING


async def test_who_stands_by_renews_while_the_directory_says_nothing(
    lessor: Lessor, tenure: Tenure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Silent, or away; and it is asked for nothing once the directory answers again. Its grant counts from when it was asked."""
    standby = Lessor()
    renewer = Renewer("test", tenure, lessor, stand_in=standby)

    monkeypatch.setattr(renewal, "SHARE", 600)
    for lessor.answer in (away, silent):
        before = told("causeway_lease_renewals_total", result="standby") or 0.0
        assert await renewer.renew()
        assert told("causeway_lease_renewals_total", result="standby") == before + 1
    assert set(standby.asked) == {LeaseRequest("us", 3, 2, 7, 5, "eu")}
    assert tenure.standing() is Standing.HOLDING

    lessor.answer = lessor.grant
    asked = len(standby.asked)
    assert await renewer.renew()
    assert await renewer.renew()
    assert len(standby.asked) <= asked + 1, "whoever was silent is not believed at once; then it is"


async def test_of_a_silent_directory_nothing_is_expected(
    lessor: Lessor, tenure: Tenure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who stands by is asked at the same time, though it said nothing the last time; what it grants counts from then."""
    standby, answered = Lessor(), asyncio.Event()
    renewer = Renewer("test", tenure, lessor, stand_in=standby)

    async def late(_: LeaseRequest) -> Grant:
        await answered.wait()  # by who stands by, which nobody asks before this if it is asked only afterwards
        raise UnavailableError(what="The directory")

    async def grant(wanted: LeaseRequest) -> Grant:
        answered.set()
        return await standby.grant(wanted)

    lessor.answer = standby.answer = away
    assert not await renewer.renew()
    lessor.answer, standby.answer = late, grant
    assert await asyncio.wait_for(renewer.renew(), 60)
    assert tenure.standing() is Standing.HOLDING


@pytest.mark.parametrize(
    "refusal",
    [
        NotTheHolderError(region="us", holder="eu", epoch=4),
        LaidDownError(region="us", holder="us", epoch=3),
        ExpelledError(region="us"),
        IncarnationConflictError(region="us", epoch=3, incarnation=3, announced=2),
    ],
)
async def test_who_stands_by_is_not_asked_where_the_directory_refuses(
    lessor: Lessor, tenure: Tenure, refusal: CausewayError
) -> None:
    """What it says is not overruled."""
    standby = Lessor()

    async def refuse(_: LeaseRequest) -> Grant:
        raise refusal

    lessor.answer = refuse
    assert not await Renewer("test", tenure, lessor, stand_in=standby).renew()
    assert standby.asked == []


async def test_a_standby_that_says_nothing_or_no_leaves_it_at_that(lessor: Lessor, tenure: Tenure) -> None:
    """The lease lapses by itself, and the reason that is told is the directory's."""
    standby = Lessor()

    async def refuse(_: LeaseRequest) -> Grant:
        raise UnavailableError(what="The standby of us")

    lessor.answer, standby.answer = away, refuse
    with structlog.testing.capture_logs() as logs:
        assert not await Renewer("test", tenure, lessor, stand_in=standby).renew()
    assert [one["problem"] for one in logs] == [
        "The directory cannot be reached now; nothing was done. Try again in a moment."
    ]
    assert tenure.standing() is Standing.ISLANDED


async def test_each_new_reason_is_told_once_and_to_be_deposed_is_an_error(lessor: Lessor, tenure: Tenure) -> None:
    """What is only late to be heard would hide what has to be done."""
    reasons = [UnavailableError(what="The directory")] * 2 + [
        IncarnationConflictError(region="us", epoch=3, incarnation=3, announced=2),
        NotTheHolderError(region="us", holder="eu", epoch=4),
    ]
    left = iter(reasons)

    async def refuse(_: LeaseRequest) -> Grant:
        raise next(left)

    renewer, lessor.answer = Renewer("test", tenure, lessor), refuse
    with structlog.testing.capture_logs() as logs:
        for _ in reasons:
            await renewer.renew()

    assert [one["log_level"] for one in logs] == ["warning", "warning", "error"]
    assert [one["problem"] for one in logs] == [str(reasons[0]), str(reasons[2]), str(reasons[3])]


async def test_who_was_asleep_asks_once_and_not_again_in_vain(lessor: Lessor, tenure: Tenure) -> None:
    """So that nothing waits for a directory that is away; the background finds out when it is back."""
    renewer = Renewer("test", tenure, lessor)
    await renewer.mend()
    assert tenure.standing() is Standing.HOLDING
    await renewer.mend()
    assert len(lessor.asked) == 1, "the lease runs"

    lapsed, lessor.answer = Tenure("us", "eu", clock=lambda: 5, boot=7), away
    renewer = Renewer("test", lapsed, lessor)
    await renewer.mend()
    await renewer.mend()
    assert len(lessor.asked) == 2


class Ready:
    """A store that says in which epoch the region holds its duties."""

    epoch, incarnation = 3, 2

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[str]:
        """Connect."""
        yield "store"


@pytest.mark.parametrize(("holder", "gives_way"), [("eu", True), ("us", False)])
async def test_who_was_deposed_by_another_site_says_so_in_the_store(
    lessor: Lessor, tenure: Tenure, monkeypatch: pytest.MonkeyPatch, holder: str, *, gives_way: bool
) -> None:
    """So that all its services end. Another epoch of its own is no reason: then its store is an old one."""
    given: list[dict[str, object]] = []
    done = asyncio.Event()

    async def deposed(_: LeaseRequest) -> Grant:
        if len(lessor.asked) > 1:
            done.set()
        raise NotTheHolderError(region="us", holder=holder, epoch=4)

    async def give_way(_: object, **how: object) -> bool:
        given.append(how)
        return True

    async def wait_ready(store: Ready) -> Ready:
        return store

    lessor.answer = deposed
    monkeypatch.setattr(renewal, "give_way", give_way)
    monkeypatch.setattr(renewal, "wait_ready", wait_ready)
    task = asyncio.create_task(Renewer("test", tenure, lessor).run(Ready()))  # type: ignore[arg-type]  # all that is asked of it
    await done.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert given[:1] == ([{"epoch": 3, "site": "us", "holder": "eu"}] if gives_way else [])
