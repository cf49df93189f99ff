"""SQL of the records that were put aside, in the region's store; in the caller's transaction, or in autocommit mode.

A row is never deleted by software: it says what was done about it. The offset is called `place`, since OFFSET is a word of SQL.
"""

from collections.abc import Collection, Iterable, Sequence

from infra.postgres import Connection
from replication.poison.records import Kept, Kind, Poison, told

_COLUMNS = "source, partition, place, kind, reason, value, key, found_at, wanted_at, wanted_by, tried_at, replayed_at"


async def put_aside(connection: Connection, records: Iterable[Poison], *, now: int) -> None:
    """Keep records aside; one that is there already was tried again in vain, and keeps when it was found.

    Args:
        connection: Where.
        records: What.
        now: Microseconds since the epoch.
    """
    await connection.cursor().executemany(
        "INSERT INTO aside (source, partition, place, kind, key, reason, value, found_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (source, partition, place) DO UPDATE SET"
        " kind = excluded.kind, reason = excluded.reason, wanted_at = NULL,"
        " tried_at = CASE WHEN aside.wanted_at IS NULL THEN aside.tried_at ELSE excluded.found_at END"
        " WHERE aside.replayed_at IS NULL",
        [(p.source, p.partition, p.offset, p.kind.value, p.key, told(p.reason), p.value, now) for p in records],
    )


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
        (source, f"{source}.repair-%", list(partitions), *after, most),
        binary=True,
    )
    return [_kept(row).poison for row in await cursor.fetchall()]


async def wanted(connection: Connection, source: str, partitions: Collection[int], *, most: int) -> list[Poison]:
    """Return what of a topic, and of answers that repaired it, somebody wants replayed, in the order in which it stood."""
    cursor = await connection.execute(
        f"SELECT {_COLUMNS} FROM aside WHERE (source = %s OR source LIKE %s) AND partition = ANY(%s)"  # noqa: S608 — constant columns
        " AND wanted_at IS NOT NULL AND replayed_at IS NULL ORDER BY partition, place LIMIT %s",
        (source, f"{source}.repair-%", list(partitions), most),
        binary=True,
    )
    return [_kept(row).poison for row in await cursor.fetchall()]


async def counts(connection: Connection) -> dict[tuple[str, str], int]:
    """Return how many records are aside, by source and kind; those that were replayed do not count."""
    cursor = await connection.execute(
        "SELECT source, kind, count(*) FROM aside WHERE replayed_at IS NULL GROUP BY source, kind"
    )
    return {(source, kind): count for source, kind, count in await cursor.fetchall()}


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
    source, partition, place, kind, reason, value, key, *times = row
    poison = Poison(source, partition, place, Kind(str(kind)), reason, value, key)  # type: ignore[arg-type]  # columns are typed by the schema
    return Kept(poison, *times)  # type: ignore[arg-type]  # likewise
