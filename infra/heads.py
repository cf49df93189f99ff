"""HTTP over httptools with bounds on a request's head: its bytes, its lines, and the time it takes; uvicorn has them for h11 alone."""

import asyncio
from http import HTTPStatus
from typing import Final

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.http11 import Request

from infra import unread
from infra.errors import BusyError, CausewayError, MalformedRequestError
from infra.identity import CALLER, Door, caller_at

LARGEST_HEAD: Final = 64 * 1024
"""The most bytes of target and header lines."""

MOST_LINES: Final = 100
"""The most header lines; websockets accepts 128."""

HEAD_SECONDS: Final = 10.0
"""How long a head may take, from its first byte, or from when a connection was made."""

LINGER_SECONDS: Final = 1.0
"""How long what still comes is thrown away after a refusal: a connection closed at once would be reset, and the answer with it."""

MOST_CONNECTIONS: Final = 5_000
"""How many HTTP connections a port may have; WebSockets are none any more once they have begun."""

FLUSH_SECONDS: Final = 3.0
"""How long a WebSocket's peer may take what is left when it is closed; one that reads nothing would keep the connection for ever."""


class HeadTooLargeError(CausewayError):
    """The target and the headers have more than {bytes} bytes or {lines} lines. Send fewer."""

    code = "head-too-large"
    status = 431
    definite = True


class TooSlowError(CausewayError):
    """The {what} took more than {seconds:g} seconds to arrive; nothing was done. Try again over a better connection."""

    code = "too-slow"
    status = 408
    definite = True


class _OutOfBoundsError(Exception):
    """The parser makes an error of its own of it."""


