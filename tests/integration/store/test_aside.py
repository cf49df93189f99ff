"""What a region keeps aside on a real store: bounded, told of what is not kept, and not for ever."""

from collections.abc import AsyncIterator

import pytest
from prometheus_client import REGISTRY

from infra.postgres import Connection, Pool, make_pool
from region.projector.pruning import measure_aside, prune_aside
from region.store.repository.committing import FencedError, commit
from region.store.repository.setup import prepare
from region.store.rows import Place
from region.store.writes import Move, Writes
from replication.poison import repository
from replication.poison.keeping import choose
from replication.poison.records import FINAL, Amount, Kind, Poison, Room

pytestmark = pytest.mark.integration

TOPIC = "eu.relay.us"
ROOM = Room(records=3, size=1000)


def poison(offset: int, value: bytes = b"x", *, kind: Kind = Kind.IMPOSSIBLE, source: str = TOPIC) -> Poison:
    """Return a record that cannot be taken in."""
    return Poison(source, 0, offset, kind, "why", value)


@pytest.fixture
async def pool(store_url: str) -> AsyncIterator[Pool]:
    """Connections to a prepared store."""
    async with make_pool(store_url, size=2, name="test") as pool:
        await prepare(pool, region="us", partitions=2)
        yield pool


@pytest.fixture
async def store(pool: Pool) -> AsyncIterator[Connection]:
    """A connection to it."""
    async with pool.connection() as connection:
        yield connection


def measured(name: str, **labels: str) -> float:
    """Return what a metric says; 0 where it says nothing."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def keep(store: Connection, *records: Poison, now: int = 1) -> list[int]:
    """Keep what is to be kept; return all offsets that are aside, in order."""
    await repository.put_aside(store, await choose(store, records, room=ROOM), now=now)
    return sorted(kept.poison.offset for kept in await repository.listing(store, also_replayed=True, most=99))


async def test_a_topic_cannot_fill_the_store(store: Connection) -> None:
    """What goes beyond its room is counted, batch after batch; another topic and what waits for newer software have room."""
    before = measured("causeway_aside_not_kept_total", topic=TOPIC, why="no room")
    assert await keep(store, *map(poison, range(1, 3))) == [1, 2]
    assert await keep(store, poison(3, source=f"{TOPIC}.repair-1.1"), poison(4), poison(5)) == [1, 2, 3]
    assert await keep(store, poison(6), poison(7, kind=Kind.NEWER), poison(8, source="journal")) == [1, 2, 3, 7, 8]
    assert measured("causeway_aside_not_kept_total", topic=TOPIC, why="no room") == before + 3
    assert await repository.taken(store, TOPIC, FINAL) == Amount(3, 3)


async def test_what_was_taken_in_makes_room_and_place(store: Connection) -> None:
    """Its row stays, until another record comes to its place, or it is pruned."""
    await keep(store, *map(poison, range(1, 4)))
    await repository.note_replayed(store, [poison(1), poison(2)], now=5)
    assert await keep(store, poison(4)) == [1, 2, 3, 4]
    await keep(store, poison(1, b"another"), now=9)

    kept = await repository.find(store, TOPIC, 0, 1)
    assert kept is not None
    assert (kept.poison.value, kept.found_at, kept.replayed_at) == (b"another", 9, None)


async def test_a_record_that_waits_is_not_lost_to_another(store: Connection) -> None:
    """The other one is counted; the same one, read again, changes nothing."""
    before = measured("causeway_aside_not_kept_total", topic=TOPIC, why="place taken")
    await keep(store, poison(1), now=3)
    await keep(store, poison(1), poison(1, b"another"), now=9)

    kept = await repository.find(store, TOPIC, 0, 1)
    assert kept is not None
    assert (kept.poison.value, kept.found_at) == (b"x", 3)
    assert measured("causeway_aside_not_kept_total", topic=TOPIC, why="place taken") == before + 1


async def test_what_is_old_is_pruned_and_what_waits_stays(pool: Pool, store: Connection) -> None:
    """Waiting for an upgrade, or since somebody has just asked for it."""
    await keep(store, poison(1), poison(2), poison(3, kind=Kind.NEWER), poison(4, kind=Kind.BEHIND), now=10)
    await keep(store, poison(5, kind=Kind.NEWER), poison(6), now=30)
    await repository.note_replayed(store, [poison(5)], now=40)
    await repository.want_replay(store, poison(2), by="olga", now=50)

    await prune_aside(pool, before=20)
    assert await keep(store) == [2, 3, 4, 5, 6]
    await prune_aside(pool, before=45)
    assert await keep(store) == [2, 3, 4]
    await measure_aside(pool)
    assert measured("causeway_aside_records", source=TOPIC, kind="newer") == 1
    assert measured("causeway_aside_bytes", source=TOPIC, kind="newer") == 1


async def test_a_batch_keeps_what_there_is_room_for_and_is_fenced_as_ever(store: Connection) -> None:
    """A projector's poison is bounded too; one that lost its partition puts nothing aside."""
    writes = Writes(poison=[poison(offset, source="journal") for offset in range(5)])
    await commit(store, [Move(Place(0, 0, 0), 5, 0)], writes, room=ROOM)
    assert await keep(store) == [0, 1, 2]

    with pytest.raises(FencedError):
        await commit(store, [Move(Place(0, 0, 0), 9, 0)], Writes(poison=[poison(9, source="journal")]))
    assert await keep(store) == [0, 1, 2]
