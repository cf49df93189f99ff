"""Carries an evacuation out: asks where it stands, does the next step, and so on; what it cannot finish before the target holds, it hands back."""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final

import psycopg

from global_directory.holding.schemas import Claim, DutyView, LayingDown
from global_directory.operators.errors import GivenUpError, NoPassError
from infra.administration import cut
from infra.blobs import FAILURES as BLOB_FAILURES
from infra.blobs import Blobs
from infra.errors import CausewayError
from infra.kafka import Consumer, KafkaError
from infra.postgres import STORE_FAILURES, Connection
from infra.schema.repository import connect
from infra.tasks import beside, meanwhile
from region.evacuation import copying, repository
from region.evacuation.announcing import Directory, Plan
from region.evacuation.errors import ChangedMeanwhileError, StuckError, UnknownDutiesError, WentOnError
from region.evacuation.plan import Known, LostTrackError, Step, begun, can_hand_back, lead_on, next_step, places
from region.evacuation.seats import Seat
from region.evacuation.telling import Told, not_released
from region.holding.promising import note_claim
from replication.turns.records import Phase, Turn
from replication.turns.repository import drain, hand_over, read_turn, set_offsets, take_back, take_over
from replication.turns.takeover_repository import read_handed_in

LOOK_SECONDS: Final = 0.1
PATIENCE: Final[Mapping[Step, float]] = {Step.DRAIN: 45.0, Step.SETTLE: 60.0, Step.COPY: 60.0, Step.SERVE: 180.0}
"""How long each wait may take, seconds: a process that was killed counts as alive for 30. Once the target holds, giving up would help nobody."""
FAILURES: Final = (CausewayError, KafkaError, OSError, *STORE_FAILURES, psycopg.Error)
"""What a step may fail by: somebody does not answer, or says no."""
BACK_TRIES: Final = 5
"""So often what is there is taken back, where somebody else changes it meanwhile."""
ACCEPTING: Final = frozenset({"gateway", "ingester", "media"})
"""Services that take in what is new; they end first."""


