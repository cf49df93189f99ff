"""Lets nothing leave a region that its standby has not: so whatever another region was ever told is in the copy with which the standby takes over.

A standby that does not follow would hold up everything. So it is *passed by* after a while: the directory is told first, and lets it take nothing over
until it has everything again. Once somebody has claimed the duties the directory says no, and nothing leaves any more.

Why: `docs/decisions/0015-nothing-leaves-before-the-standby-has-it.md`.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeAlias

import psycopg
import structlog

from global_directory.holding.schemas import DutyView, Keeping
from infra.errors import CausewayError
from infra.kafka import KafkaError
from infra.postgres import STORE_FAILURES, Connection, Pool
from infra.tasks import heed_cancellation
from infra.telling import told
from relay.forwarder import metrics
from replication.holding.errors import NotTheStandbyError
from replication.turns import takeover_repository as repository
from replication.turns.repository import read_turn

log = structlog.get_logger()

LOOK_SECONDS: Final = 0.5
"""Between two looks at whether the standby follows."""
WAIT_SECONDS: Final = 0.002
"""Between two questions how far it is, while something waits for that; if it waits for long:"""
CALM_SECONDS: Final = 0.05
SHORT_SECONDS: Final = 0.5
"""So long nothing that waits does so for long."""
PASS_SECONDS: Final = 3.0
"""So long it may take with what there is, before it is passed by."""
FREE_SECONDS: Final = 2.0
"""For how long the directory's word counts that it may be passed by: as long is waited before it counts as a keeper again."""

WENT_BACK: Final = "store-went-back"
AGAIN_SECONDS: Final = 30.0
"""After so long the directory is told again that the standby has everything: a process before this one may have told it otherwise since."""


def boottime() -> float:
    """Return the time since this machine was started, seconds."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


Meanwhile: TypeAlias = Callable[[float], Awaitable[None]]
"""What is done while something waits: told for how long it has, seconds."""


WentBack: TypeAlias = Callable[[Connection], Awaitable[bool]]


class Directory(Protocol):
    """Who is told."""

    async def keep(self, region: str, wanted: Keeping) -> DutyView:
        """Note who has everything; see `global_directory.client.DirectoryClient`."""
        ...


class Sluice:
    """Whether what was decided may leave.

    Attributes:
        standby: Who may take over; nobody: the sluice is always open.
        kept: Whether the directory knows that the standby has everything that has left; None before it was told, and while it may know otherwise.
    """

    def __init__(
        self,
        region: str,
        site: str,
        standby: str,
        directory: Directory,
        *,
        clock: Callable[[], float] = boottime,
        went_back: WentBack | None = None,
    ) -> None:
        """Begin closed; `run` watches the standby.

        Args:
            region: Whose duties are served.
            site: Who holds them, if this process serves them.
            standby: Who may take over; nobody: the sluice is always open.
            directory: Who is told.
            clock: Seconds; it goes on while the machine sleeps.
            went_back: Tells whether the store is an older one than it was: then the standby has more, and is not passed by. None: nobody asks.
        """
        self._went_back = went_back
        self.kept: bool | None = None
        self.standby = standby
        self._region, self._site = region, site
        self._directory = directory
        self._clock = clock
        self._free_until = 0.0
        self._told_at = float("-inf")
        self._said: bool | None = None
        self._problem = ""
        if standby:  # one that is never named is none either
            metrics.KEPT.labels(standby).set(0)

    @property
    def is_free(self) -> bool:
        """Whether anything may leave now, whoever has it."""
        return not self.standby or self._clock() < self._free_until

    async def wait(self, connection: Connection, meanwhile: Meanwhile | None = None) -> None:
        """Return once everything that was read over this connection may leave.

        Args:
            connection: To the region's store.
            meanwhile: Called again and again while it takes long, with how long it has taken, seconds.

        Raises:
            psycopg.Error: The store does not tell how far its standby is.
        """
        if self.is_free:
            return
        position = await repository.log_position(connection)
        began = self._clock()
        while not self.is_free and await repository.taken_in(connection, self.standby) < position:
            heed_cancellation()
            waited = self._clock() - began
            if meanwhile is not None and waited >= SHORT_SECONDS:
                await meanwhile(waited)
            await asyncio.sleep(WAIT_SECONDS if waited < SHORT_SECONDS else CALM_SECONDS)
        metrics.WAITED.observe(self._clock() - began)

    async def run(self, store: Pool) -> None:
        """Watch the standby until cancelled, and tell the directory whether it has everything."""
        while True:
            heed_cancellation()
            try:
                async with store.connection() as connection:
                    await self.look(connection)
            except CausewayError as error:
                self._note(error.code, str(error))
            except (KafkaError, OSError, *STORE_FAILURES, psycopg.Error) as error:
                self._note(type(error).__name__, told(error))
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self, connection: Connection) -> None:
        """Look once whether the standby follows, and act on it.

        Raises:
            CausewayError: The directory does not take it down; then nothing has changed.
            psycopg.Error: The store does not answer.
            KafkaError: Whether it is an older one cannot be told; then nothing has changed.
        """
        follows = await self._catches_up(connection, LOOK_SECONDS if self.is_free else PASS_SECONDS)
        if follows and self.kept and self._clock() < self._told_at + AGAIN_SECONDS:
            return
        turn = await read_turn(connection)
        if turn is None or turn.holder != self._site:
            return
        if follows:
            # A process before this one may still let anything leave; what it has read by then is behind the position that is asked for after that.
            self._free_until = 0.0
            await asyncio.sleep(FREE_SECONDS)
            if not await self._catches_up(connection, PASS_SECONDS):
                return
            try:
                await self._directory.keep(
                    self._region, Keeping(self._site, turn.incarnation, turn.epoch, self.standby)
                )
            except NotTheStandbyError as error:  # so nobody takes over from this epoch without a plan
                self._note(error.code, str(error))
            else:
                self._tell_kept(kept=True)
                return
        if self._said is not False and self._went_back is not None and await self._went_back(connection):
            self._note(WENT_BACK, "an older store was put in the place of this region's: what its standby has is more")
            return
        asked_at = self._clock()
        self.kept = None  # an answer may be lost
        await self._directory.keep(self._region, Keeping(self._site, turn.incarnation, turn.epoch))
        self._tell_kept(kept=False)
        self._free_until = asked_at + FREE_SECONDS

    async def _catches_up(self, connection: Connection, seconds: float) -> bool:
        position = await repository.log_position(connection)
        until = self._clock() + seconds
        while await repository.taken_in(connection, self.standby) < position:
            if self._clock() >= until:
                return False
            await asyncio.sleep(WAIT_SECONDS * 10)
        return True

    def _tell_kept(self, *, kept: bool) -> None:
        if kept is not self._said:
            self._said = kept
            tell = log.info if kept else log.warning
            tell("the standby has everything" if kept else "the standby is passed by", standby=self.standby)
        self.kept, self._told_at = kept, self._clock()
        if kept:
            self._problem = ""
        metrics.KEPT.labels(self.standby).set(kept)

    def _note(self, problem: str, reason: str) -> None:
        if problem != self._problem:
            self._problem = problem
            log.warning("who has everything is not noted", reason=reason)
