"""SQL in a copy: which of its blobs have their bytes at the standby. The table is the copy's own, and goes with it."""

from dataclasses import dataclass
from typing import Final, LiteralString

from infra.postgres import Connection
from region.media.repository import Blob

TABLE: Final[LiteralString] = (
    "CREATE TABLE IF NOT EXISTS held_blobs (blob_id TEXT PRIMARY KEY, kind TEXT NOT NULL, kept BOOLEAN NOT NULL, again_at BIGINT NOT NULL)"
)
"""One row for each blob that was looked for; `kept`: its bytes are there; `again_at`: not before then, microseconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Missing:
    """How much is missing.

    Attributes:
        blobs: How many.
        size: Their bytes.
    """

    blobs: int
    size: int


async def prepare(connection: Connection) -> None:
    """Make the table unless it is there."""
    await connection.execute(TABLE)


async def is_prepared(connection: Connection) -> bool:
    """Return whether the table is there; changes nothing."""
    cursor = await connection.execute("SELECT to_regclass('held_blobs') IS NOT NULL")
    row = await cursor.fetchone()
    assert row is not None
    return bool(row[0])


async def next_missing(connection: Connection, *, now: int, most: int) -> list[Blob]:
    """Return blobs that were brought in the region whose copy this is, and whose bytes are not here; the oldest first.

    Those that it fetched from elsewhere have an origin that gives them again.
    """
    cursor = await connection.execute(
        "SELECT b.blob_id, b.owner, b.kind, b.name, b.size, b.content_type, b.checksum, b.width, b.height, b.blur, b.state,"
        " b.problem, '', 0::bigint, b.created_at, b.updated_at"
        " FROM blobs b LEFT JOIN held_blobs h ON h.blob_id = b.blob_id"
        " WHERE b.state = 'ready' AND b.owner <> '' AND (h.blob_id IS NULL OR (NOT h.kept AND h.again_at <= %s))"
        " ORDER BY b.created_at LIMIT %s",
        (now, most),
    )
    return [Blob(*row) for row in await cursor.fetchall()]


async def missing(connection: Connection) -> Missing:
    """Return how much is missing."""
    cursor = await connection.execute(
        "SELECT count(*), coalesce(sum(b.size), 0)::bigint FROM blobs b"
        " LEFT JOIN held_blobs h ON h.blob_id = b.blob_id AND h.kept"
        " WHERE b.state = 'ready' AND b.owner <> '' AND h.blob_id IS NULL"
    )
    row = await cursor.fetchone()
    assert row is not None
    return Missing(int(row[0]), int(row[1]))


async def note(connection: Connection, blob: Blob, *, kept: bool, again_at: int = 0) -> None:
    """Keep whether a blob's bytes are here; if not, when to look for them again."""
    await connection.execute(
        "INSERT INTO held_blobs (blob_id, kind, kept, again_at) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (blob_id) DO UPDATE SET kept = excluded.kept, again_at = excluded.again_at",
        (blob.blob_id, blob.kind, kept, again_at),
    )


async def gone(connection: Connection, *, most: int) -> list[tuple[str, str]]:
    """Return blobs, by id and kind, that were looked for and that the region has no more."""
    cursor = await connection.execute(
        "SELECT h.blob_id, h.kind FROM held_blobs h WHERE NOT EXISTS"
        " (SELECT 1 FROM blobs b WHERE b.blob_id = h.blob_id AND b.state = 'ready') LIMIT %s",
        (most,),
    )
    return [(row[0], row[1]) for row in await cursor.fetchall()]


async def forget(connection: Connection, blob_id: str) -> None:
    """Forget a blob whose bytes were taken away."""
    await connection.execute("DELETE FROM held_blobs WHERE blob_id = %s", (blob_id,))
