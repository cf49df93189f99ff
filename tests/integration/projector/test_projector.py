"""The projector on a real journal and store: end to end, fenced, killed, poisoned, and with the store gone."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import psycopg
import pytest
import redis.asyncio
from prometheus_client import REGISTRY

from infra.kafka import Record
from infra.postgres import make_pool
from region.projector import entries as judging
from region.projector import loop, service
from region.projector.loop import Projection
from region.projector.memory import Memory
from region.projector.pruning import measure_aside, prune_aside
from region.projector.reading import case_of
from region.projector.rehearsal import message, submission
from region.store.repository import loading
from region.store.repository.committing import FencedError, commit
from region.store.repository.setup import prepare
from region.store.rows import Place
from region.store.writes import Move, Writes
from replication.accounts import AccountConfirmed, AccountCreated, DeviceAdded, DeviceRefreshed, DeviceRevoked
from replication.codec import encode
from replication.ids import direct_conversation_id, new_user_id, partition_of
from replication.outputs import NUDGES, Nudge
from replication.records import (
    Body,
    ConversationAnswered,
    Entry,
    Journaled,
    Mark,
    MessageRead,
    MessageSent,
    Opening,
    Outcome,
    Refusal,
    Stream,
    Submission,
    Via,
)
from replication.topics import JOURNAL

pytestmark = pytest.mark.integration


Until = Callable[[str, Callable[[], Awaitable[bool]]], Awaitable[None]]


async def seqs(region: Any) -> list[int]:
    """Return the seqs of all entries, by conversation."""
    return [seq for (seq,) in await region.execute("SELECT seq FROM entries ORDER BY conversation_id, seq")]


async def test_messages_and_marks_go_from_journal_to_store_and_outputs(region: Any, until: Until) -> None:
    """A batch becomes entries, marks, outputs and a nudge; a retry is answered with what is known."""
    alice, bob = await region.user(), await region.user()
    conversation = direct_conversation_id(alice, bob)
    async with redis.asyncio.from_url(region.settings.redis) as client, client.pubsub() as channel:
        await channel.subscribe(NUDGES)
        region.start()
        for number in range(5):
            await region.append(message(alice, bob, f"m{number}", reply_to="us/gateway"))
        await region.append(submission(bob, MessageRead(1, 3), conversation_id=conversation))
        await region.append(message(alice, bob, "m0", reply_to="us/gateway"))

        async def answered() -> bool:
            return len([output for output in await region.outputs() if output.reply_to]) == 6

        await until("six answers", answered)
        async with asyncio.timeout(10):
            while (told := await channel.get_message(timeout=1)) is None or told["type"] != "message":
                pass
        assert msgspec.msgpack.decode(told["data"], type=Nudge).positions

    entries = [record for record in await region.records() if isinstance(record, Entry)]
    assert [entry.seq for entry in entries] == [1, 2, 3, 4, 5, 1]
    assert [output.known for output in await region.outputs() if output.reply_to][-1]
    assert entries[0].hops[-1].stage == "us.projector"
    marks = [record for record in await region.records() if isinstance(record, Mark)]
    assert (marks[-1].user_id, marks[-1].received, marks[-1].read) == (bob, 3, 3)
    rows = await region.execute("SELECT read_count, read_sent FROM members WHERE user_id = %s", bob)
    assert rows == [(3, 0)]


async def test_an_account_is_created_confirmed_and_its_devices_kept(region: Any, until: Until) -> None:
    """Each step answers the gateway that waits; a used refresh token and a revoked device are refused."""
    region.start()
    user = new_user_id("us")
    steps: list[tuple[Body, str]] = [
        (AccountCreated("Alice", "Alice", "secret-hash", "secret-token"), ""),
        (AccountCreated("Alice", "Alice", "secret-hash", "secret-token"), ""),
        (DeviceAdded("v1", "phone", "f1"), "user-unknown"),
        (AccountConfirmed("other"), "reservation-mismatch"),
        (AccountConfirmed("secret-token"), ""),
        (DeviceAdded("v1", "phone", "f1"), ""),
        (DeviceRefreshed("v1", "f1", 1), ""),
        (DeviceRefreshed("v1", "f1", 1), ""),
        (DeviceRefreshed("v1", "f1", 2), ""),
        (DeviceRefreshed("v1", "f1", 2), ""),
        (DeviceRefreshed("v1", "f1", 1), "refresh-token-reused"),
        (DeviceRevoked("v1"), ""),
        (DeviceRefreshed("v1", "f1", 3), "device-revoked"),
    ]
    for number, (body, _) in enumerate(steps):
        await region.append(submission(user, body, identifier=f"s{number}", reply_to="us/gateway"))

    async def answered() -> bool:
        return sum(isinstance(record, Outcome) for record in await region.records()) == len(steps)

    await until("all steps are answered", answered)
    outcomes = {record.id: record.code for record in await region.records() if isinstance(record, Outcome)}
    assert outcomes == {f"s{number}": code for number, (_, code) in enumerate(steps)}
    assert [o.users for o in await region.outputs() if o.users] == [(user,)]
    assert not any(b"secret" in bytes(output.record) for output in await region.outputs())
    assert await region.execute("SELECT folded_handle, confirmed FROM users") == [("alice", True)]
    assert await region.execute("SELECT generation, repeated FROM devices") == [(3, 0)]


async def test_a_conversation_waits_for_its_recipients_home(region: Any, until: Until) -> None:
    """Messages wait while the recipient's home is asked, once; then they are numbered in order, across restarts."""
    alice = await region.user()
    bob = f"uf{new_user_id('eu')[2:]}"
    if direct_conversation_id(alice, bob).endswith("-eu"):
        alice, bob = await region.user(), f"uffffff{new_user_id('eu')[7:]}"
    conversation = direct_conversation_id(alice, bob)
    region.start()
    for text in ("one", "two", "three"):
        await region.append(message(alice, bob, text, reply_to="us/gateway"))

    async def asked() -> bool:
        return len(await region.execute("SELECT 1 FROM pendings")) == 3

    await until("three wait", asked)
    assert sum(isinstance(record, Opening) for record in await region.records()) == 1
    await region.stop()
    region.start()
    via = Via(Stream("eu", 1, 1, "us", 0), 1, 1)

    await region.append(submission(bob, ConversationAnswered(""), conversation_id=conversation), via)

    async def numbered() -> bool:
        return await seqs(region) == [1, 2, 3]

    await until("all are numbered", numbered)
    entries = [record for record in await region.records() if isinstance(record, Entry)]
    assert [entry.text for entry in entries] == ["one", "two", "three"]
    assert await region.execute("SELECT 1 FROM pendings") == []
    rows = await region.execute("SELECT first, last, positions FROM relay_rows WHERE destination = 'eu' ORDER BY first")
    assert [row[0] for row in rows] == [1, 2]
    assert rows[-1][1] == 4


