"""Peers that shut their window: neither this process nor the kernel keeps for ever what they never read."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from infra import heads, unread
from infra.local import ports
from infra.web import serve_app

LIMIT = 60.0
REQUEST = b"GET / HTTP/1.1\r\nhost: x\r\n"
UPGRADE = (
    b"upgrade: websocket\r\nconnection: upgrade\r\n"
    b"sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-version: 13\r\n"
)
ESTABLISHED = 1
PIECE = b"x" * 60_000


@contextlib.asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[int]:
    """Serve an app; give the port."""
    [port] = ports.some_free(1)
    started = asyncio.Event()
    server = asyncio.create_task(serve_app(app, host="127.0.0.1", port=port, started=started))
    async with asyncio.timeout(LIMIT):
        await started.wait()
    yield port
    server.cancel()
    await asyncio.gather(server, return_exceptions=True)


@contextlib.asynccontextmanager
async def deaf(port: int, request: bytes) -> AsyncIterator[socket.socket]:
    """Send a request over a connection of which nothing is ever read."""
    loop = asyncio.get_running_loop()
    with socket.socket() as end:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        end.setblocking(False)  # noqa: FBT003 — its name says what it is
        await loop.sock_connect(end, ("127.0.0.1", port))
        await loop.sock_sendall(end, request)
        yield end


def held_by_kernel(port: int) -> bool:
    """Say whether the kernel still has a connection of that port that is to send something."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return any(
        here.endswith(f":{port:04X}") and int(queues.split(":")[0], 16) > 0
        for _, here, _, _, queues, *_ in map(str.split, lines)
        if not here.startswith("00000000")
    )


def answering(size: int, ended: asyncio.Event) -> ASGIApp:
    """Return an app that answers with so many bytes, and says when it has."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % size)]})
            for start in range(0, size, len(PIECE)):
                piece = PIECE[: size - start]
                await send({"type": "http.response.body", "body": piece, "more_body": start + len(piece) < size})
        finally:
            ended.set()

    return app


async def test_an_http_client_that_reads_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else its answer, and whoever writes it, would be kept for as long as its window is shut."""
    monkeypatch.setattr(unread, "HTTP_SECONDS", 0.1)
    ended = asyncio.Event()
    async with served(answering(20_000_000, ended)) as port, asyncio.timeout(LIMIT), deaf(port, REQUEST + b"\r\n"):
        await ended.wait()


async def test_an_answer_that_the_kernel_holds_is_forgotten_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """It fits into the kernel's buffer, so the connection is closed here, and the kernel alone keeps it."""
    monkeypatch.setattr(unread, "HTTP_SECONDS", 0.1)
    ended = asyncio.Event()
    async with (
        served(answering(1_000_000, ended)) as port,
        asyncio.timeout(LIMIT),
        deaf(port, REQUEST + b"connection: close\r\n\r\n"),
    ):
        await ended.wait()
        while held_by_kernel(port):  # noqa: ASYNC110 — the kernel's
            await asyncio.sleep(0.01)


async def test_a_device_that_reads_nothing_does_not_keep_its_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its window is shut, so neither what is left nor the end can be sent to it: after a moment it is cut off."""
    monkeypatch.setattr(heads, "FLUSH_SECONDS", 0.05)
    ended = asyncio.Event()

    async def much(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.2):
                while True:
                    await send({"type": "websocket.send", "bytes": PIECE})
        ended.set()

    async with served(much) as port, asyncio.timeout(LIMIT), deaf(port, REQUEST + UPGRADE + b"\r\n") as end:
        await ended.wait()
        while end.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == ESTABLISHED:  # noqa: ASYNC110 — the kernel's
            await asyncio.sleep(0.01)
