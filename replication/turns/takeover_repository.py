"""SQL of a takeover without a plan: an epoch is begun in the copy of a store, and what its former site had accepted beyond the copy is noted as missing."""

from collections.abc import Mapping
from typing import Final, LiteralString

import psycopg
from psycopg import sql

from infra.postgres import Connection
from replication.turns.records import Turn
from replication.turns.repository import HANDED_IN, put_in_order, set_offsets

PUBLICATION: Final = "standby"
"""By what name a store offers its changes to who copies it."""
WHOLE_SLOT: Final[LiteralString] = (
    "SELECT w.slot FROM whole_copy w WHERE w.tables ="
    " (SELECT encode(sha256(convert_to(string_agg(p.tablename, ',' ORDER BY p.tablename COLLATE \"C\"), 'UTF8')), 'hex')"
    " FROM pg_publication_tables p WHERE p.pubname = 'standby')"
)
"""What the changes for a copy are kept by which has all tables as a whole that are offered now, as the standby has said; see `region.store.repository.copies`."""
_TAIL: Final = "tail@"
"""Of a way in `intakes`: up to where the copy had decided a site's journal; what stands above was not handed in yet."""
_BEGUN: Final = "begun@"
"""Likewise: from where on the journal of who took over was written."""
_GIVEN: Final = "given@"
"""Likewise: up to where a site's journal was put into that of who holds the duties, which may not have decided it yet."""


async def seize(
    connection: Connection,
    turn: Turn,
    *,
    ended: Turn,
    left: str,
    offsets: Mapping[int, int],
    had: Mapping[tuple[str, int], int],
    renamed: Mapping[str, str],
    now: int,
) -> bool:
    """Begin an epoch in a copy of a store whose site is gone, in one transaction; return whether the copy was of the epoch that ends.

    What the former site had decided for other regions, and is not known to have come there, is put into this epoch's streams, first of all. Up to
    where the copy has decided the former site's journal is kept, and from where on the own one is read.

    Args:
        connection: To the copy, which follows no more, in autocommit mode.
        turn: How it is to begin.
        ended: What the copy says.
        left: The site that is gone.
        offsets: From where each partition of the own journal is read.
        had: Destination and partition to the last sequence of the former streams up to which all has come there; 0 for who does not tell.
        renamed: Topic to the one by which the same comes here, for what is aside.
        now: Microseconds since the epoch.
    """
    async with connection.transaction():
        cursor = await connection.execute(
            "UPDATE region_state SET incarnation = %s, epoch = %s, holder = %s, phase = '', mark = ''"
            " WHERE region = %s AND epoch = %s AND incarnation = %s",
            (turn.incarnation, turn.epoch, turn.holder, turn.region, ended.epoch, ended.incarnation),
        )
        if cursor.rowcount != 1:
            return False
        # What an ingester had taken in is in a journal that is gone; it is taken in again.
        await connection.execute("DELETE FROM intakes WHERE epoch = %s", (ended.epoch,))
        await connection.execute(
            "INSERT INTO intakes (way, partition, epoch, progress)"
            " SELECT %s, partition, %s, next_offset::text FROM journal_partitions"
            " ON CONFLICT (way, partition) DO UPDATE SET epoch = excluded.epoch, progress = excluded.progress",
            (f"{_TAIL}{left}", ended.epoch),
        )
        await _note(connection, f"{_BEGUN}{turn.holder}", turn.epoch, offsets)
        await set_offsets(connection, offsets)
        await _say_anew(connection, turn, ended, had, now)
        await put_in_order(connection, turn, renamed)
    return True


async def _say_anew(
    connection: Connection, turn: Turn, ended: Turn, had: Mapping[tuple[str, int], int], now: int
) -> None:
    """Put what has not come to others into the new epoch's streams, and let the forwarder be through with those of the former one."""
    former = {"incarnation": ended.incarnation, "epoch": ended.epoch}
    await connection.execute(
        "INSERT INTO relay_rows (destination, partition, incarnation, epoch, first, last, positions, batch_first)"
        " SELECT destination, partition, %(new_incarnation)s, %(new_epoch)s, upto - (last - first), upto, positions, batch_first FROM ("
        "  SELECT r.*, (sum(r.last - r.first + 1) OVER (PARTITION BY r.destination, r.partition ORDER BY r.first))::bigint AS upto"
        "  FROM relay_rows r LEFT JOIN unnest(%(destinations)s::text[], %(partitions)s::int[], %(lasts)s::bigint[])"
        "   AS had (destination, partition, reached) USING (destination, partition)"
        "  WHERE r.incarnation = %(incarnation)s AND r.epoch = %(epoch)s AND r.last > coalesce(had.reached, 0)"
        # The newest row of a stream outlives what it refers to, which only who has told nothing could be lacking.
        "  AND (coalesce(had.reached, 0) > 0"
        "   OR EXISTS (SELECT FROM outputs o WHERE o.partition = r.partition AND o.first = r.batch_first))) x",
        {
            **former,
            "new_incarnation": turn.incarnation,
            "new_epoch": turn.epoch,
            "destinations": [destination for destination, _ in had],
            "partitions": [partition for _, partition in had],
            "lasts": list(had.values()),
        },
    )
    await connection.execute(
        "INSERT INTO followers (name, partition, position, updated_at)"
        " SELECT 'forwarder/' || destination || '/' || incarnation || '/' || epoch, partition, max(last), %(now)s FROM relay_rows"
        " WHERE incarnation = %(incarnation)s AND epoch = %(epoch)s GROUP BY destination, incarnation, epoch, partition"
        " ON CONFLICT (name, partition) DO UPDATE SET position = excluded.position, updated_at = excluded.updated_at",
        {**former, "now": now},
    )


