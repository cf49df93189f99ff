"""Carries a takeover out: asks where it stands, does the next step, and so on. What was interrupted goes on when it is run again."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import psycopg

from global_directory.holding.schemas import Claim, DutyView
from infra.errors import CausewayError
from infra.kafka import Consumer
from infra.postgres import STORE_FAILURES
from infra.schema.repository import connect
from region.evacuation import repository
from region.evacuation.errors import StuckError, UnknownDutiesError
from region.evacuation.plan import places
from region.evacuation.seats import Seat
from region.evacuation.telling import Told
from region.failover import reached as reaching
from region.failover.plan import Known, Step, begun, next_step
from region.failover.reached import Reader
from region.holding.promising import note_claim
from replication.holding.errors import LeaseRunsError
from replication.turns.records import Turn
from replication.turns.repository import read_turn
from replication.turns.takeover_repository import seize

LOOK_SECONDS: Final = 0.2
PATIENCE: Final[Mapping[Step, float]] = {Step.CLAIM: 30.0, Step.SERVE: 90.0}
"""How long each wait may take, seconds: longer than any lease, and than services take that stand by."""


class AliveError(CausewayError):
    """{region} is not dead: its lease is renewed. Evacuate it: `causeway region evacuate {region}`; or end what renews it, if it is cut off from its users: while the directory does not hear it, its standby does, until the way between them is cut. Nothing was taken over."""

    code = "alive"
    status = 409
    definite = True


class Directory(Protocol):
    """Who says who holds."""

    async def duties(self) -> tuple[DutyView, ...]:
        """Return who holds what; see `global_directory.client.DirectoryClient`."""
        ...

    async def claim(self, region: str, wanted: Claim) -> DutyView:
        """Begin the next epoch."""
        ...


@dataclass
class Takeover:
    """One region's duties, taken over from a site that is gone; `run` it.

    Attributes:
        home: Where its duties are, or were.
        target: Who stands by.
        directory: Who says who holds.
        readers: The other regions; None for one of which it is not known where it is.
        tell: Told of each thing.
        detach: Lets the copy follow no more, for good.
    """

    home: Seat
    target: Seat
    directory: Directory
    readers: Mapping[str, Reader | None]
    tell: Callable[[Told], None]
    detach: Callable[[], Awaitable[object]]
    began: float = field(default_factory=time.monotonic)
    _said: tuple[str, str] = ("", "")

    async def run(self) -> dict[str, float]:
        """Do what is left; return how long each step took, seconds.

        Raises:
            CausewayError: It cannot be done; run it again, once what it names is mended.
            psycopg.Error: The copy does not answer.
            KafkaError: The target's Kafka does not.
        """
        took: dict[str, float] = {}
        while True:
            started = time.monotonic()
            known = await self.look()
            step = next_step(known)
            match step:
                case Step.CLAIM:
                    await self._claim(known)
                case Step.BEGIN:
                    await self._begin(known)
                case Step.SERVE:
                    await self._serve()
                case Step.DONE:
                    self._say(step, f"{self.target.site} holds the duties of {known.region} in epoch {known.epoch}")
                    return took
            took[step.value] = took.get(step.value, 0.0) + time.monotonic() - started

    async def look(self) -> Known:
        """Return what the directory and the copy say; whose duties they are is not asked: it may be gone.

        Raises:
            CausewayError: The directory does not tell.
            psycopg.Error: The copy does not answer.
        """
        duty = await self._duty()
        copy, follows, serving = await self._copy(duty)
        return Known(
            region=self.home.region,
            home=self.home.site,
            target=self.target.site,
            holder=duty.holder,
            epoch=duty.epoch,
            incarnation=duty.incarnation,
            copy=copy,
            follows=follows,
            serving=serving,
        )

    async def _duty(self) -> DutyView:
        for one in await self.directory.duties():
            if one.region == self.home.region:
                return one
        raise UnknownDutiesError(region=self.home.region)

    async def _copy(self, duty: DutyView) -> tuple[Turn | None, bool, bool]:
        try:
            async with await connect(self.target.store, name="failover") as store:
                turn = await read_turn(store)
                serving = turn is not None and turn.epoch == duty.epoch and duty.holder == self.target.site
                served = serving and self.target.services <= await repository.serving(store)
                return turn, await repository.follows(store), served
        except psycopg.OperationalError as error:
            if "does not exist" in str(error):
                return None, False, False
            raise

    async def _claim(self, known: Known) -> None:
        until, wanted = time.monotonic() + PATIENCE[Step.CLAIM], None
        claim = Claim(known.target, incarnation=known.incarnation + 1, ended=known.epoch)
        while wanted is None:
            duty = await self._duty()
            try:
                if duty.epoch == known.epoch:
                    await self._note_claim(known, duty)
                wanted = await self.directory.claim(known.region, claim)
            except LeaseRunsError as error:
                if duty.epoch != known.epoch:
                    raise
                if time.monotonic() >= until:
                    raise AliveError(region=known.region) from error
                self._say(Step.CLAIM, f"waiting: {known.holder} may act as holder until its lease has lapsed")
                await asyncio.sleep(LOOK_SECONDS)
        self._say(
            Step.CLAIM, f"{known.target} has claimed epoch {wanted.epoch}: what {known.holder} decides counts no more"
        )

    async def _note_claim(self, known: Known, duty: DutyView) -> None:
        """Note beside the copy that the epoch's end is claimed, so that nothing is promised to its holder any more.

        Raises:
            LeaseRunsError: What the directory or the standby's site has promised is not over: nothing is noted, and nothing may be claimed, which the
                directory might grant a moment later.
        """
        if duty.promised_seconds > 0 and not duty.laid_down:
            raise LeaseRunsError(region=known.region, holder=known.holder, epoch=known.epoch)
        await note_claim(self.target.store, known.region, known.epoch, known.incarnation, laid_down=duty.laid_down)

    async def _begin(self, known: Known) -> None:
        assert known.copy is not None
        if known.follows:
            self._say(Step.BEGIN, "the copy takes in what has come, and follows no more")
            await self.detach()
        async with await connect(self.target.store, name="failover") as store:
            ended = await read_turn(store)
        if ended is None or ended.epoch != known.epoch - 1:
            return  # somebody else has begun with it
        had = await reaching.had(self.readers, self.home, ended, lambda what: self._say(Step.BEGIN, what))
        async with Consumer(self.target.kafka, self.target.journal, client="failover") as journal:
            bounds = {partition: await journal.bounds(partition) for partition in range(self.target.partitions)}
        renamed = {
            self.home.incoming(origin): self.target.incoming(origin)
            for origin in self.home.others
            if self.home.incoming(origin) != self.target.incoming(origin)
        }
        async with await connect(self.target.store, name="failover") as store:
            begins = await seize(
                store,
                begun(known),
                ended=ended,
                left=self.home.site,
                offsets=places({}, bounds),
                had=had,
                renamed=renamed,
                now=time.time_ns() // 1000,
            )
        if begins:
            self._say(Step.BEGIN, f"the copy is begun with, in epoch {known.epoch}")

    async def _serve(self) -> None:
        until = time.monotonic() + PATIENCE[Step.SERVE]
        while missing := await self._missing():
            self._say(Step.SERVE, f"waiting: not there yet: {', '.join(missing)}")
            if time.monotonic() >= until:
                raise StuckError(
                    step=Step.SERVE.value,
                    seconds=f"{PATIENCE[Step.SERVE]:.0f}",
                    why=f"{', '.join(missing)} do not serve",
                )
            await asyncio.sleep(LOOK_SECONDS)

    async def _missing(self) -> Sequence[str]:
        try:
            async with await connect(self.target.store, name="failover") as store:
                return sorted(self.target.services - await repository.serving(store))
        except (*STORE_FAILURES, psycopg.Error):
            return ["the store"]

    def _say(self, step: Step, what: str) -> None:
        if (step.value, what) != self._said:
            self._said = (step.value, what)
            self.tell(Told(step.value, what, round(time.monotonic() - self.began, 1)))
