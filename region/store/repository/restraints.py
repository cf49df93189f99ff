"""Whom users who live here keep away: whom they block, and who may begin to write to them."""

from collections.abc import Collection, Mapping
from typing import Final

from infra.postgres import Connection
from region.store.arrays import Int8s, Texts
from region.store.rows import Restraints
from replication.runs import Runs

FRIENDS: Final = "friends"


async def restraints_of(
    connection: Connection, pairs: Collection[tuple[str, str]], users: Collection[str]
) -> Restraints:
    """Return which of these hold; one question for all.

    Args:
        connection: Where.
        pairs: (who may have blocked, whom).
        users: Who may let none but friends begin to write.
    """
    cursor = await connection.execute(
        "SELECT b.blocker, b.blocked FROM unnest(%s::text[], %s::text[]) AS a(blocker, blocked) JOIN blocks b USING (blocker, blocked)"
        " UNION ALL SELECT user_id, '' FROM writers WHERE user_id = ANY(%s::text[]) AND who = %s",
        (Texts(one for one, _ in pairs), Texts(other for _, other in pairs), Texts(users), FRIENDS),
    )
    rows = await cursor.fetchall()
    return Restraints(frozenset((a, b) for a, b in rows if b), frozenset(a for a, b in rows if not b))


async def write_restraints(
    connection: Connection, blocks: Mapping[tuple[str, str], bool], writers: Mapping[str, str], *, now: int
) -> None:
    """Write what changed.

    Args:
        connection: In the batch's transaction.
        blocks: (who, whom) to whether it is blocked.
        writers: User to who may begin to write.
        now: Microseconds since the epoch.
    """
    made = [(*pair, now) for pair, blocked in blocks.items() if blocked]
    gone = [pair for pair, blocked in blocks.items() if not blocked]
    if made:
        await connection.cursor().executemany(
            "INSERT INTO blocks (blocker, blocked, blocked_at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING", made
        )
    if gone:
        await connection.cursor().executemany("DELETE FROM blocks WHERE blocker = %s AND blocked = %s", gone)
    if writers:
        await connection.cursor().executemany(
            "INSERT INTO writers (user_id, who) VALUES (%s, %s) ON CONFLICT (user_id) DO UPDATE SET who = excluded.who",
            list(writers.items()),
        )


async def blocked_by(connection: Connection, user_id: str) -> dict[str, int]:
    """Return whom a user blocks, and since when in microseconds since the epoch; the newest first."""
    cursor = await connection.execute(
        "SELECT blocked, blocked_at FROM blocks WHERE blocker = %s ORDER BY blocked_at DESC, blocked", (user_id,)
    )
    return dict(await cursor.fetchall())


async def is_blocked(connection: Connection, blocker: str, blocked: str) -> bool:
    """Whether a user blocks another."""
    cursor = await connection.execute("SELECT 1 FROM blocks WHERE blocker = %s AND blocked = %s", (blocker, blocked))
    return await cursor.fetchone() is not None


async def count_blocks(connection: Connection, user_id: str) -> int:
    """Return how many a user blocks."""
    cursor = await connection.execute("SELECT count(*) FROM blocks WHERE blocker = %s", (user_id,))
    row = await cursor.fetchone()
    return 0 if row is None else int(row[0])


async def writers_of(connection: Connection, user_id: str) -> str:
    """Return who may begin to write to a user; empty if the user has never said."""
    cursor = await connection.execute("SELECT who FROM writers WHERE user_id = %s", (user_id,))
    row = await cursor.fetchone()
    return "" if row is None else str(row[0])


async def texts_in(connection: Connection, conversation_id: str, runs: Runs, author: str) -> int:
    """Return how many messages of an author stand in runs of seqs; one question for all."""
    cursor = await connection.execute(
        "SELECT count(*) FROM unnest(%s::bigint[], %s::bigint[]) AS r(first, last) JOIN entries e"
        " ON e.conversation_id = %s AND e.seq BETWEEN r.first AND r.last WHERE e.author = %s AND e.kind = 'message_sent'",
        (Int8s(first for first, _ in runs), Int8s(last for _, last in runs), conversation_id, author),
    )
    row = await cursor.fetchone()
    return 0 if row is None else int(row[0])