async def read_tail(connection: Connection, site: str) -> dict[int, int]:
    """Return from where on each partition of a site's journal is to be handed in; nothing if that was done, or need not be."""
    return await _read(connection, f"{_TAIL}{site}")


async def read_begun(connection: Connection, site: str) -> dict[int, int]:
    """Return from where on each partition of the journal of who took over was written."""
    return await _read(connection, f"{_BEGUN}{site}")


async def read_owed(connection: Connection, site: str) -> dict[int, int]:
    """Return from where on the journal of a site that took over is still needed, to be compared with what is to be handed in; nothing if that was done."""
    cursor = await connection.execute(
        "SELECT partition, progress FROM intakes WHERE way = %s"
        " AND EXISTS (SELECT FROM intakes owed WHERE starts_with(owed.way, %s))",
        (f"{_BEGUN}{site}", _TAIL),
    )
    return {partition: int(progress) for partition, progress in await cursor.fetchall()}


async def read_handed_in(connection: Connection, site: str) -> dict[int, int]:
    """Return up to where each partition of a site's journal was handed in, in the present epoch; there it goes on once the duties are back.

    Nothing of an earlier one: the site has decided on its own since, and would decide all that again.
    """
    return await _read_present(connection, f"{HANDED_IN}{site}")


async def note_handed_in(connection: Connection, site: str, offsets: Mapping[int, int]) -> None:
    """Note that a site's journal was handed in up to there, so that nothing of it is missing any more."""
    async with connection.transaction():
        await _note(connection, f"{HANDED_IN}{site}", await _present(connection), offsets)
        await connection.execute(
            "DELETE FROM intakes WHERE way = ANY(%s::text[])", ([f"{_TAIL}{site}", f"{_GIVEN}{site}"],)
        )


async def clear_tail(connection: Connection, site: str) -> None:
    """Forget from where on a site's journal is to be handed in, and how far it was: there is nothing that could be."""
    ways = [f"{kind}{site}" for kind in (_TAIL, _BEGUN, _GIVEN, HANDED_IN)]
    await connection.execute("DELETE FROM intakes WHERE way = ANY(%s::text[])", (ways,))


async def read_given(connection: Connection, site: str) -> dict[int, int]:
    """Return up to where each partition of a site's journal was put into that of who holds the duties, in the present epoch."""
    return await _read_present(connection, f"{_GIVEN}{site}")


async def note_given(connection: Connection, site: str, offsets: Mapping[int, int]) -> None:
    """Note that a site's journal was put up to there into that of who holds the duties; nothing, if it is to be put there again."""
    async with connection.transaction():
        await connection.execute("DELETE FROM intakes WHERE way = %s", (f"{_GIVEN}{site}",))
        await _note(connection, f"{_GIVEN}{site}", await _present(connection), offsets)


async def _present(connection: Connection) -> int:
    cursor = await connection.execute("SELECT epoch FROM region_state LIMIT 1")
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def log_position(connection: Connection) -> int:
    """Return a position of the store's log, bytes, behind which everything stands that could be read by now."""
    cursor = await connection.execute("SELECT pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::bigint")
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def taken_in(connection: Connection, standby: str) -> int:
    """Return up to which position of the store's log a whole copy of a standby has taken everything in; 0 if none follows just now.

    A copy that is still being made, or lacks a table that the store has got since, takes changes in as well, and has not all: it does not count.
    """
    try:
        cursor = await connection.execute(
            sql.SQL(
                "SELECT coalesce(max(pg_wal_lsn_diff(r.replay_lsn, '0/0')), 0)::bigint"
                " FROM pg_replication_slots s JOIN pg_stat_replication r ON r.pid = s.active_pid"
                " WHERE s.database = current_database() AND starts_with(s.slot_name::text, %s) AND s.slot_name = ({})"
            ).format(sql.SQL(WHOLE_SLOT)),
            (f"standby_{standby}_",),
        )
    except psycopg.errors.UndefinedTable:  # it has not begun to offer its changes
        return 0
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def give_way(connection: Connection, *, epoch: int, site: str, holder: str) -> bool:
    """Let a site serve no more whose epoch another has ended, so that nothing more is accepted there; return whether it served.

    Nobody serves by that: a copy that still follows hears the same, and is begun with by `seize` alone.
    """
    cursor = await connection.execute(
        "UPDATE region_state SET holder = %s, phase = 'handed', mark = '' WHERE epoch = %s AND phase <> 'handed' AND coalesce(nullif(holder, ''), region) = %s",
        (holder, epoch, site),
    )
    return cursor.rowcount == 1


async def _note(connection: Connection, way: str, epoch: int, offsets: Mapping[int, int]) -> None:
    await connection.execute(
        "INSERT INTO intakes (way, partition, epoch, progress)"
        " SELECT %s, place.partition, %s, place.next_offset::text FROM unnest(%s::int[], %s::bigint[]) AS place (partition, next_offset)"
        " ON CONFLICT (way, partition) DO UPDATE SET epoch = excluded.epoch, progress = excluded.progress",
        (way, epoch, list(offsets), list(offsets.values())),
    )


async def _read_present(connection: Connection, way: str) -> dict[int, int]:
    cursor = await connection.execute(
        "SELECT partition, progress FROM intakes WHERE way = %s AND epoch = (SELECT max(epoch) FROM region_state) ORDER BY partition",
        (way,),
    )
    return {partition: int(progress) for partition, progress in await cursor.fetchall()}


async def _read(connection: Connection, way: str) -> dict[int, int]:
    cursor = await connection.execute(
        "SELECT partition, progress FROM intakes WHERE way = %s ORDER BY partition", (way,)
    )
    return {partition: int(progress) for partition, progress in await cursor.fetchall()}
