"""SQL reads of how a user stands with others."""

# ruff: noqa: S608 — only constants of this module are put into statements

from dataclasses import dataclass
from typing import Final

from infra.postgres import Connection
from region.store.repository import members
from region.store.repository.members import member_of
from replication.codec import decode_details
from replication.friends import Friendship

_MEMBER = members.COLUMNS
MOST: Final = 10_000
"""Pairs that one list holds at most."""


@dataclass(frozen=True, slots=True)
class Pair:
    """How a user stands with another.

    Attributes:
        peer: The other.
        standing: Friends, or asked.
    """

    peer: str
    standing: Friendship


async def pairs_of(connection: Connection, user_id: str) -> list[Pair]:
    """Return with whom a user is friends, or has an open request that is the user's to see, less who is blocked; the newest first."""
    cursor = await connection.execute(
        f"SELECT {_MEMBER}, p.user_id, c.details FROM members m"
        " JOIN conversations c ON c.conversation_id = m.conversation_id AND c.kind = 'direct' AND c.details <> ''"
        " JOIN members p ON p.conversation_id = m.conversation_id AND p.user_id <> m.user_id"
        " WHERE m.user_id = %s"
        " AND NOT EXISTS (SELECT 1 FROM blocks b WHERE b.blocker = m.user_id AND b.blocked = p.user_id) ORDER BY c.updated_at DESC, c.conversation_id LIMIT %s",
        (user_id, MOST),
        binary=True,
    )
    found = [
        Pair(peer, standing)
        for *columns, peer, details in await cursor.fetchall()
        if (standing := decode_details(details).friendship) is not None and member_of(columns).may_see(standing.seq)
    ]
    return sorted(found, key=lambda pair: pair.standing.since, reverse=True)
