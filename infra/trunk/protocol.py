"""One end of a trunk, pure: channels, their credit, and what is queued to be sent; frames in, events out.

The caller brings messages to `receive`, carries the events out, and sends whatever `outgoing` returns, in order.
`infra.trunk.link` is that caller.
"""

from collections import deque
from dataclasses import dataclass
from typing import TypeAlias

from infra.trunk.frames import (
    FULL_MESSAGE,
    LARGEST_PAYLOAD,
    OVERHEAD,
    WINDOW,
    Accepted,
    Binary,
    Close,
    Credit,
    Frame,
    Open,
    Text,
    TrunkProtocolError,
    cost_of,
    decode_frames,
    encode_frames,
)

Event: TypeAlias = Frame
"""What `receive` returns: the frames that concern a channel which is open here, in order; a `Credit` says that it can send again."""


@dataclass(slots=True)
class _Channel:
    """Credits of one channel.

    Attributes:
        credit: What may still be sent, bytes.
        owed: What was consumed here and not granted back yet, bytes.
        unconsumed: What the other end has sent and nobody consumed yet, bytes.
    """

    credit: int = WINDOW
    owed: int = 0
    unconsumed: int = 0


class Trunk:
    """The state of one end of one connection."""

    def __init__(self, *, opens: bool) -> None:
        """Begin.

        Args:
            opens: Whether this end opens channels (the edge); the other end accepts them.
        """
        self._opens = opens
        self._channels: dict[int, _Channel] = {}
        self._last_channel = 0
        self._queue: deque[tuple[int, Frame]] = deque()
        self.queued = 0
        """Bytes that wait to be taken by `outgoing`."""

    @property
    def channels(self) -> int:
        """How many channels are open."""
        return len(self._channels)

    def is_open(self, channel: int) -> bool:
        """Whether the channel is open: neither end has closed it."""
        return channel in self._channels

    def open(
        self,
        path: str,
        *,
        query: bytes = b"",
        headers: tuple[tuple[bytes, bytes], ...] = (),
        client: tuple[str, int] | None = None,
        subprotocols: tuple[str, ...] = (),
    ) -> int:
        """Open a channel and return its number; see `frames.Open` for the arguments.

        Raises:
            TrunkProtocolError: Path, query and headers are larger than any payload may be: sent, they would end the whole trunk.
        """
        opening = Open(self._last_channel + 1, path, query, headers, client, subprotocols)
        cost = _cost_of_opening(opening)
        _demand(cost <= LARGEST_PAYLOAD, f"a request head of {cost} bytes, where {LARGEST_PAYLOAD} are allowed")
        self._last_channel += 1
        self._channels[self._last_channel] = _Channel()
        self._put(opening, cost)
        return self._last_channel

    def accept(self, channel: int, subprotocol: str | None = None) -> None:
        """Accept a channel that the other end opened; nothing happens if it is closed."""
        if channel in self._channels:
            self._put(Accepted(channel, subprotocol))

    def send(self, channel: int, payload: str | bytes) -> bool:
        """Queue a payload; return False, and queue nothing, if the channel is closed or lacks the credit.

        Raises:
            TrunkProtocolError: The payload is larger than any frame may be.
        """
        cost = cost_of(payload)
        if cost > LARGEST_PAYLOAD + OVERHEAD:
            raise TrunkProtocolError(
                reason=f"a payload of {cost - OVERHEAD} bytes, where {LARGEST_PAYLOAD} are allowed"
            )
        state = self._channels.get(channel)
        if state is None or state.credit < cost:
            return False
        state.credit -= cost
        self._put(Text(channel, payload) if isinstance(payload, str) else Binary(channel, payload), cost)
        return True

    def close(self, channel: int, code: int = 1000, reason: str = "") -> None:
        """Close a channel, after everything queued before; nothing happens if it is closed."""
        if self._channels.pop(channel, None) is not None:
            self._put(Close(channel, code, reason))

    def consumed(self, channel: int, cost: int) -> None:
        """Say that the app took data of that cost; the other end is granted as much again, once half a window is owed."""
        state = self._channels.get(channel)
        if state is None:
            return
        state.unconsumed -= cost
        state.owed += cost
        if state.owed >= WINDOW // 2:
            self._put(Credit(channel, state.owed))
            state.owed = 0

    def receive(self, message: bytes) -> list[Event]:
        """Take one message of the other end and return what happened, in order; frames of closed channels are passed over.

        Raises:
            TrunkProtocolError: The other end broke the rules; the connection is of no more use.
        """
        return [frame for frame in decode_frames(message) if self._take(frame)]

    def outgoing(self) -> bytes | None:
        """Take the next message to be sent: as many queued frames as fit; None if none is queued."""
        if not self._queue:
            return None
        size, frames = 0, []
        while self._queue and size < FULL_MESSAGE:
            cost, frame = self._queue.popleft()
            size += cost
            frames.append(frame)
        self.queued -= size
        return encode_frames(frames)

    def _put(self, frame: Frame, cost: int = OVERHEAD) -> None:
        self._queue.append((cost, frame))
        self.queued += cost

    def _take(self, frame: Frame) -> bool:
        if isinstance(frame, Open):
            return self._take_open(frame)
        state = self._channels.get(frame.channel)
        if state is None:
            _demand(frame.channel <= self._last_channel, f"channel {frame.channel} was never opened")
            return False
        match frame:
            case Text() | Binary():
                state.unconsumed += cost_of(frame.payload)
                _demand(
                    state.unconsumed + state.owed <= WINDOW, f"channel {frame.channel} sent more than it was granted"
                )
            case Credit():
                state.credit += frame.amount
                _demand(
                    frame.amount > 0 and state.credit <= WINDOW,
                    f"channel {frame.channel} was granted more than a window",
                )
            case Accepted():
                _demand(self._opens, "only the end that did not open a channel accepts it")
            case Close():
                del self._channels[frame.channel]
        return True

    def _take_open(self, frame: Open) -> bool:
        _demand(not self._opens, "both ends open channels")
        _demand(frame.channel > self._last_channel, f"channel {frame.channel} was opened before")
        self._last_channel = frame.channel
        self._channels[frame.channel] = _Channel()
        return True


def _cost_of_opening(frame: Open) -> int:
    return cost_of(frame.path) + len(frame.query) + sum(len(name) + len(value) for name, value in frame.headers)


def _demand(kept: bool, reason: str) -> None:  # noqa: FBT001 — reads like an assertion of the other end's behaviour
    if not kept:
        raise TrunkProtocolError(reason=reason)
