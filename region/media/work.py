"""Take up what is to be checked or fetched, one blob a worker, and keep others from it meanwhile; after a crash it is taken up anew."""

import asyncio
import time
from typing import Final

import httpx
import psycopg
import structlog
from prometheus_client import Counter, Gauge

from infra.blobs import FAILURES, AbsentError
from infra.health import Health
from infra.postgres import STORE_FAILURES, Pool
from infra.tasks import heed_cancellation
from infra.telling import told
from region.media import repository
from region.media.checking import Checker
from region.media.errors import MismatchError
from region.media.fetching import Fetcher, OriginError
from region.media.repository import Blob

log = structlog.get_logger()

CLAIM_SECONDS: Final = 30.0
"""After which what somebody took up is free again, if they do not say that they are still at it."""
LOOK_SECONDS: Final = 2.0
"""How often is looked without being woken."""
AGAIN_SECONDS: Final = 1.0
"""Until what failed is tried again."""
PATIENCE_SECONDS: Final = 600.0
"""After which what does not come from its origin is forgotten, until somebody asks for it anew."""

FAILED = Counter("causeway_media_failures_total", "Checks and fetches that failed and are tried again.", ["what"])
for _state in ("checking", "fetching"):
    FAILED.labels(_state)
BUSY = Gauge("causeway_media_busy", "Blobs that are checked or fetched just now.")


class Worker:
    """Does one thing after another."""

    def __init__(
        self,
        *,
        name: str,
        states: tuple[str, ...],
        store: Pool,
        checker: Checker,
        fetcher: Fetcher,
        health: Health,
        woken: asyncio.Event,
    ) -> None:
        """Prepare.

        Args:
            name: Unique among all workers of the region.
            states: What it takes up: `checking`, `fetching` or both.
            store: The region's store.
            checker: Checks.
            fetcher: Fetches.
            health: Told whether the store answers.
            woken: Set when there may be something to do.
        """
        self._name = name
        self._states = states
        self._store = store
        self._checker = checker
        self._fetcher = fetcher
        self._health = health
        self._woken = woken

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            heed_cancellation()
            try:
                busy = await self.step()
                self._health.tell("store", ok=True)
            except (*STORE_FAILURES, psycopg.Error) as error:
                self._health.tell("store", ok=False, detail=f"the store does not answer: {type(error).__name__}")
                busy = False
            if not busy:
                self._woken.clear()
                try:
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._woken.wait()
                except TimeoutError:
                    continue

    async def step(self) -> bool:
        """Do one thing; return whether there was one."""
        now = time.time_ns() // 1000
        async with self._store.connection() as connection:
            blob = await repository.claim(
                connection, self._name, states=self._states, now=now, until=now + int(CLAIM_SECONDS * 1e6)
            )
        if blob is None:
            return False
        keeping = asyncio.create_task(self._keep(blob.blob_id))
        BUSY.inc()
        try:
            await (self._checker.check(blob) if blob.state == "checking" else self._fetcher.fetch(blob))
        except (OriginError, MismatchError, AbsentError, httpx.HTTPError, *FAILURES) as error:
            log.warning("to be tried again", blob=blob.blob_id, what=blob.state, problem=told(error))
            await self._leave(blob)
        except (*STORE_FAILURES, psycopg.Error):
            raise
        except Exception:
            log.exception("to be tried again", blob=blob.blob_id, what=blob.state)  # one blob must not stop the others
            await self._leave(blob)
        finally:
            BUSY.dec()
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
        return True

    async def _keep(self, blob_id: str) -> None:
        while True:
            await asyncio.sleep(CLAIM_SECONDS / 3)
            until = time.time_ns() // 1000 + int(CLAIM_SECONDS * 1e6)
            try:
                async with self._store.connection() as connection:
                    await repository.keep_claim(connection, blob_id, self._name, until=until)
            except (*STORE_FAILURES, psycopg.Error):
                continue

    async def _leave(self, blob: Blob) -> None:
        FAILED.labels(blob.state).inc()
        now = time.time_ns() // 1000
        async with self._store.connection() as connection:
            fresh = await repository.blob(connection, blob.blob_id)
            if fresh is not None and fresh.state == "fetching" and now - fresh.updated_at > PATIENCE_SECONDS * 1e6:
                await repository.move(connection, blob.blob_id, states=("fetching",), to="removing", now=now)
                return
            until = now + int(AGAIN_SECONDS * 1e6)
            await repository.keep_claim(connection, blob.blob_id, self._name, until=until)
