"""Bytes to a port, and what comes back: HTTP answers and WebSocket frames read by hand, so that what is sent may be wrong in any way."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from random import Random
from typing import Final
from urllib.parse import urlsplit

PATIENCE: Final = 30.0
"""Seconds until an answer counts as missing: thrice what a head, a body or a hello may take, which is 10 seconds."""
LARGEST_ANSWER: Final = 8 * 1024 * 1024

TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA
FINAL: Final = 0x80
_SHORT, _TWO_BYTES, _EIGHT_BYTES = 125, 126, 127


@dataclass(frozen=True, slots=True)
class Port:
    """Where to.

    Attributes:
        name: What to call it, such as `us public`.
        url: Of it.
        tls: How to speak TLS there, and as whom; None for plain text.
        server: Whose certificate is expected, with TLS.
    """

    name: str
    url: str
    tls: ssl.SSLContext | None = None
    server: str | None = None

    @property
    def authority(self) -> str:
        """Host and port, as in the Host header."""
        return urlsplit(self.url).netloc


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; `status` 0 means that the connection was closed without one, `body` None that it has none."""

    status: int
    headers: dict[str, str]
    body: bytes | None = None


CLOSED: Final = Answer(0, {})


@dataclass(frozen=True, slots=True)
class Frame:
    """A WebSocket frame of the server."""

    opcode: int
    payload: bytes

    @property
    def close_code(self) -> int:
        """The code of a close frame; 1005 if it has none."""
        return int.from_bytes(self.payload[:2]) if len(self.payload) > 1 else 1005


class Wire:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take what `asyncio.open_connection` gave."""
        self._reader = reader
        self._writer = writer

    async def send(self, raw: bytes) -> None:
        """Send bytes; whoever closed meanwhile is seen when reading."""
        with suppress(OSError, RuntimeError):  # uvloop raises the second once it has closed the connection
            self._writer.write(raw)
            async with asyncio.timeout(PATIENCE):
                await self._writer.drain()

    async def answer(self, *, body: bool = True) -> Answer:
        """Return the next HTTP answer, or `CLOSED`; one to HEAD has no body.

        Raises:
            TimeoutError: None came in time, and the connection was not closed either.
        """
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._answer(body=body)
        except (OSError, EOFError, asyncio.LimitOverrunError, ValueError) as error:
            if isinstance(error, TimeoutError):
                raise
            return CLOSED

    async def frame(self) -> Frame | None:
        """Return the next WebSocket frame; None if the connection was closed.

        Raises:
            TimeoutError: None came in time, and the connection was not closed either.
        """
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._frame()
        except (OSError, EOFError) as error:
            if isinstance(error, TimeoutError):
                raise
            return None

    async def gone(self, within: float) -> None:
        """Wait so many seconds until the other end closes, whatever it says before.

        Raises:
            TimeoutError: It does not.
        """
        with suppress(ConnectionError, ssl.SSLError):
            async with asyncio.timeout(within):
                while await self._reader.read(65_536):
                    pass

    async def _answer(self, *, body: bool) -> Answer:
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")
        status = int(first.split(" ")[1])
        headers = {
            name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines) if name
        }
        if 100 <= status < 200 and status != 101:  # noqa: PLR2004 — HTTP's interim answers
            return await self._answer(body=body)
        if not body:
            return Answer(status, headers)
        if headers.get("transfer-encoding") == "chunked":
            return Answer(status, headers, await self._chunks())
        content = await self._reader.readexactly(min(int(headers.get("content-length", "0")), LARGEST_ANSWER))
        return Answer(status, headers, content)

    async def _chunks(self) -> bytes:
        body = b""
        while size := int(await self._reader.readuntil(b"\r\n"), 16):
            body += (await self._reader.readexactly(size + 2))[:-2]
        await self._reader.readexactly(2)
        return body

    async def _frame(self) -> Frame:
        first, second = await self._reader.readexactly(2)
        size = second & 0x7F
        if size > _SHORT:
            size = int.from_bytes(await self._reader.readexactly(2 if size == _TWO_BYTES else 8))
        return Frame(first & 0x0F, await self._reader.readexactly(size))


@asynccontextmanager
async def connected(port: Port) -> AsyncIterator[Wire]:
    """Connect to a port; the connection is cut at the end, whatever state it is in.

    Raises:
        OSError: Nobody listens there any more.
    """
    parts = urlsplit(port.url)
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection(
            parts.hostname,
            parts.port,
            limit=LARGEST_ANSWER,
            ssl=port.tls,
            server_hostname=port.server,
        )
    try:
        yield Wire(reader, writer)
    finally:
        writer.transport.abort()


def handshake(port: Port, path: str, random: Random, *headers: str) -> bytes:
    """Return the head of a WebSocket's request."""
    key = base64.b64encode(random.randbytes(16)).decode()
    lines = (f"GET {path} HTTP/1.1", f"Host: {port.authority}", "Connection: Upgrade", "Upgrade: websocket")
    return "\r\n".join((*lines, f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", *headers, "", "")).encode(
        "latin-1"
    )


def masked(opcode: int, payload: bytes, random: Random, *, flags: int = FINAL, claimed: int | None = None) -> bytes:
    """Return a WebSocket frame as a client sends it.

    Args:
        opcode: Its kind.
        payload: What it carries.
        random: Where the mask comes from.
        flags: FIN and reserved bits.
        claimed: The length that it claims to have; its own by default.
    """
    size, mask = len(payload) if claimed is None else claimed, random.randbytes(4)
    if size <= _SHORT:
        head = bytes((flags | opcode, 0x80 | size))
    elif size < 1 << 16:
        head = bytes((flags | opcode, 0x80 | _TWO_BYTES)) + size.to_bytes(2)
    else:
        head = bytes((flags | opcode, 0x80 | _EIGHT_BYTES)) + size.to_bytes(8)
    repeated = mask * (len(payload) // 4 + 1)
    return head + mask + (int.from_bytes(payload) ^ int.from_bytes(repeated[: len(payload)])).to_bytes(len(payload))
