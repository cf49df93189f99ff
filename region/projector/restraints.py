"""What a user who lives here keeps away: whose messages are stopped, and whom one does not write to. Pure.

A block is judged where the blocker lives, and told to nobody: what the other sends is numbered as ever, and hidden from the blocker.
"""

from collections.abc import Iterable
from typing import Final

from region.projector.cases import Case
from region.projector.docket import Docket
from region.projector.homes import home_of
from region.store.rows import Conversation, Member
from replication import runs
from replication.alterations import ALTERATIONS, MessageDeleted
from replication.channels import ChannelBody
from replication.friends import FriendAccepted, FriendRequested
from replication.groups import GroupBody, GroupCreated, MemberAdded, MemberLeft
from replication.ids import is_user_id, message_id
from replication.records import DIRECT_BODIES, DirectBody, Entry, MessageSent, Opening, Submission, recipient_of

YOU_BLOCKED: Final = "you-blocked-them"
FRIENDS_ONLY: Final = "friends-only"
NOT_ADDABLE: Final = "not-addable"

DETAILS: Final = {
    YOU_BLOCKED: "You have blocked this user. Lift that first.",
    FRIENDS_ONLY: "Only friends may begin to write to this user. Ask to be friends first.",
    NOT_ADDABLE: "This user cannot be added by you. Leave them out, or send them a link.",
}
"""What a refusal's author reads, by code."""

_ESCAPE: Final = "stopped "
"""How what `escape` submits is called begins so."""

_BETWEEN_TWO: Final = (*DIRECT_BODIES, *ALTERATIONS)
"""What may stand in the log of a 1:1 conversation, and be stopped there."""


def pairs_of(cases: Iterable[Case], *, here: str) -> set[tuple[str, str]]:
    """Return (blocker, blocked) of all blocks by users at home here that the cases may run into."""
    found: set[tuple[str, str]] = set()
    for case in cases:
        record = case.record
        if isinstance(record, Opening):
            found.add((record.recipient, record.author))
        elif isinstance(record, Submission | Entry):
            author, body = record.author, record.body
            if isinstance(body, GroupCreated | MemberAdded):
                found |= {(user_id, author) for user_id in _added(body)}
            elif isinstance(body, _BETWEEN_TWO) and body.recipient_id:
                found |= {(body.recipient_id, author), (author, body.recipient_id)}
    return {pair for pair in found if is_user_id(pair[0]) and home_of(pair[0]) == here}


def objection(docket: Docket, author: str, body: DirectBody) -> str:
    """Return why an author at home here may not send that; empty if nothing is known against it."""
    wants = isinstance(body, MessageSent | FriendRequested | FriendAccepted)
    return YOU_BLOCKED if wants and (author, body.recipient_id) in docket.state.restraints.blocked else ""


def may_begin(docket: Docket, user_id: str, *, friends: bool) -> bool:
    """Whether a user at home here lets somebody begin to write; of a block nothing is told."""
    return friends or user_id not in docket.state.restraints.reserved


def stop(docket: Docket, conversation: Conversation, entry: Entry) -> Member | None:
    """Hide an entry, the conversation's head, from who has blocked its author, if its recipient has; return the recipient then.

    An edit or a reaction says something as a message does; a deletion does not, and takes away what was said before the block.
    """
    body = entry.body
    recipient = recipient_of(body)
    if isinstance(body, MessageDeleted) or (recipient, entry.author) not in docket.state.restraints.blocked:
        return None
    member = conversation.members[recipient]
    member.hidden = runs.joined((*member.hidden, (entry.seq, entry.seq)))
    if isinstance(body, MessageSent):
        member.sent += 1  # what is one's own is not unread
    docket.count("stopped")
    return member


def escape(docket: Docket, conversation: Conversation, entry: Entry) -> list[Submission]:
    """Return what who was added here by somebody blocked submits to the owner elsewhere: they leave, and see none of it."""
    if not isinstance(entry.body, GroupCreated | MemberAdded):
        return []
    leaving: list[Submission] = []
    for user_id in _added(entry.body):
        if (user_id, entry.author) not in docket.state.restraints.blocked:
            continue
        conversation.members[user_id].since = 0
        name = f"{_ESCAPE}{entry.message_id}"
        leaving.append(
            Submission(
                id=message_id(user_id, entry.conversation_id, name),
                author=user_id,
                home=docket.here,
                home_epoch=1,
                conversation_id=entry.conversation_id,
                body=MemberLeft(name),
                submitted_at=docket.now,
            )
        )
        docket.count("stopped")
    return leaving


def is_escape(entry: Entry) -> bool:
    """Whether an entry is what `escape` submits, which is pending nowhere."""
    return isinstance(entry.body, MemberLeft) and entry.body.client_message_id.startswith(_ESCAPE)


def keeps_away(docket: Docket, author: str, body: GroupBody | ChannelBody) -> bool:
    """Whether somebody at home here who is added has blocked who adds."""
    if not isinstance(body, GroupCreated | MemberAdded):
        return False
    return any((user_id, author) in docket.state.restraints.blocked for user_id in _added(body))


def _added(body: GroupCreated | MemberAdded) -> list[str]:
    return [seat.user_id for seat in body.members] if isinstance(body, GroupCreated) else [body.user_id]
