"""SQL reads of channels: who follows which, who runs them, and which are found."""

# ruff: noqa: S608 — only constants of this module are put into statements

from typing import Final

from infra.postgres import Connection
from region.store.repository import members
from region.store.repository.members import member_of
from region.store.rows import Member
from replication.codec import decode_details
from replication.groups import NO_DETAILS, RANKS, Details

_MEMBER = members.COLUMNS
_STAFF = members.STAFF
_ACTIVE: Final = ", ".join(repr(role) for role in RANKS)


async def channels_of(connection: Connection, user_id: str, *, most: int) -> list[str]:
    """Return the channels that a user belongs to, so many at most, always the same."""
    cursor = await connection.execute(
        "SELECT m.conversation_id FROM members m WHERE m.user_id = %s AND left(m.conversation_id, 1) = 'c'"
        f" AND m.role IN ({_ACTIVE}) ORDER BY m.conversation_id LIMIT %s",
        (user_id, most),
    )
    return [row[0] for row in await cursor.fetchall()]


async def public(connection: Connection, channel_id: str) -> tuple[Details, int] | None:
    """Return what a public channel is, and the epoch of its head; None if there is none, or it is not public."""
    cursor = await connection.execute(
        "SELECT c.details, c.epoch FROM conversations c WHERE c.conversation_id = %s", (channel_id,)
    )
    row = await cursor.fetchone()
    details = NO_DETAILS if row is None else decode_details(row[0])
    return (details, row[1]) if row is not None and details.channel is not None and details.channel.public else None


async def starting_with(connection: Connection, first: bytes, most: int) -> list[tuple[str, Details]]:
    """Return the public channels of which some word, with what follows it, begins so, in the order of that."""
    cursor = await connection.execute(
        "SELECT s.channel_id, c.details FROM"
        " (SELECT channel_id, min(text) AS text FROM channel_starts WHERE text >= %s AND text < %s GROUP BY channel_id"
        "  ORDER BY min(text), channel_id LIMIT %s) s"
        " JOIN conversations c ON c.conversation_id = s.channel_id ORDER BY s.text, s.channel_id",
        (first, first + b"\xff", most),
    )
    return [(channel_id, decode_details(details)) for channel_id, details in await cursor.fetchall()]


async def views(connection: Connection, channel_id: str, home: str, seq: int) -> int:
    """Return how many subscribers who live there have read up to that seq, of those who came before it."""
    cursor = await connection.execute(
        "SELECT count(*) FROM members m WHERE m.conversation_id = %s AND m.home = %s AND m.read >= %s AND m.joined < %s"
        f" AND m.role IN ({_ACTIVE})",
        (channel_id, home, seq, seq),
    )
    row = await cursor.fetchone()
    return 0 if row is None else int(row[0])


async def staff(connection: Connection, channel_id: str) -> list[Member]:
    """Return a channel's owners and posters, whoever became a member first in front."""
    cursor = await connection.execute(
        f"SELECT {_MEMBER} FROM members m WHERE m.conversation_id = %s AND m.role IN ({_STAFF}) ORDER BY m.joined, m.user_id",
        (channel_id,),
    )
    return [member_of(row) for row in await cursor.fetchall()]
