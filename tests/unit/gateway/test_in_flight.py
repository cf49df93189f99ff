"""How much of one sender, and of all requests, may wait for an outcome."""

import asyncio
import contextlib
from typing import cast

import pytest

from infra.errors import BusyError, OutcomeUnknownError, UnavailableError
from region.gateway import outcomes as waiting
from region.gateway.journal import Journal
from region.gateway.outcomes import Decided, Decision, InFlight, Outcomes, Sent
from replication.records import MessageSent, Outcome, Submission

ADA, BOB = "u" + "a" * 24 + "-us", "u" + "b" * 24 + "-us"


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


def sent(user: str) -> Sent:
    """A send of that user."""
    return Sent(user, "c", "d")


def test_a_sender_of_too_much_has_no_room_until_outcomes_come() -> None:
    """Others have."""
    in_flight = InFlight(each=2)
    in_flight.add("m1", b"", sent(ADA))
    assert in_flight.has_room(ADA)
    in_flight.add("m2", b"", sent(ADA))

    assert not in_flight.has_room(ADA)
    assert in_flight.has_room(BOB)
    in_flight.pop("m1", b"")
    assert in_flight.has_room(ADA)


def test_a_repeated_send_takes_room_once() -> None:
    """It is the same message."""
    in_flight = InFlight(each=2)
    for _ in range(5):
        in_flight.add("m1", b"", sent(ADA))

    assert in_flight.has_room(ADA)


def test_outcomes_that_were_missed_do_not_shut_a_sender_out_for_good() -> None:
    """After a while they do not count, though they are still remembered."""
    clock = Clock()
    in_flight = InFlight(each=1, clock=clock)
    in_flight.add("m1", b"", sent(ADA))
    assert not in_flight.has_room(ADA)
    clock.now += waiting.WINDOW_SECONDS + 1

    assert in_flight.has_room(ADA)
    assert in_flight.pop("m1", b"") == sent(ADA)
    in_flight.add("m2", b"", sent(ADA))
    assert not in_flight.has_room(ADA)


def test_what_is_forgotten_for_want_of_memory_takes_no_room() -> None:
    """The oldest go first."""
    in_flight = InFlight(2, each=2)
    for number in range(3):
        in_flight.add(f"m{number}", b"", sent(ADA if number else BOB))

    assert in_flight.has_room(BOB)
    assert not in_flight.has_room(ADA)
    assert len(in_flight) == 2


def test_without_a_limit_there_is_always_room() -> None:
    """Zero stands for any number."""
    in_flight = InFlight(each=0)
    for number in range(1000):
        in_flight.add(f"m{number}", b"", sent(ADA))

    assert in_flight.has_room(ADA)


class SilentJournal:
    """A journal that takes everything, and of which nothing comes."""

    async def send(self, submission: Submission) -> "asyncio.Future[int]":
        """Take a submission."""
        return asyncio.get_running_loop().create_future()


async def test_requests_beyond_the_bound_are_turned_down_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Definitely, so that they can be sent again elsewhere or later; the others go on waiting."""
    monkeypatch.setattr(waiting, "MOST_WAITING", 2)
    outcomes = Outcomes(cast("Journal", SilentJournal()))

    async def nothing() -> Decision | None:
        return None

    def submission(number: int) -> Submission:
        return Submission(
            id=f"m{number}", author=ADA, home="us", home_epoch=1, body=MessageSent(BOB, "c", "hi"), submitted_at=0
        )

    tasks = [asyncio.create_task(outcomes.submit(submission(number), nothing)) for number in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(BusyError) as caught:
        await outcomes.submit(submission(3), nothing)

    assert caught.value.definite
    tasks[0].cancel()
    await asyncio.gather(tasks[0], return_exceptions=True)
    another = asyncio.create_task(outcomes.submit(submission(4), nothing))
    await asyncio.sleep(0)
    assert not another.done()
    for task in (tasks[1], another):
        task.cancel()
    await asyncio.gather(tasks[1], another, return_exceptions=True)


class FrozenStore:
    """A store that stands still: psycopg waits for it even after it was told to stop."""

    def __init__(self) -> None:
        self.goes_on = asyncio.Event()
        self.begun = 0

    async def look(self) -> Decision | None:
        """Ask it."""
        self.begun += 1
        while not self.goes_on.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await self.goes_on.wait()
        return None


@pytest.mark.parametrize("told", [False, True])
async def test_a_look_that_does_not_end_holds_up_no_answer(monkeypatch: pytest.MonkeyPatch, *, told: bool) -> None:
    """Neither what fan-out tells meanwhile nor that the outcome is unknown; and no second look is begun beside it."""
    for name in ("FIRST_LOOK", "LOOK_SECONDS"):
        monkeypatch.setattr(waiting, name, 0.01)
    monkeypatch.setattr(waiting, "DEADLINE", 60.0 if told else 0.1)
    outcomes, store = Outcomes(cast("Journal", SilentJournal())), FrozenStore()
    submission = Submission(
        id="m1", author=ADA, home="us", home_epoch=1, body=MessageSent(BOB, "c", "hi"), submitted_at=0
    )
    asking = asyncio.create_task(outcomes.submit(submission, store.look))
    try:
        async with asyncio.timeout(30):
            while not store.begun:  # noqa: ASYNC110 — a look raises no event
                await asyncio.sleep(0.01)
            if told:
                outcomes.resolve("m1", Decided(Outcome(id="m1"), known=False))
                assert (await asyncio.shield(asking)).decision == Outcome(id="m1")
            else:
                with pytest.raises(OutcomeUnknownError):
                    await asyncio.shield(asking)
        assert store.begun == 1
    finally:
        store.goes_on.set()
        await asyncio.gather(asking, return_exceptions=True)


def test_who_copes_with_a_journal_that_is_away_copes_with_a_busy_one() -> None:
    """Marks, for one, are kept and tried again."""
    assert issubclass(BusyError, UnavailableError)
    assert (BusyError.code, BusyError.status, BusyError.definite) == ("busy", 503, True)
