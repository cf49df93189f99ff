"""What the user is told, in the order in which it happened."""

from dataclasses import dataclass
from typing import TypeAlias

from region.client.concealed import Concealed
from region.client.errors import ClientError
from region.client.frames import Hop, Message
from region.client.preferences import Preferences


@dataclass(frozen=True, slots=True)
class Arrived:
    """The next entry of a conversation, one's own among them; each comes once, in order of seq.

    Attributes:
        message: The message.
        hops: Where it has been and when; empty when it came from the history.
    """

    message: Message
    hops: tuple[Hop, ...] = ()


@dataclass(frozen=True, slots=True)
class Queued:
    """A message of one's own waits for another region; `message.queued_for` names it."""

    message: Message


@dataclass(frozen=True, slots=True)
class Heard:
    """What was numbered in a group of which one is no member: that one has asked to join, or was turned down."""

    message: Message


@dataclass(frozen=True, slots=True)
class Refused:
    """A message of one's own was refused, for good."""

    client_message_id: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Marked:
    """Somebody (the peer, or oneself on another device) has received or read up to these seqs."""

    conversation_id: str
    user_id: str
    received: int
    read: int


@dataclass(frozen=True, slots=True)
class Preferred:
    """What one wants of a conversation was changed, on this device or another."""

    preferences: Preferences


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Messages that were told above that entry stand there no more: their holder was lost before anybody else had them. They come again, with other numbers.

    Attributes:
        conversation_id: The conversation.
        seq: The last that stands.
        epoch: In which what stands was numbered, at most.
    """

    conversation_id: str
    seq: int
    epoch: int


@dataclass(frozen=True, slots=True)
class Types:
    """Somebody types there; it ends by itself after so many seconds, with a message of theirs, or is told again."""

    conversation_id: str
    user_id: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Watched:
    """How somebody is there whom one watches, at first and when it has changed; see `Friend`. After `Offline` nothing is known."""

    user_id: str
    presence: str
    last_seen: str | None


@dataclass(frozen=True, slots=True)
class ChangedProfile:
    """Somebody with whom one shares a conversation has another name, picture or status text: ask for it anew where it is shown."""

    user_id: str


@dataclass(frozen=True, slots=True)
class Online:
    """Connected through that endpoint; `region` is the one that serves the user."""

    region: str
    endpoint: str


@dataclass(frozen=True, slots=True)
class Offline:
    """Not connected; another attempt follows by itself."""

    reason: str


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """The session has ended; nothing follows until somebody logs in."""

    error: ClientError


Event: TypeAlias = (
    Arrived
    | Queued
    | Heard
    | Refused
    | Marked
    | Preferred
    | Concealed
    | Withdrawn
    | Types
    | Watched
    | ChangedProfile
    | Online
    | Offline
    | LoggedOut
)
