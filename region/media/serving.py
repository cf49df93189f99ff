"""Serve blobs to other regions, over mutual TLS and to nobody else: whole or in ranges, if somebody who lives there may see them; to who stands by, all."""

import asyncio
import re
from typing import Final

import psycopg
import structlog
from prometheus_client import Counter
from starlette.types import ASGIApp, Receive, Scope, Send

from infra.answers import answer_problem
from infra.blobs import FAILURES, AbsentError, Blobs, away
from infra.bodies import BoundedBody
from infra.deadlines import USUAL_SECONDS, InTime
from infra.errors import CausewayError, MalformedRequestError, NotFoundError, UnavailableError
from infra.internal import is_bridged, peer_of
from infra.postgres import STORE_FAILURES, Pool
from region.media import repository, rules
from region.media.pictures.repository import shown_in
from replication.ids import is_blob_id, region_of

log = structlog.get_logger()

PATH: Final = "/internal/blobs/"
AT_ONCE: Final = 8
"""Blobs that are sent at the same time."""
LOOKS: Final = 4
"""Readings of the store at the same time, of who may have what; who comes meanwhile waits, and holds nothing."""
_RANGE: Final = re.compile(rb"bytes=(\d{1,12})-(\d{1,12})")

SERVED = Counter("causeway_media_served_bytes_total", "Bytes of blobs that other regions fetched.", ["region"])


class BlobServer:
    """An ASGI app that answers `GET /internal/blobs/{blob_id}/{name}`."""

    def __init__(self, *, region: str, store: Pool, blobs: Blobs, standby: str = "") -> None:
        """Prepare.

        Args:
            region: This region.
            store: Its store.
            blobs: Its blob store.
            standby: The region that keeps a copy of everything; empty for none.
        """
        self._region = region
        self._standby = standby
        self._store = store
        self._blobs = blobs
        self._room = asyncio.Semaphore(AT_ONCE)
        self._looking = asyncio.Semaphore(LOOKS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            return
        try:
            peer, where, start, end = await self._admit(scope)
        except CausewayError as error:
            await answer_problem(send, error)
            return
        async with self._room:
            await self._send(send, peer, where, start, end)

    async def _admit(self, scope: Scope) -> tuple[str, str, int, int]:
        peer = peer_of(scope)
        blob_id, _, name = scope["path"].removeprefix(PATH).partition("/")
        named = name == "original" or name in rules.THUMBNAILS
        if not scope["path"].startswith(PATH) or not named or not is_blob_id(blob_id) or scope["method"] != "GET":
            raise NotFoundError(what="path")
        if peer is None or is_bridged(scope):
            raise NotFoundError(what="path")
        if region_of(blob_id) != self._region:
            raise NotFoundError(what="blob")
        try:
            async with self._looking, self._store.connection() as connection:
                blob = await repository.blob(connection, blob_id)
                seen = blob is not None and (
                    peer == self._standby
                    or await repository.seen_in(connection, blob_id, peer)
                    or await shown_in(connection, blob_id, peer, here=self._region)
                )
        except (*STORE_FAILURES, psycopg.Error) as error:
            raise UnavailableError(what="The store of the origin") from error
        if not seen or blob is None or blob.state != "ready":
            raise NotFoundError(what="blob")
        where = rules.key(blob_id, name)
        try:
            size = blob.size if name == "original" else await self._blobs.size(where)
        except AbsentError:
            raise NotFoundError(what="blob") from None
        except FAILURES as error:
            raise away(error) from error
        start, end = _range(scope, size)
        return peer, where, start, end

    async def _send(self, send: Send, peer: str, where: str, start: int, end: int) -> None:
        """Send the bytes; a connection that ends early tells that something went wrong."""
        length = (b"content-length", str(end - start).encode())
        headers = [length, (b"content-type", b"application/octet-stream")]
        begun = False
        try:
            async for piece in self._blobs.read(where, start=start, end=end):
                if not begun:
                    await send({"type": "http.response.start", "status": 200, "headers": headers})
                    begun = True
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                SERVED.labels(peer).inc(len(piece))
        except (AbsentError, *FAILURES) as error:
            if not begun:
                await answer_problem(send, away(error))
                return
            raise
        await send({"type": "http.response.body", "body": b""})


def make_app(server: BlobServer, *, seconds: float = USUAL_SECONDS) -> ASGIApp:
    """Return what a port serves: whoever asks is answered in time, and may send as much as any request, though nothing here needs a body.

    Args:
        server: Answers.
        seconds: Until an answer begins; then the bytes take as long as they take.
    """
    return InTime(BoundedBody(server), seconds=seconds)


def _range(scope: Scope, size: int) -> tuple[int, int]:
    """Return which bytes are asked for: from, and up to but without."""
    wanted = next((value for name, value in scope["headers"] if name == b"range"), b"")
    if not wanted:
        return 0, size
    found = _RANGE.fullmatch(wanted)
    if found is None or not int(found[1]) <= int(found[2]) < size:
        raise MalformedRequestError(reason="the range does not lie within the blob")
    return int(found[1]), int(found[2]) + 1
