"""SQL of a return: what has its outcome, where conversations stood, which images the copy had not heard of, and whose turn it is in a store that is made anew."""

from collections.abc import Collection

from infra.postgres import Connection
from replication.turns.records import Turn


async def without_outcome(connection: Connection, messages: Collection[str]) -> list[str]:
    """Return which of those messages have no entry, no refusal, and wait for nobody."""
    cursor = await connection.execute(
        "SELECT wanted.message_id FROM unnest(%s::text[]) AS wanted (message_id)"
        " WHERE NOT EXISTS (SELECT FROM entries e WHERE e.message_id = wanted.message_id)"
        " AND NOT EXISTS (SELECT FROM refusals r WHERE r.message_id = wanted.message_id)"
        " AND NOT EXISTS (SELECT FROM pendings p WHERE p.message_id = wanted.message_id)",
        (list(messages),),
    )
    return [message for (message,) in await cursor.fetchall()]


async def refused(connection: Connection, messages: Collection[str]) -> set[str]:
    """Return which of those messages were refused, so that they have changed nothing."""
    cursor = await connection.execute(
        "SELECT message_id FROM refusals WHERE message_id = ANY(%s::text[])", (list(messages),)
    )
    return {message for (message,) in await cursor.fetchall()}


async def without_account(connection: Connection, users: Collection[str]) -> list[str]:
    """Return which of those have no account."""
    cursor = await connection.execute(
        "SELECT wanted.user_id FROM unnest(%s::text[]) AS wanted (user_id)"
        " WHERE NOT EXISTS (SELECT FROM users u WHERE u.user_id = wanted.user_id)",
        (list(users),),
    )
    return [user for (user,) in await cursor.fetchall()]


async def stood(connection: Connection, conversations: Collection[str], *, epoch: int) -> dict[str, int]:
    """Return the last seq of each of those conversations that was numbered in that epoch or before."""
    cursor = await connection.execute(
        "SELECT conversation_id, max(seq) FROM entries WHERE conversation_id = ANY(%s::text[]) AND epoch <= %s GROUP BY conversation_id",
        (list(conversations), epoch),
    )
    return dict(await cursor.fetchall())


async def ready_blobs(connection: Connection, *, since: int) -> list[str]:
    """Return the rows, as JSON, of images and files that were brought to a region, can be shown, and have changed since then, microseconds since the epoch."""
    cursor = await connection.execute(
        "SELECT row_to_json(blobs)::text FROM blobs WHERE state = 'ready' AND owner <> '' AND updated_at >= %s",
        (since,),
    )
    return [row for (row,) in await cursor.fetchall()]


async def add_blobs(connection: Connection, rows: Collection[str]) -> int:
    """Add rows of images and files that are not there, or are not finished there, and return how many were not."""
    cursor = await connection.execute(
        "INSERT INTO blobs SELECT found.* FROM unnest(%s::jsonb[]) AS given (row), jsonb_populate_record(NULL::blobs, given.row) AS found"
        " ON CONFLICT (blob_id) DO UPDATE SET name = excluded.name, size = excluded.size, content_type = excluded.content_type,"
        " checksum = excluded.checksum, width = excluded.width, height = excluded.height, blur = excluded.blur,"
        " state = excluded.state, problem = '', upload_id = '', received = excluded.received, claimed_by = '', claimed_until = 0,"
        " updated_at = excluded.updated_at, pinned_at = greatest(blobs.pinned_at, excluded.pinned_at)"
        " WHERE blobs.state NOT IN ('ready', 'removing')",
        (list(rows),),
    )
    return cursor.rowcount


async def seat(connection: Connection, turn: Turn, *, partitions: int) -> None:
    """Say in a store in which nothing is that its region's duties are held elsewhere; may be repeated."""
    await connection.execute(
        "INSERT INTO region_state (region, incarnation, epoch, partitions, holder)"
        " SELECT %s, %s, %s, %s, %s WHERE NOT EXISTS (SELECT FROM region_state)",
        (turn.region, turn.incarnation, turn.epoch, partitions, turn.holder),
    )
