"""Lets the standby's PostgreSQL in to this region's: over mutual TLS, by the name in its certificate, as one role and to one database."""

import asyncio
from asyncio import StreamReader, StreamWriter
from typing import Final

import structlog
from psycopg.conninfo import conninfo_to_dict

from infra.identity import Door
from infra.tls import MutualTls
from region.standby import admission, passing
from region.standby.passing import Passer
from region.standby.repository.publishing import ROLE

log = structlog.get_logger()

CONNECT_SECONDS: Final = 5.0
MOST: Final = 32
"""Connections at a time: one follows, a few copy tables, one asks."""


class Gate:
    """The way in for one standby."""

    def __init__(self, store: str, door: Door) -> None:
        """Prepare.

        Args:
            store: URL of the region's store.
            door: Who may come in.
        """
        where = conninfo_to_dict(store)
        self._host, self._port = str(where.get("host") or "127.0.0.1"), int(where.get("port") or 5432)
        self._database = str(where.get("dbname") or where.get("user") or "")
        self._door = door
        self._passers: set[Passer] = set()
        door.watch(self._passers)  # type: ignore[arg-type]  # what a door looks at is there, and stays as it is

    async def serve(self, host: str, port: int, tls: MutualTls | None) -> None:
        """Let in whoever may come, until cancelled.

        Args:
            host: Address to listen at.
            port: Port of it.
            tls: As whom, and by which authorities; None: in plain text, and whoever comes.
        """
        server = await asyncio.start_server(
            lambda reader, writer: self._meet(reader, writer, known=tls is not None),
            host,
            port,
            ssl=None if tls is None else tls.server,
        )
        try:
            async with server:
                await server.serve_forever()
        finally:
            await passing.dismiss(self._passers)

    async def _meet(self, reader: StreamReader, writer: StreamWriter, *, known: bool) -> None:
        with passing.noted(self._passers, writer) as passer:
            try:
                await self._let_in(reader, writer, passer.caller, known=known)
            except admission.NoBeginningError as error:
                log.warning("not let in to the store", caller=passer.caller, reason=str(error))
            except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
                log.debug("a connection to the store ended", error=type(error).__name__)
            finally:
                await passing.close(writer)

    async def _let_in(self, reader: StreamReader, writer: StreamWriter, caller: str | None, *, known: bool) -> None:
        refused = self._door.refusal(caller) if known else None
        reason = str(refused) if refused else "" if len(self._passers) <= MOST else "too many are here already"
        beginning, said = await passing.begin(reader, writer)
        reason = reason or admission.refusal(beginning, user=ROLE, database=self._database)
        if reason:
            log.warning("not let in to the store", caller=caller, reason=reason)
            writer.write(admission.farewell(reason))
            await writer.drain()
            return
        async with asyncio.timeout(CONNECT_SECONDS):
            store = await asyncio.open_connection(self._host, self._port, limit=passing.CHUNK)
        store[1].write(said)
        await passing.carry((reader, writer), store)
