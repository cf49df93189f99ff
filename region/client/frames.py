"""What crosses the WebSocket, and messages as HTTP has them too, as typed structs; the reference is `docs/protocol.md`.

Fields that this version does not know are ignored.
"""

from typing import NamedTuple, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from region.client.concealed import Concealed
from region.client.pictures import Picture
from region.client.preferences import Preferences

TEXT_LIMIT = 16 * 1024
"""The most bytes of UTF-8 that a message's text may have."""


class Position(NamedTuple):
    """A place in a conversation's log; (0, 0) is before its first entry."""

    epoch: int
    seq: int

    @property
    def cursor(self) -> str:
        """The cursor that stands for this place in `GET /messages`."""
        return f"{self.epoch}.{self.seq}"


class Hop(NamedTuple):
    """A place that a message passed, and when: microseconds since the epoch."""

    stage: str
    at: int


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """A reference to an image or a file.

    Attributes:
        kind: `image` or `file`.
        checksum: SHA-256, hexadecimal digits.
        home_region: Where it was brought.
        width: Of an image, pixels; 0 for a file.
        height: Likewise.
        blur: BlurHash of an image; empty for a file.
    """

    blob_id: str
    kind: str
    name: str
    size: int
    content_type: str
    checksum: str
    home_region: str = ""
    width: int = 0
    height: int = 0
    blur: str = ""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """The message that another one answers; its number is None while the answer waits for its owner."""

    message_id: str
    seq: int | None = None


class Mention(msgspec.Struct, frozen=True):
    """Somebody whom a message names.

    Attributes:
        user_id: A member.
        offset: Where in the text, counted in code points, as Python does.
        length: How long; 0 if the text does not show it.
    """

    user_id: str
    offset: int = 0
    length: int = 0


class Reacted(msgspec.Struct, frozen=True, kw_only=True):
    """An emoji on a message, and whose it is."""

    emoji: str
    user_ids: list[str]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What was done in a conversation; only what belongs to its kind is given."""

    user_id: str = ""
    user_ids: list[str] = []
    role: str = ""
    hand_over: bool = False
    name: str | None = None
    description: str | None = None
    history: bool | None = None
    approval: bool | None = None
    invite_id: str = ""
    expires_at: str = ""
    uses: int = 0
    message_id: str = ""
    message_seq: int = 0
    text: str = ""
    mentions: list[Mention] = []
    emoji: str = ""
    public: bool | None = None
    slow: int | None = None
    picture: Picture | UnsetType | None = UNSET
    moderated: bool = False


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message as its reader sees it.

    Attributes:
        kind: What happened: `message_sent`, `group_message_sent`, `member_joined` and so on; `hidden` for what is not the reader's to see.
        recipient_id: The other member of a 1:1 conversation.
        change: What was done, if it is no message.
        seq: Its number in the conversation; None until the owner has numbered it.
        from_seq: Of what is hidden, the first number; in a channel, the first number that a message stands for.
        status: unread, received or read.
        sent_at: RFC 3339.
        client_message_id: What its sender's device called it; only on one's own.
        queued_for: The region that it waits for, if it does.
        attachments: Images and files.
        reply_to: The message that it answers.
        forwarded_from: Who wrote it first, if it was forwarded.
        mentions: Whom it names.
        edited: The seq of the entry by which it got its text; None if it has its first one.
        deleted: Whether nothing else is left of it.
        reactions: By emoji.
    """

    message_id: str
    conversation_id: str
    sender_id: str
    kind: str = "message_sent"
    recipient_id: str = ""
    text: str = ""
    change: Change | None = None
    seq: int | None = None
    from_seq: int | None = None
    epoch: int | None = None
    status: str = "unread"
    sent_at: str = ""
    client_message_id: str | None = None
    queued_for: str | None = None
    attachments: list[Attachment] = []
    reply_to: Reply | None = None
    forwarded_from: str | None = None
    mentions: list[Mention] = []
    edited: int | None = None
    deleted: bool = False
    reactions: list[Reacted] = []


# From the device.


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """Must be first: where the device was."""

    resume: str | None
    held: dict[str, tuple[int, int]] | None


class Send(msgspec.Struct, frozen=True, tag="send", omit_defaults=True):
    """A message to a user, or into a conversation."""

    client_message_id: str
    text: str
    recipient_id: str | None = None
    conversation_id: str | None = None
    attachments: tuple[str, ...] = ()
    reply_to: str | None = None
    forward_of: str | None = None
    mentions: tuple[Mention, ...] = ()


