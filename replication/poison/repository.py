"""SQL of the records that were put aside, in the region's store; in the caller's transaction, or in autocommit mode.

A row says what was done about its record, until it is pruned. The offset is called `place`, since OFFSET is a word of SQL.
"""

from collections.abc import Collection, Iterable, Sequence

from infra.postgres import Connection
from replication.poison.records import REPAIR, Amount, Kept, Kind, Poison, There, told

_COLUMNS = (
    "source, partition, place, kind, reason, value, key, seq, found_at, wanted_at, wanted_by, tried_at, replayed_at"
)


async def put_aside(connection: Connection, records: Iterable[Poison], *, now: int) -> None:
    """Keep records aside, as `keeping.choose` returns them.

    One that is there already was tried again in vain, and keeps when it was found; one that was taken in makes place for another.

    Args:
        connection: Where.
        records: What.
        now: Microseconds since the epoch.
    """
    await connection.cursor().executemany(
        "INSERT INTO aside (source, partition, place, kind, key, seq, reason, value, found_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (source, partition, place) DO UPDATE SET"
        " kind = excluded.kind, key = excluded.key, seq = excluded.seq, reason = excluded.reason, value = excluded.value, wanted_at = NULL, replayed_at = NULL,"
        " found_at = CASE WHEN aside.replayed_at IS NULL THEN aside.found_at ELSE excluded.found_at END,"
        " wanted_by = CASE WHEN aside.replayed_at IS NULL THEN aside.wanted_by ELSE '' END,"
        " tried_at = CASE WHEN aside.replayed_at IS NOT NULL THEN NULL"
        "  WHEN aside.wanted_at IS NULL THEN aside.tried_at ELSE excluded.found_at END"
        " WHERE aside.replayed_at IS NULL OR aside.value IS DISTINCT FROM excluded.value",
        [(p.source, p.partition, p.offset, p.kind.value, p.key, p.seq, told(p.reason), p.value, now) for p in records],
    )


async def at_places(connection: Connection, records: Sequence[Poison]) -> dict[tuple[str, int, int], There]:
    """Return what stands at the places of records already."""
    cursor = await connection.execute(
        "SELECT a.source, a.partition, a.place, a.value, a.replayed_at IS NOT NULL FROM aside a"
        " JOIN unnest(%s::text[], %s::bigint[], %s::bigint[]) AS p (source, partition, place)"
        " ON a.source = p.source AND a.partition = p.partition AND a.place = p.place",
        ([p.source for p in records], [p.partition for p in records], [p.offset for p in records]),
    )
    return {
        (source, partition, place): There(value, replayed)
        for source, partition, place, value, replayed in await cursor.fetchall()
    }


async def taken(connection: Connection, topic: str, kinds: Iterable[Kind]) -> Amount:
    """Return how much of a topic, and of answers that repaired it, is aside for those reasons."""
    cursor = await connection.execute(
        "SELECT count(*), coalesce(sum(length(value)), 0)::bigint FROM aside WHERE (source = %s OR source LIKE %s)"
        " AND kind = ANY(%s) AND replayed_at IS NULL",
        (topic, f"{topic}{REPAIR}%", [kind.value for kind in kinds]),
    )
    row = await cursor.fetchone()
    return Amount() if row is None else Amount(*row)


async def prune(connection: Connection, *, before: int) -> tuple[int, int]:
    """Take out what was taken in before then, and what was put aside for good before then and nobody wants; return how many of each.

    What waits for newer software, or above a gap, stays.

    Args:
        connection: Where.
        before: Microseconds since the epoch.
    """
    replayed = await connection.execute("DELETE FROM aside WHERE replayed_at < %s", (before,))
    old = await connection.execute(
        "DELETE FROM aside WHERE found_at < %s AND kind IN ('unreadable', 'impossible')"
        " AND replayed_at IS NULL AND wanted_at IS NULL",
        (before,),
    )
    return replayed.rowcount, old.rowcount


async def note_replayed(connection: Connection, records: Iterable[Poison], *, now: int) -> None:
    """Note that records were taken in after all; now in microseconds since the epoch."""
    await connection.cursor().executemany(
        "UPDATE aside SET replayed_at = %s WHERE source = %s AND partition = %s AND place = %s AND replayed_at IS NULL",
        [(now, p.source, p.partition, p.offset) for p in records],
    )


async def note_tried(connection: Connection, records: Iterable[Poison], *, now: int) -> None:
    """Note that a replay was in vain; now in microseconds since the epoch."""
    await connection.cursor().executemany(
        "UPDATE aside SET wanted_at = NULL, tried_at = %s WHERE source = %s AND partition = %s AND place = %s",
        [(now, p.source, p.partition, p.offset) for p in records],
    )


