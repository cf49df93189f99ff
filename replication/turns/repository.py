"""SQL of whose turn it is, in a region's store; its tables are the region's own."""

import secrets
from collections.abc import Collection, Mapping
from typing import Any, Final

import psycopg

from infra.postgres import Connection
from replication.poison.records import REPAIR
from replication.turns.records import Phase, Turn

_TURN: Final = "SELECT region, incarnation, epoch, holder, phase, mark FROM region_state LIMIT 1"
_OLD: Final = (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn)
HANDED_IN: Final = "journal@"
"""Of a way in `intakes`: up to where a site's journal was handed in to who holds the duties; there it goes on once they are back."""
ASIDE_STEP: Final = 2**40
"""By so much, and its epoch, the places of what is aside move down when one begins: what a new journal puts aside never meets what an old one did, and comes after it."""


async def read_turn(connection: Connection) -> Turn | None:
    """Return what the store says; None if it has no tables yet, or those of an older version, which know of no turns."""
    try:
        cursor = await connection.execute(_TURN)
    except _OLD:
        return None
    return _turn(await cursor.fetchone())


def read_turn_at(url: str) -> Turn | None:
    """Return the same of the store at a URL, for commands.

    Raises:
        psycopg.Error: It does not answer.
    """
    with psycopg.connect(url, autocommit=True, connect_timeout=3) as connection:
        try:
            return _turn(connection.execute(_TURN).fetchone())
        except _OLD:
            return None


def _turn(row: tuple[Any, ...] | None) -> Turn | None:
    if row is None:
        return None
    region, incarnation, epoch, holder, phase, mark = row
    return Turn(region, incarnation, epoch, holder or region, Phase(phase), mark)


async def drain(connection: Connection, *, epoch: int, mark: str = "", seen: Turn | None = None) -> bool:
    """Let nothing more be accepted; return whether the store's holder served in that epoch, or drained already.

    Args:
        connection: To the store.
        epoch: The one that is meant.
        mark: Of who drains, by which it is known whether somebody else has come between.
        seen: What the store must say still; None: whatever it says.
    """
    return await _set(connection, epoch, Phase.DRAINING, mark=mark, holder=None, seen=seen, but=Phase.HANDED)


async def hand_over(connection: Connection, *, epoch: int, to: str, mark: str = "", seen: Turn | None = None) -> bool:
    """Let nobody serve any more, until another one begins; return whether the store was in that epoch, and drained: one that was taken back is not handed over.

    Args:
        connection: To the store.
        epoch: The one that is meant.
        to: Who is to begin.
        mark: Of this handing over; one is made if none is given.
        seen: What the store must say still; None: that it drains.
    """
    mark = mark or secrets.token_hex(8)
    return await _set(connection, epoch, Phase.HANDED, mark=mark, holder=to, seen=seen, only=Phase.DRAINING)


async def take_back(connection: Connection, *, epoch: int, holder: str, seen: Turn | None = None) -> bool:
    """Let who held before serve again; return whether the store was in that epoch, and said what was seen, if that is given."""
    return await _set(connection, epoch, Phase.SERVING, mark="", holder=holder, seen=seen)


async def _set(
    connection: Connection,
    epoch: int,
    phase: Phase,
    *,
    mark: str,
    holder: str | None,
    seen: Turn | None,
    but: Phase | None = None,
    only: Phase | None = None,
) -> bool:
    """Say how far the store is handed over, unless it is in another epoch, or a phase that is not meant, or says something else than was seen."""
    phases = [one.value for one in Phase if one is not but and only in {None, one}]
    said = (None, None) if seen is None else (seen.phase.value, seen.mark)
    cursor = await connection.execute(
        "UPDATE region_state SET phase = %s, mark = %s, holder = coalesce(%s, holder)"
        " WHERE epoch = %s AND phase = ANY(%s::text[]) AND phase = coalesce(%s, phase) AND mark = coalesce(%s, mark)",
        (phase.value, mark, holder, epoch, phases, *said),
    )
    return cursor.rowcount == 1


async def next_offsets(connection: Connection) -> dict[int, int]:
    """Return where each partition of the journal is decided up to."""
    cursor = await connection.execute("SELECT partition, next_offset FROM journal_partitions ORDER BY partition")
    return dict(await cursor.fetchall())


