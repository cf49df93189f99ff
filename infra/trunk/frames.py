"""The frames of a trunk and their bytes: many frames, in order, make one binary WebSocket message."""

from collections.abc import Sequence
from typing import Final, TypeAlias

import msgspec

from infra.errors import CausewayError

PATH: Final = "/trunk"
"""Where a gateway's port accepts trunks."""

WINDOW: Final = 256 * 1024
"""Bytes of data frames that each direction of a channel may have on the way, unconsumed."""

OVERHEAD: Final = 64
"""Bytes that each data frame costs beyond its payload, so that many tiny frames are bounded too."""

LARGEST_PAYLOAD: Final = WINDOW // 2 - OVERHEAD
"""The largest payload of one data frame, bytes: it always fits into a window that has been half consumed."""

FULL_MESSAGE: Final = 48 * 1024
"""A WebSocket message takes no further frame above this size, bytes."""

LARGEST_MESSAGE: Final = FULL_MESSAGE + WINDOW
"""The largest WebSocket message, bytes; the server that mounts a `TrunkAcceptor` must allow it."""

Headers: TypeAlias = tuple[tuple[bytes, bytes], ...]


class TrunkProtocolError(CausewayError):
    """The other end of the trunk broke its rules: {reason}. The trunk is closed; its devices reconnect."""

    code = "trunk-protocol"
    status = 502
    definite = False


class Open(msgspec.Struct, frozen=True, array_like=True, tag=0):
    """A device connected; from the edge only.

    Attributes:
        channel: Its new channel; numbers rise and are never used again on a trunk.
        path: Of the request, such as `/ws`.
        query: Of the request, without the question mark.
        headers: Of the request, names in lower case.
        client: Address and port of the device, if known.
        subprotocols: That the device offers.
    """

    channel: int
    path: str
    query: bytes = b""
    headers: Headers = ()
    client: tuple[str, int] | None = None
    subprotocols: tuple[str, ...] = ()


class Accepted(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """The app accepted the WebSocket; from the gateway only.

    Attributes:
        channel: The channel.
        subprotocol: That the app chose, if any.
    """

    channel: int
    subprotocol: str | None = None


class Text(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """One text message of a device or for it; it costs credit.

    Attributes:
        channel: The channel.
        payload: The text.
    """

    channel: int
    payload: str


class Binary(msgspec.Struct, frozen=True, array_like=True, tag=5):
    """One binary message of a device or for it; it costs credit.

    Attributes:
        channel: The channel.
        payload: The bytes.
    """

    channel: int
    payload: bytes


class Close(msgspec.Struct, frozen=True, array_like=True, tag=3):
    """The channel ends, after all data before this; the last frame of a sender on a channel.

    Attributes:
        channel: The channel.
        code: A WebSocket close code.
        reason: For people.
    """

    channel: int
    code: int = 1000
    reason: str = ""


class Credit(msgspec.Struct, frozen=True, array_like=True, tag=4):
    """The receiver has consumed data and grants that much more.

    Attributes:
        channel: The channel.
        amount: Bytes.
    """

    channel: int
    amount: int


Frame: TypeAlias = Open | Accepted | Text | Binary | Close | Credit

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Frame])


def cost_of(payload: str | bytes) -> int:
    """Return the credit that a payload costs: its bytes as UTF-8, and the overhead."""
    if isinstance(payload, bytes) or payload.isascii():
        return len(payload) + OVERHEAD
    return len(payload.encode()) + OVERHEAD


def encode_frames(frames: Sequence[Frame]) -> bytes:
    """Return the bytes of one WebSocket message."""
    return _encoder.encode(frames)


def decode_frames(message: bytes) -> list[Frame]:
    """Read one WebSocket message.

    Raises:
        TrunkProtocolError: It is not a list of frames.
    """
    try:
        return _decoder.decode(message)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise TrunkProtocolError(reason=str(error)) from error
