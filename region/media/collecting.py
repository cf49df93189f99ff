"""Collect what nobody can ever see: uploads that were not completed, and blobs to which no message refers after a while."""

import asyncio
import random
import time
from typing import Final

import psycopg
import structlog
from prometheus_client import Counter

from infra.blobs import FAILURES, Blobs
from infra.postgres import STORE_FAILURES, Pool
from region.media import repository, rules
from region.media.repository import Blob

log = structlog.get_logger()

AT_ONCE: Final = 100

COLLECTED = Counter(
    "causeway_media_collected_total", "Blobs that were removed, by the state that they were in.", ["state"]
)


class Collector:
    """Removes orphans now and then."""

    def __init__(self, *, store: Pool, blobs: Blobs, orphan_seconds: int, pinned_seconds: int, pause: float) -> None:
        """Prepare.

        Args:
            store: The region's store.
            blobs: Its blob store.
            orphan_seconds: After which what was not completed, and what no message ever referred to, is removed.
            pinned_seconds: After which a blob is removed whose message came to nothing.
            pause: Between two rounds, seconds.
        """
        self._store = store
        self._blobs = blobs
        self._orphan_us = orphan_seconds * 1_000_000
        self._pinned_us = pinned_seconds * 1_000_000
        self._pause = pause

    async def run(self) -> None:
        """Collect until cancelled."""
        while True:
            await asyncio.sleep(self._pause * random.uniform(0.5, 1.5))  # noqa: S311 — jitter
            try:
                while await self.collect() == AT_ONCE:  # noqa: ASYNC110 — it is no waiting
                    await asyncio.sleep(0)
            except (*FAILURES, *STORE_FAILURES, psycopg.Error) as error:
                log.warning("not collected", problem=type(error).__name__)

    async def collect(self) -> int:
        """Remove some; return how many there were."""
        now = time.time_ns() // 1000
        begun, pinned = now - self._orphan_us, now - self._pinned_us
        async with self._store.connection() as connection:
            found = await repository.orphans(connection, begun=begun, pinned=pinned, most=AT_ONCE)
        for blob in found:
            await self._remove(blob, pinned)
        return len(found)

    async def _remove(self, blob: Blob, pinned: int) -> None:
        """Remove one: first nobody may refer to it any more, then its objects go, then it is forgotten."""
        async with self._store.connection() as connection:
            if not await repository.condemn(connection, blob.blob_id, pinned=pinned):
                return
        if blob.upload_id:
            await self._blobs.abandon_parts(rules.key(blob.blob_id), blob.upload_id)
        await self._blobs.remove([rules.arrival_key(blob.blob_id), *rules.keys(blob.blob_id, blob.kind)])
        async with self._store.connection() as connection:
            await repository.forget(connection, blob.blob_id)
        COLLECTED.labels(blob.state).inc()
        log.info("collected", blob=blob.blob_id, was=blob.state)
