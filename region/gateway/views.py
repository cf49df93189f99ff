"""What devices are shown, over HTTP and the WebSocket alike: messages, statuses, times."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from region.gateway.pictures import PictureView, shown
from region.gateway.shapes import Attached, Change, MentionView, Reacted, Reply, attached
from replication import groups as g
from replication.alterations import (
    ALTERATIONS,
    NOTHING,
    Aftermath,
    Alteration,
    Mention,
    MessageDeleted,
    MessageEdited,
    MessagePinned,
    MessageUnpinned,
    ReactionAdded,
    ReactionRemoved,
)
from replication.channels import ChannelChanged, ChannelCreated, follows_of
from replication.friends import FriendBody
from replication.ids import region_of
from replication.limits import LATEST_TIME
from replication.pictures import Picture
from replication.records import (
    DIRECT_BODIES,
    LOG_BODIES,
    TEXTS,
    Entry,
    LogBody,
    MessageSent,
    Submission,
    attachments_of,
    kind_of,
    mentions_of,
    recipient_of,
    text_of,
)

T = TypeVar("T")
Status = Literal["unread", "received", "read"]


def _all_attached(body: LogBody) -> list[Attached] | UnsetType:
    attachments = attachments_of(body)
    return [attached(one) for one in attachments] if attachments else UNSET


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message, or what else happened in a conversation, as its reader sees it.

    Attributes:
        message_id: Its id; empty for what is hidden.
        conversation_id: Its conversation.
        sender_id: Who sent it, or did it; empty for what is hidden.
        kind: `message_sent`, `group_message_sent`, `member_joined` and so on; or `hidden`, for entries that are not the reader's to see.
        recipient_id: The other member, in a 1:1 conversation.
        text: Up to 16 KiB of UTF-8; empty for what is no message.
        change: What was done, if it is no message.
        seq: Its number in the conversation; null until the conversation's owner has numbered it.
        from_seq: Of what is hidden, the first number; `seq` is the last. In a channel, the first number that a message stands
            for: what is between is about who belongs to the channel, and shown to nobody.
        epoch: In which it was numbered; 0 until then.
        status: What the recipient has done with it: `unread`, `received`, `read`; in a group, what all others have.
        sent_at: When the sender's home accepted it, RFC 3339 in UTC with milliseconds; 1970 for what is hidden, which has no time.
        client_message_id: What the sender's device called it; shown to its sender only.
        queued_for: The region that it still waits for; null if it waits for none.
        attachments: Images and files, in the order in which they are shown; missing if there are none.
        reply_to: The message that it answers; missing if it answers none.
        forwarded_from: Who wrote it first; missing if it was not forwarded.
        mentions: Whom it names; missing if nobody.
        edited: The number of the entry by which it got its text; missing if it has its first one.
        deleted: Whether it was deleted, so that nothing else is left of it; missing if not.
        reactions: By emoji; missing if there are none.
        unconfirmed: Whether the region that decided it cannot show now that it still holds its duties: it works there at once, and
            whether it stays in its place is not known yet. In the answer to who did it alone; missing if not.
        replicated: Whether the standby of the sender's home has what became of it; in the answer to who did it alone, and missing where that
            was not to be waited for.
    """

    message_id: str
    conversation_id: str
    sender_id: str
    kind: str = "message_sent"
    recipient_id: str | UnsetType = UNSET
    text: str = ""
    change: Change | UnsetType = UNSET
    seq: int | None
    from_seq: int | UnsetType = UNSET
    epoch: int
    status: Status
    sent_at: str
    client_message_id: str | UnsetType = UNSET
    queued_for: str | None = None
    attachments: list[Attached] | UnsetType = UNSET
    reply_to: Reply | UnsetType = UNSET
    forwarded_from: str | UnsetType = UNSET
    mentions: list[MentionView] | UnsetType = UNSET
    edited: int | UnsetType = UNSET
    deleted: bool | UnsetType = UNSET
    reactions: list[Reacted] | UnsetType = UNSET
    unconfirmed: bool | UnsetType = UNSET
    replicated: bool | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class Marks:
    """How far a member has come.

    Attributes:
        received: The last seq that the member's devices have; 0 for none.
        read: The last seq that the member has read; 0 for none.
        joined: The seq by which the member became one; 0 from the beginning.
    """

    received: int
    read: int
    joined: int = 0


