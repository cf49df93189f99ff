"""A projector begins nothing in a store that was lost, and decides nothing in one that went back."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import httpx
import pytest

from global_directory.client import DirectoryClient
from infra.kafka import Consumer
from infra.postgres import make_pool
from infra.schema.repository import connect, state
from region.projector.lived import StoreLostError, see_that_it_is_new
from region.projector.rehearsal import message
from region.store.repository.setup import prepare, region_state
from region.store.rows import RegionState
from replication.ids import direct_conversation_id, partition_of
from replication.turns.decided import decided_group

pytestmark = pytest.mark.integration
Until = Callable[[str, Callable[[], Awaitable[bool]]], Awaitable[None]]


async def lost() -> None:
    """Say that the region has lived."""
    raise StoreLostError(region="us", epoch=4, holder="eu")


async def test_nothing_is_made_in_a_store_that_was_lost(make_database: Callable[[], str]) -> None:
    """Not even its tables; one that is there is not asked about."""
    async with make_pool(make_database(), size=1, name="test") as pool:
        with pytest.raises(StoreLostError):
            await prepare(pool, region="us", partitions=4, may_begin=lost)
        async with pool.connection() as connection:
            assert await state(connection) is None
        made = await prepare(pool, region="us", partitions=4)
        assert await prepare(pool, region="us", partitions=4, may_begin=lost) == made
        assert await region_state(pool) == made


async def test_an_older_store_is_known_by_its_journal(region: Any, until: Until) -> None:
    """What was decided in it meanwhile would be decided again, and numbered anew; as it was, it goes on."""
    alice, bob = await region.user(), await region.user()
    conversation = direct_conversation_id(alice, bob)
    for number in range(3):
        await region.append(message(alice, bob, f"m{number}"))
    region.start()
    place = partition_of(conversation, 4)

    async def decided() -> bool:
        rows = await region.execute("SELECT next_offset FROM journal_partitions WHERE partition = %s", place)
        return bool(rows == [(3,)])

    await until("all is decided", decided)
    group = decided_group(RegionState("us", 1, 1, 4))

    async def noted() -> bool:
        async with Consumer(region.settings.kafka, region.topic, client="test", group=group) as journal:
            found = await journal.committed(place)
            return found is not None and found.offset == 3

    await until("that is noted", noted)
    await region.stop()
    health = region.start()

    async def well() -> bool:
        return bool(health.ok)

    await until("it goes on", well)
    await region.stop()

    await region.execute("UPDATE journal_partitions SET next_offset = 2 WHERE partition = %s", place)
    health = region.start()

    async def told() -> bool:
        condition = health.conditions.get("store")
        return condition is not None and "an older store was put in its place" in condition.detail

    await until("it tells", told)
    rows = await region.execute("SELECT next_offset FROM journal_partitions WHERE partition = %s", place)
    assert rows == [(2,)], "nothing is decided in it"


async def test_another_journal_that_has_grown_is_known(
    region: Any, until: Until, make_topic: Callable[..., Awaitable[str]]
) -> None:
    """It is longer than what the store goes on with, and what stands at its beginning was never decided: it is not read on from the middle."""
    alice, bob = await region.user(), await region.user()
    place = partition_of(direct_conversation_id(alice, bob), 4)
    await region.append(message(alice, bob, "m0"))
    region.start()

    async def noted() -> bool:
        return bool(
            await region.execute(
                "SELECT 1 FROM journal_partitions WHERE partition = %s AND next_offset = 1 AND noted_epoch = 1", place
            )
        )

    await until("it is decided, and was noted", noted)
    await region.stop()

    region.topic = await make_topic(partitions=4)
    for number in range(1, 4):
        await region.append(message(alice, bob, f"m{number}"))
    health = region.start()

    async def told() -> bool:
        condition = health.conditions.get("journal")
        return condition is not None and "it is another journal" in condition.detail

    await until("it tells", told)
    assert await region.execute("SELECT next_offset FROM journal_partitions WHERE partition = %s", place) == [(1,)]


async def test_a_first_start_waits_for_the_directory(
    region: Any, until: Until, make_database: Callable[[], str]
) -> None:
    """While it is away nobody can tell whether the region has lived: that is told, nothing is made, and once it is back the region begins by itself. Later starts need it not."""
    url, is_away = make_database(), asyncio.Event()
    is_away.set()

    def answer(request: httpx.Request) -> httpx.Response:
        if is_away.is_set():
            raise httpx.ConnectError("refused", request=request)
        return httpx.Response(200, json={"duties": []})

    async def told() -> bool:
        condition = health.conditions.get("store")
        return condition is not None and not condition.ok and "directory" in condition.detail

    async def well() -> bool:
        return bool(health.ok)

    async with DirectoryClient("http://directory.test", transport=httpx.MockTransport(answer)) as directory:
        may_begin = partial(see_that_it_is_new, "us", directory)
        health = region.start(may_begin=may_begin, store=url)
        await until("it tells what it waits for", told)
        async with await connect(url, name="test") as store:
            assert await state(store) is None, "nothing is made"
        is_away.clear()
        await until("it begins", well)
        await region.stop()

        is_away.set()
        health = region.start(may_begin=may_begin, store=url)
        await until("it goes on", well)
