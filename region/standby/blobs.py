"""Brings the bytes of images and files after a copy, in the background, into a bucket of their own; and takes away those that are gone.

What is missing is known at any time: it stands in the copy, and not among what was brought.
"""

import asyncio
import time
from typing import Final

import httpx
import psycopg
import structlog

from infra.blobs import FAILURES, AbsentError, Blobs
from infra.postgres import STORE_FAILURES, Connection
from infra.schema.repository import connect
from infra.tasks import heed_cancellation
from infra.telling import told
from region.media import rules
from region.media.errors import MismatchError
from region.media.fetching import Fetcher, OriginError
from region.media.repository import Blob
from region.standby import metrics
from region.standby.repository import copying, kept

log = structlog.get_logger()

AT_ONCE: Final = 20
PAUSE_SECONDS: Final = 5.0
COUNT_SECONDS: Final = 30.0
"""Between two counts of all that is missing."""
AGAIN_SECONDS: Final = 60.0
"""Until what its region did not give is asked for again."""
FAILED: Final = (OriginError, MismatchError, AbsentError, httpx.HTTPError, *FAILURES)


class NoNotes:
    """A blob that is brought after a copy is here as a whole, or not: nothing is kept in between."""

    async def upload(self, blob_id: str, upload_id: str) -> None:
        """Keep nothing."""

    async def received(self, blob_id: str, received: int) -> None:
        """Keep nothing."""

    async def finish(self, blob: Blob) -> None:
        """Keep nothing: who asked for it does."""


class Bytes:
    """Brings the bytes of one region's blobs."""

    def __init__(self, region: str, *, copy: str, blobs: Blobs, fetcher: Fetcher) -> None:
        """Prepare; `run` does it.

        Args:
            region: Whose.
            copy: URL of the copy of its store.
            blobs: Where they go.
            fetcher: Who fetches them, into the same place, with `NoNotes`.
        """
        self.region = region
        self._copy = copy
        self._blobs = blobs
        self._fetcher = fetcher
        self._counted_at = -COUNT_SECONDS

    async def run(self) -> None:
        """Bring, and take away, until cancelled; of several that do, one works."""
        made = False
        while True:
            heed_cancellation()
            done = 0
            try:
                if not made:
                    await self._blobs.make_bucket()
                    made = True
                async with await connect(self._copy, name="causeway standby") as connection:
                    follows = await copying.subscription(connection) is not None  # or it is a store of its own by now
                    if follows and await copying.alone(connection, f"blobs of {self.region}"):
                        await kept.prepare(connection)
                        done = await self.step(connection)
            except (AbsentError, *FAILURES, *STORE_FAILURES, psycopg.Error) as error:
                made = made and not isinstance(error, AbsentError)
                log.debug("blobs of a copy are not brought", held=self.region, error=told(error))
            if not done:
                await asyncio.sleep(PAUSE_SECONDS)

    async def step(self, connection: Connection) -> int:
        """Bring some, and take some away; return how many were brought or taken away.

        Args:
            connection: To the copy.
        """
        done = 0
        for blob in await kept.next_missing(connection, now=_now(), most=AT_ONCE):
            done += await self._bring(connection, blob)
        for blob_id, kind in await kept.gone(connection, most=AT_ONCE):
            await self._blobs.remove(rules.keys(blob_id, kind))
            await kept.forget(connection, blob_id)
            done += 1
        if time.monotonic() > self._counted_at + COUNT_SECONDS:
            self._counted_at = time.monotonic()
            found = await kept.missing(connection)
            metrics.BLOBS.labels(self.region).set(found.blobs)
            metrics.BLOB_BYTES.labels(self.region).set(found.size)
        return done

    async def _bring(self, connection: Connection, blob: Blob) -> bool:
        try:
            if not await self._is_here(blob):
                await self._fetcher.fetch(blob)
        except FAILED as error:
            log.debug("a blob of a copy is missing", held=self.region, blob=blob.blob_id, problem=told(error))
            await kept.note(connection, blob, kept=False, again_at=_now() + int(AGAIN_SECONDS * 1e6))
            return False
        await kept.note(connection, blob, kept=True)
        return True

    async def _is_here(self, blob: Blob) -> bool:
        """Whether it is here, as after a copy was made anew; all of it is looked at."""
        try:
            for key in rules.keys(blob.blob_id, blob.kind):
                await self._blobs.size(key)
            return await self._blobs.digest(rules.key(blob.blob_id)) == (blob.size, blob.checksum)
        except AbsentError:
            return False


def _now() -> int:
    return time.time_ns() // 1000
