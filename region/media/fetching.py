"""Fetch a blob from the region where it was brought: once, in parts that need not be fetched again, and checked as a whole."""

import contextlib
import time
from collections.abc import Callable, Mapping
from typing import Final

import httpx
import structlog
from prometheus_client import Counter

from infra.blobs import AbsentError, Blobs
from infra.internal import REGION_HEADER
from infra.peers import Listener, Peers
from infra.postgres import Pool
from infra.tls import MutualTls, PeerTransport
from infra.ways import Ways, ends
from region.media import repository, rules
from region.media.errors import MismatchError
from region.media.repository import Blob
from region.media.serving import PATH
from replication.ids import region_of

log = structlog.get_logger()

LARGEST_THUMBNAIL: Final = 2 * rules.MEBIBYTE
TIMEOUT: Final = httpx.Timeout(20, connect=5)
KEPT: Final = httpx.Limits(keepalive_expiry=3)
"""Idle connections are given up before their server does, which would look like a failure."""

FETCHED = Counter(
    "causeway_media_fetched_bytes_total", "Bytes of blobs that were fetched from other regions.", ["origin"]
)


class OriginError(Exception):
    """The origin does not give the blob, or not now."""


class Fetcher:
    """Fetches one blob at a time."""

    def __init__(
        self,
        *,
        region: str,
        peers: Mapping[str, str] | Ways,
        store: Pool,
        blobs: Blobs,
        tls: MutualTls | None,
        tell: Callable[[Listener], None] | None = None,
    ) -> None:
        """Prepare.

        Args:
            region: This region.
            peers: Other region to the URL of its media service; or the ways to them.
            store: This region's store.
            blobs: This region's blob store.
            tls: As whom to call; None for plain text.
            tell: As for `infra.peers.Peers`.
        """
        self._ways = Ways.of(peers)
        self._trusted = Peers(region, self._ways, tell=tell)
        self._store = store
        self._blobs = blobs
        self._clients = {
            peer: httpx.AsyncClient(
                base_url=url,
                transport=PeerTransport(ends(peer)[0], tls, limits=KEPT),
                timeout=TIMEOUT,
                headers={REGION_HEADER.decode(): region},
            )
            for peer, url in self._ways.urls.items()
        }

    async def close(self) -> None:
        """Close every connection."""
        for client in self._clients.values():
            await client.aclose()

    async def fetch(self, blob: Blob) -> None:
        """Bring a blob here; what had come before a crash or a cut is not fetched again.

        Raises:
            OriginError: The origin does not give it, or not now.
            MismatchError: What came is not what the message refers to; it was thrown away.
            Exception: One of `infra.blobs.FAILURES`, of httpx or of the store's; it is to be tried again.
        """
        if blob.kind == "image":
            for name in rules.THUMBNAILS:
                content = await self._get(blob, name, most=LARGEST_THUMBNAIL)
                await self._blobs.write(rules.key(blob.blob_id, name), content, content_type="image/webp")
        where = rules.key(blob.blob_id)
        if rules.in_parts(blob.size):
            await self._parts(blob)
        else:
            content = await self._get(blob, "original", most=rules.PART)
            await self._blobs.write(where, content, content_type=blob.content_type)
        if await self._blobs.digest(where) != (blob.size, blob.checksum):
            async with self._store.connection() as connection:
                await repository.note_upload(connection, blob.blob_id, "", anew=True)
            await self._blobs.remove(rules.keys(blob.blob_id, blob.kind))
            raise MismatchError
        async with self._store.connection() as connection:
            await repository.finish(connection, blob.attachment, now=time.time_ns() // 1000)
        log.info("fetched", blob=blob.blob_id, size=blob.size)

    async def _parts(self, blob: Blob) -> None:
        where, sizes = rules.key(blob.blob_id), rules.part_sizes(blob.size)
        upload_id = blob.upload_id
        there: set[int] = set()
        if upload_id:
            try:
                found = await self._blobs.parts(where, upload_id)
            except AbsentError:
                with contextlib.suppress(AbsentError):
                    if await self._blobs.size(where) == blob.size:
                        return  # it was completed before a crash
                upload_id = ""
            else:
                there = {part.number for part in found if sizes[part.number - 1] == part.size}
        if not upload_id:
            upload_id = await self._blobs.begin_parts(where, content_type=blob.content_type)
            async with self._store.connection() as connection:
                await repository.note_upload(connection, blob.blob_id, upload_id, anew=True)
        received = sum(sizes[number - 1] for number in there)
        for number, size in enumerate(sizes, 1):
            if number not in there:
                start = (number - 1) * rules.PART
                content = await self._get(blob, "original", most=size, start=start, end=start + size)
                await self._blobs.write_part(where, upload_id, number, content)
                received += size
                async with self._store.connection() as connection:
                    now = time.time_ns() // 1000
                    await repository.note_received(connection, blob.blob_id, received, now=now)
        await self._blobs.complete_parts(where, upload_id, await self._blobs.parts(where, upload_id))

    async def _get(self, blob: Blob, name: str, *, most: int, start: int = 0, end: int | None = None) -> bytes:
        origin = region_of(blob.blob_id)
        client = self._clients.get(self._ways.name(origin))
        if client is None:
            raise OriginError(f"CAUSEWAY_MEDIA_PEERS does not name {self._ways.name(origin)}")
        if not self._trusted.trusts(origin):
            raise OriginError(f"{origin} is not trusted")
        headers = {} if end is None else {"Range": f"bytes={start}-{end - 1}"}
        content = bytearray()
        async with client.stream("GET", f"{PATH}{blob.blob_id}/{name}", headers=headers) as response:
            if response.status_code != httpx.codes.OK:
                raise OriginError(f"{origin} answers {response.status_code}")
            async for piece in response.aiter_bytes(rules.MEBIBYTE):
                content += piece
                FETCHED.labels(origin).inc(len(piece))
                if not self._trusted.trusts(origin):
                    raise OriginError(f"{origin} was expelled from trust meanwhile")
                if len(content) > most:
                    raise OriginError(f"{origin} sends more than there is")
        if end is not None and len(content) != end - start:
            raise OriginError(f"{origin} sent less than there is")
        return bytes(content)
