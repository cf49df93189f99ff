"""One drill, from the first account to the last history: it writes the ledger and leaves the judging to others."""

import asyncio
import contextlib
import time
from collections.abc import Coroutine, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from chaos.drill import safety
from chaos.drill.catalogue import plan_of
from chaos.drill.census import census
from chaos.drill.course import Course, Progress, Scale
from chaos.drill.faults.injector import RECOVERY_SECONDS
from chaos.drill.lookout import Lookout
from chaos.drill.nemesis import Nemesis, targets
from chaos.drill.reader import Reader
from chaos.drill.safety import Guard
from chaos.drill.schedule import CALM_SECONDS, ENOUGH_SENDS, Fault
from chaos.judge.ledger import Ledger
from infra.local import control, homes
from infra.local.control import Ask, Status
from infra.local.errors import LocalError
from infra.tasks import beside

USERS_OF_A_REGION = 4
CHANGE_SECONDS = 2.0
"""How far one change of the groups is from the next one."""
SUBSCRIBE_SECONDS = 2.5
"""The same of the channels' subscribers."""
HASTE_SECONDS = 0.4
"""How far one change is from the next one where somebody is to be let in while a lease has lapsed: enough of them must meet that."""
OVERRUN = 3.0
"""By how much the faults may take longer than was reckoned, where parts recover slowly."""
LOOK_SECONDS = 2.0
"""How often it is asked whether the drill is to stop."""