class BoundedHttp(HttpToolsProtocol):
    """uvicorn's protocol; a head that is too large is answered 431, one that takes too long 408, what is no HTTP 400.

    One connection too many is answered 503. uvicorn's own limit counts WebSockets, too, of which there may be many more.
    """

    _head_bytes = 0
    _head_lines = 0
    _loose = 0
    """Bytes that came since the parser last had something whole: it buffers an unfinished line without bound."""
    _limit: asyncio.TimerHandle | None = None
    _refused = False
    _refusal: CausewayError | None = None
    caller: str | None = None
    """Whom the certificate of the other end names; None over plain text."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn does
        """Begin, and expect a request soon."""
        self._begun: list[RequestResponseCycle] = []
        super().connection_made(transport)
        self.caller = caller_at(transport)
        unread.bound(transport, unread.HTTP_SECONDS)
        self._expect_head()
        self._open: set[BoundedHttp] = self.config.open_http  # type: ignore[attr-defined]  # ours
        if len(self._open) >= MOST_CONNECTIONS:
            self._refuse(BusyError(what="This port"))
        else:
            self._open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._open.discard(self)
        self._head_is_there()
        super().connection_lost(exc)
        for cycle in self._begun:  # uvicorn tells the last one alone; others would write to a connection that is gone
            cycle.disconnected = True
            cycle.message_event.set()

    def data_received(self, data: bytes) -> None:
        """Take what came, unless it is more of what was refused."""
        if self._refused:
            return
        if self._loose > LARGEST_HEAD:
            self._refuse(HeadTooLargeError(bytes=LARGEST_HEAD, lines=MOST_LINES))
            return
        self._loose += len(data)
        if self.cycle is None or self.cycle.response_complete:
            self._expect_head()  # not only in `on_message_begin`: empty lines may come before it for ever
        super().data_received(data)

    def on_message_begin(self) -> None:
        """Count from nothing."""
        super().on_message_begin()
        self.scope[CALLER] = self.caller  # type: ignore[typeddict-unknown-key]  # ours
        self._head_bytes = self._head_lines = self._loose = 0
        self._expect_head()  # one that follows another in the same packet

    def on_url(self, url: bytes) -> None:
        """Take a part of the target."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header line; of a trailer, too."""
        self._loose = 0
        self._head_lines += 1
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Serve the request, if its caller may come in."""
        self._loose = 0
        self._head_is_there()
        door: Door | None = getattr(self.config, "door", None)
        self._refusal = None if door is None else door.refusal(self.caller)
        if self._refusal is not None:
            raise _OutOfBoundsError
        super().on_headers_complete()
        if self.cycle is not None and self.cycle not in self._begun:
            self._begun = [*(cycle for cycle in self._begun if not cycle.response_complete), self.cycle]

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._loose = 0
        super().on_body(body)

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over."""
        self._open.discard(self)
        super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:
        """Answer what the parser could not take."""
        if self._refusal is not None:
            self._refuse(self._refusal)
        elif self._head_bytes > LARGEST_HEAD or self._head_lines > MOST_LINES:
            self._refuse(HeadTooLargeError(bytes=LARGEST_HEAD, lines=MOST_LINES))
        else:
            self._refuse(MalformedRequestError(reason="it is no HTTP/1.1"))

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > LARGEST_HEAD or self._head_lines > MOST_LINES:
            raise _OutOfBoundsError

    def _expect_head(self) -> None:
        if self._limit is None:
            self._limit = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _head_is_there(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    def _give_up(self) -> None:
        self._refuse(TooSlowError(what="head", seconds=HEAD_SECONDS))

    def _refuse(self, error: CausewayError) -> None:
        self._refused = True
        self._head_is_there()
        self._unset_keepalive_if_required()
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete:  # else it would stand in the midst of another answer
            self.transport.write(_answer(error))
        self.flow.resume_reading()
        self.loop.call_later(LINGER_SECONDS, self.transport.close)


class AnsweringWebSocket(WebSocketsSansIOProtocol):
    """uvicorn's protocol; a handshake that websockets cannot parse is answered 400, and not left waiting for ever.

    Nor is a connection that is closed while its peer reads nothing: a TCP window that is shut stays so as long as somebody
    answers its probes, and with it what was to be sent, and whoever waits until it is.
    """

    caller: str | None = None
    """Whom the certificate of the other end names; None over plain text."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        super().connection_made(transport)
        self.caller = caller_at(transport)
        unread.bound(transport, unread.WEBSOCKET_SECONDS)

    def keepalive_timeout(self) -> None:
        """Close: the peer answers no pings."""
        super().keepalive_timeout()
        self._abort_soon()

    def handle_close(self, event: Frame) -> None:
        """Close: the peer wants it."""
        super().handle_close(event)
        self._abort_soon()

    async def run_asgi(self) -> None:
        """Run the app, and close when it has ended."""
        await super().run_asgi()
        self._abort_soon()

    def _abort_soon(self) -> None:
        self.loop.call_later(FLUSH_SECONDS, self._abort)

    def _abort(self) -> None:
        if not self.disconnected:
            unread.abort(self.transport)

    def handle_connect(self, event: Request) -> None:
        """Begin the app, which runs in the next round."""
        super().handle_connect(event)
        if hasattr(self, "scope"):  # otherwise it was refused
            self.scope[CALLER] = self.caller  # type: ignore[typeddict-unknown-key]  # ours

    def data_received(self, data: bytes) -> None:
        """Take what came; the whole head at first."""
        super().data_received(data)
        failure = self.conn.handshake_exc
        if failure is not None and not self.handshake_initiated and not self.transport.is_closing():
            reason = f"it begins no WebSocket: {failure.__cause__ or failure}"
            self.transport.write(_answer(MalformedRequestError(reason=reason)))
            self.transport.close()


def _answer(error: CausewayError) -> bytes:
    body = msgspec.json.encode(error.problem())
    lines = (
        f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}",
        "content-type: application/problem+json",
        f"content-length: {len(body)}",
        "connection: close",
    )
    return "\r\n".join((*lines, "", "")).encode() + body
