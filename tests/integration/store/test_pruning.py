"""What is old and followed by everybody goes; what somebody still needs, and what a stream is known by, stays."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from infra.postgres import Connection, make_pool
from region.store.repository.committing import commit
from region.store.repository.loading import load
from region.store.repository.pruning import prune, prune_devices
from region.store.repository.setup import ForeignStoreError, prepare, region_state, wait_ready
from region.store.rows import Device, Place
from region.store.writes import Move, Writes
from replication.codec import encode_record
from replication.outputs import Batch, Output, RelayRow
from replication.records import Outcome, Stream
from replication.repository import save_follower, stream_heads

pytestmark = pytest.mark.integration

STREAM = Stream("us", 1, 1, "eu", 0)


@pytest.fixture
async def connection(store_url: str) -> AsyncIterator[Connection]:
    """A connection to a prepared store with ten batches of one output, each of which goes to eu too."""
    async with make_pool(store_url, size=1, name="test") as pool:
        await prepare(pool, region="us", partitions=2)
        async with pool.connection() as made:
            for number in range(1, 11):
                output = Output(number, encode_record(Outcome(id=str(number))))
                batch = Batch(0, number, number, (output,), committed_at=number)
                writes = Writes(outputs=[batch], relay_rows=[RelayRow(STREAM, number, (number,), number)])
                await commit(made, [Move(Place(0, number - 1, number - 1), number, number)], writes)
            yield made


async def left(connection: Connection) -> tuple[list[int], list[int]]:
    """Return the batches and the relay rows that are left."""
    outputs = await connection.execute("SELECT first FROM outputs ORDER BY first")
    rows = await connection.execute("SELECT first FROM relay_rows ORDER BY first")
    return [first for (first,) in await outputs.fetchall()], [first for (first,) in await rows.fetchall()]


async def test_nothing_goes_that_nobody_has_followed(connection: Connection) -> None:
    """A follower that never came is a follower that may come."""
    assert await prune(connection, partition=0, destinations=["eu"], before=100, most=100) == (0, 0)
    await save_follower(connection, "forwarder/eu/1/1", {0: 10}, now=1)
    assert await prune(connection, partition=0, destinations=["eu"], before=100, most=100) == (0, 0)


async def test_what_fan_out_or_a_forwarder_still_needs_stays(connection: Connection) -> None:
    """The slowest follower counts."""
    await save_follower(connection, "fanout", {0: 8}, now=1)
    await save_follower(connection, "forwarder/eu/1/1", {0: 5}, now=1)
    assert await prune(connection, partition=0, destinations=["eu"], before=100, most=100) == (5, 5)
    assert await left(connection) == ([6, 7, 8, 9, 10], [6, 7, 8, 9, 10])

    await save_follower(connection, "forwarder/eu/1/1", {0: 10}, now=1)
    assert await prune(connection, partition=0, destinations=["eu"], before=100, most=100) == (3, 3)
    assert await left(connection) == ([9, 10], [9, 10])


async def test_a_region_that_there_is_none_of_holds_nothing_back(connection: Connection) -> None:
    """What was put out for it, before that was refused, is followed by nobody; nor is what was for a region that is no more."""
    lost = RelayRow(replace(STREAM, destination="zz"), 1, (1,), 1)
    await commit(connection, [Move(Place(0, 10, 10), 11, 10)], Writes(relay_rows=[lost]))
    await save_follower(connection, "fanout", {0: 10}, now=1)
    await save_follower(connection, "forwarder/eu/1/1", {0: 10}, now=1)

    assert await prune(connection, partition=0, destinations=["eu"], before=100, most=100) == (10, 9)


async def test_what_is_young_stays(connection: Connection) -> None:
    """Retention is kept, since rows serve gap repair."""
    await save_follower(connection, "fanout", {0: 10}, now=1)
    await save_follower(connection, "forwarder/eu/1/1", {0: 10}, now=1)
    await prune(connection, partition=0, destinations=["eu"], before=4, most=100)

    assert (await left(connection))[0] == list(range(4, 11))


async def test_it_goes_on_in_chunks_and_a_stream_keeps_its_head(connection: Connection) -> None:
    """However much is taken out, the next sequence of a stream is still known."""
    await save_follower(connection, "fanout", {0: 10}, now=1)
    await save_follower(connection, "forwarder/eu/1/1", {0: 10}, now=1)
    taken = [await prune(connection, partition=0, destinations=["eu"], before=100, most=4) for _ in range(4)]

    assert [outputs for outputs, _ in taken] == [4, 4, 2, 0]
    assert await left(connection) == ([], [10])
    (head,) = await stream_heads(connection, origin="us", incarnation=1, epoch=1)
    assert head.last == 10


async def test_preparing_again_is_harmless_and_anothers_store_is_refused(postgres_url: str) -> None:
    """A store belongs to one region with one number of partitions, for good."""
    async with make_pool(postgres_url, size=2, name="test") as pool:
        assert await region_state(pool) is None
        first = await prepare(pool, region="us", partitions=2)
        assert await prepare(pool, region="us", partitions=2) == first == await wait_ready(pool)
        for region, partitions in (("eu", 2), ("us", 4)):
            with pytest.raises(ForeignStoreError, match="wipe"):
                await prepare(pool, region=region, partitions=partitions)


async def test_several_prepare_at_once(postgres_url: str) -> None:
    """Projectors of a region come up together; whoever loses a race for the tables tries again."""
    async with make_pool(postgres_url, size=4, name="test") as pool:
        states = await asyncio.gather(*(prepare(pool, region="us", partitions=2) for _ in range(4)))
        assert set(states) == {await wait_ready(pool)}


async def test_devices_that_ended_are_loaded_by_name_and_go_in_time(connection: Connection) -> None:
    """Who is logged in stays, however old; and an account is loaded with those alone, and with whom a record names."""
    ended = {"v1": 10, "v2": 20, "v3": 30, "v4": None}
    devices = {("u1", name): Device("u1", name, "phone", "f", 1, 1, revoked_at=at) for name, at in ended.items()}
    await commit(connection, [Move(Place(0, 10, 10), 11, 10)], Writes(devices=devices))

    loaded = await load(connection, devices={"u1"}, named={"v2"})
    assert sorted(name for _, name in loaded.devices) == ["v2", "v4"]

    assert [await prune_devices(connection, before=30, most=1) for _ in range(3)] == [1, 1, 0]
    left = await (await connection.execute("SELECT device_id FROM devices ORDER BY device_id")).fetchall()
    assert left == [("v3",), ("v4",)]
