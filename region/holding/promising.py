"""At the site of who stands by: renews the lease of a region that hears nothing from the directory, and promises by that not to claim meanwhile.

What is decided is `replication.holding.standby`; it is kept in the copy of the region's store, which is what would be begun with. By whichever process a renewal is
asked for, and whoever claims, both meet there.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

import psycopg
import structlog

from global_directory.holding.schemas import DutyView, Grant, LeaseRequest
from infra.errors import CausewayError, NotTheHolderError, UnavailableError
from infra.postgres import STORE_FAILURES, Connection
from infra.schema.repository import connect
from infra.tasks import heed_cancellation
from infra.telling import told
from region.holding.repository import promises
from region.holding.repository.promises import Promised
from replication.holding.errors import LeaseRunsError
from replication.holding.lease import USUAL, Ask, Promise, Terms
from replication.holding.standby import Watch, claim, renew

log = structlog.get_logger()

LOOK_SECONDS: Final = 1.0


class NotPromisedError(CausewayError):
    """{standby} promises {region} no lease in epoch {epoch}: it was not named in it, as far as it knows, or has asked for its end. Ask the directory."""

    code = "not-promised"
    status = 409
    definite = True


class Promises:
    """What the site of a region promises to those that it stands by for."""

    def __init__(
        self,
        here: str,
        copies: Mapping[str, str],
        known: Callable[[str], DutyView | None],
        *,
        terms: Terms = USUAL,
    ) -> None:
        """Prepare.

        Args:
            here: This region, at its own site.
            copies: Region to the URL of the copy of its store, of each that is stood by for.
            known: Region to what the directory has last said of its duties.
            terms: On which leases are promised.
        """
        self._here = here
        self._copies = copies
        self._known = known
        self._terms = terms
        self._noted: dict[str, tuple[int, int, bool]] = {}
        self._said: dict[str, str] = {}

    async def run(self) -> None:
        """Note in each copy what the directory says, so that it is known while that is silent; until cancelled."""
        while True:
            heed_cancellation()
            for region in self._copies:
                await self.note(region)
            await asyncio.sleep(LOOK_SECONDS)

    async def note(self, region: str) -> None:
        """Note once what the directory says of a region's duties, if it is news."""
        duty = self._known(region)
        if duty is None or duty.holder != region or duty.standby != self._here:
            return
        word = (duty.epoch, duty.incarnation, duty.laid_down)
        if self._noted.get(region) == word:
            return
        try:
            async with await connect(self._copies[region], name="causeway promises") as copy:
                await promises.make(copy)
                await promises.put(copy, duty.epoch, duty.incarnation, until=0, claimed=duty.laid_down)
        except (*STORE_FAILURES, psycopg.Error) as error:
            reason = told(error)
            if self._said.get(region) != reason:
                log.info("the copy cannot be told of whose lease it may renew", held=region, reason=reason)
            self._said[region] = reason
        else:
            self._noted[region], self._said[region] = word, ""

    async def renew(self, region: str, wanted: LeaseRequest) -> Grant:
        """Grant a region's holder its lease anew; may be repeated, and come late.

        Raises:
            NotTheHolderError: Another epoch is known to have begun.
            NotPromisedError: It may not be promised.
            UnavailableError: The copy does not answer.
        """
        duty, refused = self._known(region), NotPromisedError(standby=self._here, region=region, epoch=wanted.epoch)
        if duty is not None and duty.epoch > wanted.epoch:
            raise NotTheHolderError(region=region, holder=duty.holder, epoch=duty.epoch)
        if region not in self._copies or wanted.holder != region:
            raise refused
        ask = Ask(wanted.holder, wanted.epoch, wanted.boot, wanted.asked_at)
        try:
            async with (
                await connect(self._copies[region], name="causeway promises") as copy,
                copy.transaction(),
            ):
                row = await promises.read(copy)
                if row is None or row.incarnation != wanted.incarnation:
                    raise refused
                watch = renew(_watch(region, row), ask, row.now, self._terms)
                if watch is None:
                    raise refused
                await promises.put(copy, row.epoch, row.incarnation, until=watch.promised.until, claimed=False)
        except (*STORE_FAILURES, psycopg.Error) as error:
            raise UnavailableError(what="The copy") from error
        return Grant(ask.holder, ask.epoch, ask.boot, ask.asked_at, self._terms.length)


async def note_claim(copy: Connection, region: str, epoch: int, incarnation: int, *, laid_down: bool = False) -> None:
    """Note, before it is asked for, that the end of an epoch is claimed: from then on nothing is promised in it, whatever becomes of the claim.

    Args:
        copy: To the copy of the region's store, in autocommit mode.
        region: Whose duties.
        epoch: That is to end.
        incarnation: Of its holder's store.
        laid_down: Whether its holder is to lay its lease down, and decides nothing any more.

    Raises:
        LeaseRunsError: What was promised is not over.
        psycopg.Error: The copy does not answer.
    """
    await promises.make(copy)
    async with copy.transaction():
        row = await promises.read(copy)
        if row is not None and row.epoch == epoch and claim(_watch(region, row), row.now, laid_down=laid_down) is None:
            raise LeaseRunsError(region=region, holder=region, epoch=epoch)
        await promises.put(copy, epoch, incarnation, until=0, claimed=True)


def _watch(region: str, row: Promised) -> Watch:
    return Watch(region, row.epoch, Promise(row.epoch, row.until), row.claimed)
