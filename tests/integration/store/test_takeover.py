"""A copy is begun with without a plan: what others lack is told anew, what the copy lacks is noted, and devices are told what stands no more."""

import time

import pytest

from infra.postgres import Connection
from region.failover.repository import add_blobs, ready_blobs, stood, without_account, without_outcome
from region.standby.repository import kept
from region.store.repository.withdrawn import withdrawn
from replication.repository import Place, forwarder_places, runs_after
from replication.turns.records import Phase, Turn
from replication.turns.repository import read_intakes, read_turn
from replication.turns.repository import take_over as begin_by_plan
from replication.turns.takeover_repository import (
    clear_tail,
    give_way,
    log_position,
    note_given,
    note_handed_in,
    read_begun,
    read_given,
    read_handed_in,
    read_tail,
    seize,
    taken_in,
)

pytestmark = pytest.mark.integration
ENDED, BEGUN = Turn("us", 1, 1, "us"), Turn("us", 2, 2, "eu")
US = "d0a1b2c3-us"


async def take_over(connection: Connection, had: dict[tuple[str, int], int] | None = None) -> bool:
    """Begin the second epoch at eu."""
    return await seize(
        connection,
        BEGUN,
        ended=ENDED,
        left="us",
        offsets={0: 70, 1: 80},
        had=had or {},
        renamed={"ap.relay.us": "ap.relay.us"},
        now=time.time_ns() // 1000,
    )


async def relay(connection: Connection, destination: str, *runs: tuple[int, int]) -> None:
    """Put relay rows into the first partition's stream of the first epoch."""
    for first, last in runs:
        await connection.execute(
            "INSERT INTO relay_rows VALUES (%s, 0, 1, 1, %s, %s, %s, %s)",
            (destination, first, last, list(range(first, last + 1)), first),
        )
        await connection.execute(
            "INSERT INTO outputs VALUES (0, %s, %s, 1, ''::bytea) ON CONFLICT DO NOTHING", (first, last)
        )


async def test_it_is_taken_once_and_only_in_the_epoch_that_ends(connection: Connection) -> None:
    """Of two commands at once one begins with it; the other changes nothing."""
    await connection.execute("UPDATE journal_partitions SET next_offset = 5 + partition")
    await connection.execute("INSERT INTO intakes VALUES ('ap', 0, 1, 'old')")

    assert await take_over(connection)
    assert not await take_over(connection)

    assert await read_turn(connection) == BEGUN
    assert await read_tail(connection, "us") == {0: 5, 1: 6}
    assert await read_begun(connection, "eu") == {0: 70, 1: 80}
    cursor = await connection.execute("SELECT partition, next_offset FROM journal_partitions ORDER BY partition")
    assert await cursor.fetchall() == [(0, 70), (1, 80)]
    assert ("ap", 0) not in await read_intakes(connection, before=2), "its journal is gone, so it is taken in again"


async def test_a_store_that_begins_anew_in_its_own_place_leaves_nothing_to_hand_in(connection: Connection) -> None:
    """Its journal is gone; the new one is read from its beginning."""
    turn = Turn("us", 2, 2, "us")
    await connection.execute("UPDATE journal_partitions SET next_offset = 5 + partition")
    began = await seize(
        connection, turn, ended=ENDED, left="us", offsets={0: 0, 1: 3}, had={}, renamed={}, now=time.time_ns() // 1000
    )
    assert began
    assert await read_tail(connection, "us")
    await clear_tail(connection, "us")

    assert await read_turn(connection) == turn
    assert (await read_tail(connection, "us"), await read_begun(connection, "us")) == ({}, {})
    cursor = await connection.execute("SELECT partition, next_offset FROM journal_partitions ORDER BY partition")
    assert await cursor.fetchall() == [(0, 0), (1, 3)]


