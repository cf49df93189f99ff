"""SQL reads of who stands how in a conversation, and what anybody may see of it."""

# ruff: noqa: S608 — only constants of this module are put into statements

from collections.abc import Sequence
from dataclasses import dataclass

from infra.postgres import Connection
from region.store.repository import concealed, members
from region.store.repository.members import member_of
from region.store.rows import Member
from replication import runs
from replication.codec import decode_details
from replication.groups import Details
from replication.runs import Runs

_MEMBER = members.COLUMNS
_CONCEALING = concealed.JOIN
_CONCEALED = concealed.COLUMN


@dataclass(frozen=True, slots=True)
class Sight:
    """What a user may see of a conversation.

    Attributes:
        member: Where the user stands.
        head: The conversation's newest visible entry.
        missing: Runs up to the head that are not in this region.
        details: What the conversation is called, and how it is joined.
        concealed: Runs that the user has deleted for oneself; they are among those that are hidden from the member.
    """

    member: Member
    head: int
    missing: Runs
    details: Details
    concealed: Runs = ()

    @property
    def top(self) -> int:
        """The last seq that the user may see now."""
        return min(self.head, self.member.until) if self.member.until else self.head

    @property
    def hidden(self) -> Runs:
        """Runs up to there that the user may not see."""
        return runs.within(runs.joined((*self.member.hidden, (1, self.member.since - 1))), 1, self.top)


async def standings(connection: Connection, conversation_id: str) -> list[Member]:
    """Return where everybody stands in a conversation, whoever became a member first in front."""
    cursor = await connection.execute(
        f"SELECT {_MEMBER} FROM members m WHERE m.conversation_id = %s ORDER BY m.joined, m.user_id", (conversation_id,)
    )
    return [member_of(row) for row in await cursor.fetchall()]


async def sight(connection: Connection, conversation_id: str, user_id: str) -> Sight | None:
    """Return what a user may see of a conversation; None if that is nothing, or there is none."""
    cursor = await connection.execute(
        f"SELECT {_MEMBER}, c.head, c.missing, c.details, {_CONCEALED} FROM members m JOIN conversations c"
        f" ON c.conversation_id = m.conversation_id{_CONCEALING} WHERE m.conversation_id = %s AND m.user_id = %s AND m.since > 0",
        (conversation_id, user_id),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    *columns, head_, missing, details, taken = row
    member, gone = member_of(columns), runs.read(taken)
    member.hidden = runs.joined((*member.hidden, *gone)) if gone else member.hidden
    return Sight(member, head_, runs.read(missing), decode_details(details), gone)


async def sees(connection: Connection, conversation_id: str, user_id: str) -> bool:
    """Tell whether a user may see anything of a conversation, as `sight` would, but not what: it is asked for every message to a group."""
    cursor = await connection.execute(
        "SELECT 1 FROM members m WHERE m.conversation_id = %s AND m.user_id = %s AND m.since > 0",
        (conversation_id, user_id),
    )
    return await cursor.fetchone() is not None


async def acknowledgements_of(connection: Connection, conversations: Sequence[str]) -> dict[str, str]:
    """Return how messages of these conversations are to be acknowledged: empty if one says nothing; those that are not here are left out."""
    cursor = await connection.execute(
        "SELECT conversation_id, details FROM conversations WHERE conversation_id = ANY(%s)", (list(conversations),)
    )
    return {found: decode_details(details).acknowledgement for found, details in await cursor.fetchall()}


async def held_since(connection: Connection, conversation_id: str, home: str) -> list[Member]:
    """Return the users of a region who may see anything of a conversation."""
    cursor = await connection.execute(
        f"SELECT {_MEMBER} FROM members m WHERE m.conversation_id = %s AND m.home = %s AND m.since > 0",
        (conversation_id, home),
    )
    return [member_of(row) for row in await cursor.fetchall()]