async def told_by_eu(region: Any, most: int) -> list[Entry]:
    """Return the first entries of a conversation that eu owns, with somebody here."""
    alice, bob = f"uf{(await region.user())[2:]}", f"u0{new_user_id('eu')[2:]}"
    conversation = direct_conversation_id(alice, bob)
    entries = []
    for seq in range(1, most + 1):
        sent = message(bob, alice, f"m{seq}")
        assert isinstance(sent.body, MessageSent)
        entries.append(
            Entry(
                conversation_id=conversation,
                seq=seq,
                epoch=1,
                incarnation=1,
                count=seq,
                message_id=sent.id,
                author=bob,
                home="eu",
                content_hash=sent.content_hash,
                body=sent.body,
                sent_at=1,
            )
        )
    return entries


async def test_entries_above_a_gap_are_held_until_it_is_filled(region: Any, until: Until) -> None:
    """Nothing above a gap is visible or told; what was held follows in order, even over a restart."""
    entries = await told_by_eu(region, 4)
    stream = Stream("eu", 1, 1, "us", 0)
    region.start()
    for seq in (1, 3, 4):
        await region.append(entries[seq - 1], Via(stream, seq, seq))

    async def held() -> bool:
        return bool(await region.execute("SELECT head, held FROM conversations") == [(1, 2)])

    await until("two are held", held)
    await region.stop()
    region.start()
    await region.append(entries[1], Via(stream, 2, 2))

    async def whole() -> bool:
        return bool(await region.execute("SELECT head, held, message_count FROM conversations") == [(4, 0, 4)])

    await until("none is held", whole)
    assert [record.seq for record in await region.records() if isinstance(record, Entry)] == [1, 2, 3, 4]
    positions = [p for (p,) in await region.execute("SELECT position FROM entries ORDER BY seq")]
    assert positions == [1, 2, 3, 4]


