"""What a region sends over a WebSocket, as far as an observer looks at it; the reference is `docs/protocol.md`."""

from typing import TypeAlias

import msgspec

from region.client import Message


class Entry(msgspec.Struct, tag="entry"):
    """An entry.

    Attributes:
        message: What it says.
        hops: Where it has been, if it comes as it was numbered; nothing of one that answers a repeated send, or was missed.
    """

    message: Message
    hops: list[tuple[str, int]] = []


class Head(msgspec.Struct):
    """A conversation that went on."""

    conversation_id: str
    head: int
    epoch: int = 0


class Changed(msgspec.Struct, tag="changed"):
    """Conversations of which the device lacks something."""

    conversations: list[Head]


class Marks(msgspec.Struct, tag="marks"):
    """Somebody's marks."""

    conversation_id: str
    user_id: str
    received: int
    read: int
    epoch: int = 0


class Welcome(msgspec.Struct, tag="welcome"):
    """What was missed has been sent."""

    resume: str | None = None


class Resume(msgspec.Struct, tag="resume"):
    """A newer resume token."""

    token: str


class _Other(msgspec.Struct):
    type: str = ""


class Withdrawn(msgspec.Struct, tag="withdrawn"):
    """What the device holds of a conversation above a place stands there no more."""

    conversation_id: str
    seq: int
    epoch: int = 0


Frame: TypeAlias = Entry | Withdrawn | Changed | Marks | Welcome | Resume
_frames: msgspec.json.Decoder[Frame] = msgspec.json.Decoder(Frame)
_type: msgspec.json.Decoder[_Other] = msgspec.json.Decoder(_Other)
_KNOWN = frozenset({"entry", "withdrawn", "changed", "marks", "welcome", "resume"})


def read(data: str | bytes) -> Frame | None:
    """Read a frame; None for one that an observer does not look at."""
    return _frames.decode(data) if _type.decode(data).type in _KNOWN else None