async def noted_in(connection: Connection, *, epoch: int) -> set[int]:
    """Return the partitions of the journal of which its Kafka was told in that epoch how far they are decided."""
    cursor = await connection.execute("SELECT partition FROM journal_partitions WHERE noted_epoch = %s", (epoch,))
    return {partition for (partition,) in await cursor.fetchall()}


async def note_in(connection: Connection, partitions: Collection[int], *, epoch: int) -> None:
    """Say of partitions of the journal that its Kafka was told that, in that epoch; in a later one nothing."""
    await connection.execute(
        "UPDATE journal_partitions SET noted_epoch = %s"
        " WHERE partition = ANY(%s::int[]) AND (SELECT epoch FROM region_state LIMIT 1) = %s",
        (epoch, list(partitions), epoch),
    )


async def set_offsets(connection: Connection, offsets: Mapping[int, int]) -> None:
    """Say in a copy that nobody works on where each partition of the journal goes on: another site's has its own offsets."""
    await connection.execute(
        "UPDATE journal_partitions SET next_offset = place.next_offset"
        " FROM unnest(%s::int[], %s::bigint[]) AS place (partition, next_offset)"
        " WHERE journal_partitions.partition = place.partition",
        (list(offsets), list(offsets.values())),
    )


async def take_over(
    connection: Connection, turn: Turn, *, ended: int, renamed: Mapping[str, str], offsets: Mapping[int, int]
) -> bool:
    """Begin an epoch in a complete copy of a store, in one transaction; return whether the copy was of the epoch that ends.

    What is aside keeps its order before what comes to be aside in this epoch; places of followers stay, since what they follow stays.

    Args:
        connection: To the copy, in autocommit mode.
        turn: How it is to begin.
        ended: The epoch that ends.
        renamed: Topic to the one by which the same comes there, for what is aside.
        offsets: From where each partition of the journal is read there; nothing where the copy says it already.
    """
    async with connection.transaction():
        cursor = await connection.execute(
            "UPDATE region_state SET incarnation = %s, epoch = %s, holder = %s, phase = '', mark = ''"
            " WHERE region = %s AND epoch = %s AND phase = 'handed' AND mark <> ''",
            (turn.incarnation, turn.epoch, turn.holder, turn.region, ended),
        )
        if cursor.rowcount != 1:
            return False
        await set_offsets(connection, offsets)
        await connection.execute("DELETE FROM intakes WHERE starts_with(way, %s)", (HANDED_IN,))  # goes on there now
        await put_in_order(connection, turn, renamed)
    return True


async def put_in_order(connection: Connection, turn: Turn, renamed: Mapping[str, str]) -> None:
    """Let what is aside in a copy come before what comes to be aside in the epoch that begins, in the transaction of that; see `take_over`."""
    await connection.execute(
        "UPDATE aside SET place = place - %s::bigint WHERE source NOT LIKE %s",
        (ASIDE_STEP * turn.epoch, f"%{REPAIR}%"),
    )
    for former, present in renamed.items():
        await connection.execute("UPDATE aside SET source = %s WHERE source = %s", (present, former))
    await connection.execute("DELETE FROM schema_services")


async def read_intakes(connection: Connection, *, before: int) -> dict[tuple[str, int], str]:
    """Return what ingesters had taken in when the epoch before that one ended: by way and partition; nothing of older epochs."""
    cursor = await connection.execute("SELECT way, partition, progress FROM intakes WHERE epoch = %s", (before - 1,))
    return {(way, partition): progress for way, partition, progress in await cursor.fetchall()}


async def keep_intakes(connection: Connection, places: Mapping[tuple[str, int], str]) -> None:
    """Keep what an ingester has taken in, in the store's epoch, if it is being handed over: then nothing more will be in it."""
    for (way, partition), progress in places.items():
        await connection.execute(
            "INSERT INTO intakes (way, partition, epoch, progress)"
            " SELECT %s, %s, epoch, %s FROM region_state WHERE phase = 'draining'"
            " ON CONFLICT (way, partition) DO UPDATE SET epoch = excluded.epoch, progress = excluded.progress",
            (way, partition, progress),
        )