UNMARKED: Final = Marks(0, 0)


def rfc3339(at: int) -> str:
    """Return a time for people and programs; `at` is in microseconds since the epoch, and as near to that as can be written."""
    moment = datetime.fromtimestamp(min(max(at, 0), LATEST_TIME) / 1e6, UTC)
    return moment.isoformat(timespec="milliseconds")[:23] + "Z"


def status_of(seq: int, recipients: Iterable[Marks]) -> Status:
    """Return what the recipients have done with that entry, all of them, from their marks."""
    found = [marks for marks in recipients if marks.joined < seq]
    if found and all(seq <= marks.read for marks in found):
        return "read"
    return "received" if found and all(seq <= marks.received for marks in found) else "unread"


def entry_view(
    entry: Entry,
    *,
    reader: str,
    marks: Mapping[str, Marks],
    aftermath: Aftermath = NOTHING,
    sees: Callable[[int], bool] | None = None,
) -> Message:
    """Return an entry as that reader sees it.

    Args:
        entry: The entry, which the reader may see.
        reader: Who looks.
        marks: Of the members, as far as they are known.
        aftermath: What was made of it, as far as the reader may see that.
        sees: Whether the reader may see an entry; to be told where it is not known that the reader may see what this one is about.
    """
    body = entry.body
    if is_tombstone(body, sees):
        return hidden_view(entry.conversation_id, (follows_of(body) or entry.seq - 1) + 1, entry.seq)
    mentions = aftermath.mentions if aftermath.edits else mentions_of(body)
    deleted = aftermath.deleted > 0
    follows = follows_of(body)
    others = (mark for user_id, mark in marks.items() if user_id != entry.author)
    recipients = (
        [marks[body.recipient_id]] if isinstance(body, DIRECT_BODIES) and body.recipient_id in marks else others
    )
    return Message(
        message_id=entry.message_id,
        conversation_id=entry.conversation_id,
        sender_id=entry.author,
        kind=kind_of(body),
        recipient_id=recipient_of(body) or UNSET,
        text="" if deleted else aftermath.text if aftermath.edits else entry.text,
        change=change_of(body),
        seq=entry.seq,
        from_seq=UNSET if follows is None or follows + 1 == entry.seq else follows + 1,
        epoch=entry.epoch,
        status=status_of(entry.seq, recipients),
        sent_at=rfc3339(entry.sent_at),
        client_message_id=body.client_message_id if entry.author == reader else UNSET,
        attachments=UNSET if deleted else _all_attached(body),
        reply_to=UNSET if deleted else _reply(body),
        forwarded_from=UNSET if deleted else _forwarded(body),
        mentions=UNSET if deleted else _mentions(mentions),
        edited=aftermath.edited if aftermath.edits and not deleted else UNSET,
        deleted=True if deleted else UNSET,
        reactions=_reactions(aftermath) if aftermath.shown() else UNSET,
    )


def is_tombstone(body: LogBody, sees: Callable[[int], bool] | None) -> bool:
    """Whether an entry is one to its reader, since it is about what is not the reader's to see; `sees` is as for `entry_view`."""
    return isinstance(body, ALTERATIONS) and not (body.target_seq and (sees is None or sees(body.target_seq)))


def hidden_view(conversation_id: str, first: int, last: int) -> Message:
    """Return the tombstone of entries that are not the reader's to see: nothing but that they are there."""
    return Message(
        message_id="",
        conversation_id=conversation_id,
        sender_id="",
        kind="hidden",
        seq=last,
        from_seq=first,
        epoch=0,
        status="unread",
        sent_at=rfc3339(0),
    )


def change_of(body: LogBody) -> Change | UnsetType:
    """Return what a body did, if it is no message; secrets of links are not told."""
    if isinstance(body, TEXTS):
        return UNSET
    if isinstance(body, Alteration):
        return _alteration_of(body)
    if isinstance(body, FriendBody):
        return Change()
    return _of_channel(body) if isinstance(body, ChannelCreated | ChannelChanged) else _of_group(body)