async def test_what_is_beyond_what_is_held_is_taken_in_when_the_gap_closes(
    region: Any, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By itself, in order, page by page, with what comes meanwhile, and over a restart; nothing of it is ever pruned."""
    monkeypatch.setattr(judging, "MOST_HELD", 2)
    monkeypatch.setattr(loop, "MOST_WANTED", 3)
    monkeypatch.setattr(service, "REPLAY_SECONDS", 0.1)
    entries = await told_by_eu(region, 13)
    stream = Stream("eu", 1, 1, "us", 0)
    region.start()
    for seq in (1, 3, 4, *range(6, 13), 5):  # whose own hole was filled late
        await region.append(entries[seq - 1], Via(stream, seq, seq))

    async def aside() -> list[object]:
        return [
            seq for (seq,) in await region.execute("SELECT seq FROM aside WHERE replayed_at IS NULL ORDER BY place")
        ]

    async def all_there() -> bool:
        return await aside() == [*range(6, 13), 5]

    await until("the rest is aside", all_there)
    async with make_pool(region.settings.store, size=1, name="test") as pool:
        await prune_aside(pool, before=2**62)
        await measure_aside(pool)
    assert REGISTRY.get_sample_value("causeway_aside_records", {"source": JOURNAL, "kind": "held"}) == 8
    await region.stop()
    region.start()
    for seq in (13, 2):
        await region.append(entries[seq - 1], Via(stream, seq, seq))

    async def whole() -> bool:
        found = await region.execute("SELECT head, held, message_count FROM conversations")
        return bool(found == [(13, 0, 13)]) and await aside() == []

    await until("all are there", whole)
    told = [record.seq for record in await region.records() if isinstance(record, Entry)]
    assert told == list(range(1, 14))


async def test_a_batch_whose_conversations_hold_too_much_is_taken_in_parts(
    region: Any, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So what other regions withhold fills no memory, however many conversations they do it in."""
    monkeypatch.setattr(loading, "MOST_HELD_BYTES", 1)
    told = [await told_by_eu(region, 3) for _ in range(3)]
    stream = Stream("eu", 1, 1, "us", 0)
    for number, entries in enumerate(told):
        for seq in (2, 3):
            await region.append(entries[seq - 1], Via(stream, 3 * number + seq, seq))
    region.start()

    async def held() -> bool:
        return bool(await region.execute("SELECT held FROM conversations") == [(2,)] * 3)

    await until("they hold", held)
    await region.stop()
    conversations = [entries[0].conversation_id for entries in told]
    async with make_pool(region.settings.store, size=1, name="test") as pool, pool.connection() as connection:
        with pytest.raises(loading.TooMuchHeldError):
            await loading.load(connection, conversations=conversations)
        one = await loading.load(connection, conversations=conversations[:1])
        assert len(one.conversations[conversations[0]].held) == 2
    for number, entries in enumerate(told):
        await region.append(entries[0], Via(stream, 3 * number + 1, 1))
    region.start()

    async def whole() -> bool:
        return bool(await region.execute("SELECT head, held FROM conversations") == [(3, 0)] * 3)

    await until("all are there", whole)
    assert await region.execute("SELECT 1 FROM aside") == []


async def test_poison_is_put_aside_and_nothing_is_held_up(region: Any, until: Until) -> None:
    """Junk, records that say no version and impossible ones go aside; their neighbours are projected; authors are told."""
    alice, bob = await region.user(), await region.user()
    conversation = direct_conversation_id(alice, bob)
    partition = partition_of(conversation, region.settings.partitions)
    await region.append(message(alice, bob, "before"))
    await region.append_bytes(partition, b"junk", "nul \0 in it")
    await region.append_bytes(partition, b"\x63" + encode(Journaled(record=message(alice, bob, "none")))[1:])
    await region.append(message(alice, bob, "nul \0 in it", reply_to="us/gateway"))
    forged = msgspec.structs.replace(message(alice, bob, "forged"), content_hash=b"", id=message(bob, alice, "x").id)
    await region.append(forged)
    await region.append(message(alice, bob, "after"))
    region.start()

    async def done() -> bool:
        return await seqs(region) == [1, 2] and len(await region.execute("SELECT 1 FROM aside")) == 4

    await until("two entries and four aside", done)
    refusals = [record for record in await region.records() if isinstance(record, Refusal)]
    assert {refusal.code for refusal in refusals} == {"impossible-record"}
    assert len(refusals) == 2


async def test_what_waits_for_another_region_is_asked_for_again(
    region: Any, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The opening of a conversation that is owned here, and the message of one that is not; each by its stream, with nothing read."""
    alice = await region.user()
    smaller, larger = (f"u{digit * 24}-eu" for digit in "0f")
    await region.append(message(alice, smaller, "owned there"))
    await region.append(message(alice, larger, "owned here"))
    region.start()

    async def waiting() -> bool:
        return len(await region.execute("SELECT 1 FROM pendings")) == 2

    await until("both wait", waiting)
    await region.stop()
    monkeypatch.setattr(service, "REMIND_SECONDS", 0.0)
    region.start()

    async def again() -> bool:
        records = await region.records()
        return [sum(isinstance(one, kind) for one in records) for kind in (Submission, Opening)] == [3, 2]

    await until("both are put out again", again)
    rows = await region.execute("SELECT sum(cardinality(positions)) FROM relay_rows WHERE destination = 'eu'")
    assert [int(number) for (number,) in rows] == [4]
    assert await seqs(region) == []


async def test_a_watcher_that_dies_ends_the_process(region: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody projects unwatched: what nobody expected is loud."""

    async def die(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(service, "watch", die)
    region.start()
    with pytest.RaisesGroup(ZeroDivisionError, flatten_subgroups=True):
        async with asyncio.timeout(30):
            await region.running[0]


async def test_what_the_store_refuses_is_halved_down_to_the_culprit(region: Any, until: Until) -> None:
    """An entry row that cannot be written, here since another stands in its place, is put aside; the rest of the batch is not."""
    users = [await region.user() for _ in range(6)]
    pairs = list(zip(users[::2], users[1::2], strict=True))
    culprit = direct_conversation_id(*pairs[1])
    await region.execute(
        "INSERT INTO entries (conversation_id, seq, epoch, incarnation, message_count, kind, message_id, author, recipient,"
        " author_home, client_message_id, content_hash, text, sent_at, position)"
        " VALUES (%s, 1, 1, 1, 1, 'message_sent', 'm', 'a', 'b', 'us', 'c', '', 't', 0, 0)",
        culprit,
    )
    for pair in pairs:
        await region.append(message(*pair, "hello"))
    region.start()

    async def done() -> bool:
        return len(await seqs(region)) == 3 and len(await region.execute("SELECT 1 FROM aside")) == 1

    await until("two are numbered, one is put aside", done)


async def test_a_zombie_is_fenced_and_writes_nothing(region: Any) -> None:
    """Of two who project the same records one commits; the other writes nothing, and starts over from the store."""
    alice, bob = await region.user(), await region.user()
    partition = partition_of(direct_conversation_id(alice, bob), 4)
    async with make_pool(region.settings.store, size=3, name="test") as pool:
        state = await prepare(pool, region="us", partitions=4)
        async with pool.connection() as one, pool.connection() as other:
            live = Projection(one, state, Memory(conversations=10, users=10))
            zombie = Projection(other, state, Memory(conversations=10, users=10))
            await live.begin(range(4))
            await zombie.begin(range(4))

            def records(*texts: str, start: int) -> list[Any]:
                values = [encode(Journaled(record=message(alice, bob, text))) for text in texts]
                return [case_of(Record(partition, start + n, 0, None, value)) for n, value in enumerate(values)]

            await live.project(records("a", "b", start=0))
            with pytest.raises(FencedError):
                await zombie.project(records("a", start=0))
            assert await seqs(region) == [1, 2]
            places = await zombie.begin(range(4))
            assert places[partition].next_offset == 2
            await zombie.project(records("c", start=2))
            with pytest.raises(FencedError):
                await live.project(records("c", "d", start=2))
    assert await seqs(region) == [1, 2, 3]
    assert len([record for record in await region.records() if isinstance(record, Entry)]) == 3


async def test_two_projectors_at_once_number_every_message_once(region: Any, until: Until) -> None:
    """However two quarrel over one journal, the log is dense and outputs are told once each."""
    alice, bob = await region.user(), await region.user()
    region.start(instance="us/one")
    region.start(instance="us/two")
    for number in range(60):
        await region.append(message(alice, bob, f"m{number}"))

    async def done() -> bool:
        return len(await seqs(region)) == 60

    await until("sixty entries", done)
    assert await seqs(region) == list(range(1, 61))
    assert [r.seq for r in await region.records() if isinstance(r, Entry)] == list(range(1, 61))


async def test_a_killed_projector_loses_and_repeats_nothing(region: Any, until: Until) -> None:
    """Cancelled anywhere, between commit and nudge too, its successor goes on where the store is."""
    alice, bob = await region.user(), await region.user()

    async def write() -> None:
        for number in range(120):
            await region.append(message(alice, bob, f"m{number}"))

    writing = asyncio.create_task(write())
    for reached in (10, 40, 80):
        region.start()

        async def far_enough(reached: int = reached) -> bool:
            return len(await seqs(region)) >= reached

        await until(f"{reached} entries", far_enough)
        await region.stop()
    await writing
    region.start()

    async def done() -> bool:
        return len(await seqs(region)) == 120

    await until("all entries", done)
    assert await seqs(region) == list(range(1, 121))
    assert [o.position for o in await region.outputs()] == list(range(1, 121))


async def test_the_store_may_go_away_at_any_moment(region: Any, until: Until) -> None:
    """Terminated connections, again and again under traffic, cost nothing but time; health tells."""
    alice, bob = await region.user(), await region.user()
    health = region.start()
    database = region.settings.store.rsplit("/", 1)[-1]
    for number in range(100):
        await region.append(message(alice, bob, f"m{number}"))
        if number % 20 == 10:
            await region.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = %s AND application_name LIKE %s AND pid <> pg_backend_pid()",
                database,
                "%projector",
            )

    async def done() -> bool:
        return len(await seqs(region)) == 100 and health.ok

    await until("all entries, and well again", done)
    assert await seqs(region) == list(range(1, 101))


async def test_a_journal_that_lost_records_is_told_not_guessed(region: Any, until: Until) -> None:
    """If the journal ends before what the store has projected, the projector says so and projects nothing."""
    await region.execute("UPDATE journal_partitions SET next_offset = 430 WHERE partition = 2")
    health = region.start()

    async def stopped() -> bool:
        condition = health.conditions.get("journal")
        return condition is not None and "430" in condition.detail and not condition.ok

    await until("it tells what is wrong", stopped)
    assert "incarnation" in health.conditions["journal"].detail


async def test_a_failed_statement_leaves_the_original_error(region: Any) -> None:
    """In a pipeline the first error is the one that is raised, so that culprits are told from the store's failures."""
    alice, bob = await region.user(), await region.user()
    async with make_pool(region.settings.store, size=1, name="test") as pool, pool.connection() as connection:
        sent: Submission = message(alice, bob, "x")
        entry = Entry(
            conversation_id=sent.conversation_id,
            seq=1,
            epoch=1,
            incarnation=1,
            count=1,
            message_id=sent.id,
            author=alice,
            home="us",
            content_hash=b"",
            body=MessageSent(bob, "x", "nul \0"),
            sent_at=0,
        )
        with pytest.raises(psycopg.DataError):
            await commit(connection, [Move(Place(0, 0, 0), 1, 1)], Writes(entries=[(entry, 1)]))
        assert not connection.closed
        assert await seqs(region) == []
