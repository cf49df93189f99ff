"""What strangers send as the head of a request: bounded in bytes, lines and time, and nobody else is harmed."""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Iterator
from itertools import repeat

import pytest
import uvloop
from starlette.types import ASGIApp, Receive, Scope, Send

from infra import heads
from infra.heads import LARGEST_HEAD
from infra.local import ports
from infra.web import serve_app

LIMIT = 20.0
MUCH = 10 * 1024 * 1024


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the size of the body."""
    size, more = 0, True
    while more:
        message = await receive()
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(str(size)))]})
    await send({"type": "http.response.body", "body": str(size).encode()})


@contextlib.asynccontextmanager
async def served(what: ASGIApp) -> AsyncIterator[int]:
    """Serve an app; give the port."""
    [port] = ports.some_free(1)
    started = asyncio.Event()
    server = asyncio.create_task(serve_app(what, host="127.0.0.1", port=port, started=started))
    async with asyncio.timeout(LIMIT):
        await started.wait()
    yield port
    server.cancel()
    await asyncio.gather(server, return_exceptions=True)


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """The port of a server."""
    async with served(app) as port:
        yield port


class Device:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def send(self, parts: Iterator[bytes]) -> None:
        """Send until everything is sent, or nobody takes it any more."""
        with contextlib.suppress(ConnectionError):
            for part in parts:
                self._writer.write(part)
                await self._writer.drain()

    async def answer(self) -> tuple[int, bytes]:
        """Return status and body of the next answer."""
        async with asyncio.timeout(LIMIT):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = next(line for line in head.split("\r\n") if line.startswith("content-length:"))
            return int(head.split()[1]), await self._reader.readexactly(int(length.split(":")[1]))

    async def ended(self) -> bool:
        """Wait until the server has closed; return whether nothing more came."""
        async with asyncio.timeout(LIMIT):
            return not await self._reader.read()


@contextlib.asynccontextmanager
async def connected(port: int) -> AsyncIterator[Device]:
    """Connect."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Device(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def pieces(*start: bytes, then: bytes, much: int = MUCH) -> Iterator[bytes]:
    """Give the start, then a piece again and again."""
    yield from start
    yield from repeat(then, much // len(then))


REQUEST = b"GET / HTTP/1.1\r\nhost: x\r\n"
UPGRADE = b"upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n"


@pytest.mark.parametrize(
    "start",
    [
        (b"GET /",),
        (REQUEST, b"x-long: "),
        (REQUEST, b"x"),
    ],
    ids=["target", "value", "name"],
)
async def test_one_endless_line_is_refused(port: int, start: tuple[bytes, ...]) -> None:
    """Ten megabytes of target, header value or name get 431 early; others are served meanwhile."""
    async with connected(port) as device, connected(port) as other:
        sending = asyncio.create_task(device.send(pieces(*start, then=b"x" * 4096)))
        status, body = await device.answer()
        assert (status, json.loads(body)["code"], json.loads(body)["definite"]) == (431, "head-too-large", True)
        await other.send(iter([REQUEST + b"\r\n"]))
        assert await other.answer() == (200, b"0")
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


async def test_a_million_lines_are_refused(port: int) -> None:
    """However short they are."""
    async with connected(port) as device:
        sending = asyncio.create_task(device.send(pieces(REQUEST, then=b"a: b\r\n" * 1000)))
        assert (await device.answer())[0] == 431
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


async def test_what_is_usual_passes(port: int) -> None:
    """Many and long headers, bodies larger than any head, one request after the other."""
    lines = b"".join(b"x-%d: %s\r\n" % (number, b"y" * 600) for number in range(90))
    async with connected(port) as device:
        for _ in range(3):
            await device.send(iter([REQUEST + lines + b"content-length: 1000000\r\n\r\n", b"z" * 1_000_000]))
            assert await device.answer() == (200, b"1000000")
    assert len(lines) < LARGEST_HEAD


@pytest.mark.parametrize("trickle", [b"G", REQUEST, b"\r\n"])
@pytest.mark.parametrize("first", [True, False])
async def test_a_head_that_never_ends_is_given_up(
    port: int,
    monkeypatch: pytest.MonkeyPatch,
    trickle: bytes,
    first: bool,  # noqa: FBT001 — a parameter of the test
) -> None:
    """On a new connection or a used one, and though now and then a byte comes."""
    async with connected(port) as device:
        if not first:
            await device.send(iter([REQUEST + b"\r\n"]))
            assert (await device.answer())[0] == 200
        monkeypatch.setattr(heads, "HEAD_SECONDS", 0.1)
        async with connected(port) as new:
            slow = new if first else device
            await slow.send(iter([trickle]))
            status, body = await slow.answer()
    assert (status, json.loads(body)["code"]) == (408, "too-slow")


@pytest.mark.parametrize("rest", [b"", b"\x00"], ids=["alone", "before what is no HTTP"])
def test_requests_whose_connection_is_closed_leave_no_trace_in_the_log(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, rest: bytes
) -> None:
    """Several at once, being served while it is cut: a stranger must not be able to fill the log with tracebacks."""
    monkeypatch.setattr(heads, "LINGER_SECONDS", 0.01)
    uvloop.run(leave_while_served(rest))  # the loop that services run in: another one is silent about this

    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


async def leave_while_served(rest: bytes) -> None:
    """Send several requests at once and leave, or be cut off, before the first is answered."""
    asked, gone, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def late(scope: Scope, receive: Receive, send: Send) -> None:
        asked.set()
        await gone.wait()
        try:
            await app(scope, receive, send)
        finally:
            done.set()

    async with served(late) as port:
        async with connected(port) as device:
            await device.send(iter([(REQUEST + b"\r\n") * 5 + rest]))
            async with asyncio.timeout(LIMIT):
                await asked.wait()
            if rest:
                assert await device.ended()
        gone.set()
        async with asyncio.timeout(LIMIT):
            await done.wait()


async def test_one_connection_too_many_is_sent_away(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are open are served on; and once one of them has gone, there is room for another."""
    monkeypatch.setattr(heads, "MOST_CONNECTIONS", 2)
    async with connected(port) as one, connected(port) as two:
        for device in (one, two):
            await device.send(iter([REQUEST + b"\r\n"]))
            assert await device.answer() == (200, b"0")
        async with connected(port) as third:
            status, body = await third.answer()
            assert (status, json.loads(body)["code"], json.loads(body)["definite"]) == (503, "busy", True)
            assert await third.ended()
        await one.send(iter([REQUEST + b"connection: close\r\n\r\n"]))
        assert await one.answer() == (200, b"0")
        assert await one.ended()
        async with connected(port) as fourth:
            await fourth.send(iter([REQUEST + b"\r\n"]))
            assert await fourth.answer() == (200, b"0")


async def test_a_websocket_is_no_http_connection_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are, they take nobody's place."""
    monkeypatch.setattr(heads, "MOST_CONNECTIONS", 1)
    begun = asyncio.Event()

    async def both(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await app(scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.accept"})
        begun.set()
        await receive()

    async with served(both) as port, connected(port) as talking:
        await talking.send(iter([REQUEST + UPGRADE + b"\r\n"]))
        async with asyncio.timeout(LIMIT):
            await begun.wait()
        async with connected(port) as device:
            await device.send(iter([REQUEST + b"\r\n"]))
            assert await device.answer() == (200, b"0")


async def test_what_is_no_http_is_a_problem_too(port: int) -> None:
    """As every other error."""
    async with connected(port) as device:
        await device.send(iter([b"\x16\x03\x01\r\n\r\n"]))
        status, body = await device.answer()
    assert (status, json.loads(body)["code"]) == (400, "malformed-request")


@pytest.mark.parametrize(
    "rest", [b"content-length: 3\r\n\r\nabc", b"x-long: " + b"x" * 9000 + b"\r\n\r\n"], ids=["body", "line"]
)
async def test_what_begins_no_websocket_is_answered(port: int, rest: bytes) -> None:
    """A handshake with a body, or with a line that the WebSocket library does not take: not left waiting without an end."""
    async with connected(port) as device:
        await device.send(iter([REQUEST + UPGRADE + rest]))

        status, body = await device.answer()

        assert (status, json.loads(body)["code"]) == (400, "malformed-request")
        assert await device.ended()
