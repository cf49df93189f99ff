"""At the site of who stands by: renews the lease of a region that hears nothing from the directory, and promises by that not to claim meanwhile.

What is decided is `replication.holding.standby`; it is kept in the server that has the copy. By whichever process a renewal is asked for, and whoever claims, all meet there.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Collection
from typing import Final

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from global_directory.holding.schemas import DutyView, Grant, LeaseRequest
from infra.errors import CausewayError, NotTheHolderError, UnavailableError
from infra.postgres import STORE_FAILURES, make_pool
from infra.schema.repository import connect, plain_url
from infra.tasks import heed_cancellation
from infra.telling import told
from region.holding import metrics
from region.holding.repository import promises
from region.holding.repository.promises import LIMITS, Promised
from replication.holding.errors import LeaseRunsError
from replication.holding.lease import USUAL, Ask, Promise, waiting
from replication.holding.standby import Watch, claim, renew

log = structlog.get_logger()

LOOK_SECONDS: Final = 1.0
NOTE_SECONDS: Final = 3.0
ANSWER_SECONDS: Final = 1.2
"""Who asks is gone after a little more, and asks again."""
AT_ONCE: Final = 2
"""Connections to what is promised; who asks meanwhile waits."""
FAILURES: Final = (*STORE_FAILURES, psycopg.Error, PoolTimeout, TimeoutError)


class NotPromisedError(CausewayError):
    """{standby} promises {region} no lease in epoch {epoch}: it was not named in it, as far as it knows, or has asked for its end. Ask the directory."""

    code = "not-promised"
    status = 409
    definite = True


class Promises:
    """What the site of a region promises to those that it stands by for."""

    def __init__(
        self, here: str, store: str, regions: Collection[str], known: Callable[[str], DutyView | None]
    ) -> None:
        """Prepare.

        Args:
            here: This region, at its own site.
            store: URL of its store, whose server has the copies of theirs.
            regions: Whom it stands by for.
            known: Region to what the directory has last said of its duties.
        """
        self._here = here
        self._url = plain_url(store)
        self._regions = frozenset(regions)
        self._known = known
        self._pool = make_pool(
            promises.place(self._url), size=AT_ONCE, name="causeway promises", patience=ANSWER_SECONDS, options=LIMITS
        )
        self._said = ""

    async def run(self) -> None:
        """Write down what the directory says, so that it is known while that is silent; until cancelled."""
        if not self._regions:
            return
        async with self.opened():
            while True:
                heed_cancellation()
                for region in sorted(self._regions):
                    await self.note(region)
                await asyncio.sleep(LOOK_SECONDS)

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Be connected, and have somewhere to write to."""
        while True:
            heed_cancellation()
            try:
                async with asyncio.timeout(NOTE_SECONDS):
                    await promises.prepare(self._url)
                break
            except FAILURES as error:
                self._tell(error)
                await asyncio.sleep(LOOK_SECONDS)
        await self._pool.open(wait=False)
        try:
            yield
        finally:
            await self._pool.close()

    async def note(self, region: str) -> None:
        """Write down once what the directory says of a region's duties, if it is news, and look at what is written."""
        duty = self._known(region)
        if duty is None or duty.holder != region or duty.standby != self._here:
            return
        try:
            async with asyncio.timeout(NOTE_SECONDS), self._pool.connection() as connection:
                row = await promises.look(connection, region)
                if row is None or not _has(row, duty):
                    await promises.name(connection, region, duty.epoch, duty.incarnation, claimed=duty.laid_down)
                    row = await promises.look(connection, region)
        except FAILURES as error:
            self._tell(error)
        else:
            self._said = ""
            metrics.MAY_RENEW.labels(region).set(row is not None and row.epoch == duty.epoch and not row.claimed)

    async def renew(self, region: str, wanted: LeaseRequest) -> Grant:
        """Grant a region's holder its lease anew; may be repeated, and come late.

        Raises:
            NotTheHolderError: Another epoch is known to have begun.
            NotPromisedError: It may not be promised.
            UnavailableError: What was promised cannot be read, or not in time.
        """
        duty = self._known(region)
        if duty is not None and duty.epoch > wanted.epoch:
            raise NotTheHolderError(region=region, holder=duty.holder, epoch=duty.epoch)
        if region not in self._regions or wanted.holder != region:
            raise NotPromisedError(standby=self._here, region=region, epoch=wanted.epoch)
        ask = Ask(wanted.holder, wanted.epoch, wanted.boot, wanted.asked_at)
        try:
            async with asyncio.timeout(ANSWER_SECONDS), self._pool.connection() as connection, connection.transaction():
                row = await promises.read(connection, region)
                watch = None
                if row is not None and row.incarnation == wanted.incarnation:
                    watch = renew(_watch(region, row), ask, row.now, USUAL)
                if watch is None:
                    raise NotPromisedError(standby=self._here, region=region, epoch=wanted.epoch)
                await promises.promise(connection, region, watch.epoch, watch.promised.until)
        except FAILURES as error:
            raise UnavailableError(what="What was promised") from error
        return Grant(ask.holder, ask.epoch, ask.boot, ask.asked_at, USUAL.length)

    def _tell(self, error: Exception) -> None:
        """Say once that nobody's lease can be renewed here."""
        reason = told(error)
        if reason != self._said:
            log.warning("what is promised to regions cannot be written down; no lease is renewed here", reason=reason)
        self._said = reason
        for region in self._regions:
            metrics.MAY_RENEW.labels(region).set(0)


async def note_claim(store: str, region: str, epoch: int, incarnation: int, *, laid_down: bool = False) -> None:
    """Note, before it is asked for, that the end of an epoch is claimed: from then on nothing is promised in it, whatever becomes of the claim.

    Args:
        store: URL of the copy of the region's store, at the site of who claims.
        region: Whose duties.
        epoch: That is to end.
        incarnation: Of its holder's store.
        laid_down: Whether its holder is to lay its lease down, and decides nothing any more.

    Raises:
        LeaseRunsError: What was promised is not over.
        psycopg.Error: The server does not answer.
    """
    url = plain_url(store)
    await promises.prepare(url)
    async with await connect(promises.place(url), name="causeway promises") as connection, connection.transaction():
        await promises.name(connection, region, epoch, incarnation)  # so there is a row that all lock
        row = await promises.read(connection, region)
        if row is None or row.epoch != epoch:
            return  # a later one is known, so this claim comes to nothing
        if claim(_watch(region, row), row.now, laid_down=laid_down) is None:
            raise LeaseRunsError(region=region, holder=region, epoch=epoch)
        await promises.name(connection, region, epoch, incarnation, claimed=True)


def _has(row: Promised, duty: DutyView) -> bool:
    """Whether what is written has all that the directory says."""
    return (row.epoch, row.incarnation) == (duty.epoch, duty.incarnation) and (row.claimed or not duty.laid_down)


def _watch(region: str, row: Promised) -> Watch:
    """Return what is known; a promise that is longer than any can be was made by a clock that was ahead."""
    return Watch(region, row.epoch, Promise(row.epoch, min(row.until, row.now + waiting(USUAL))), row.claimed)