async def waiting(
    connection: Connection, source: str, partitions: Collection[int], *, after: tuple[int, int], most: int
) -> list[Poison]:
    """Return what of a topic, and of answers that repaired it, waits for newer software or behind that, in the order in which it stood.

    Args:
        connection: Where.
        source: The topic.
        partitions: Of the topic.
        after: Partition and offset after which to begin; for another page.
        most: How many at most.
    """
    cursor = await connection.execute(
        f"SELECT {_COLUMNS} FROM aside WHERE (source = %s OR source LIKE %s) AND partition = ANY(%s)"  # noqa: S608 — constant columns
        " AND kind IN ('newer', 'behind') AND replayed_at IS NULL AND (partition, place) > (%s, %s)"
        " ORDER BY partition, place LIMIT %s",
        (source, f"{source}{REPAIR}%", list(partitions), *after, most),
        binary=True,
    )
    return [_kept(row).poison for row in await cursor.fetchall()]


async def lowest_held(connection: Connection, source: str, partitions: Collection[int]) -> dict[str, int]:
    """Return the lowest seq that is aside above a gap, by conversation."""
    cursor = await connection.execute(
        "SELECT key, min(seq) FROM aside WHERE source = %s AND partition = ANY(%s) AND kind = 'held' AND replayed_at IS NULL"
        " GROUP BY key",
        (source, list(partitions)),
    )
    return dict(await cursor.fetchall())


async def held(connection: Connection, source: str, key: str, *, upto: int, most: int) -> list[Poison]:
    """Return entries of a conversation that are aside above a gap, up to a seq and so many at most, in the order of their seqs."""
    cursor = await connection.execute(
        f"SELECT {_COLUMNS} FROM aside WHERE source = %s AND key = %s AND kind = 'held' AND replayed_at IS NULL AND seq <= %s"  # noqa: S608 — constant columns
        " ORDER BY seq, place LIMIT %s",
        (source, key, upto, most),
        binary=True,
    )
    return [_kept(row).poison for row in await cursor.fetchall()]


async def wanted(connection: Connection, source: str, partitions: Collection[int], *, most: int) -> list[Poison]:
    """Return what of a topic, and of answers that repaired it, somebody wants replayed, in the order in which it stood."""
    cursor = await connection.execute(
        f"SELECT {_COLUMNS} FROM aside WHERE (source = %s OR source LIKE %s) AND partition = ANY(%s)"  # noqa: S608 — constant columns
        " AND wanted_at IS NOT NULL AND replayed_at IS NULL ORDER BY partition, place LIMIT %s",
        (source, f"{source}{REPAIR}%", list(partitions), most),
        binary=True,
    )
    return [_kept(row).poison for row in await cursor.fetchall()]


async def amounts(connection: Connection) -> dict[tuple[str, Kind], Amount]:
    """Return how much is aside, by source and kind; what was replayed does not count."""
    cursor = await connection.execute(
        "SELECT source, kind, count(*), coalesce(sum(length(value)), 0)::bigint FROM aside"
        " WHERE replayed_at IS NULL GROUP BY source, kind"
    )
    return {(source, Kind(kind)): Amount(*amount) for source, kind, *amount in await cursor.fetchall()}


async def listing(connection: Connection, *, also_replayed: bool, most: int) -> list[Kept]:
    """Return what is aside, the newest first.

    Args:
        connection: Where.
        also_replayed: Whether what was taken in after all is told as well.
        most: How many at most.
    """
    cursor = await connection.execute(
        f"SELECT {_COLUMNS} FROM aside WHERE replayed_at IS NULL OR %s"  # noqa: S608 — constant columns
        " ORDER BY found_at DESC, source, partition, place LIMIT %s",
        (also_replayed, most),
        binary=True,
    )
    return [_kept(row) for row in await cursor.fetchall()]


async def find(connection: Connection, source: str, partition: int, offset: int) -> Kept | None:
    """Return one record; None if there is none."""
    cursor = await connection.execute(
        f"SELECT {_COLUMNS} FROM aside WHERE source = %s AND partition = %s AND place = %s",  # noqa: S608 — constant columns
        (source, partition, offset),
        binary=True,
    )
    row = await cursor.fetchone()
    return None if row is None else _kept(row)


async def want_replay(connection: Connection, record: Poison, *, by: str, now: int) -> bool:
    """Ask for a record's replay; return whether there is anything to replay.

    Args:
        connection: Where.
        record: What.
        by: Who asks.
        now: Microseconds since the epoch.
    """
    cursor = await connection.execute(
        "UPDATE aside SET wanted_at = %s, wanted_by = %s"
        " WHERE source = %s AND partition = %s AND place = %s AND replayed_at IS NULL",
        (now, by, record.source, record.partition, record.offset),
    )
    return cursor.rowcount == 1


def _kept(row: Sequence[object]) -> Kept:
    source, partition, place, kind, reason, value, key, seq, *times = row
    poison = Poison(source, partition, place, Kind(str(kind)), reason, value, key, seq)  # type: ignore[arg-type]  # columns are typed by the schema
    return Kept(poison, *times)  # type: ignore[arg-type]  # likewise
