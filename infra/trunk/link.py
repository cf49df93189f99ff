"""One trunk connection in the event loop: channels that can be awaited, and one writer that sends what a tick has queued."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from prometheus_client import Gauge

from infra.errors import CausewayError
from infra.trunk.frames import Accepted, Binary, Close, Credit, Open, Text, cost_of
from infra.trunk.protocol import Trunk

CROWDED: Final = 4 * 1024 * 1024
"""Bytes queued on one trunk from which on senders wait."""

_CHANNELS = Gauge("causeway_trunk_channels", "Open channels.", ["peer"])
_QUEUED = Gauge("causeway_trunk_queued_bytes", "Bytes that wait to be written to trunks.", ["peer"])


class ChannelClosedError(CausewayError, ConnectionError):
    """The channel was closed with code {close_code}: {reason}.

    It is a `ConnectionError` as well, which is what ASGI frameworks expect of a send to a device that is gone.
    """

    code = "channel-closed"
    status = 503

    def __init__(self, close_code: int, reason: str) -> None:
        """Say with which WebSocket close code, and why."""
        super().__init__(close_code=close_code, reason=reason)
        self.close_code = close_code
        self.reason = reason


class Channel:
    """One end of one channel; one task may receive while another sends."""

    def __init__(self, link: "Link", number: int) -> None:
        """Belong to a link, under the number that the protocol knows."""
        self._link = link
        self._number = number
        self._inbox: deque[str | bytes] = deque()
        self._closed: Close | None = None
        self._subprotocol: str | None = None
        self._was_accepted = False
        self._accepted = asyncio.Event()
        self._arrived = asyncio.Event()
        self._writable = asyncio.Event()

    async def accepted(self) -> str | None:
        """Wait until the app at the other end has accepted, and return the subprotocol it chose.

        Raises:
            ChannelClosedError: It was closed instead.
        """
        await self._accepted.wait()
        if self._closed is not None and not self._was_accepted:
            raise ChannelClosedError(self._closed.code, self._closed.reason)
        return self._subprotocol

    def accept(self, subprotocol: str | None = None) -> None:
        """Accept the channel that the other end opened."""
        self._link.trunk.accept(self._number, subprotocol)
        self._link.wake()

    async def send(self, payload: str | bytes) -> None:
        """Queue a payload, once the channel has the credit for it and the trunk is not crowded.

        Raises:
            ChannelClosedError: The channel is closed.
            TrunkProtocolError: The payload is larger than any may be.
        """
        while True:
            if self._closed is not None:
                raise ChannelClosedError(self._closed.code, self._closed.reason)
            if self._link.trunk.queued >= CROWDED:
                await self._link.uncrowded()
            elif self._link.trunk.send(self._number, payload):
                self._link.wake()
                return
            else:
                self._writable.clear()
                await self._writable.wait()

    async def receive(self) -> str | bytes:
        """Return the next payload.

        Raises:
            ChannelClosedError: The channel is closed, and everything that came before was received.
        """
        while not self._inbox:
            if self._closed is not None:
                raise ChannelClosedError(self._closed.code, self._closed.reason)
            self._arrived.clear()
            await self._arrived.wait()
        payload = self._inbox.popleft()
        self._link.trunk.consumed(self._number, cost_of(payload))
        self._link.wake()
        return payload

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close it, after what was sent; nothing happens if it is closed."""
        self._link.trunk.close(self._number, code, reason)
        self._link.wake()
        self._link.forget(self._number)
        self.end(Close(self._number, code, reason))

    def end(self, close: Close) -> None:
        """Note that it is closed, and wake whoever waits."""
        if self._closed is None:
            self._closed = close
        for event in (self._accepted, self._arrived, self._writable):
            event.set()

    def note(self, frame: Accepted | Text | Binary | Credit) -> None:
        """Take in what the protocol says about this channel."""
        match frame:
            case Text(payload=payload) | Binary(payload=payload):
                self._inbox.append(payload)
                self._arrived.set()
            case Credit():
                self._writable.set()
            case Accepted(subprotocol=subprotocol):
                self._subprotocol = subprotocol
                self._was_accepted = True
                self._accepted.set()


class Link:
    """One connection: `feed` it what arrives, `write` what it has to say, `end` it when the connection does."""

    def __init__(self, *, opens: bool, peer: str) -> None:
        """Begin a connection.

        Args:
            opens: Whether this end opens channels.
            peer: Who is at the other end, for metrics.
        """
        self.trunk = Trunk(opens=opens)
        self._channels: dict[int, Channel] = {}
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._gauge = _CHANNELS.labels(peer)
        self._queued = _QUEUED.labels(peer)
        self._reported = 0

    @property
    def channels(self) -> int:
        """How many channels are open."""
        return len(self._channels)

    def open(self, opening: Open) -> Channel:
        """Open a channel as described; the number in the argument is replaced by the next one.

        Raises:
            TrunkProtocolError: What it describes is too large.
        """
        number = self.trunk.open(
            opening.path,
            query=opening.query,
            headers=opening.headers,
            client=opening.client,
            subprotocols=opening.subprotocols,
        )
        self.wake()
        return self._add(number)

    def feed(self, message: bytes) -> list[tuple[Channel, Open]]:
        """Take a message that arrived; return the channels that it opened.

        Raises:
            TrunkProtocolError: The other end broke the rules.
        """
        opened = []
        for event in self.trunk.receive(message):
            match event:
                case Open(channel=number):
                    opened.append((self._add(number), event))
                case Close(channel=number):
                    channel = self._channels[number]
                    self.forget(number)
                    channel.end(event)
                case _:
                    self._channels[event.channel].note(event)
        return opened

    async def write(self, send: Callable[[bytes], Awaitable[None]]) -> None:
        """Send what is queued, whenever something is; until cancelled, or until `send` raises."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while True:
                self._report()
                message = self.trunk.outgoing()
                if message is None:
                    break
                await send(message)
                if self.trunk.queued < CROWDED // 2:
                    self._room.set()

    def end(self, code: int, reason: str) -> None:
        """Close every channel, because the connection is gone."""
        for number, channel in list(self._channels.items()):
            self.forget(number)
            channel.end(Close(number, code, reason))
        self._room.set()
        self._queued.dec(self._reported)
        self._reported = 0

    def wake(self) -> None:
        """Let the writer run in the next tick; until then more is queued."""
        self._wake.set()

    async def uncrowded(self) -> None:
        """Wait until the trunk's queue has shrunk."""
        self._room.clear()
        await self._room.wait()

    def forget(self, number: int) -> None:
        """Drop a channel that is closed."""
        if self._channels.pop(number, None) is not None:
            self._gauge.dec()

    def _add(self, number: int) -> Channel:
        channel = self._channels[number] = Channel(self, number)
        self._gauge.inc()
        return channel

    def _report(self) -> None:
        self._queued.inc(self.trunk.queued - self._reported)
        self._reported = self.trunk.queued
