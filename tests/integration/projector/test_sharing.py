"""Several projectors of one region: each partition is at one of them, and what one had that ended is at another soon."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from infra.schema.repository import connect
from region.projector.rehearsal import message
from region.store.repository import shares
from replication.ids import direct_conversation_id, partition_of

pytestmark = pytest.mark.integration

Until = Callable[[str, Callable[[], Awaitable[bool]]], Awaitable[None]]
PARTITIONS = 4
WHO = "SELECT instance, count(*)::int FROM sharing.partitions GROUP BY instance ORDER BY instance"


def divided(region: Any, **wanted: int) -> Callable[[], Awaitable[bool]]:
    """Return what tells whether the partitions are divided that way, by the last word of the projectors' names."""

    async def holds() -> bool:
        return bool(await region.execute(WHO) == [(f"us/{name}", count) for name, count in wanted.items()])

    return holds


async def write(region: Any, number: int) -> None:
    """Let a new pair of people write to each other in each partition, so many messages."""
    missing = set(range(PARTITIONS))
    while missing:
        alice, bob = await region.user(), await region.user()
        partition = partition_of(direct_conversation_id(alice, bob), PARTITIONS)
        if partition in missing:
            missing.discard(partition)
            for text in range(number):
                await region.append(message(alice, bob, f"m{text}"))


def numbered(region: Any, count: int) -> Callable[[], Awaitable[bool]]:
    """Return what tells whether so many messages are in the store, each once and without a hole."""

    async def holds() -> bool:
        rows = await region.execute("SELECT count(*)::int, max(seq), min(seq) FROM entries GROUP BY conversation_id")
        assert all(lowest == 1 and highest == entries for entries, highest, lowest in rows)
        return bool(sum(entries for entries, _, _ in rows) == count)

    return holds


async def test_two_divide_the_partitions_and_one_that_ends_leaves_its_own_to_the_other(
    region: Any, until: Until
) -> None:
    """The first has all until the second comes; they work side by side; the second is stopped, and all goes on."""
    first = region.start(instance="us/first", projector_shared=True)
    await until("the first has all", divided(region, first=4))
    await write(region, 3)
    await until("it projects all", numbered(region, 12))

    region.start(instance="us/second", projector_shared=True)
    await until("they have half each", divided(region, first=2, second=2))
    await write(region, 3)
    await until("all is projected by two", numbered(region, 24))

    region.running.pop().cancel()
    await until("the first has all again", divided(region, first=4))
    await write(region, 3)
    await until("it projects all again", numbered(region, 36))
    assert first.ok


async def test_one_whose_connection_is_lost_is_dead_at_once(region: Any, until: Until) -> None:
    """As when its process is killed: though it has said that it would live for an hour."""
    killed = await connect(region.settings.store, name="killed")
    known = await shares.come_by(killed, "us/killed", seconds=3600)
    await shares.claim(killed, "us/killed", known, range(PARTITIONS))
    region.start(instance="us/other", projector_shared=True)
    await until("the other has come by", lambda: seen(region, "us/other"))
    assert await region.execute(WHO) == [("us/killed", 4)], "nobody takes from the living"

    await killed.close()

    await until("the other has all", divided(region, other=4))


async def test_one_that_stands_still_is_dead_when_its_time_is_up(region: Any, until: Until) -> None:
    """Its connection stands on, as that of a paused process does; awake again it finds that it has nothing any more, and shares."""
    async with await connect(region.settings.store, name="still") as still:
        known = await shares.come_by(still, "us/still", seconds=1)
        await shares.claim(still, "us/still", known, range(PARTITIONS))
        region.start(instance="us/other", projector_shared=True)
        await until("the other has all", divided(region, other=4))
        await write(region, 2)
        await until("it projects all", numbered(region, 8))

        async def awake() -> bool:
            known = await shares.come_by(still, "us/still", seconds=60)
            assert "us/still" in known.alive
            assert set(known.held.values()) <= {"us/other"}, "what it had is another's"
            return len(known.held) == PARTITIONS / 2  # the other one leaves off what is beyond its share

        await until("the other gives half of them", awake)


async def test_one_more_than_there_are_partitions_waits_and_is_well(region: Any, until: Until) -> None:
    """It has nothing to do, which is nothing wrong; when one ends it begins."""
    async with await connect(region.settings.store, name="busy") as busy:
        known = await shares.come_by(busy, "us/busy", seconds=3600)
        await shares.claim(busy, "us/busy", known, range(PARTITIONS))
        others = [await connect(region.settings.store, name=f"other {at}") for at in range(PARTITIONS)]
        for at, other in enumerate(others):
            await shares.come_by(other, f"us/a{at}", seconds=3600)
        waiting = region.start(instance="us/waiting", projector_shared=True)

        async def well() -> bool:
            return bool(waiting.ok)

        await until("it is well", well)
        assert "waits to take over" in waiting.conditions["journal"].detail
        for other in others:
            await other.close()
    await until("it has all", divided(region, waiting=4))


async def seen(region: Any, instance: str) -> bool:
    """Whether a projector has come by."""
    return bool(await region.execute("SELECT 1 FROM sharing.projectors WHERE instance = %s", instance))


async def test_a_name_that_another_one_has_is_waited_for(region: Any, until: Until) -> None:
    """Two processes of one name would take each other's word for their own; the second begins when the first has ended."""
    first = await connect(region.settings.store, name="first")
    await shares.come_by(first, "us/same", seconds=3600)
    second = region.start(instance="us/same", projector_shared=True)

    async def told() -> bool:
        condition = second.conditions.get("journal")
        return condition is not None and "us/same and lives" in condition.detail

    await until("it says why it waits", told)
    assert not second.ok
    assert await region.execute(WHO) == []
    await first.close()
    await until("it has all", divided(region, same=4))


async def test_one_that_gets_nowhere_leaves_its_partitions_to_others(region: Any, until: Until) -> None:
    """Its store and name are well, but not its Kafka: nobody would project what it has."""
    region.start(instance="us/lost", projector_shared=True, kafka="127.0.0.1:1")
    await until("it has come by", lambda: seen(region, "us/lost"))
    region.start(instance="us/well", projector_shared=True)

    await until("the other has all", divided(region, well=4))
    await write(region, 2)
    await until("all is projected", numbered(region, 8))
