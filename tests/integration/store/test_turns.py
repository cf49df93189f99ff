"""A store is handed over, or back, and a copy of it is begun with: what it says, and what becomes of what is in it."""

import time
from collections.abc import AsyncIterator

import pytest

from infra.postgres import Connection, make_pool
from infra.schema.repository import alive, tell_alive
from infra.schema.revisions import Alive
from region.store.repository.setup import prepare
from replication.poison.records import Kind, Poison
from replication.poison.repository import put_aside
from replication.turns.records import Phase, Turn
from replication.turns.repository import (
    drain,
    hand_over,
    keep_intakes,
    read_intakes,
    read_turn,
    read_turn_at,
    set_offsets,
    take_back,
    take_over,
)
from replication.turns.takeover_repository import note_handed_in

pytestmark = pytest.mark.integration
BEGUN = Turn("us", 2, 2, "eu")


@pytest.fixture
async def connection(store_url: str) -> AsyncIterator[Connection]:
    """A connection to a new store of us."""
    async with make_pool(store_url, size=1, name="test") as pool:
        await prepare(pool, region="us", partitions=2)
        async with pool.connection() as made:
            yield made


async def test_a_new_store_is_served_at_home(connection: Connection, store_url: str) -> None:
    """One without tables says nothing."""
    assert await read_turn(connection) == read_turn_at(store_url) == Turn("us", 1, 1, "us")
    await connection.execute("DROP TABLE region_state")
    assert await read_turn(connection) is None
    assert read_turn_at(store_url) is None


async def test_it_is_drained_and_handed_over_and_back(connection: Connection) -> None:
    """Only in the epoch that is meant; each handing over has a mark of its own, so that an older copy is never taken for it."""
    assert not await drain(connection, epoch=2)
    assert await drain(connection, epoch=1)
    assert await drain(connection, epoch=1)
    assert await read_turn(connection) == Turn("us", 1, 1, "us", Phase.DRAINING)

    assert await hand_over(connection, epoch=1, to="eu")
    first = await read_turn(connection)
    assert first is not None
    assert (first.holder, first.phase) == ("eu", Phase.HANDED)
    assert not await drain(connection, epoch=1), "nobody serves, so nobody drains"

    assert await take_back(connection, epoch=1, holder="us")
    assert await read_turn(connection) == Turn("us", 1, 1, "us")
    assert not await hand_over(connection, epoch=1, to="eu"), "it was taken back, and goes on"
    assert await drain(connection, epoch=1)
    assert await hand_over(connection, epoch=1, to="eu")
    second = await read_turn(connection)
    assert second is not None
    assert "" != first.mark != second.mark != ""


async def test_it_is_changed_only_where_it_says_what_was_seen(connection: Connection) -> None:
    """Whatever another has begun since is not undone, nor gone on with, by whoever has not seen it."""
    served = Turn("us", 1, 1, "us")
    assert await drain(connection, epoch=1, mark="a", seen=served)
    first = await read_turn(connection)
    assert first == Turn("us", 1, 1, "us", Phase.DRAINING, "a")
    assert await take_back(connection, epoch=1, holder="us", seen=first)
    assert not await drain(connection, epoch=1, mark="a", seen=first)
    assert await drain(connection, epoch=1, mark="b", seen=served)
    assert not await hand_over(connection, epoch=1, to="eu", mark="c", seen=first)
    assert not await take_back(connection, epoch=1, holder="us", seen=first)
    second = await read_turn(connection)
    assert second == Turn("us", 1, 1, "us", Phase.DRAINING, "b")
    assert await hand_over(connection, epoch=1, to="eu", mark="c", seen=second)
    assert not await take_back(connection, epoch=1, holder="us", seen=second)
    assert await read_turn(connection) == Turn("us", 1, 1, "eu", Phase.HANDED, "c")


async def test_an_epoch_is_begun_in_a_copy_that_was_handed_over(connection: Connection) -> None:
    """What is aside keeps its order below what this site's journal will put aside; who served it is forgotten."""
    now = time.time_ns() // 1000
    kept = [
        Poison("journal", 0, 7, Kind.UNREADABLE, "a", b"x"),
        Poison("eu.relay.us", 1, 3, Kind.UNREADABLE, "b", b"x"),
        Poison("eu.relay.us.repair-1.1", 1, 3, Kind.UNREADABLE, "c", b"x"),
    ]
    await put_aside(connection, kept, now=now)
    await tell_alive(connection, Alive("us/projector", "projector", 20))
    renamed = {"eu.relay.us": "relay.us"}
    assert not await take_over(connection, BEGUN, ended=1, renamed=renamed, offsets={}), "somebody serves it"
    await drain(connection, epoch=1)
    await hand_over(connection, epoch=1, to="eu")
    await set_offsets(connection, {0: 40, 1: 50})
    await note_handed_in(connection, "us", {0: 9})

    assert await take_over(connection, BEGUN, ended=1, renamed=renamed, offsets={})

    assert await read_turn(connection) == BEGUN
    assert not await take_over(connection, BEGUN, ended=1, renamed=renamed, offsets={})
    assert ("journal@us", 0) not in await read_intakes(connection, before=2), "it goes on there once, not ever again"
    cursor = await connection.execute("SELECT partition, next_offset FROM journal_partitions ORDER BY partition")
    assert await cursor.fetchall() == [(0, 40), (1, 50)]
    assert await alive(connection) == []
    await put_aside(connection, kept, now=now)
    found = await connection.execute("SELECT source, place FROM aside ORDER BY source, place")
    assert await found.fetchall() == [
        ("eu.relay.us", 3),
        ("eu.relay.us.repair-1.1", 3),
        ("journal", 7 - 2 * 2**40),
        ("journal", 7),
        ("relay.us", 3 - 2 * 2**40),
    ], "in the order of the database's own"


async def test_what_an_ingester_has_taken_in_is_kept_when_the_store_is_handed_over_alone(
    connection: Connection,
) -> None:
    """And counts in the next epoch: an older one's tells nothing of what came since."""
    await keep_intakes(connection, {("ap", 0): "one"})
    assert await read_intakes(connection, before=2) == {}
    await drain(connection, epoch=1)
    await keep_intakes(connection, {("ap", 0): "one", ("ap", 1): "two"})
    await keep_intakes(connection, {("ap", 0): "three"})

    assert await read_intakes(connection, before=2) == {("ap", 0): "three", ("ap", 1): "two"}
    assert await read_intakes(connection, before=3) == {}
