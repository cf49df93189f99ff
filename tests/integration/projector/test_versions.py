"""Records that newer software wrote: the projector waits for its upgrade, and neither skips nor harms anything."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from prometheus_client import REGISTRY

from infra.health import Health
from region.projector.rehearsal import message
from replication import codec
from replication.codec import NEWEST, READABLE, encode
from replication.ids import direct_conversation_id, new_user_id, partition_of
from replication.records import Journaled

pytestmark = pytest.mark.integration

Until = Callable[[str, Callable[[], Awaitable[bool]]], Awaitable[None]]

PARTITIONS = 4
WAITING = "causeway_projector_waiting_partitions"


def told(health: Health, what: str) -> str:
    """Return what a condition says that does not hold; nothing if it holds, or was not told of yet."""
    condition = health.conditions.get(what)
    return "" if condition is None or condition.ok else condition.detail


async def entries(region: Any) -> int:
    """Return how many entries there are."""
    return len(await region.execute("SELECT 1 FROM entries"))


async def test_a_record_of_a_newer_version_waits_and_holds_up_its_partition_only(region: Any, until: Until) -> None:
    """What comes before it and what is in other partitions is projected; it and what follows wait for newer software."""
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
    assert await region.execute("SELECT 1 FROM poison") == []
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
    assert await region.execute("SELECT 1 FROM poison") == []
