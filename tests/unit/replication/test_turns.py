"""Whose turn it is: who may work on a store, and what a process does with that."""

import asyncio
import contextlib
from types import SimpleNamespace
from typing import Self, cast

import psycopg
import pytest

from infra.health import Health
from infra.kafka import Committed
from infra.postgres import Connection
from infra.settings import RegionalSettings
from replication.turns import decided, waiting
from replication.turns.records import Phase, Turn, may_serve, waits_for
from replication.turns.waiting import in_turn

HOME, ELSEWHERE = Turn("us", 1, 1, "us"), Turn("us", 2, 2, "eu")
GIVEN = Turn("us", 1, 1, "eu", Phase.HANDED)
"""Home has heard that another site has claimed its duties; the copy that still follows hears the same."""
DRAINING, HANDED = Turn("us", 1, 1, "us", Phase.DRAINING), Turn("us", 1, 1, "eu", Phase.HANDED, "m")


@pytest.mark.parametrize(
    ("turn", "at_home", "elsewhere"),
    [
        (None, "all", "nobody"),  # a new store is made at home
        (HOME, "all", "nobody"),
        (DRAINING, "who decides", "nobody"),
        (HANDED, "nobody", "nobody"),  # the next holder is named, and has not begun
        (ELSEWHERE, "nobody", "all"),
        (GIVEN, "nobody", "nobody"),  # and the copy was not begun with
        (Turn("us", 1, 1, "eu"), "nobody", "nobody"),  # the first epoch is always begun at home
    ],
)
def test_one_site_serves_at_a_time(turn: Turn | None, at_home: str, elsewhere: str) -> None:
    """And none between two; who accepts ends before who decides."""
    for site, expected in (("us", at_home), ("eu", elsewhere)):
        may = [may_serve(turn, region="us", site=site, accepting=accepting) for accepting in (True, False)]
        assert may == {"all": [True, True], "who decides": [False, True], "nobody": [False, False]}[expected]


def test_a_process_says_why_it_stands_by() -> None:
    """So that nobody takes it for broken."""
    assert waits_for(None, region="us", site="eu") == "there is no store of us here yet"
    assert "us holds the duties of us" in waits_for(HOME, region="us", site="eu")
    assert "handed over to eu" in waits_for(HANDED, region="us", site="eu")
    assert "eu holds the duties of us" in waits_for(GIVEN, region="us", site="us")
    assert "handed over" in waits_for(DRAINING, region="us", site="us")


class Store:
    """Says whose turn it is, one answer after the other; an exception is raised."""

    def __init__(self, *answers: Turn | Exception | None) -> None:
        self.answers = list(answers)

    async def connect(self, *_: object, **__: object) -> "Store":
        """Return itself."""
        return self

    closed = False

    async def close(self) -> None:
        """Do nothing."""

    async def read(self, _: object) -> Turn | None:
        """Return the next answer."""
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(found, Exception):
            raise found
        return found


def settings(sites: dict[str, str], here: str = "eu") -> RegionalSettings:
    """Return those of a service of us."""
    return cast("RegionalSettings", SimpleNamespace(region="us", here=here, sites=sites, store="", instance="eu/us-x"))


async def run(store: Store, monkeypatch: pytest.MonkeyPatch, *, sites: dict[str, str], here: str = "eu") -> list[str]:
    """Return what a service that accepts does until it is told to end; or for a while."""
    monkeypatch.setattr(waiting, "LOOK_SECONDS", 0)
    monkeypatch.setattr(waiting, "connect", store.connect)
    monkeypatch.setattr(waiting, "read_turn", store.read)
    done, ended, health = list[str](), asyncio.Event(), Health()

    async def work() -> None:
        done.append("works")
        await asyncio.Event().wait()

    running = asyncio.create_task(in_turn(settings(sites, here), "x", health, work, accepting=True, end=ended.set))
    for _ in range(30):
        await asyncio.sleep(0)
    if ended.is_set():
        done.append("ends")
    if "turn" in health.conditions:
        done.append(f"well: {health.conditions['turn'].ok}")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return done


async def test_where_duties_stay_at_home_the_work_begins_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is asked, and nothing told."""
    assert await run(Store(RuntimeError()), monkeypatch, sites={"ap": "eu"}, here="us") == ["works"]


async def test_who_stands_by_is_well_and_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before there is a store, while it cannot be asked, and while it is another's."""
    store = Store(None, psycopg.OperationalError("no such database"), HOME, HANDED)
    assert await run(store, monkeypatch, sites={"us": "eu"}) == ["well: True"]


