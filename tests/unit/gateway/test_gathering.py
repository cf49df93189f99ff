"""Devices that want a snapshot at the same moment: few readings, none older than the question, and an answer of its own for each."""

import asyncio
from collections.abc import Sequence

import psycopg
import pytest

from infra.errors import UnavailableError
from region.gateway.gathering import READINGS_AT_ONCE, TOGETHER, Asked, Gathering
from region.gateway.session import CatchUp, Snapshot


class Store:
    """A store whose readings may be held up; it has a number for each reading, and cannot read what a device of that name wants."""

    def __init__(self) -> None:
        self.flows = asyncio.Event()
        self.flows.set()
        self.begun: list[list[str]] = []
        self.under_way = 0
        self.most_under_way = 0
        self.failure: Exception | None = None

    async def read(self, together: Sequence[Asked]) -> None:
        """Read what they want."""
        self.begun.append([asked.device_id for asked in together])
        number = len(self.begun)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await self.flows.wait()
            if self.failure is not None:
                raise self.failure
            for asked in together:
                if asked.device_id == "unreadable":
                    raise ValueError(asked.device_id)
                asked.tell(Snapshot({0: number}, 1, [asked.device_id], []))
        finally:
            self.under_way -= 1


@pytest.fixture
def store() -> Store:
    """The store."""
    return Store()


def ask(gathering: Gathering, *names: str) -> "list[asyncio.Task[Snapshot]]":
    """Let these devices ask."""
    return [asyncio.create_task(gathering.ask("u", name, CatchUp())) for name in names]


async def until_begun(store: Store, readings: int) -> None:
    """Wait until so many readings were begun."""
    async with asyncio.timeout(10):
        while len(store.begun) < readings:  # noqa: ASYNC110 — the store is a fake without events of its own
            await asyncio.sleep(0)


async def test_many_at_once_are_few_readings(store: Store) -> None:
    """And each is told its own."""
    names = [f"v{number}" for number in range(3 * TOGETHER + 1)]

    found = await asyncio.gather(*ask(Gathering(store.read), *names))

    assert [snapshot.missed for snapshot in found] == [[name] for name in names]
    assert len(store.begun) == 4


async def test_who_asks_while_a_reading_is_under_way_is_not_answered_by_it(store: Store) -> None:
    """It may have begun before that device's interest was registered."""
    gathering = Gathering(store.read)
    store.flows.clear()
    early = ask(gathering, "early")
    await until_begun(store, 1)
    late = ask(gathering, "late")
    await until_begun(store, 2)
    store.flows.set()

    assert (await early[0]).positions == {0: 1}
    assert (await late[0]).positions == {0: 2}


async def test_no_more_than_a_few_readings_are_under_way(store: Store) -> None:
    """However many ask one after another; the store has others to serve."""
    gathering = Gathering(store.read)
    store.flows.clear()
    asking = []
    for number in range(READINGS_AT_ONCE):
        asking += ask(gathering, f"v{number}")
        await until_begun(store, number + 1)
    asking += ask(gathering, *(f"w{number}" for number in range(TOGETHER)))
    await asyncio.sleep(0)
    store.flows.set()
    await asyncio.gather(*asking)

    assert store.most_under_way == READINGS_AT_ONCE


@pytest.mark.parametrize("failure", [psycopg.OperationalError(), UnavailableError(what="The store")])
async def test_that_the_store_is_away_is_told_to_all(store: Store, failure: Exception) -> None:
    """Each comes again by itself; and a later one is answered."""
    gathering = Gathering(store.read)
    store.failure = failure
    found = await asyncio.gather(*ask(gathering, "v1", "v2"), return_exceptions=True)
    store.failure = None

    assert found == [failure, failure]
    assert (await ask(gathering, "v3")[0]).missed == ["v3"]


async def test_one_whose_wish_cannot_be_read_takes_nobody_along(store: Store) -> None:
    """Wherever it stands among the others."""
    names = ["v1", "unreadable", "v2", "v3"]

    found = await asyncio.gather(*ask(Gathering(store.read), *names), return_exceptions=True)

    assert [one.missed if isinstance(one, Snapshot) else type(one) for one in found] == [
        ["v1"],
        ValueError,
        ["v2"],
        ["v3"],
    ]


async def test_who_is_gone_is_not_read_for(store: Store) -> None:
    """And the others are answered all the same."""
    gathering = Gathering(store.read)
    gone, stays = ask(gathering, "gone", "stays")
    await asyncio.sleep(0)
    gone.cancel()

    assert (await stays).missed == ["stays"]
    alone = ask(gathering, "gone too")[0]
    await asyncio.sleep(0)
    alone.cancel()
    await asyncio.gather(alone, return_exceptions=True)
    assert (await ask(gathering, "last")[0]).missed == ["last"]
    assert ["gone too"] not in store.begun
