"""Who subscribes to a channel and who runs it, seq by seq: a group by other rules, of which only what is posted is shown to all. Pure.

Who comes and goes stands in the log, and is told to those whom it concerns alone; so of some numbers nobody may see more than that they are there.
"""

from typing import ClassVar, Final

from chaos.judge.events import DELETED, Change
from chaos.judge.facts import Message
from chaos.judge.groups import ADMIN, Group

MOST_SUBSCRIBERS: Final = 10_000
MOST_STAFF: Final = 50
FOR_OWNERS: Final = frozenset(
    {
        "channel_changed", "invite_made", "invite_ended", "role_changed",
        "member_removed", "member_banned", "member_unbanned",
    }
)  # fmt: skip


def is_channel(conversation: str | None) -> bool:
    """Whether that is the id of a channel."""
    return conversation is not None and conversation.startswith("c")


def is_told_to_all(conversation: str, message: Message) -> bool:
    """Whether an entry is shown to all who may see its seq, not only to those whom it concerns."""
    kind = message.change.kind if message.change is not None else "message_sent"
    return not is_channel(conversation) or kind.startswith(("channel_", "message_"))


class Channel(Group):
    """A channel as its log up to some seq has it; posters are the admins of a group, subscribers its members."""

    __slots__ = ()
    what: ClassVar = "channel"
    founding: ClassVar = "channel_created"
    most_members: ClassVar = MOST_SUBSCRIBERS
    for_admins: ClassVar = frozenset[str]()
    for_owners: ClassVar = FOR_OWNERS

    def take(self, seq: int, author: str, change: Change) -> list[str]:
        """Go on by one change; see `Group.take`."""
        why = super().take(seq, author, change)
        staff = sum(self.rank(user) >= ADMIN for user in self.roles)
        return [*why, f"the channel has {staff} owners and posters by it"] if staff > MOST_STAFF else why

    def objects_to(self, message: Message) -> str:
        """Return why its author may not post that, or do that to a post: posters post and edit, who belongs to it may delete."""
        deletes = message.change is not None and message.change.kind == DELETED
        if self.rank(message.author) >= (1 if deletes else ADMIN):
            return ""
        return f"{message.author} was no {'subscriber' if deletes else 'poster'} when it was numbered"