class Received(msgspec.Struct, frozen=True, tag="received"):
    """The device has everything up to that seq."""

    conversation_id: str
    seq: int
    epoch: int


class Read(msgspec.Struct, frozen=True, tag="read"):
    """The user has read everything up to that seq."""

    conversation_id: str
    seq: int
    epoch: int


class Typing(msgspec.Struct, frozen=True, tag="typing"):
    """The user types in that conversation."""

    conversation_id: str


class Watch(msgspec.Struct, frozen=True, tag="watch"):
    """Asks to be told how these are there, from now on."""

    user_ids: tuple[str, ...]


class Ping(msgspec.Struct, frozen=True, tag="ping"):
    """Asks for a pong."""

    nonce: str


DeviceFrame: TypeAlias = Hello | Send | Received | Read | Typing | Watch | Ping


# From the region.


class Welcome(msgspec.Struct, frozen=True, tag="welcome"):
    """What was missed has been sent; incomplete if that was too much.

    `until_accepted`: what is sent is to be kept until it is accepted, also if its entry came before that.
    """

    user_id: str
    device_id: str
    region: str
    resume: str | None = None
    complete: bool = True
    until_accepted: bool = False


class ChangedConversation(msgspec.Struct, frozen=True):
    """A conversation that went on while the device was away."""

    conversation_id: str
    head: int
    epoch: int = 0


class Changed(msgspec.Struct, frozen=True, tag="changed"):
    """Conversations that must be paged for what is missing."""

    conversations: list[ChangedConversation]


class Accepted(msgspec.Struct, frozen=True, tag="accepted"):
    """The region has it; `replicated`: whether its standby does, where that was waited for."""

    client_message_id: str
    message_id: str
    conversation_id: str
    replicated: bool | None = None


class Pending(msgspec.Struct, frozen=True, tag="pending"):
    """Kept at home, queued for another region."""

    message: Message


class Entry(msgspec.Struct, frozen=True, tag="entry"):
    """A numbered message."""

    message: Message
    hops: list[Hop] = []


class Receipt(msgspec.Struct, frozen=True, tag="receipt"):
    """What was numbered in a group of which one is no member."""

    message: Message


class Refusal(msgspec.Struct, frozen=True, tag="refused"):
    """A message of one's own was refused, for good."""

    client_message_id: str
    code: str
    detail: str = ""
    message_id: str = ""
    conversation_id: str = ""


class Marks(msgspec.Struct, frozen=True, tag="marks"):
    """Somebody's marks rose."""

    conversation_id: str
    user_id: str
    received: int
    read: int
    epoch: int = 0


class Withdrawn(msgspec.Struct, frozen=True, tag="withdrawn"):
    """What is held above that entry of a conversation stands there no more; it comes again, with other numbers."""

    conversation_id: str
    seq: int
    epoch: int = 0


class Typist(msgspec.Struct, frozen=True, tag="typist"):
    """Somebody types there, for so many seconds unless it is said again."""

    conversation_id: str
    user_id: str
    seconds: float = 6.0


class ProfileChanged(msgspec.Struct, frozen=True, tag="profile"):
    """Somebody with whom one shares a conversation has changed their profile."""

    user_id: str


class There(msgspec.Struct, frozen=True, tag="presence"):
    """How somebody is there whom the device watches."""

    user_id: str
    presence: str
    last_seen: str | None = None


class Resume(msgspec.Struct, frozen=True, tag="resume"):
    """A newer resume token."""

    token: str


class Pong(msgspec.Struct, frozen=True, tag="pong"):
    """The answer to a ping."""

    nonce: str | None = None


class Error(msgspec.Struct, frozen=True, tag="error"):
    """A frame was not understood, or could not be taken now."""

    code: str = "unknown"
    detail: str = ""
    status: int = 0
    definite: bool = False
    client_message_id: str | None = None
    retry_after: float = 0.0


RegionFrame: TypeAlias = (
    Welcome
    | Changed
    | Accepted
    | Pending
    | Entry
    | Receipt
    | Refusal
    | Marks
    | Preferences
    | Withdrawn
    | Typist
    | ProfileChanged
    | There
    | Concealed
    | Resume
    | Pong
    | Error
)

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[RegionFrame] = msgspec.json.Decoder(RegionFrame)


def encode(frame: DeviceFrame) -> str:
    """Return the text of a frame."""
    return _encoder.encode(frame).decode()


def decode(data: str | bytes) -> RegionFrame | None:
    """Read a frame; None for one that this version does not know."""
    try:
        return _decoder.decode(data)
    except msgspec.ValidationError:
        return None