async def test_what_others_have_not_is_told_anew(connection: Connection) -> None:
    """From where each says that it has all, in whole rows, densely from 1; the forwarder is through with what was before."""
    await relay(connection, "ap", (1, 3), (4, 4), (5, 9))
    await relay(connection, "eu", (1, 2), (3, 3))

    await take_over(connection, {("ap", 0): 4, ("ap", 1): 9})

    places = {(one.destination, one.partition): one for one in await forwarder_places(connection)}
    assert places["ap", 0] == Place("ap", 0, 1, 1, 9)
    runs, whole = await runs_after(connection, list(places.values()), origin="us", most=50, size=1000)
    told = [
        (run.stream.destination, run.stream.incarnation, run.stream.epoch, run.first, run.last, run.batch_first)
        for run in runs
    ]
    assert whole
    assert told == [("ap", 2, 2, 1, 5, 5), ("eu", 2, 2, 1, 2, 1), ("eu", 2, 2, 3, 3, 3)], (
        "who does not tell is told all"
    )


async def test_what_is_pruned_is_not_told_anew(connection: Connection) -> None:
    """The newest row of each stream stays for good, without what it refers to: nobody could read that."""
    await relay(connection, "ap", (1, 3))
    await connection.execute("DELETE FROM outputs")

    await take_over(connection)

    cursor = await connection.execute("SELECT count(*) FROM relay_rows WHERE epoch = 2")
    assert await cursor.fetchone() == (0,)


async def test_what_was_handed_in_is_missing_no_more(connection: Connection) -> None:
    """And where it ended is kept, for when the duties are back."""
    await take_over(connection)
    await note_given(connection, "us", {0: 9, 1: 8})
    assert await read_given(connection, "us") == {0: 9, 1: 8}
    await note_given(connection, "us", {})
    assert await read_given(connection, "us") == {}
    await note_given(connection, "us", {0: 9, 1: 8})
    await note_handed_in(connection, "us", {0: 9, 1: 8})

    assert await read_given(connection, "us") == {}
    assert await without_account(connection, ["u0x1-us"]) == ["u0x1-us"]
    assert await read_tail(connection, "us") == {}
    assert await read_handed_in(connection, "us") == {0: 9, 1: 8}

    await connection.execute("UPDATE region_state SET epoch = 4")
    assert await read_handed_in(connection, "us") == {}, "home has decided on its own since"


async def test_a_site_gives_way_once(connection: Connection) -> None:
    """In its own epoch, and not while it is handed over."""
    assert not await give_way(connection, epoch=2, site="us", holder="eu")
    assert await give_way(connection, epoch=1, site="us", holder="eu")
    assert await read_turn(connection) == Turn("us", 1, 1, "eu", Phase.HANDED), "nobody serves, here or on the copy"
    assert not await give_way(connection, epoch=1, site="us", holder="eu")


async def test_a_copy_whose_home_gave_way_is_taken_over_without_a_plan(connection: Connection) -> None:
    """It is begun with by who took over; never as one that was handed over, which would forget what home had accepted."""
    await give_way(connection, epoch=1, site="us", holder="eu")

    assert not await begin_by_plan(connection, BEGUN, ended=1, offsets={0: 70, 1: 80}, renamed={})
    cursor = await connection.execute("SELECT max(next_offset) FROM journal_partitions")
    assert await cursor.fetchone() == (0,), "where home's journal was decided up to stays known"
    assert await take_over(connection)
    assert await read_turn(connection) == BEGUN


async def test_a_store_without_a_standby_has_been_taken_in_nowhere(connection: Connection) -> None:
    """Its log goes on all the same."""
    assert await log_position(connection) > 0
    assert await taken_in(connection, "eu") == 0


