"""One drill, from the first account to the last history: it writes the ledger and leaves the judging to others."""

import asyncio
import contextlib
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from chaos.drill.course import Course, NotReadyError, Progress, Scale
from chaos.drill.faults.links import LINKS
from chaos.drill.nemesis import CALM_SECONDS, Nemesis, targets
from chaos.drill.reader import Reader
from chaos.drill.schedule import ENOUGH_SENDS, Fault, Name, plan
from chaos.judge.ledger import Ledger
from infra.local import control
from infra.local.control import Ask, Status
from infra.tasks import beside

USERS_OF_A_REGION = 4
CHANGE_SECONDS = 2.0
"""How far one change of the groups is from the next one."""
SUBSCRIBE_SECONDS = 2.5
"""The same of the channels' subscribers."""
FEWEST_REGIONS = 2
OVERRUN = 3.0
"""By how much the faults may take longer than was reckoned, where parts recover slowly."""


@dataclass(slots=True)
class Watched(Progress):
    """What a drill is doing, and its faults.

    Attributes:
        faults: How many are to come in all.
        nemesis: Who carries them out, once somebody does.
        share: How much of one core the drill itself took while the traffic flowed.
    """

    faults: int = 0
    nemesis: Nemesis | None = None
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for.

    Attributes:
        name: Which drill.
        home: The federation's home.
        seconds: How long the traffic flows.
        rate: Messages a second.
        seed: What workload and faults follow from.
    """

    name: Name
    home: Path
    seconds: float
    rate: float
    seed: int


async def drill(order: Order, ledger: Ledger, progress: Watched) -> tuple[Fault, ...]:
    """Run a drill on the federation that is up; return the faults that were planned.

    Raises:
        NotReadyError: The federation is not well, or too small, or no first message arrived.
        NotRecoveredError: A part did not become well after its fault.
    """
    status = await asyncio.to_thread(control.ask, order.home, Ask())
    _check(status)
    regions = tuple(sorted(status.regions))
    urls = {region: status.regions[region].public_url for region in regions}
    faults = plan(order.name, targets(status), seconds=order.seconds, rate=order.rate, seed=order.seed)
    progress.faults = len(faults)
    async with AsyncExitStack() as stack:
        scale = Scale(
            f"drill {order.seed}", USERS_OF_A_REGION, rate=order.rate, seed=order.seed,
            changes=CHANGE_SECONDS, channels=SUBSCRIBE_SECONDS, alters=True,
        )  # fmt: skip
        course = Course(scale, ledger, progress, urls)
        await course.gather(stack)
        await course.greet()
        progress.nemesis = nemesis = Nemesis(order.home, ledger)
        try:
            began, busy = time.monotonic(), time.process_time()
            await _storm(order, course, nemesis, faults)
            progress.share = (time.process_time() - busy) / (time.monotonic() - began)
        finally:
            progress.doing = "healing"
            await nemesis.heal()
        await course.settle()
        progress.doing = "reading histories"
        await Reader(ledger, urls).read_all(course.devices, course.talks)
    return faults


def _check(status: Status) -> None:
    if status.state != "healthy":
        raise NotReadyError(reason=f"the federation is {status.state}; see `causeway status`, or `causeway up`.")
    if len(status.regions) < FEWEST_REGIONS:
        raise NotReadyError(reason=f"it takes {FEWEST_REGIONS} regions at least.")
    if LINKS not in status.parts():
        raise NotReadyError(reason="its regions have no link between them.")


async def _storm(order: Order, course: Course, nemesis: Nemesis, faults: tuple[Fault, ...]) -> None:
    """Let the traffic flow for as long as it is to, and until all faults have come and gone."""
    elapsed = course.clock()
    async with beside(course.write(elapsed)):
        with contextlib.suppress(TimeoutError):  # the faults that were left out make the judge doubt
            async with asyncio.timeout(OVERRUN * order.seconds):
                await nemesis.run(faults, elapsed=elapsed)
        enough = (
            ENOUGH_SENDS * len(course.regions) / order.rate
        )  # after the last fault, too, each region must accept something
        await asyncio.sleep(max(CALM_SECONDS, enough, order.seconds - elapsed()))