@dataclass(slots=True)
class Watched(Progress):
    """What a drill is doing, and its faults.

    Attributes:
        faults: How many are to come in all.
        nemesis: Who carries them out, once somebody does.
        share: How much of one core the drill itself took while the traffic flowed.
        stopped: Why the drill stopped by itself before its end; empty if it did not.
    """

    faults: int = 0
    nemesis: Nemesis | None = None
    share: float = 0.0
    stopped: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for.

    Attributes:
        name: Which drill.
        home: The federation's home.
        seconds: How long the traffic flows.
        rate: Messages a second.
        seed: What workload and faults follow from.
        hold: How long each fault lasts, where that is settable, seconds.
        leeway: How many times as long whatever must hold soon may take.
        faults: A plan that was made before; None to make it now.
    """

    name: str
    home: Path
    seconds: float
    rate: float
    seed: int
    hold: float = 0.0
    leeway: float = 1.0
    faults: tuple[Fault, ...] | None = None


def look(home: Path) -> tuple[Status, dict[str, str]]:
    """Return how the federation at home is, and which region stands by which.

    Raises:
        LocalError: None is running there.
    """
    return control.ask(home, Ask()), dict(homes.read_federation(home).standbys)


def planned(order: Order, status: Status, standbys: dict[str, str]) -> tuple[Fault, ...]:
    """Return the plan of a drill for a federation that is well.

    Raises:
        NotReadyError: It is not, or is too small, or lacks what the plan strikes.
    """
    safety.check(status, order.faults or (), standbys)
    if order.faults is not None:
        return order.faults
    there = targets(status, standbys)
    return plan_of(
        order.name, there, seconds=order.seconds, rate=order.rate, hold=order.hold, seed=order.seed, leeway=order.leeway
    )


async def drill(order: Order, ledger: Ledger, progress: Watched) -> tuple[Fault, ...]:
    """Run a drill on the federation that is up; return the faults that were planned.

    Whatever ends it, what it has struck is healed first.

    Raises:
        NotReadyError: The federation is not well, or too small, or no first message arrived.
        NotRecoveredError: A part did not become well after its fault.
        NotHealedError: Something that was struck could not be healed at the end.
    """
    status, standbys = await asyncio.to_thread(look, order.home)
    faults = planned(order, status, standbys)
    regions = tuple(sorted(status.regions))
    urls = {region: status.regions[region].public_url for region in regions}
    progress.faults = len(faults)
    async with AsyncExitStack() as stack:
        hurried = any(fault.expects is not None and (fault.expects.lapses or fault.expects.keeps) for fault in faults)
        scale = Scale(
            f"drill {order.seed}", USERS_OF_A_REGION, rate=order.rate, seed=order.seed,
            changes=HASTE_SECONDS if hurried else CHANGE_SECONDS, channels=SUBSCRIBE_SECONDS, alters=True,
        )  # fmt: skip
        course = Course(scale, ledger, progress, urls)
        await course.gather(stack)
        await course.greet()
        progress.nemesis = nemesis = Nemesis(order.home, ledger, lambda: progress.tally.awaited, leeway=order.leeway)
        try:
            began, busy = time.monotonic(), time.process_time()
            lookout = _lookout(status, standbys, faults, nemesis, ledger)
            async with beside(lookout.run(), _come_and_go(course, nemesis)):
                await _storm(order, course, progress, nemesis, faults)
            progress.share = (time.process_time() - busy) / (time.monotonic() - began)
        finally:
            progress.doing = "healing"
            await _whatever_comes(nemesis.heal())
        await course.settle()
        progress.doing = "reading histories"
        reader = Reader(ledger, urls)
        await reader.read_all(course.devices, course.talks)
        progress.doing = "asking where messages rest"
        await census(ledger, _admins(await asyncio.to_thread(control.ask, order.home, Ask())), reader.samples)
    return faults


async def _whatever_comes(work: Coroutine[None, None, None]) -> None:
    """See some work through, however often this task is asked to end meanwhile; then it fails as the work did, or ends if it was asked to."""
    task, asked = asyncio.ensure_future(work), False
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            asked = True
    task.result()
    if asked:
        raise asyncio.CancelledError


def _admins(status: Status) -> dict[str, list[int]]:
    return {
        region: [part.ports["admin"] for part in there.parts.values() if "admin" in part.ports]
        for region, there in sorted(status.regions.items())
    }


def _lookout(
    status: Status, standbys: dict[str, str], faults: Iterable[Fault], nemesis: Nemesis, ledger: Ledger
) -> Lookout:
    lapsing = {region for fault in faults if fault.expects is not None for region in fault.expects.lapses}
    projectors = targets(status).projectors
    admins = {region: status.parts()[projectors[region]].ports["admin"] for region in sorted(lapsing & standbys.keys())}
    return Lookout(admins, ledger.now, ledger.note, lambda: bool(nemesis.present))


async def _come_and_go(course: Course, nemesis: Nemesis) -> None:
    """Let every observer lose its connection once while each fault lasts that spares somebody, until cancelled: whom it spares is let in again."""
    known = set[str]()
    while True:
        await asyncio.sleep(LOOK_SECONDS / 4)
        for fault in nemesis.lasting:
            if fault.name not in known and fault.expects is not None and fault.expects.spares:
                known.add(fault.name)
                await asyncio.gather(*(observer.drop() for observer in course.observers))


async def _storm(order: Order, course: Course, progress: Watched, nemesis: Nemesis, faults: tuple[Fault, ...]) -> None:
    """Let the traffic flow for as long as it is to, and until all faults have come and gone, or something says stop."""
    elapsed = course.clock()
    last = max((fault.at + fault.later + fault.hold for fault in faults), default=0.0)
    longest = OVERRUN * max(order.seconds, last) + RECOVERY_SECONDS
    async with beside(course.write(elapsed)):
        striking = asyncio.create_task(nemesis.run(faults, elapsed=elapsed))
        guarding = asyncio.create_task(_guard(order, progress, nemesis))
        try:
            await asyncio.wait({striking, guarding}, timeout=longest, return_when=asyncio.FIRST_COMPLETED)
            if guarding.done():
                progress.stopped = guarding.result()
            elif striking.done():
                striking.result()
            else:
                progress.stopped = f"its faults were not over after {longest:.0f} s"
        finally:
            striking.cancel()
            guarding.cancel()
            await asyncio.gather(striking, guarding, return_exceptions=True)
        if progress.stopped:  # the faults that were left out make the judge doubt
            return
        # after the last fault, too, each region must accept something
        enough = ENOUGH_SENDS * len(course.regions) / order.rate
        await asyncio.sleep(max(CALM_SECONDS, enough, order.seconds - elapsed()))


async def _guard(order: Order, progress: Watched, nemesis: Nemesis) -> str:
    """Wait until the drill is to stop by itself; return why."""
    guard = Guard(order.home)
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        with contextlib.suppress(LocalError):  # whether the supervisor answers is for those who strike
            status = await asyncio.to_thread(control.ask, order.home, Ask())
            why = guard.look(progress.elapsed, status, progress.tally.accepted, safety.places(nemesis.striking))
            if why:
                return why
