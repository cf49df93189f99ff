"""What HTTP answers of conversations and regions, as typed structs; see `region.client.frames`."""

import msgspec

from region.client.frames import Message
from region.client.pictures import Picture
from region.client.preferences import Preferences


class Page(msgspec.Struct, frozen=True):
    """Messages of one conversation, and the cursors to its neighbours; None at the end."""

    conversation_id: str
    messages: list[Message]
    next: str | None = None
    previous: str | None = None


class Conversation(msgspec.Struct, frozen=True):
    """A conversation in the user's list.

    Attributes:
        kind: `direct`, `group` or `channel`.
        peer_id: The other member of a 1:1 conversation; None for others.
        name: What it is called; empty for a 1:1 conversation.
        unread: How many messages of others are unread.
        received: The last seq that the user's devices have.
        read: The last seq that the user has read.
        head: The last seq of its log.
        epoch: In which the head was numbered.
        preferences: What one wants of it for oneself alone; None if one never said.
        picture: What stands for a group or a channel that one belongs to; None for nothing.
    """

    conversation_id: str
    peer_id: str | None
    unread: int
    received: int
    read: int
    head: int
    epoch: int = 0
    last_message: Message | None = None
    kind: str = "direct"
    name: str = ""
    preferences: Preferences | None = None
    picture: Picture | None = None


class RegionEndpoint(msgspec.Struct, frozen=True):
    """A region and where it is reached."""

    region: str
    public_url: str


class Problem(msgspec.Struct, frozen=True):
    """RFC 9457 problem details with Causeway's two additions."""

    code: str = "unknown"
    detail: str = ""
    status: int = 0
    definite: bool = False


class ConversationPage(msgspec.Struct, frozen=True):
    """Conversations, the one with the newest change first."""

    conversations: list[Conversation]
    next: str | None = None


class RegionList(msgspec.Struct, frozen=True):
    """The federation's regions."""

    regions: list[RegionEndpoint]
    nearest: str