@dataclass
class Evacuation:
    """One region's way from one site to the other; `run` it.

    Attributes:
        source: Where its duties are, or were when it was begun.
        target: Where they go.
        directory: Who says who holds.
        tools: Where PostgreSQL's programs are.
        tell: Told of each thing.
        detach: Lets the target's store, which is a copy that follows the source's, follow no more, for good; None: none follows there, and the
            store is copied while it stands still.
        release: Lets the source's store, which may be away by then, keep no more changes for that copy; if it fails that is told, and the next run does it.
    """

    source: Seat
    target: Seat
    directory: Directory
    tools: Path
    tell: Callable[[Told], None]
    detach: Callable[[], Awaitable[object]] | None = None
    release: Callable[[], Awaitable[None]] | None = None
    _compared: str = ""
    _lays_down: bool = False
    _mark: str = field(default_factory=lambda: secrets.token_hex(8))
    _mine: Turn | None = None
    _is_own: bool = False
    _carried: bool = False
    _released: bool = False
    began: float = field(default_factory=time.monotonic)
    _said: tuple[str, str] = ("", "")
    _decided: dict[int, int] = field(default_factory=dict)
    _plan: Plan = field(init=False)
    _open: AsyncExitStack = field(default_factory=AsyncExitStack)
    _blobs: tuple[Blobs, Blobs] | None = None

    def __post_init__(self) -> None:
        """Have a plan that nobody was told of yet."""
        self._plan = Plan(self.directory, self.source.region)

    async def run(self) -> dict[str, float]:
        """Do what is left; return how long each step took, seconds.

        Raises:
            Exception: One of `FAILURES`: it cannot be done. Unless the target holds already, the source goes on as if nothing had been begun.
        """
        async with beside(self._plan.keep()), self._open:
            self._blobs = None
            return await self._run()

    async def _run(self) -> dict[str, float]:
        took: dict[str, float] = {}
        step = Step.DRAIN
        while True:
            started = time.monotonic()
            try:
                known = await self.look()
                if known.holder == self.source.site and self._mine not in {None, known.at_source}:
                    raise self._changed(known.at_source)
                step = next_step(known)
                if step is Step.DONE:
                    await self._end_plan(step)
                    await self._let_go(step)
                    await self._empty_journal(step)
                    self._say(step, f"{self.target.site} holds the duties of {known.region} in epoch {known.epoch}")
                    return took
                await self._do(step, known)
            except (*FAILURES, asyncio.CancelledError) as error:
                await asyncio.shield(self._give_up(step, error))
                raise
            took[step.value] = took.get(step.value, 0.0) + time.monotonic() - started

    async def look(self) -> Known:
        """Return what directory and stores say.

        Raises:
            CausewayError: The directory does not tell.
            psycopg.Error: A store does not.
        """
        region, duty = self.source.region, await self._duty()
        source = await _turn(self.source)
        self._mine = self._mine or source  # from here on only this command's own doing
        target = await _turn(self.target)
        serving = False
        if target is not None and duty.holder == self.target.site and target.epoch == duty.epoch:
            async with await connect(self.target.store, name="evacuation") as store:
                serving = self.target.services <= await repository.serving(store)
        return Known(
            region=region,
            source=self.source.site,
            target=self.target.site,
            holder=duty.holder,
            epoch=duty.epoch,
            incarnation=duty.incarnation,
            at_source=source or Turn(region, 0, 0, self.source.site),
            at_target=target,
            serving=serving,
            laid_down=duty.laid_down,
            follows=target is not None and target == source and await self._follows(),
            compared=source is not None and self._compared == source.mark,
        )

    async def hand_back(self) -> bool:
        """Let the source go on, if the target does not hold yet; return whether it does go on. The target's store is not asked: it may be what failed.

        Nor is anything undone that others have done since this command looked: if it never did, whatever there is.

        Raises:
            CausewayError: The directory does not tell.
            psycopg.Error: The source's store does not answer.
        """
        duty = await self._duty()
        if not can_hand_back(duty.holder, self.source.site, laid_down=duty.laid_down):
            return False
        async with await connect(self.source.store, name="evacuation") as store:
            back = await self._take_back(store, duty.epoch)
        if not back:
            return False
        duty = (
            await self._duty()
        )  # a laying down that was under way may have come in between: then it only goes forward
        if not can_hand_back(duty.holder, self.source.site, laid_down=duty.laid_down):
            return False
        await self._end_plan(Step.DRAIN)
        return True

    async def _take_back(self, store: Connection, epoch: int) -> bool:
        for _ in range(BACK_TRIES):
            seen = self._mine or await read_turn(store)
            if await take_back(store, epoch=epoch, holder=self.source.site, seen=seen):
                return True
            if self._mine is not None:
                return False
        return False

    async def _end_plan(self, step: Step) -> None:
        if untold := await self._plan.end():
            self._say(step, untold)

    async def _duty(self) -> DutyView:
        for one in await self.directory.duties():
            if one.region == self.source.region:
                return one
        raise UnknownDutiesError(region=self.source.region)

    async def _do(self, step: Step, known: Known) -> None:
        match step:
            case Step.DRAIN:
                await self._copy_blobs(step)
                await self._drain(known)
            case Step.SETTLE:
                await self._drain(known)
                await self._settle(known)
            case Step.COPY:
                await self._see_that_it_goes_on(step)
                async with meanwhile(self._copy_blobs(step)):  # nothing is uploaded any more
                    await self._stand_still()
                    if self.detach is not None or await self._follows():
                        await self._catch_up(known)
                    else:
                        await self._copy(known)
                self._carried = True
            case Step.CLAIM:
                if not self._carried:  # whoever copied the store may have died before the blobs were there
                    await self._copy_blobs(step)
                await self._claim(known)
            case Step.BEGIN:
                await self._begin(known)
            case Step.SERVE:
                self._say(step, f"waiting for the services at {self.target.site}")
                async with beside(self._let_go_early()):
                    await self._wait(step, self._not_serving)

    async def _see_that_it_goes_on(self, step: Step) -> None:
        """Tell of the plan by this run's pass, so that whoever was given up hears of it; a directory that does not answer just now ends nothing, since people wait.

        Raises:
            NoPassError: It does not go on; a GivenUpError if another has given it up.
        """
        try:
            await self._plan.tell()
        except NoPassError:
            raise
        except CausewayError as error:
            self._say(step, f"the directory could not be asked whether this goes on, and it does: {error}")

    async def _drain(self, known: Known) -> None:
        await self._plan.tell()
        async with await connect(self.source.store, name="evacuation") as store:
            if not await drain(store, epoch=known.epoch, mark=self._mark, seen=self._mine):
                raise self._changed(await read_turn(store))
            self._mine, self._is_own = replace(known.at_source, phase=Phase.DRAINING, mark=self._mark), True
            await self._see_that_it_goes_on(Step.DRAIN)  # who has given it up between may have handed back before this
            await self._wait(Step.DRAIN, lambda: _list(repository.still_serving(store, ACCEPTING)))

    async def _settle(self, known: Known) -> None:
        async with await connect(self.source.store, name="evacuation") as store:
            await self._wait(Step.SETTLE, partial(self._undone, store))
            handed = replace(known.at_source, holder=self.target.site, phase=Phase.HANDED, mark=secrets.token_hex(8))
            if not await hand_over(store, epoch=known.epoch, to=handed.holder, mark=handed.mark, seen=self._mine):
                raise self._changed(await read_turn(store))
            self._mine = handed

    async def _stand_still(self) -> None:
        """Wait until nobody works on the source's store any more, and see that nothing is left to be done in it."""
        async with await connect(self.source.store, name="evacuation") as store:
            await self._wait(Step.SETTLE, lambda: _list(repository.still_serving(store, self.source.services)))
            if left := await self._undone(store):
                raise StuckError(step=Step.SETTLE.value, seconds=0, why=f"{left}, though nobody was to accept anything")
            self._decided = await repository.next_offsets(store)

    async def _empty_journal(self, step: Step) -> None:
        """Delete what the source's journal has and is decided: nobody reads it again, and nobody is there who trims it."""
        if not self._decided:
            return  # this run has not seen that it was
        try:
            await cut(self.source.kafka, self.source.journal, self._decided)
        except (KafkaError, OSError) as error:
            self._say(step, f"the journal at {self.source.site} keeps what it has: {error}")

    async def _let_go(self, step: Step) -> None:
        """Let the source's store keep no more changes for a copy that follows no more: kept for ever, they would fill its disk."""
        if self.release is None or self._released:
            return
        try:
            await self.release()
        except (psycopg.Error, TimeoutError) as error:
            self._say(step, not_released(self.source, self.target, error))

    async def _let_go_early(self) -> None:
        """Do that while the target begins to serve, if it can be done: whoever dies by then, or waits in vain, leaves nothing that fills a disk."""
        if self.release is not None:
            with suppress(*STORE_FAILURES, psycopg.Error, TimeoutError):  # it is told of once the target serves
                await self.release()
                self._released = True

    async def _undone(self, store: Connection) -> str:
        """Say what is accepted and not decided, or decided and not sent."""
        async with Consumer(self.source.kafka, self.source.journal, client="evacuation") as journal:
            ends = await journal.ends(range(self.source.partitions))
        offsets = await repository.next_offsets(store)
        if left := sum(max(0, end - offsets.get(partition, 0)) for partition, end in ends.items()):
            return f"{left} records of the journal are not decided yet"
        found = await repository.unsent(store)
        return ", ".join(f"{left} records for {region} are not sent yet" for region, left in found.items())

    async def _copy(self, known: Known) -> None:
        self._say(Step.COPY, "the store stands still, and is copied")
        begin_at = partial(set_offsets, offsets=await self._places(known))
        counts = await copying.copy_store(
            self.source.store, self.target.store, self.tools, prepare=begin_at, say=partial(self._say, Step.COPY)
        )
        self._say(Step.COPY, "the copy is complete", {"tables": len(counts), "rows": sum(counts.values())})

    async def _follows(self) -> bool:
        """Whether the target's store is a copy that follows the source's."""
        try:
            async with await connect(self.target.store, name="evacuation") as store:
                return await repository.follows(store)
        except psycopg.OperationalError as error:
            if _is_absent(error):
                return False
            raise

    async def _catch_up(self, known: Known) -> None:
        """Wait until a copy that follows has the mark of this handing over: then it has everything before, too."""
        if self.detach is None:
            raise copying.CopyFailedError(
                reason="it follows the store by replication, and nobody here knows how to end that"
            )
        if not await self._follows():
            raise copying.CopyFailedError(reason=f"none at {self.target.site} follows the store")

        async def behind() -> str:
            missing = await _turn(self.target) != known.at_source
            return "the copy that follows has not come to the end yet" if missing else ""

        await self._wait(Step.COPY, behind)
        tables = await copying.compare_sums(self.source.store, self.target.store)
        self._compared = known.at_source.mark
        self._say(Step.COPY, "the copy that follows has everything, and is the same", {"tables": tables})

    async def _claim(self, known: Known) -> None:
        self._say(Step.CLAIM, f"{self.source.site} lays its lease down, and {self.target.site} claims the next epoch")
        if not self.target.is_home:
            await note_claim(self.target.store, known.region, known.epoch, known.incarnation, laid_down=True)
        await self._see_that_it_stands(known)
        self._lays_down = True
        try:
            await self.directory.lay_down(known.region, LayingDown(known.holder, known.epoch))
        except CausewayError as error:
            self._lays_down = not error.definite
            raise
        self._lays_down = False
        # Laid down is for good, and yet goes forward; an epoch that is begun without the newest does not.
        await self._see_that_it_stands(known, laid_down=True)
        standby = self.source.site if self.target.is_home else ""  # away from home nobody has a copy
        claim = Claim(self.target.site, incarnation=known.incarnation + 1, ended=known.epoch, standby=standby)
        await self.directory.claim(known.region, claim)

    async def _see_that_it_stands(self, known: Known, *, laid_down: bool = False) -> None:
        """See that the source is handed over as it was when it was copied: whoever took it back has let it go on, beyond what the copy has.

        Raises:
            ChangedMeanwhileError: It is not; a WentOnError if it goes on though its lease is laid down.
        """
        if (turn := await _turn(self.source)) == known.at_source:
            return
        if laid_down and turn is not None and turn.phase is not Phase.HANDED:
            region, site = self.source.region, self.source.site
            raise WentOnError(region=region, site=site, what=_said(turn), lead=lead_on(known))
        raise self._changed(turn)

    def _changed(self, turn: Turn | None) -> ChangedMeanwhileError:
        what = "it is gone" if turn is None else _said(turn)
        return ChangedMeanwhileError(region=self.source.region, site=self.source.site, what=what)

    async def _begin(self, known: Known) -> None:
        self._say(Step.BEGIN, f"the copy is begun with, in epoch {known.epoch}")
        renamed = {
            self.source.incoming(origin): self.target.incoming(origin)
            for origin in self.source.others
            if self.source.incoming(origin) != self.target.incoming(origin)
        }
        offsets: dict[int, int] = {}
        if (
            self.detach is not None
        ):  # until it is begun with, a copy that followed has the places of the source's journal
            offsets = await self._places(replace(known, at_target=None))
            await self.detach()
        async with await connect(self.target.store, name="evacuation") as store:
            if not await take_over(store, begun(known), ended=known.epoch - 1, renamed=renamed, offsets=offsets):
                raise LostTrackError(
                    region=known.region, what=f"the store at {self.target.site} was changed by somebody else"
                )

    async def _places(self, known: Known) -> dict[int, int]:
        former: dict[int, int] = {}
        if known.at_target is not None:
            async with await connect(self.target.store, name="evacuation") as store:
                former = await repository.next_offsets(store)
        if (
            self.target.is_home
        ):  # what it accepted while it was taken for dead was handed in up to there, and is decided
            async with await connect(self.source.store, name="evacuation") as store:
                handed_in = await read_handed_in(store, self.target.site)
            former |= {partition: max(place, former.get(partition, 0)) for partition, place in handed_in.items()}
        async with Consumer(self.target.kafka, self.target.journal, client="evacuation") as journal:
            bounds = {partition: await journal.bounds(partition) for partition in range(self.target.partitions)}
        return places(former, bounds)

    async def _copy_blobs(self, step: Step) -> None:
        source, target = self.source.blobs, self.target.blobs
        if source is None or target is None:
            return
        try:
            if self._blobs is None:  # the second time people wait, and a client costs a second of a processor
                here = await self._open.enter_async_context(Blobs(source))
                there = await self._open.enter_async_context(Blobs(target))
                await here.make_bucket()
                await there.make_bucket()
                self._blobs = here, there
            copied = seen = 0
            async for copied, seen in copying.copy_blobs(*self._blobs):
                if copied % 100 == 1:
                    self._say(step, "blobs are copied", {"copied": copied, "looked at": seen})
        except BLOB_FAILURES as error:
            raise copying.CopyFailedError(reason=f"the blob store: {type(error).__name__}") from error
        self._say(step, "every blob is at the other site", {"copied": copied, "blobs": seen})

    async def _not_serving(self) -> str:
        try:
            async with await connect(self.target.store, name="evacuation") as store:
                missing = self.target.services - await repository.serving(store)
        except (*STORE_FAILURES, psycopg.Error):
            return "the store does not answer"
        return f"not there yet: {', '.join(sorted(missing))}" if missing else ""

    async def _wait(self, step: Step, reason: Callable[[], Awaitable[str]]) -> None:
        """Wait until there is no reason to wait any more, and tell each new one."""
        until = time.monotonic() + PATIENCE[step]
        while why := await reason():
            self._say(step, f"waiting: {why}")
            if time.monotonic() >= until:
                raise StuckError(step=step.value, seconds=f"{PATIENCE[step]:.0f}", why=why)
            await asyncio.sleep(LOOK_SECONDS)

    async def _give_up(self, step: Step, error: BaseException) -> None:
        why = str(error) or type(error).__name__
        is_given_up = isinstance(error, GivenUpError) or await self._plan.is_given_up()
        if isinstance(error, ChangedMeanwhileError) or (is_given_up and not self._is_own):
            self._say(step, f"given up: {why}")
            return
        if (
            self._lays_down and self.target.is_home and not is_given_up
        ):  # it may be under way still; whose store went on nobody could take over
            self._say(step, f"given up: {why} Run the same command again, or with --abort")
            return
        try:
            back = await self.hand_back()
        except FAILURES:
            self._say(
                step, f"given up: {why} Whether {self.source.site} goes on is not known; run the same command again"
            )
            return
        again = "" if is_given_up or isinstance(error, LostTrackError) else "Run the same command again"
        self._say(step, f"given up: {why} {f'{self.source.site} goes on' if back else again}".rstrip())

    def _say(self, step: Step, what: str, figures: Mapping[str, int] | None = None) -> None:
        if (step.value, what) != self._said or figures:
            self._said = (step.value, what)
            self.tell(Told(step.value, what, round(time.monotonic() - self.began, 1), dict(figures or {})))


def _said(turn: Turn) -> str:
    return f"{turn.holder}, epoch {turn.epoch}, {turn.phase.value or 'serving'}"


async def _turn(seat: Seat) -> Turn | None:
    """Return what the store of a seat says; None if it is not there."""
    try:
        async with await connect(seat.store, name="evacuation") as store:
            return await read_turn(store)
    except psycopg.OperationalError as error:
        if _is_absent(error):
            return None
        raise


def _is_absent(error: psycopg.OperationalError) -> bool:
    """Whether a database is not there; at connecting that has no code of its own."""
    return "does not exist" in str(error)


async def _list(found: Awaitable[Sequence[str]]) -> str:
    return ", ".join(await found)
