"""What requests about messages that are there and their answers look like."""

from typing import Final

import msgspec

from region.gateway.shapes import MentionView
from region.gateway.views import Message


class EditRequest(msgspec.Struct, frozen=True):
    """Gives a message another text.

    Attributes:
        text: Up to 16 KiB of UTF-8; empty only if the message has attachments.
        mentions: Whom it names from now on; 50 at most.
        client_message_id: Repeat it when you repeat the request. By default it follows from the text and from the edit before.
    """

    text: str
    mentions: list[MentionView] = []
    client_message_id: str | None = None


class EditView(msgspec.Struct, frozen=True, kw_only=True):
    """What a message said.

    Attributes:
        seq: Of the entry by which it said so: the message's own, or an edit's.
        sent_at: When that was accepted, RFC 3339 in UTC.
    """

    seq: int
    text: str
    sent_at: str


class Edits(msgspec.Struct, frozen=True):
    """All that a message said, the oldest first; of one that was deleted, nothing."""

    message: Message
    edits: list[EditView]


class PinView(msgspec.Struct, frozen=True, kw_only=True):
    """A message that all members find.

    Attributes:
        message_id: Which.
        seq: Its number.
        pinned_by: Who put it there.
    """

    message_id: str
    seq: int
    pinned_by: str


class Pins(msgspec.Struct, frozen=True):
    """What is pinned in a conversation, as far as one may see it; the last one put there last."""

    pins: list[PinView]


SHOWN: Final = (EditRequest, Edits, Pins)
