"""What users want of conversations for themselves alone, as rows."""

# ruff: noqa: S608 — only constants of this module are put into statements

from collections.abc import Collection, Sequence

from infra.postgres import Connection
from region.store.arrays import Texts
from region.store.rows import PreferencesRow

_COLUMNS = (
    "p.user_id, p.conversation_id, p.muted_until, p.archived, p.marked_unread, p.draft, p.version, p.position, p.pinned"
)


async def load(connection: Connection, wanted: Collection[tuple[str, str]]) -> dict[tuple[str, str], PreferencesRow]:
    """Return those of (user, conversation) that were ever changed."""
    cursor = await connection.execute(
        f"SELECT {_COLUMNS} FROM unnest(%s::text[], %s::text[]) AS w(user_id, conversation_id)"
        " JOIN preferences p ON p.user_id = w.user_id AND p.conversation_id = w.conversation_id",
        (Texts(user_id for user_id, _ in wanted), Texts(conversation_id for _, conversation_id in wanted)),
    )
    return {(row[0], row[1]): PreferencesRow(*row) for row in await cursor.fetchall()}


async def since(connection: Connection, user_id: str, position: int, *, most: int) -> list[PreferencesRow]:
    """Return those of a user that were told above that position of the user's partition, the last change first."""
    cursor = await connection.execute(
        f"SELECT {_COLUMNS} FROM preferences p WHERE p.user_id = %s AND p.position > %s"
        " ORDER BY p.position DESC LIMIT %s",
        (user_id, position, most),
    )
    return [PreferencesRow(*row) for row in await cursor.fetchall()]


async def last_told(connection: Connection, users: Sequence[str]) -> dict[str, int]:
    """Return, for those of the users who have any, the position at which one of theirs changed last."""
    cursor = await connection.execute(
        "SELECT p.user_id, max(p.position) FROM preferences p WHERE p.user_id = ANY(%s::text[]) GROUP BY p.user_id",
        (Texts(users),),
    )
    return dict(await cursor.fetchall())


async def write(connection: Connection, changed: Collection[PreferencesRow]) -> None:
    """Write those that changed."""
    if not changed:
        return
    await connection.cursor().executemany(
        "INSERT INTO preferences (user_id, conversation_id, muted_until, archived, marked_unread, draft, version, position,"
        " pinned) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (user_id, conversation_id) DO UPDATE SET muted_until = excluded.muted_until, archived = excluded.archived,"
        " marked_unread = excluded.marked_unread, draft = excluded.draft, version = excluded.version, position = excluded.position,"
        " pinned = excluded.pinned",
        [
            (
                one.user_id,
                one.conversation_id,
                one.muted_until,
                one.archived,
                one.marked_unread,
                one.draft,
                one.version,
                one.position,
                one.pinned,
            )
            for one in changed
        ],
    )
