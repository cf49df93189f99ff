"""Begins a region's next incarnation in its own store, when its Kafka lost what it had: nothing that the store has is lost, and no other site is needed."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from global_directory.holding.schemas import Claim, DutyView
from infra.errors import CausewayError
from infra.schema.repository import connect
from region.evacuation import repository as stores
from region.evacuation.checks import Check
from region.evacuation.errors import StuckError, UnknownDutiesError
from region.evacuation.seats import Seat
from region.evacuation.telling import Told
from region.failover import losses, reached
from region.failover.failing import Directory
from region.failover.losses import Stretch
from region.failover.reached import Reader
from replication.turns.decided import behind
from replication.turns.records import Phase, Turn
from replication.turns.repository import noted_in, read_turn
from replication.turns.takeover_repository import clear_tail, read_tail, seize

NAME = "reincarnate"
LOOK_SECONDS = 0.2
END_SECONDS = 45.0
"""So long services may take to end; one that was killed counts as alive for 30 s."""


class Step(Enum):
    """What is done, in this order."""

    CLAIM = "claim"
    """The region begins the next epoch in the directory, as who holds."""
    BEGIN = "begin"
    """Its store begins it as another incarnation: what others have not been told is told anew, and the new journal is read from its beginning."""
    DONE = "done"


class CannotReincarnateError(CausewayError):
    """{region} cannot begin anew in its own store: {what}. Nothing was changed."""

    code = "cannot-reincarnate"
    status = 409
    definite = True


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a region.

    Attributes:
        region: Which.
        site: Its own.
        holder: Who has its duties, as the directory says.
        epoch: In which.
        incarnation: Of the holder's store.
        store: What its store says; None if there is none.
        is_lost: Whether its journal lacks what the store goes on with.
        is_open: Whether the store has begun, and what that leaves behind is not cleared.
        is_older: Whether the store knows less than was decided in its epoch, or is of the one before where that was begun already: so others may have been
            told what would be numbered anew.
        standby: Who may take its duties over; empty if nobody may.
    """

    region: str
    site: str
    holder: str
    epoch: int
    incarnation: int
    store: Turn | None
    is_lost: bool
    is_open: bool = False
    is_older: bool = False
    standby: str = ""

    @property
    def is_done(self) -> bool:
        """Whether the region holds, in its own store, and nothing is to be done."""
        try:
            return next_step(self) is Step.DONE
        except CannotReincarnateError:
            return False


def next_step(known: Known) -> Step:
    """Return what is to be done next. Pure.

    Raises:
        CannotReincarnateError: It is not needed, or would lose something.
    """
    store = known.store
    if store is None:
        raise _cannot(known, f"there is no store of it; {_elsewhere(known, 'has one')}")
    if known.holder != known.site:
        raise _cannot(
            known, f"{known.holder} holds its duties; look at `causeway region restore {known.region} --rehearse`"
        )
    if store.holder != known.site or store.phase is not Phase.SERVING:
        raise _cannot(known, f"its store says that {store.holder} serves, or is to")
    if known.is_older:
        raise _cannot(
            known,
            f"its store is an older one than was there: more was decided in epoch {known.epoch} than it knows; {_elsewhere(known, 'has more')}",
        )
    if (store.epoch, store.incarnation) == (known.epoch, known.incarnation):
        if known.is_open:
            return Step.BEGIN
        return Step.CLAIM if known.is_lost else Step.DONE
    if (store.epoch, store.incarnation) == (known.epoch - 1, known.incarnation - 1):
        return Step.BEGIN
    raise _cannot(known, f"its store is of epoch {store.epoch}, the directory knows {known.epoch}")


def _elsewhere(known: Known, has: str) -> str:
    if known.standby:
        return f"its standby {has} (`causeway region fail {known.region}`)"
    return "nobody stands by, so only a copy of it that knows as much leads on (docs/operations/backup.md)"


def _cannot(known: Known, what: str) -> CannotReincarnateError:
    return CannotReincarnateError(region=known.region, what=what)


