"""What devices are shown, over HTTP and the WebSocket alike: messages, statuses, times."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from replication.ids import region_of
from replication.records import Entry, MessageSent, Submission

Status = Literal["unread", "received", "read"]


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message as its reader sees it.

    Attributes:
        message_id: Its id.
        conversation_id: Its conversation.
        sender_id: Who sent it.
        recipient_id: The other member.
        text: Up to 16 KiB of UTF-8.
        seq: Its number in the conversation; null until the conversation's owner has numbered it.
        epoch: In which it was numbered; 0 until then.
        status: What the recipient has done with it: `unread`, `received`, `read`.
        sent_at: When the sender's home accepted it, RFC 3339 in UTC with milliseconds.
        client_message_id: What the sender's device called it; shown to its sender only.
        queued_for: The region that it still waits for; null if it waits for none.
    """

    message_id: str
    conversation_id: str
    sender_id: str
    recipient_id: str
    text: str
    seq: int | None
    epoch: int
    status: Status
    sent_at: str
    client_message_id: str | UnsetType = UNSET
    queued_for: str | None = None


@dataclass(frozen=True, slots=True)
class Marks:
    """How far a member has come.

    Attributes:
        received: The last seq that the member's devices have; 0 for none.
        read: The last seq that the member has read; 0 for none.
    """

    received: int
    read: int


UNMARKED: Final = Marks(0, 0)


def rfc3339(at: int) -> str:
    """Return a time for people and programs; `at` is in microseconds since the epoch."""
    return datetime.fromtimestamp(at / 1e6, UTC).isoformat(timespec="milliseconds")[:23] + "Z"


def status_of(seq: int, recipient: Marks) -> Status:
    """Return what the recipient has done with that entry, from the recipient's marks."""
    if seq <= recipient.read:
        return "read"
    return "received" if seq <= recipient.received else "unread"


def entry_view(entry: Entry, *, reader: str, marks: Mapping[str, Marks]) -> Message:
    """Return an entry as that reader sees it.

    Args:
        entry: The entry.
        reader: Who looks.
        marks: Of the members, as far as they are known.
    """
    return Message(
        message_id=entry.message_id,
        conversation_id=entry.conversation_id,
        sender_id=entry.author,
        recipient_id=entry.body.recipient_id,
        text=entry.body.text,
        seq=entry.seq,
        epoch=entry.epoch,
        status=status_of(entry.seq, marks.get(entry.body.recipient_id, UNMARKED)),
        sent_at=rfc3339(entry.sent_at),
        client_message_id=entry.body.client_message_id if entry.author == reader else UNSET,
    )


def pending_view(submission: Submission, *, waits_for: str | None = None) -> Message:
    """Return a message that is queued at home, as its author sees it.

    Args:
        submission: What was accepted; its body is a message.
        waits_for: The region whose answer it waits for, as the store has it. By default the conversation's owner, or, where
            that is the author's home itself, the recipient's home, which has not said yet that they may be written to.
    """
    assert isinstance(submission.body, MessageSent)
    if waits_for is None:
        owner = region_of(submission.conversation_id)
        waits_for = owner if owner != region_of(submission.author) else region_of(submission.body.recipient_id)
    return Message(
        message_id=submission.id,
        conversation_id=submission.conversation_id,
        sender_id=submission.author,
        recipient_id=submission.body.recipient_id,
        text=submission.body.text,
        seq=None,
        epoch=0,
        status="unread",
        sent_at=rfc3339(submission.submitted_at),
        client_message_id=submission.body.client_message_id,
        queued_for=waits_for,
    )