def _of_group(body: g.GroupBody) -> Change:
    match body:
        case g.GroupCreated():
            return Change(
                name=body.name,
                description=body.description,
                history=body.history,
                approval=body.approval,
                user_ids=[seat.user_id for seat in body.members],
                picture=_pictured(body.picture),
            )
        case g.GroupChanged():
            return Change(
                name=_given(body.name),
                description=_given(body.description),
                history=_given(body.history),
                approval=_given(body.approval),
                acknowledgement=_given(body.acknowledgement),
                picture=_pictured(body.picture),
            )
        case g.RoleChanged():
            return Change(user_id=body.user_id, role=body.role, hand_over=body.hand_over)
        case g.InviteMade():
            return Change(invite_id=body.invite_id, expires_at=rfc3339(body.expires_at), uses=body.uses)
        case g.InviteEnded() | g.MemberJoined() | g.JoinAsked():
            return Change(invite_id=body.invite_id)
        case g.MemberLeft() | g.GroupMessageSent():
            return Change()
        case g.MemberAdded() | g.MemberRemoved() | g.MemberBanned() | g.MemberUnbanned() | g.JoinDeclined():
            return Change(user_id=body.user_id)


def _of_channel(body: ChannelCreated | ChannelChanged) -> Change:
    return Change(
        acknowledgement=_given(body.acknowledgement) if isinstance(body, ChannelChanged) else UNSET,
        name=_given(body.name),
        description=_given(body.description),
        public=_given(body.public),
        slow=_given(body.slow),
        picture=_pictured(body.picture),
    )


def _alteration_of(body: Alteration) -> Change:
    match body:
        case MessageEdited():
            mentions = _mentions(body.mentions)
            return Change(message_id=body.target, message_seq=body.target_seq, text=body.text, mentions=mentions)
        case MessageDeleted(moderated=True):
            return Change(message_id=body.target, message_seq=body.target_seq, moderated=True)
        case MessageDeleted() | MessagePinned() | MessageUnpinned():
            return Change(message_id=body.target, message_seq=body.target_seq)
        case ReactionAdded() | ReactionRemoved():
            return Change(message_id=body.target, message_seq=body.target_seq, emoji=body.emoji)


def _pictured(picture: Picture | None) -> PictureView | UnsetType | None:
    return UNSET if picture is None else shown(picture)


def _given(value: T | None) -> T | UnsetType:
    return UNSET if value is None else value


def pending_view(submission: Submission, *, waits_for: str | None = None) -> Message:
    """Return a message that is queued at home, as its author sees it.

    Args:
        submission: What was accepted; its body is a message.
        waits_for: The region whose answer it waits for, as the store has it. By default the conversation's owner, or, where
            that is the author's home itself, the recipient's home, which has not said yet that they may be written to.
    """
    body = submission.body
    assert isinstance(body, LOG_BODIES)
    if waits_for is None:
        owner = region_of(submission.conversation_id)
        waits_for = owner
        if owner == region_of(submission.author) and isinstance(body, MessageSent):
            waits_for = region_of(body.recipient_id)
    return Message(
        message_id=submission.id,
        conversation_id=submission.conversation_id,
        sender_id=submission.author,
        kind=kind_of(body),
        recipient_id=recipient_of(body) or UNSET,
        text=text_of(body),
        change=change_of(body),
        seq=None,
        epoch=0,
        status="unread",
        sent_at=rfc3339(submission.submitted_at),
        client_message_id=body.client_message_id,
        queued_for=waits_for,
        attachments=_all_attached(body),
        reply_to=_reply(body),
        forwarded_from=_forwarded(body),
        mentions=_mentions(mentions_of(body)),
    )


def _reply(body: LogBody) -> Reply | UnsetType:
    if not isinstance(body, TEXTS) or body.answers is None:
        return UNSET
    return Reply(message_id=body.answers.message_id, seq=body.answers.seq or None)


def _forwarded(body: LogBody) -> str | UnsetType:
    return body.forwarded if isinstance(body, TEXTS) and body.forwarded else UNSET


def _mentions(mentions: Iterable[Mention]) -> list[MentionView] | UnsetType:
    return [MentionView(one.user_id, one.offset, one.length) for one in mentions] or UNSET


def _reactions(aftermath: Aftermath) -> list[Reacted]:
    by_emoji: dict[str, list[str]] = {}
    for one in sorted(aftermath.shown(), key=lambda each: each.seq):
        by_emoji.setdefault(one.emoji, []).append(one.user_id)
    return [Reacted(emoji=emoji, user_ids=users) for emoji, users in by_emoji.items()]
