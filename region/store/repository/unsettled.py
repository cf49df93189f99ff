"""SQL reads of which users have what few have: messages that were refused, or that wait for their owner."""

from collections.abc import Sequence

from infra.postgres import Connection


async def refused_authors(connection: Connection, users: Sequence[str]) -> set[str]:
    """Return those of the users of whom any message was refused."""
    cursor = await connection.execute(
        "SELECT u.user_id FROM unnest(%s::text[]) AS u(user_id) WHERE EXISTS (SELECT 1 FROM refusals r WHERE r.author = u.user_id)",
        (list(users),),
    )
    return {row[0] for row in await cursor.fetchall()}


async def queued_authors(connection: Connection, conversations: Sequence[str]) -> set[str]:
    """Return whose messages of those conversations wait for their owners."""
    cursor = await connection.execute(
        "SELECT DISTINCT author FROM pendings WHERE conversation_id = ANY(%s::text[])", (list(conversations),)
    )
    return {row[0] for row in await cursor.fetchall()}
