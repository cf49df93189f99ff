"""The opening end: a few trunks to one URL, kept connected, over which any number of devices are carried."""

import asyncio
import contextlib
import ssl
from collections.abc import Iterator
from typing import Final

import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, WebSocketException

from infra.backoff import Backoff
from infra.errors import UnavailableError
from infra.identity import host_name
from infra.trunk.frames import LARGEST_MESSAGE, PATH, Open, TrunkProtocolError
from infra.trunk.link import Channel, Link

log = structlog.get_logger()

FIRST_CONNECT_SECONDS: Final = 3.0
"""How long a device waits for a pool that was only just started."""


class TrunkPool:
    """Trunks to one URL; `run` keeps them connected, `open` carries one more device."""

    def __init__(
        self, url: str, *, peer: str, size: int = 2, tls: ssl.SSLContext | None = None, most_back_off: float = 1.0
    ) -> None:
        """Prepare; nothing is connected before `run`.

        Args:
            url: Base URL of the other process, `http://` or `https://`.
            peer: Whose it is: a region.
            size: How many connections to keep.
            tls: Context for mutual TLS, in which the other process must have its peer's certificate; None for plain text.
            most_back_off: Longest pause between attempts to connect, seconds.
        """
        self._url = url.replace("http", "ws", 1).rstrip("/") + PATH
        self._peer = peer
        self._size = size
        self._tls = tls
        self._most_back_off = most_back_off
        self._links: list[Link] = []
        self._changed = asyncio.Event()
        self._failing = False
        self._hurrying: set[asyncio.Timeout] = set()

    @property
    def connections(self) -> int:
        """How many trunks are connected."""
        return len(self._links)

    @property
    def unreachable(self) -> bool:
        """Whether no trunk is connected, and the last attempt to connect one failed: the other process cannot be reached now."""
        return self._failing and not self._links

    @contextlib.contextmanager
    def hurrying(self, limit: asyncio.Timeout) -> Iterator[None]:
        """While the context lasts, let the time limit run out at once if the other process turns out to be unreachable."""
        self._hurrying.add(limit)
        try:
            yield
        finally:
            self._hurrying.discard(limit)

    async def run(self) -> None:
        """Keep the trunks connected until cancelled; then the other process counts as unreachable."""
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._size):
                    group.create_task(self._keep())
        finally:
            self._tell_failing("they are not wanted any more")

    async def open(self, opening: Open) -> Channel:
        """Open a channel on the trunk with the fewest; the number in the argument is ignored.

        Raises:
            UnavailableError: No trunk is connected.
            TrunkProtocolError: The opening is too large.
        """
        if not self._links and not self._failing:
            self._changed.clear()
            try:
                async with asyncio.timeout(FIRST_CONNECT_SECONDS):
                    await self._changed.wait()
            except TimeoutError as error:
                raise UnavailableError(what=self._peer) from error
        if not self._links:
            raise UnavailableError(what=self._peer)
        return min(self._links, key=lambda link: link.channels).open(opening)

    async def _keep(self) -> None:
        backoff = Backoff(0.1, self._most_back_off)
        while True:
            try:
                async with connect(
                    self._url,
                    ssl=self._tls,
                    server_hostname=host_name(self._peer) if self._tls else None,
                    compression=None,
                    max_size=LARGEST_MESSAGE,
                    open_timeout=5,
                    close_timeout=1,
                    ping_interval=2,
                    ping_timeout=4,
                    proxy=None,
                ) as connection:
                    backoff.reset()
                    await self._carry(connection)
            except (OSError, WebSocketException, InvalidHandshake, TrunkProtocolError) as error:
                self._tell_failing(str(error) or type(error).__name__)
            await asyncio.sleep(backoff.next())

    async def _carry(self, connection: ClientConnection) -> None:
        link = Link(opens=True, peer=self._peer)
        self._links.append(link)
        self._failing = False
        self._changed.set()
        log.info("trunk connected", peer=self._peer)
        writer = asyncio.create_task(self._write(link, connection))
        try:
            async for message in connection:
                if isinstance(message, str):
                    raise TrunkProtocolError(reason="a text message")
                link.feed(message)
        finally:
            self._links.remove(link)
            link.end(1012, f"trunk to {self._peer} lost")
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)

    async def _write(self, link: Link, connection: ClientConnection) -> None:
        try:
            await link.write(connection.send)
        except (OSError, WebSocketException):
            await connection.close(1011)

    def _tell_failing(self, reason: str) -> None:
        if not self._links:
            if not self._failing:
                log.warning("trunk lost", peer=self._peer, reason=reason)
            self._failing = True
            self._changed.set()
            for limit in self._hurrying:
                if not limit.expired():
                    limit.reschedule(asyncio.get_running_loop().time())
