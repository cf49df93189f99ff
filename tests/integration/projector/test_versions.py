"""Records that newer software wrote: they go aside with what follows them, until the projector is upgraded; nothing is lost or reordered."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from prometheus_client import REGISTRY

from infra.health import Health
from infra.postgres import make_pool
from region.projector.rehearsal import message
from replication import codec
from replication.codec import NEWEST, READABLE, encode
from replication.ids import direct_conversation_id, new_user_id, partition_of
from replication.poison import repository
from replication.records import Journaled
from replication.topics import JOURNAL

pytestmark = pytest.mark.integration

Until = Callable[[str, Callable[[], Awaitable[bool]]], Awaitable[None]]

PARTITIONS = 4
WAITING = "causeway_projector_waiting_partitions"


def told(health: Health, what: str) -> str:
    """Return what a condition says that does not hold; nothing if it holds, or was not told of yet."""
    condition = health.conditions.get(what)
    return "" if condition is None or condition.ok else condition.detail


async def aside(region: Any) -> list[tuple[object, ...]]:
    """Return kind and key of what is aside, in order."""
    rows: list[tuple[object, ...]] = await region.execute(
        "SELECT kind, key FROM aside WHERE replayed_at IS NULL ORDER BY partition, place"
    )
    return rows


async def entries(region: Any) -> int:
    """Return how many entries there are."""
    return len(await region.execute("SELECT 1 FROM entries"))


async def test_a_newer_record_goes_aside_with_its_conversation_and_holds_up_nobody_else(
    region: Any, until: Until
) -> None:
    """What follows it in its conversation waits behind it; an upgraded projector takes all of it in, in order, before anything new."""
    alice, bob = await region.user(), await region.user()
    conversation = direct_conversation_id(alice, bob)
    partition = partition_of(conversation, PARTITIONS)
    carol, dave = await region.user(), await region.user()
    while partition_of(direct_conversation_id(carol, dave), PARTITIONS) != partition:
        dave = await region.user()
    await region.append(message(alice, bob, "before"))
    newer = encode(Journaled(record=message(alice, bob, "newer")))[1:]
    await region.append_bytes(partition, bytes((NEWEST + 1,)) + newer, conversation)
    await region.append(message(alice, bob, "after"))
    await region.append(message(carol, dave, "hello"))
    health = region.start()

    async def others_go_on() -> bool:
        return await entries(region) == 2 and "upgrade this region's projector" in told(health, "version")

    await until("the other conversation goes on, and it tells what to do", others_go_on)
    assert await aside(region) == [("newer", conversation), ("behind", conversation)]
    await region.stop()
    region.start()
    await region.append(message(bob, alice, "still behind"))

    async def still_aside() -> bool:
        return len(await aside(region)) == 3

    await until("a restart forgets nothing", still_aside)
    await region.stop()
    assert await entries(region) == 2

    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr(codec, "READABLE", READABLE | {NEWEST + 1})
    try:
        await region.append(message(alice, bob, "new"))
        health = region.start()

        async def upgraded() -> bool:
            return await entries(region) == 6 and not told(health, "version")

        await until("what waited is projected", upgraded)
    finally:
        await region.stop()
        monkeypatch.undo()
    rows = await region.execute("SELECT text FROM entries WHERE conversation_id = %s ORDER BY seq", conversation)
    assert [text for (text,) in rows] == ["before", "newer", "after", "still behind", "new"]
    assert await aside(region) == []


async def test_a_newer_record_without_a_key_holds_up_its_partition_only(region: Any, until: Until) -> None:
    """Whose order it belongs to cannot be told, so everything behind it waits; other partitions go on."""
    alice, bob = await region.user(), await region.user()
    partition = partition_of(direct_conversation_id(alice, bob), PARTITIONS)
    carol, dave = await region.user(), await region.user()
    while partition_of(direct_conversation_id(carol, dave), PARTITIONS) == partition:
        dave = await region.user()
    await region.append(message(alice, bob, "before"))
    newer = encode(Journaled(record=message(alice, bob, "newer")))[1:]
    await region.append_bytes(partition, bytes((NEWEST + 1,)) + newer)
    await region.append(message(alice, bob, "after"))
    health = region.start()

    async def waits() -> bool:
        return "Upgrade this region's projector" in told(health, "version")

    await until("it tells what to do", waits)
    for number in range(3):
        await region.append(message(carol, dave, f"m{number}"))

    async def others_go_on() -> bool:
        return await entries(region) == 4

    await until("the other partition is projected", others_go_on)
    assert not health.ok
    at = f"SELECT next_offset FROM journal_partitions WHERE partition = {partition}"
    assert await region.execute(at) == [(1,)]
    assert await aside(region) == []
    await region.stop()

    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr(codec, "READABLE", READABLE | {NEWEST + 1})
    try:
        region.start()

        async def upgraded() -> bool:
            return await entries(region) == 6

        await until("what waited is projected", upgraded)
    finally:
        await region.stop()
        monkeypatch.undo()
    assert await region.execute(at) == [(3,)]


async def test_a_replay_is_judged_once_and_says_who_wanted_it(region: Any, until: Until) -> None:
    """A record that could not be read is read by mended software when somebody asks; what still cannot be is tried in vain."""
    alice, bob = await region.user(), await region.user()
    conversation = direct_conversation_id(alice, bob)
    partition = partition_of(conversation, PARTITIONS)
    good = encode(Journaled(record=message(alice, bob, "rescued")))
    await region.append_bytes(partition, b"\xee" + good[1:], conversation)
    await region.append_bytes(partition, b"garbage")
    await region.append(message(alice, bob, "later"))
    region.start()

    async def two_aside() -> bool:
        return await entries(region) == 1 and len(await aside(region)) == 2

    await until("both are aside", two_aside)
    async with make_pool(region.settings.store, size=1, name="test") as pool, pool.connection() as store:
        [garbage, rescued] = sorted(
            (kept.poison for kept in await repository.listing(store, also_replayed=False, most=9)),
            key=lambda poison: len(poison.value or b""),
        )
        await store.execute(
            "UPDATE aside SET value = %s WHERE place = %s", (good, rescued.offset)
        )  # as mended software
        for poison in (garbage, rescued, rescued):
            assert await repository.want_replay(store, poison, by="olga", now=7)

        async def replayed() -> bool:
            return await entries(region) == 2 and len(await aside(region)) == 1

        await until("it is an entry", replayed)

        async def tried() -> bool:
            found = await repository.find(store, JOURNAL, garbage.partition, garbage.offset)
            return found is not None and found.tried_at is not None and found.wanted_at is None

        await until("the other was tried in vain", tried)
        kept = await repository.find(store, JOURNAL, rescued.partition, rescued.offset)
        assert kept is not None
        assert kept.wanted_by == "olga"
        assert kept.replayed_at is not None
        assert not await repository.want_replay(store, rescued, by="olga", now=8)
    rows = await region.execute("SELECT text FROM entries WHERE conversation_id = %s ORDER BY seq", conversation)
    assert [text for (text,) in rows] == ["later", "rescued"]


async def test_a_projector_whose_every_partition_waits_is_patient(region: Any, until: Until) -> None:
    """With nothing left to read it stays, says why, and does not start over."""
    for partition in range(PARTITIONS):
        await region.append_bytes(partition, bytes((NEWEST + 1,)))
    health = region.start()

    async def all_wait() -> bool:
        return bool(told(health, "version")) and REGISTRY.get_sample_value(WAITING) == PARTITIONS

    await until("all wait", all_wait)
    assert health.conditions["journal"].ok
    assert not region.running[0].done()


async def test_a_newer_pending_in_the_store_is_not_the_records_fault(region: Any, until: Until) -> None:
    """After a step back, what a newer projector kept pending stops this one; nothing is put aside."""
    alice = await region.user()
    bob = f"uf{new_user_id('eu')[2:]}"
    while direct_conversation_id(alice, bob).endswith("-eu"):
        alice, bob = await region.user(), f"uffffff{new_user_id('eu')[7:]}"
    region.start()
    await region.append(message(alice, bob, "one"))

    async def pending() -> bool:
        return len(await region.execute("SELECT 1 FROM pendings")) == 1

    await until("it waits", pending)
    await region.stop()
    newer = bytes((NEWEST + 1,))
    await region.execute("UPDATE pendings SET record = %s || substring(record from 2)", newer)
    health = region.start()
    await region.append(message(alice, bob, "one", reply_to="us/gateway"))

    async def stopped() -> bool:
        return f"version {NEWEST + 1}" in told(health, "store")

    await until("it tells", stopped)
    assert await region.execute("SELECT 1 FROM aside") == []