@dataclass
class Reincarnation:
    """One region that begins anew in its own store; `run` it, again if it was interrupted.

    Attributes:
        home: Its own site.
        directory: Who says who holds.
        readers: The other regions; None for one of which it is not known where it is.
        tell: Told of each thing.
    """

    home: Seat
    directory: Directory
    readers: Mapping[str, Reader | None]
    tell: Callable[[Told], None]
    began: float = field(default_factory=time.monotonic)
    _said: str = ""

    async def run(self) -> int:
        """Do what is left; return the epoch.

        Raises:
            CausewayError: It cannot be done; run it again, once what it names is mended.
            psycopg.Error: The store does not answer.
            KafkaError: Kafka does not.
        """
        while True:
            duty = await self.duty()
            known, stretch = await self.look(duty)
            step = next_step(known)
            if step is Step.DONE:
                self._say(step, f"{known.region} goes on in epoch {known.epoch}")
                return known.epoch
            await self._stand_still()
            if step is Step.CLAIM:
                self._say(step, f"given up: {losses.describe(stretch, self.home)}")
                wanted = Claim(
                    self.home.site, incarnation=known.incarnation + 1, ended=known.epoch, standby=duty.standby
                )
                await self.directory.claim(known.region, wanted)
                self._say(step, f"{known.region} has claimed epoch {known.epoch + 1}")
            else:
                await self._begin(known)

    async def duty(self) -> DutyView:
        """Return what the directory says.

        Raises:
            UnknownDutiesError: Nothing.
        """
        for one in await self.directory.duties():
            if one.region == self.home.region:
                return one
        raise UnknownDutiesError(region=self.home.region)

    async def look(self, duty: DutyView) -> tuple[Known, Stretch]:
        """Return what is known, and what can be read of the journal.

        Raises:
            psycopg.Error: The store does not answer.
            KafkaError: Kafka does not.
        """
        turn, stretch, is_open, is_older = None, Stretch({}, {}), False, False
        if await losses.has_store(self.home):
            async with await connect(self.home.store, name=NAME) as store:
                turn, offsets = await read_turn(store), await stores.next_offsets(store)
                is_open = bool(await read_tail(store, self.home.site))
                assert turn is not None
                certain = await noted_in(store, epoch=turn.epoch)
                stretch, _ = await losses.read_stretch(self.home, turn, offsets, certain=certain)
                decided = await stores.next_offsets(store)  # after what is noted: a region that runs decides between
            is_older = behind(decided, stretch.noted) is not None
            if (turn.epoch, turn.incarnation) == (duty.epoch - 1, duty.incarnation - 1):
                begun = replace(turn, epoch=duty.epoch, incarnation=duty.incarnation)
                is_older = is_older or bool((await losses.read_stretch(self.home, begun, offsets))[0].noted)
        known = Known(
            region=self.home.region,
            site=self.home.site,
            holder=duty.holder,
            epoch=duty.epoch,
            incarnation=duty.incarnation,
            store=turn,
            is_lost=bool(stretch.gone),
            is_open=is_open,
            is_older=is_older,
            standby=duty.standby,
        )
        return known, stretch

    async def rehearse(self) -> list[Check]:
        """Return what is found, and what would be given up; changes nothing."""
        known, stretch = await self.look(await self.duty())
        found = f"epoch {known.epoch}, held by {known.holder}"
        try:
            step = next_step(known)
        except CannotReincarnateError as error:
            return [Check("duties", ok=False, detail=found), Check("store", ok=False, detail=str(error))]
        if step is not Step.CLAIM:
            what = "nothing is lost" if step is Step.DONE else "begun; what is left of it is done"
            return [Check("duties", ok=True, detail=found), Check("journal", ok=step is Step.BEGIN, detail=what)]
        async with await connect(self.home.store, name=NAME) as store:
            alive = await stores.still_serving(store, self.home.services)
        return [
            Check("duties", ok=True, detail=found),
            Check("store", ok=True, detail="it is there: nothing that was decided is lost"),
            Check(
                "journal",
                ok=True,
                detail=f"LOST: {losses.describe(stretch, self.home)}. Given up: what was accepted and not decided, unless its author's device sends it again",
            ),
            Check(
                "services", ok=not alive, detail=f"end them: {', '.join(alive)}" if alive else "none works on the store"
            ),
        ]

    async def _stand_still(self) -> None:
        until = time.monotonic() + END_SECONDS
        while True:
            async with await connect(self.home.store, name=NAME) as store:
                alive = await stores.still_serving(store, self.home.services)
            if not alive:
                return
            why = f"these work on the store: {', '.join(alive)}; end them"
            self._say(Step.CLAIM, f"waiting: {why}")
            if time.monotonic() >= until:
                raise StuckError(step=Step.CLAIM.value, seconds=f"{END_SECONDS:.0f}", why=why)
            await asyncio.sleep(LOOK_SECONDS)

    async def _begin(self, known: Known) -> None:
        assert known.store is not None
        if not known.is_open:
            await self._seize(known, known.store)
        async with await connect(self.home.store, name=NAME) as store:
            turn, offsets = await read_turn(store), await stores.next_offsets(store)
            assert turn is not None
            await losses.note_starts(self.home, turn, offsets)  # else it would look lost once more, and cost an epoch
            await clear_tail(store, self.home.site)

    async def _seize(self, known: Known, ended: Turn) -> None:
        had = await reached.had(self.readers, self.home, ended, lambda what: self._say(Step.BEGIN, what))
        turn = Turn(known.region, known.incarnation, known.epoch, known.site)
        async with await connect(self.home.store, name=NAME) as store:
            offsets = await stores.next_offsets(store)
            stretch, _ = await losses.read_stretch(self.home, ended, offsets)
            begun = await seize(
                store,
                turn,
                ended=ended,
                left=self.home.site,
                offsets=stretch.starts,
                had=had,
                renamed={},
                now=time.time_ns() // 1000,
            )
        if begun:
            self._say(Step.BEGIN, f"the store is begun with, in epoch {known.epoch}")

    def _say(self, step: Step, what: str) -> None:
        if what != self._said:
            self._said = what
            self.tell(Told(step.value, what, round(time.monotonic() - self.began, 1)))