async def test_an_upload_that_home_had_finished_is_ready(connection: Connection) -> None:
    """The copy knew it as unfinished, or not at all; what is ready there, or being removed, stays as it is there."""
    blob = "INSERT INTO blobs (blob_id, owner, kind, name, size, content_type, checksum, state, created_at, updated_at)"
    for name, state in (("new", "ready"), ("half", "ready"), ("had", "ready"), ("gone", "ready")):
        await connection.execute(
            f"{blob} VALUES (%s, 'u0a1-us', 'image', 'home', 7, 'x', 'y', %s, 1, 9)", (name, state)
        )
    rows = await ready_blobs(connection, since=0)
    await connection.execute("DELETE FROM blobs")
    for name, state in (("half", "checking"), ("had", "ready"), ("gone", "removing")):
        await connection.execute(f"{blob} VALUES (%s, 'u0a1-us', 'image', 'copy', 0, '', '', %s, 1, 5)", (name, state))

    assert await add_blobs(connection, rows) == 2

    cursor = await connection.execute("SELECT blob_id, state, name, size FROM blobs ORDER BY blob_id")
    assert await cursor.fetchall() == [
        ("gone", "removing", "copy", 0),
        ("had", "ready", "copy", 0),
        ("half", "ready", "home", 7),
        ("new", "ready", "home", 7),
    ]


async def test_whether_bytes_were_looked_for_is_asked_without_a_change(connection: Connection) -> None:
    """A rehearsal makes no table in the copy."""
    assert not await kept.is_prepared(connection)
    assert not await kept.is_prepared(connection)
    await kept.prepare(connection)
    assert await kept.is_prepared(connection)


async def number(connection: Connection, *entries: tuple[int, int]) -> None:
    """Put entries, by epoch and seq, into a conversation of u0a1-us."""
    head, epoch = entries[-1][1], entries[-1][0]
    await connection.execute(
        "INSERT INTO conversations (conversation_id, kind, head, epoch, message_count, opened, held, position, updated_at)"
        " VALUES (%s, 'direct', %s, %s, %s, true, 0, 1, 1)",
        (US, head, epoch, head),
    )
    await connection.execute(
        "INSERT INTO members (conversation_id, user_id, home, received, read, sent, read_count, read_sent, position)"
        " VALUES (%s, 'u0a1-us', 'us', 0, 0, 0, 0, 0, 1)",
        (US,),
    )
    for epoch, seq in entries:
        await connection.execute(
            "INSERT INTO entries (conversation_id, seq, epoch, incarnation, message_count, kind, message_id, author, recipient,"
            " author_home, client_message_id, content_hash, text, sent_at, position)"
            " VALUES (%s, %s, %s, 1, %s, 'message_sent', %s, 'u0a1-us', 'u0b1-eu', 'us', 'c', ''::bytea, 'x', 1, 1)",
            (US, seq, epoch, seq, f"m{seq}"),
        )


@pytest.mark.parametrize(
    ("held", "stands"),
    [
        ((1, 3), None),
        ((1, 4), 3),
        ((1, 9), 3),
        ((2, 5), None),
        ((2, 6), 5),
        ((0, 4), None),
    ],
)
async def test_a_device_is_told_what_stands_no_more(
    connection: Connection, held: tuple[int, int], stands: int | None
) -> None:
    """What the first epoch had numbered above 3 was lost, and numbered again by the second; positions are (epoch, seq)."""
    await number(connection, (1, 1), (1, 2), (1, 3), (2, 4), (2, 5))

    found = await withdrawn(connection, "u0a1-us", {US: held}, region="us", epoch=2)

    assert found == ({} if stands is None else {US: stands})
    assert await withdrawn(connection, "u0c1-us", {US: held}, region="us", epoch=2) == {}, "a stranger is told nothing"
    assert await stood(connection, [US, "d9-us"], epoch=1) == {US: 3}
    assert await without_outcome(connection, ["m1", "m9"]) == ["m9"]


async def test_a_conversation_that_the_copy_never_had_is_withdrawn_whole(connection: Connection) -> None:
    """Only one of this region's own, of an epoch that is over."""
    for name, epoch, expected in (("d1-us", 1, {"d1-us": 0}), ("d1-us", 2, {}), ("d1-eu", 1, {})):
        assert await withdrawn(connection, "u0a1-us", {name: (epoch, 4)}, region="us", epoch=2) == expected
