"""A tunnel to a port on loopback that can be cut: everything that passes is broken off, and for a while nobody gets through."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

PIECE = 256 * 1024


class Tunnel:
    """A way to one port; `open` it first.

    Attributes:
        port: Where it begins.
        cuts: How often it was cut.
        broken: How many connections that broke off.
        passed: Bytes that came through, both ways.
    """

    def __init__(self, target: int) -> None:
        """Say where it leads."""
        self._target = target
        self._closed = False
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0
        self.cuts = self.broken = 0
        self.passed = 0

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Let traffic through, for as long as the context lasts."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=PIECE)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.close()
            self._break_off()

    async def cut(self, seconds: float) -> None:
        """Break off what passes, and let nothing through for a while."""
        self.cuts += 1
        self._closed = True
        self.broken += len(self._writers) // 2
        self._break_off()
        await asyncio.sleep(seconds)
        self._closed = False

    def _break_off(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._closed:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target, limit=PIECE)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, far_writer}
        self._writers |= ends
        try:
            await asyncio.gather(self._pipe(reader, far_writer), self._pipe(far_reader, writer))
        finally:
            self._writers -= ends
            for end in ends:
                end.close()

    async def _pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, RuntimeError):  # uvloop raises the latter for what was aborted
            while piece := await reader.read(PIECE):
                writer.write(piece)
                self.passed += len(piece)
                await writer.drain()
            writer.write_eof()
