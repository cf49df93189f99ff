"""Asks for the lease in the background, well before it ends, until cancelled: the directory, and while that says nothing, who stands by."""

import asyncio
from typing import Final, Protocol

import psycopg
import structlog

from global_directory.errors import ExpelledError
from global_directory.holding.schemas import Grant, LeaseRequest
from infra.backoff import Backoff
from infra.errors import CausewayError, NotTheHolderError, OutcomeUnknownError, UnavailableError
from infra.postgres import STORE_FAILURES, Pool
from infra.tasks import heed_cancellation
from infra.telling import told
from region.holding import metrics
from region.holding.tenure import Tenure
from region.store.repository.setup import wait_ready
from replication.holding.deciding import Standing
from replication.holding.errors import LaidDownError
from replication.holding.lease import MILLION, Ask
from replication.turns.takeover_repository import give_way

log = structlog.get_logger()

SHARE: Final = 4
"""A lease is asked for anew when that part of it is over, and an answer is waited for as long: two may fail before it ends."""
PAUSE_SECONDS: Final = 0.5
"""The longest pause after one that failed."""
CALM_SECONDS: Final = 4.0
"""Between two questions where nobody stands by: nothing hangs on the answer, but what operators are shown."""


SILENCE: Final = (UnavailableError, OutcomeUnknownError, TimeoutError)
"""What it is when the directory says nothing: neither that it is granted, nor why not."""


class Lessor(Protocol):
    """Who grants leases."""

    async def renew_lease(self, region: str, wanted: LeaseRequest) -> Grant:
        """Return a grant; see `global_directory.client.DirectoryClient`."""
        ...


class Renewer:
    """Keeps one process's lease.

    Attributes:
        tenure: Where it is noted.
    """

    def __init__(self, service: str, tenure: Tenure, lessor: Lessor, *, stand_in: Lessor | None = None) -> None:
        """Prepare.

        Args:
            service: Which one keeps it, for metrics and logs.
            tenure: Where it is noted.
            lessor: Who grants it.
            stand_in: Who grants it while that says nothing; None: nobody does.
        """
        self._service = service
        self.tenure = tenure
        self._lessor = lessor
        self._stand_in = stand_in if tenure.standby else None
        self._stood_in = self._silent = False
        self._problem = self._deposed_by = ""
        metrics.follow(service, tenure)

    async def run(self, store: Pool) -> None:
        """Ask again and again, until cancelled; the store tells in which epoch this region holds its duties."""
        state = await wait_ready(store)
        self.tenure.begin(state.epoch, state.incarnation)
        urgent = bool(self.tenure.standby)
        backoff = Backoff(first=0.05, most=PAUSE_SECONDS if urgent else CALM_SECONDS)
        while True:
            heed_cancellation()
            began = asyncio.get_running_loop().time()
            if await self.renew():
                backoff.reset()
                took = asyncio.get_running_loop().time() - began
                await asyncio.sleep(max(0.0, (self._seconds if urgent else CALM_SECONDS) - took))
            elif self._deposed_by and self.tenure.standing() is Standing.DEPOSED:
                await self._give_way(store)
                await asyncio.sleep(backoff.next())
            else:
                await asyncio.sleep(backoff.next())

    async def mend(self) -> None:
        """Ask once if the lease has lapsed and nobody has asked in vain since: this process was only just started, or was asleep.

        To be called before what would be refused for good; while the directory is away it costs nothing.
        """
        if not self._problem and self.tenure.standing() is Standing.ISLANDED:
            await self.renew()

    async def renew(self) -> bool:
        """Ask once; return whether it was granted: by the directory, or, while that says nothing, by who stands by.

        Of a directory that has just said nothing nothing is expected: both are asked at the same time then.
        """
        tenure, epoch = self.tenure, self.tenure.epoch
        helping = self._help() if self._silent else None
        try:
            await self._ask(self._lessor)
        except NotTheHolderError as error:
            known, holder = error.details.get("epoch"), error.details.get("holder")
            tenure.hear(known if isinstance(known, int) else 0)
            self._deposed_by = holder if isinstance(holder, str) and holder != tenure.holder else ""
            return self._note(error)
        except LaidDownError as error:
            tenure.lay_down(epoch)
            return self._note(error)
        except ExpelledError as error:
            return self._note(error)
        except SILENCE as error:
            helping = helping or self._help()
            return self._note(None, stood_in=True) if helping is not None and await helping else self._note(error)
        except CausewayError as error:
            return self._note(error)
        finally:
            await _end(helping)
        return self._note(None)

    def _help(self) -> asyncio.Task[bool] | None:
        """Ask who stands by; the task returns whether it was granted."""
        return None if self._stand_in is None else asyncio.create_task(self._ask_stand_in(self._stand_in))

    async def _ask_stand_in(self, stand_in: Lessor) -> bool:
        try:
            await self._ask(stand_in)
        except (CausewayError, TimeoutError):
            return False
        return True

    async def _ask(self, lessor: Lessor) -> None:
        tenure, ask = self.tenure, self.tenure.ask()
        wanted = LeaseRequest(ask.holder, ask.epoch, tenure.incarnation, ask.boot, ask.asked_at, standby=tenure.standby)
        async with asyncio.timeout(self._seconds):
            grant = await lessor.renew_lease(tenure.region, wanted)
        tenure.take(Ask(grant.holder, grant.epoch, grant.boot, grant.asked_at), grant.length)

    async def _give_way(self, store: Pool) -> None:
        """Say in the store that another site has the duties: its services end, and stand by."""
        tenure = self.tenure
        try:
            async with store.connection() as connection:
                given = await give_way(connection, epoch=tenure.epoch, site=tenure.holder, holder=self._deposed_by)
        except (*STORE_FAILURES, psycopg.Error) as error:
            log.warning("the store cannot be told that another site holds", reason=told(error))
            return
        if given:
            log.error(
                "another site has taken the duties over; nothing is served here any more", holder=self._deposed_by
            )

    @property
    def _seconds(self) -> float:
        return self.tenure.length / MILLION / SHARE

    def _note(self, error: Exception | None, *, stood_in: bool = False) -> bool:
        result = "failed" if error is not None else "standby" if stood_in else "granted"
        metrics.RENEWALS.labels(self._service, result).inc()
        if stood_in and not self._stood_in:
            standby = self.tenure.standby
            log.warning("the directory says nothing; who stands by renews the lease", service=self._service, by=standby)
        self._stood_in = stood_in
        self._silent = stood_in or (isinstance(error, SILENCE) and not isinstance(error, ExpelledError))
        problem = "" if error is None else error.code if isinstance(error, CausewayError) else "no-answer"
        if error is not None and problem != self._problem:
            tell = log.error if self.tenure.standing() is Standing.DEPOSED else log.warning
            tell("the lease is not renewed", service=self._service, problem=str(error) or "no answer in time")
        if error is None and self._problem:
            log.info("the lease is renewed again", service=self._service)
        self._problem = problem
        return error is None


async def _end(asking: asyncio.Task[bool] | None) -> None:
    if asking is not None and not asking.done():
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