async def test_at_home_a_store_that_does_not_answer_is_no_health(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it always was: nobody there can serve."""
    store = Store(psycopg.OperationalError("away"))
    assert await run(store, monkeypatch, sites={"us": "eu"}, here="us") == ["well: False"]


async def test_its_turn_comes_and_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then its process ends, which lets a store that does not answer be no reason."""
    store = Store(HANDED, ELSEWHERE, ELSEWHERE, psycopg.OperationalError("restarting"), ELSEWHERE)
    assert await run(store, monkeypatch, sites={"us": "eu"}) == ["works", "well: True"]
    over = Store(ELSEWHERE, ELSEWHERE, Turn("us", 2, 2, "us", Phase.HANDED))
    assert await run(over, monkeypatch, sites={"us": "eu"}) == ["works", "ends", "well: True"]


async def test_work_ends_in_order_and_at_once_and_its_process_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """A successor's start would take the processor from whoever takes the duties up; where it is its turn again it is wanted soon."""
    store = Store(HOME, HOME, DRAINING, DRAINING, HANDED, HANDED, HOME)
    monkeypatch.setattr(waiting, "LOOK_SECONDS", 0)
    monkeypatch.setattr(waiting, "connect", store.connect)
    monkeypatch.setattr(waiting, "read_turn", store.read)
    done, ended = list[str](), asyncio.Event()

    async def work() -> None:
        done.append("works")
        try:
            await asyncio.Event().wait()
        finally:
            done.append("is over")

    async def finish() -> None:
        done.append("finishes")

    def end() -> None:
        done.append(f"ends, with {len(store.answers)} answer left")
        ended.set()

    turns = settings({"us": "eu"}, "us")
    running = asyncio.create_task(in_turn(turns, "x", Health(), work, accepting=True, finish=finish, end=end))
    await asyncio.wait_for(ended.wait(), 30)
    for _ in range(5):
        await asyncio.sleep(0)
    assert done == ["works", "finishes", "is over", "ends, with 1 answer left"]
    assert not running.done(), "a service that returned would count as one that failed"
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_process_whose_work_is_over_does_not_stay_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its successor stands by with what is newest."""
    store = Store(HOME, HANDED)
    monkeypatch.setattr(waiting, "LOOK_SECONDS", 0)
    monkeypatch.setattr(waiting, "IDLE_SECONDS", 0.001)
    monkeypatch.setattr(waiting, "connect", store.connect)
    monkeypatch.setattr(waiting, "read_turn", store.read)
    ended, health = asyncio.Event(), Health()
    health.expect("store")  # whatever the work has told of

    async def finish() -> None:
        assert health.conditions["turn"].detail == "its work is over; it starts anew"

    turns = settings({"us": "eu"}, "us")
    running = asyncio.create_task(
        in_turn(turns, "x", health, asyncio.Event().wait, accepting=True, finish=finish, end=ended.set)  # type: ignore[arg-type]  # what it returns is not looked at
    )
    await asyncio.wait_for(ended.wait(), 30)
    assert [(name, one.ok, one.detail) for name, one in health.conditions.items()] == [
        ("turn", False, "its work is over; it starts anew")
    ], "who waits for processes that stand by waits for its successor"
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_work_that_does_not_end_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else its process would stand for ever, with no successor."""
    store = Store(HOME, HOME, HANDED)
    monkeypatch.setattr(waiting, "LOOK_SECONDS", 0)
    monkeypatch.setattr(waiting, "ENDING_SECONDS", 0.001)
    monkeypatch.setattr(waiting, "connect", store.connect)
    monkeypatch.setattr(waiting, "read_turn", store.read)
    ended, lets_go = asyncio.Event(), asyncio.Event()

    async def hang() -> None:
        while not lets_go.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await lets_go.wait()

    async def finish() -> None:
        pass

    turns = settings({"us": "eu"}, "us")
    running = asyncio.create_task(in_turn(turns, "x", Health(), hang, accepting=True, finish=finish, end=ended.set))
    await asyncio.wait_for(ended.wait(), 10)  # within less than a process stays that has ended its work
    lets_go.set()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_store_that_decides_meanwhile_has_not_gone_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is noted is read before what the store knows: both grow, and the note comes last. One that knows less has gone back."""
    knows = {0: 5}

    class Journal:
        def __init__(self, *_: object, **__: object) -> None:
            pass

        async def __aenter__(self) -> Self:
            return self

        async def __aexit__(self, *_: object) -> None:
            pass

        async def committed(self, _: int) -> Committed:
            if decides:
                knows[0] = 7
            return Committed(7, "")

    async def read_turn(_: object) -> Turn:
        return Turn("us", 1, 1, "us")

    async def next_offsets(_: object) -> dict[int, int]:
        return dict(knows)

    monkeypatch.setattr(decided, "Consumer", Journal)
    monkeypatch.setattr(decided, "read_turn", read_turn)
    monkeypatch.setattr(decided, "next_offsets", next_offsets)
    store = cast(Connection, None)
    decides = True
    assert not await decided.went_back(store, "", "journal")
    decides, knows[0] = False, 6
    assert await decided.went_back(store, "", "journal")
