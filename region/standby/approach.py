"""The way from this region's PostgreSQL to another region's gate: over mutual TLS, and closed while the store there is not the one that was copied."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from infra.identity import host_name
from infra.tls import MutualTls
from region.standby import admission, passing
from region.standby.passing import Passer

log = structlog.get_logger()

CONNECT_SECONDS: Final = 8.0


class Approach:
    """The way to one region's store.

    Attributes:
        region: Whose.
    """

    def __init__(self, region: str, gate: tuple[str, int], may_follow: Callable[[], Awaitable[str]]) -> None:
        """Prepare.

        Args:
            region: Whose store it is.
            gate: Where its gate is.
            may_follow: Tells why changes may not be taken in just now; empty if they may. Asked for each connection that wants them.
        """
        self.region = region
        self._gate = gate
        self._may_follow = may_follow
        self._passers: set[Passer] = set()
        self._told = ""

    async def serve(self, host: str, port: int, tls: MutualTls | None) -> None:
        """Lead this region's PostgreSQL there, until cancelled.

        Args:
            host: Address to listen at.
            port: Port of it.
            tls: As whom to go; None: in plain text.
        """
        server = await asyncio.start_server(
            lambda reader, writer: self._lead(reader, writer, tls), host, port, limit=passing.CHUNK
        )
        try:
            async with server:
                await server.serve_forever()
        finally:
            await passing.dismiss(self._passers)  # whoever is no longer trusted is not followed, either

    async def _lead(self, reader: StreamReader, writer: StreamWriter, tls: MutualTls | None) -> None:
        with passing.noted(self._passers, writer):
            try:
                await self._lead_on(reader, writer, tls)
            except (admission.NoBeginningError, OSError, TimeoutError, asyncio.IncompleteReadError) as error:
                log.debug("a connection to a store ended", held=self.region, error=type(error).__name__)
            finally:
                await passing.close(writer)

    async def _lead_on(self, reader: StreamReader, writer: StreamWriter, tls: MutualTls | None) -> None:
        beginning, said = await passing.begin(reader, writer)
        if beginning.replication:
            reason = await self._may_follow()
            if reason and reason != self._told:
                log.warning("changes are not taken in", held=self.region, reason=reason)
            self._told = reason
            if reason:
                writer.write(admission.farewell(reason))
                await writer.drain()
                return
        async with asyncio.timeout(CONNECT_SECONDS):
            far = await asyncio.open_connection(
                *self._gate,
                limit=passing.CHUNK,
                ssl=None if tls is None else tls.client,
                server_hostname=None if tls is None else host_name(self.region),
            )
        far[1].write(said)
        await passing.carry((reader, writer), far)
