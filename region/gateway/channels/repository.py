"""SQL reads of channels: who follows which, and who runs them."""

# ruff: noqa: S608 — only constants of this module are put into statements

from typing import Final

from infra.postgres import Connection
from region.store.repository import members
from region.store.repository.members import member_of
from region.store.rows import Member
from replication.groups import RANKS

_MEMBER = members.COLUMNS
_STAFF = members.STAFF
_ACTIVE: Final = ", ".join(repr(role) for role in RANKS)


async def channels_of(connection: Connection, user_id: str) -> list[str]:
    """Return the channels that a user belongs to."""
    cursor = await connection.execute(
        "SELECT m.conversation_id FROM members m WHERE m.user_id = %s AND left(m.conversation_id, 1) = 'c'"
        f" AND m.role IN ({_ACTIVE})",
        (user_id,),
    )
    return [row[0] for row in await cursor.fetchall()]


async def staff(connection: Connection, channel_id: str) -> list[Member]:
    """Return a channel's owners and posters, whoever became a member first in front."""
    cursor = await connection.execute(
        f"SELECT {_MEMBER} FROM members m WHERE m.conversation_id = %s AND m.role IN ({_STAFF}) ORDER BY m.joined, m.user_id",
        (channel_id,),
    )
    return [member_of(row) for row in await cursor.fetchall()]
