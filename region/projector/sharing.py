"""Keeps a projector's share of the partitions, by short leases in the store; where it is alone, it has all of them and asks nobody.

Kafka's own groups notice a dead member only after its session, 6 s at least. Here a killed projector's partitions are another's within a second,
those of one that stands still once its lease has ended.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Final, Protocol

import psycopg
import structlog

from infra.backoff import Backoff
from infra.errors import CausewayError
from infra.postgres import STORE_FAILURES, Connection
from infra.schema.repository import connect
from infra.tasks import heed_cancellation
from infra.telling import told
from region.projector.shares import divide
from region.store.repository import shares

log = structlog.get_logger()

LEASE_SECONDS: Final = 3.0
"""After so long without a word a projector counts as dead; Kafka's group would take twice as long, and a busy machine keeps one waiting for a second or two."""
COME_BY_SECONDS: Final = 0.25
"""So often one says that it lives, and looks who else does."""
REST_SECONDS: Final = 10.0
"""So long one that gets nowhere leaves its partitions to others."""
NOT_KNOWN: Final = "which partitions are whose is not known yet"
LEAVE_SECONDS: Final = 1.0
"""So long one that ends may take to say so; else its connection says it."""


class ShareChangedError(CausewayError):
    """Which partitions this projector has was divided anew; it begins with those that it has now."""

    code = "share-changed"
    definite = True


class Share(Protocol):
    """The partitions of one projector.

    Attributes:
        lacks: Why it is not well that it has none; empty if others have all.
    """

    lacks: str

    @property
    def partitions(self) -> tuple[int, ...]:
        """Which it projects, or is to."""
        ...

    async def run(self) -> None:
        """Keep them, until cancelled."""
        ...

    async def begin(self) -> tuple[int, ...]:
        """Wait until there are any, and return them: from now on they are projected."""
        ...

    def check(self) -> None:
        """See that they still are the ones that are projected; to be asked between two batches.

        Raises:
            ShareChangedError: They are not.
        """
        ...

    def end(self) -> None:
        """Say that none are projected any more."""
        ...

    def stand_back(self) -> None:
        """Leave them to others for a while, if there are any."""
        ...


class Alone:
    """All the partitions that a setting names: nobody else projects them."""

    def __init__(self, partitions: tuple[int, ...]) -> None:
        """Have those."""
        self.partitions = partitions
        self.lacks = ""

    async def run(self) -> None:
        """Do nothing: nobody takes them away."""

    async def begin(self) -> tuple[int, ...]:
        """Return all of them."""
        return self.partitions

    def check(self) -> None:
        """They never change."""

    def end(self) -> None:
        """Nobody waits for them."""

    def stand_back(self) -> None:
        """There is nobody to leave them to."""


class Sharing:
    """An even share of all partitions, kept while others come and go."""

    def __init__(
        self,
        store: str,
        *,
        instance: str,
        partitions: int,
        lease: float = LEASE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare.

        Args:
            store: URL of the store.
            instance: Name of this process; no other projector of the region has it.
            partitions: How many partitions the journal has.
            lease: After how many seconds without a word others count this one as dead.
            clock: Tells seconds.
        """
        self._store = store
        self._instance = instance
        self._all = range(partitions)
        self._lease = lease
        self._clock = clock
        self._wanted: frozenset[int] = frozenset()
        self._projected: frozenset[int] = frozenset()
        self._any = asyncio.Event()
        self._rests_until = 0.0
        self.lacks = NOT_KNOWN

    @property
    def partitions(self) -> tuple[int, ...]:
        """Which it projects, or is to."""
        return tuple(sorted(self._wanted))

    async def run(self) -> None:
        """Come by again and again until cancelled, and leave then; without the store's word it has none once its lease is over."""
        backoff = Backoff(first=COME_BY_SECONDS, most=self._lease / 2)
        while True:
            heed_cancellation()
            try:
                connection = await connect(self._store, name=f"{self._instance} share")
                try:
                    await self._keep(connection, backoff)
                finally:
                    await connection.close()
            except (*STORE_FAILURES, psycopg.Error, TimeoutError, shares.SameNameError) as error:
                self._want(frozenset())  # its connection has ended, so others may take what it had
                self.lacks = told(error)
                log.warning("nobody says which partitions are this projector's", error=self.lacks)
            await asyncio.sleep(backoff.next())

    async def begin(self) -> tuple[int, ...]:
        """Wait until there are any, and return them: from now on they are projected."""
        await self._any.wait()
        self._projected = self._wanted
        return self.partitions

    def check(self) -> None:
        """See that they still are the ones that are projected; to be asked between two batches.

        Raises:
            ShareChangedError: They are not.
        """
        if self._projected != self._wanted:
            raise ShareChangedError

    def end(self) -> None:
        """Say that none are projected any more; what was beyond the share is given away with the next word."""
        self._projected = frozenset()

    def stand_back(self) -> None:
        """Leave all to others for a while, if there are any: it gets nowhere."""
        self._rests_until = self._clock() + REST_SECONDS

    async def _keep(self, connection: Connection, backoff: Backoff) -> None:
        try:
            while True:
                heed_cancellation()
                async with asyncio.timeout(self._lease):
                    await self._come_by(connection)
                backoff.reset()
                await asyncio.sleep(COME_BY_SECONDS)
        except asyncio.CancelledError:
            with contextlib.suppress(*STORE_FAILURES, psycopg.Error, TimeoutError):
                async with asyncio.timeout(LEAVE_SECONDS):
                    await shares.leave(connection, self._instance)
            raise

    async def _come_by(self, connection: Connection) -> None:
        known = await shares.come_by(connection, self._instance, seconds=self._lease)
        others = known.alive - {self._instance}
        if others and self._clock() < self._rests_until:
            self._want(frozenset())
            self.lacks = "it got nowhere, so others have its partitions for a while"
            await shares.give(connection, self._instance, self._all)
            await shares.leave(connection, self._instance)
            return
        division = divide(self._instance, alive=known.alive, held=known.held, partitions=self._all)
        self._want(division.keep | await shares.claim(connection, self._instance, known, division.claim))
        if left := division.give - self._projected:
            await shares.give(connection, self._instance, left)
        orphans = [one for one in self._all if known.held.get(one) not in known.alive]
        self.lacks = NOT_KNOWN if orphans and not self._wanted else ""

    def _want(self, partitions: frozenset[int]) -> None:
        if partitions != self._wanted:
            log.info("partitions are divided", partitions=sorted(partitions))
        self._wanted = partitions
        if partitions:
            self._any.set()
        else:
            self._any.clear()
