"""The origin's side of a repair: serves ranges of its streams to the region that they lead to, and to nobody else.

It wraps the app of a region's internal port, where other regions' edges and trunks arrive, and answers nothing that an edge
carries for a device.
"""

import asyncio
import time
from typing import Final

import msgspec
import psycopg
import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from infra.answers import answer, answer_problem
from infra.errors import CausewayError, MalformedRequestError, NotFoundError, UnavailableError
from infra.internal import is_bridged, peer_of
from infra.postgres import Pool
from replication.repair import metrics
from replication.repair.pages import MOST_BYTES, PATH, Page, Want, build, encode_page, read_query
from replication.repository import runs_within

log = structlog.get_logger()

MOST_RUNS: Final = 200
"""Relay rows that are read for a page, and no more of them than their batches have `MOST_BYTES` together."""

AT_ONCE: Final = 2
"""Pages that are made at the same time; who asks meanwhile waits."""

SECONDS: Final = 5.0
"""After which who asked is turned away, to come again."""


class RepairServer:
    """An ASGI app that answers `GET /internal/stream`, and passes everything else on."""

    def __init__(self, app: ASGIApp, *, region: str, store: Pool) -> None:
        """Wrap the app of the internal port.

        Args:
            app: Gets what is no repair.
            region: This region, the origin.
            store: Its store.
        """
        self._app = app
        self._region = region
        self._store = store
        self._making = asyncio.Semaphore(AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection of any kind."""
        if scope["type"] != "http" or scope["path"] != PATH:
            await self._app(scope, receive, send)
            return
        try:
            want = self._admit(scope)
            page = await self._page(want)
        except CausewayError as error:
            metrics.REQUESTS.labels(error.code).inc()
            await answer_problem(send, error)
            return
        metrics.REQUESTS.labels("").inc()
        metrics.SERVED.labels(want.stream.destination).inc(len(page.records))
        await answer(send, 200, encode_page(page), b"application/msgpack")

    def _admit(self, scope: Scope) -> Want:
        if scope["method"] != "GET":
            raise MalformedRequestError(reason="a stream is only read")
        if is_bridged(scope):
            raise NotFoundError(what="path")  # a device's, whatever region carries it
        want = read_query(self._region, scope["query_string"])
        if peer_of(scope) != want.stream.destination:
            raise NotFoundError(what="stream")
        return want

    async def _page(self, want: Want) -> Page:
        try:
            async with asyncio.timeout(SECONDS), self._making, self._store.connection() as connection:
                runs, complete = await runs_within(
                    connection, want.stream, first=want.first, last=want.last, most=MOST_RUNS, bytes_=MOST_BYTES
                )
        except (psycopg.Error, OSError) as error:  # the timeout among them
            log.warning("repair not served", reason=type(error).__name__)
            raise UnavailableError(what="The store of the origin") from error
        page = build(want, runs, now=time.time_ns() // 1000, complete=complete)
        log.info(
            "repair served",
            first=want.first,
            last=page.upto,
            records=len(page.records),
            **msgspec.structs.asdict(want.stream),
        )
        return page
