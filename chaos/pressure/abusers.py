"""Devices that misbehave: some read nothing of what is sent to them, one sends far more than it should."""

import asyncio
import base64
import contextlib
import secrets
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator

import aiohttp
import msgspec

from infra.tasks import beside

SMALL_WINDOW = 4096
UNDER_WAY = 4000
PAUSE_SECONDS = 0.005
BACK_SECONDS = 1.0
ESTABLISHED = 1
"""What Linux calls a TCP connection that neither end has closed."""


class _Frame(msgspec.Struct):
    type: str = ""
    code: str = ""
    status: int = 0
    definite: bool = False
    client_message_id: str | None = None


class Deaf:
    """A device that says hello and reads nothing more: its TCP window is small, and shuts.

    Attributes:
        cut: Whether the region has closed the connection.
    """

    def __init__(self, url: str, token: str) -> None:
        """Prepare.

        Args:
            url: Of the region, `http://`.
            token: Its access token.
        """
        self.cut = False
        self._url, self._token = url, token

    @contextlib.asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """Be connected for as long as the context lasts, and note whether one is cut off."""
        host, _, port = self._url.removeprefix("http://").partition(":")
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_WINDOW)
        raw.setblocking(False)  # noqa: FBT003  # its name says what it is
        loop = asyncio.get_running_loop()
        await loop.sock_connect(raw, (host, int(port)))
        head = (
            f"GET /ws HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {base64.b64encode(secrets.token_bytes(16)).decode()}\r\nSec-WebSocket-Version: 13\r\n"
            f"Authorization: Bearer {self._token}\r\n\r\n"
        )
        await loop.sock_sendall(raw, head.encode())
        await loop.sock_recv(raw, SMALL_WINDOW)
        await loop.sock_sendall(raw, _masked(b'{"type":"hello","resume":null,"held":{}}'))
        try:
            async with beside(self._watch(raw)):
                yield
        finally:
            raw.close()

    async def _watch(self, raw: socket.socket) -> None:
        """Note when the kernel says that the other end is gone, without reading a byte."""
        while not self.cut:
            self.cut = raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != ESTABLISHED
            await asyncio.sleep(0.2)


def _masked(payload: bytes) -> bytes:
    """Return a WebSocket text frame of a device."""
    return bytes((0x81, 0x80 | len(payload), 0, 0, 0, 0)) + payload


class Flooder:
    """One device that sends without heed to what it is told, and comes back when it is cut off, sooner than it may.

    Attributes:
        accepted: How many of its messages were.
        sent: How many it sent.
        errors: What it was told instead, with how often.
        ends: How its connections ended while it wanted to go on, with how often: the code of the close, or why there was none.
    """

    def __init__(self, url: str, token: str, *, to: str, rate: float, size: int, back: float = BACK_SECONDS) -> None:
        """Prepare.

        Args:
            url: Of the region.
            token: Its access token.
            to: The recipient's user id.
            rate: Messages a second that it tries to send.
            size: Bytes of each text.
            back: Seconds after which it comes back when its connection has ended.
        """
        self.accepted = 0
        self.sent = 0
        self.errors: Counter[str] = Counter()
        self.ends: Counter[str] = Counter()
        self._back = back
        self._url, self._token, self._to, self._rate = url, token, to, rate
        self._filler = secrets.token_urlsafe(size)[:size]
        self._open: set[str] = set()

    @contextlib.asynccontextmanager
    async def flood(self) -> AsyncIterator[None]:
        """Send for as long as the context lasts."""
        async with aiohttp.ClientSession() as http, beside(self._go_on(http)):
            yield

    async def _go_on(self, http: aiohttp.ClientSession) -> None:
        headers = {"Authorization": f"Bearer {self._token}"}
        while True:
            try:
                async with http.ws_connect(f"{self._url}/ws", headers=headers, compress=0, max_msg_size=0) as ws:
                    await ws.send_str('{"type":"hello","resume":null,"held":null}')
                    async with beside(self._send(ws)):
                        await self._read(ws)
                self.ends[str(ws.close_code)] += 1
            except (aiohttp.ClientError, ConnectionError) as error:
                self.ends[type(error).__name__] += 1
            self._open.clear()
            await asyncio.sleep(self._back)

    async def _send(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        began, run, due = time.monotonic(), secrets.token_hex(4), 0
        with contextlib.suppress(ConnectionError):  # whoever reads is told how it ended
            while True:
                while due < (time.monotonic() - began) * self._rate:
                    due += 1
                    if len(self._open) >= UNDER_WAY:
                        continue
                    name = f"{run}:{due}"
                    self._open.add(name)
                    self.sent += 1
                    await ws.send_str(
                        f'{{"type":"send","client_message_id":"{name}","recipient_id":"{self._to}","text":"{self._filler}"}}'
                    )
                await asyncio.sleep(PAUSE_SECONDS)

    async def _read(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        async for raw in ws:
            if raw.type is not aiohttp.WSMsgType.TEXT:
                continue
            frame = msgspec.json.decode(raw.data, type=_Frame)
            if frame.type == "accepted":
                self.accepted += 1
                self._open.discard(frame.client_message_id or "")
            elif frame.type == "error":
                how = "definite" if frame.definite else "unknown outcome"
                self.errors[f"{frame.status} {frame.code}, {how}"] += 1
                self._open.discard(frame.client_message_id or "")
