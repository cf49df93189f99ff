"""The frames of the WebSocket, as `docs/protocol.md` shows them, and their JSON."""

from typing import Annotated, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from infra.errors import CausewayError
from region.gateway.concealing import ConcealedFrame
from region.gateway.cursors import LARGEST
from region.gateway.preferences import PreferencesFrame
from region.gateway.shapes import MentionView
from region.gateway.signs.presence import State
from region.gateway.views import Message

Number = Annotated[int, Meta(ge=0, le=LARGEST)]
Text64 = Annotated[str, Meta(max_length=64)]
MOST_HELD = 10_000
MOST_WATCHED = 50


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """First of all: where the device was."""

    resume: str | None = None
    held: dict[Text64, tuple[Number, Number]] | None = None


class Send(msgspec.Struct, frozen=True, tag="send"):
    """A message, to a user or into a conversation."""

    client_message_id: str
    text: str = ""
    recipient_id: str | None = None
    conversation_id: str | None = None
    attachments: Annotated[list[Text64], Meta(max_length=100)] = []
    reply_to: Text64 | None = None
    forward_of: Text64 | None = None
    mentions: Annotated[list[MentionView], Meta(max_length=100)] = []


class Received(msgspec.Struct, frozen=True, tag="received"):
    """The device has everything up to that seq."""

    conversation_id: Text64
    seq: Number
    epoch: Number = 0


class Read(msgspec.Struct, frozen=True, tag="read"):
    """The user has read everything up to that seq."""

    conversation_id: Text64
    seq: Number
    epoch: Number = 0


class Typing(msgspec.Struct, frozen=True, tag="typing"):
    """The user types in that conversation; said every three seconds while it is so."""

    conversation_id: Text64


class Watch(msgspec.Struct, frozen=True, tag="watch"):
    """Tell how these are there from now on, instead of whom this connection named before."""

    user_ids: Annotated[list[Text64], Meta(max_length=MOST_WATCHED)]


class Ping(msgspec.Struct, frozen=True, tag="ping"):
    """Asks for a pong."""

    nonce: Annotated[str, Meta(max_length=256)] = ""


DeviceFrame: TypeAlias = Hello | Send | Received | Read | Typing | Watch | Ping


class Welcome(msgspec.Struct, frozen=True, tag="welcome"):
    """What was missed has been sent; if it was too much, `complete` is false and `changed` names the conversations.

    `until_accepted`: what is sent is to be kept, and sent again, until it is accepted, also if its entry came before that.
    """

    user_id: str
    device_id: str
    region: str
    resume: str
    complete: bool
    until_accepted: bool | UnsetType = UNSET


class ChangedConversation(msgspec.Struct, frozen=True):
    """A conversation that went on while the device was away."""

    conversation_id: str
    head: int
    epoch: int


class Changed(msgspec.Struct, frozen=True, tag="changed"):
    """Conversations that must be paged for what is missing."""

    conversations: list[ChangedConversation]


class Accepted(msgspec.Struct, frozen=True, tag="accepted"):
    """The region has it, and it cannot be lost there.

    `replicated`: whether its standby has what became of it, too; missing where that was not waited for.
    """

    client_message_id: str
    message_id: str
    conversation_id: str
    replicated: bool | UnsetType = UNSET


class Pending(msgspec.Struct, frozen=True, tag="pending"):
    """Kept at home, queued for another region."""

    message: Message


class EntryFrame(msgspec.Struct, frozen=True, tag="entry"):
    """A numbered message, or what else happened in a group."""

    message: Message
    hops: tuple[tuple[str, int], ...] = ()


class ReceiptFrame(msgspec.Struct, frozen=True, tag="receipt"):
    """What was numbered in a group of which one is no member: that one has asked to join, or was turned down."""

    message: Message


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """A message of one's own was refused, for good."""

    client_message_id: str
    message_id: str
    conversation_id: str
    code: str
    detail: str


class MarksFrame(msgspec.Struct, frozen=True, tag="marks"):
    """Somebody's marks rose."""

    conversation_id: str
    user_id: str
    received: int
    read: int
    epoch: int


class WithdrawnFrame(msgspec.Struct, frozen=True, tag="withdrawn"):
    """What the device holds above that entry of a conversation stands there no more: it was numbered by a holder that was lost, and is numbered anew."""

    conversation_id: str
    seq: int
    epoch: int


class Typist(msgspec.Struct, frozen=True, tag="typist"):
    """Somebody types there; shown for so many seconds, unless it is said again."""

    conversation_id: str
    user_id: str
    seconds: int


class ProfileChanged(msgspec.Struct, frozen=True, tag="profile"):
    """Somebody with whom the user shares a conversation has changed their profile: read it anew."""

    user_id: str


class PresenceFrame(msgspec.Struct, frozen=True, tag="presence"):
    """How somebody is there whom the device watches, at first and when it has changed."""

    user_id: str
    presence: State
    last_seen: str | None


class Resume(msgspec.Struct, frozen=True, tag="resume"):
    """A newer resume token."""

    token: str


class Pong(msgspec.Struct, frozen=True, tag="pong"):
    """The answer to a ping."""

    nonce: str


class ErrorFrame(msgspec.Struct, frozen=True, tag="error"):
    """A frame was not understood, or could not be taken now."""

    code: str
    title: str
    status: int
    definite: bool
    detail: str
    client_message_id: str | UnsetType = UNSET
    retry_after: float | UnsetType = UNSET


RegionFrame: TypeAlias = (
    Welcome
    | Changed
    | Accepted
    | Pending
    | EntryFrame
    | ReceiptFrame
    | Refused
    | MarksFrame
    | WithdrawnFrame
    | PreferencesFrame
    | Typist
    | ProfileChanged
    | PresenceFrame
    | ConcealedFrame
    | Resume
    | Pong
    | ErrorFrame
)

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[DeviceFrame] = msgspec.json.Decoder(DeviceFrame)


def encode(frame: RegionFrame) -> str:
    """Return the text of a frame."""
    return _encoder.encode(frame).decode()


def decode(text: str) -> DeviceFrame:
    """Read a frame of a device.

    Raises:
        msgspec.DecodeError: It is no JSON, or no frame that devices send.
        UnicodeEncodeError: It holds a lone surrogate.
    """
    return _decoder.decode(text)


def error_frame(error: CausewayError, client_message_id: str | None = None) -> str:
    """Return the text of an error; the name of the send that it is about travels with it, and the seconds to wait if it names them."""
    wait = error.details.get("retry_after")
    return encode(
        ErrorFrame(
            code=error.code,
            title=error.code.replace("-", " "),
            status=error.status,
            definite=error.definite,
            detail=str(error),
            client_message_id=UNSET if client_message_id is None else client_message_id,
            retry_after=float(wait) if isinstance(wait, int | float) else UNSET,
        )
    )
