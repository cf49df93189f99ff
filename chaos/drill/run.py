"""One drill, from the first account to the last history: it writes the ledger and leaves the judging to others."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from chaos.drill.devices import Device, Tally
from chaos.drill.nemesis import CALM_SECONDS, LINKS, Nemesis, targets
from chaos.drill.observer import Observer
from chaos.drill.reader import Reader
from chaos.drill.schedule import ENOUGH_SENDS, Fault, plan
from chaos.drill.workload import pairs, seats, sends, text
from chaos.judge import events as e
from chaos.judge.ledger import Ledger
from infra.errors import CausewayError
from infra.local import control
from infra.local.control import Ask, Status
from region.client import ClientError, Stage

USERS_OF_A_REGION = 4
FEWEST_REGIONS = 2
START_SECONDS = 90.0
ARRIVE_SECONDS = 120.0
REST_SECONDS = 8.0
REJOIN_SECONDS = 45.0
OVERRUN = 2.0


class NotReadyError(CausewayError):
    """The drill cannot begin: {reason}"""  # noqa: D415  # the reason ends it

    code = "drill-not-ready"
    definite = True


@dataclass(slots=True)
class Progress:
    """What a drill is doing, for those who watch it.

    Attributes:
        doing: In words.
        elapsed: Seconds of traffic so far.
        faults: How many are to come in all.
    """

    doing: str = "looking at the federation"
    elapsed: float = 0.0
    faults: int = 0
    tally: Tally = field(default_factory=Tally)
    nemesis: Nemesis | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for.

    Attributes:
        home: The federation's home.
        seconds: How long the traffic flows.
        rate: Messages a second.
        seed: What workload and faults follow from.
    """

    home: Path
    seconds: float
    rate: float
    seed: int


async def drill(order: Order, ledger: Ledger, progress: Progress) -> tuple[Fault, ...]:
    """Run a drill on the federation that is up; return the faults that were planned.

    Raises:
        NotReadyError: The federation is not well, or too small, or no first message arrived.
        NotRecoveredError: A part did not become well after its fault.
    """
    status = await asyncio.to_thread(control.ask, order.home, Ask())
    _check(status)
    regions = tuple(sorted(status.regions))
    urls = {region: status.regions[region].public_url for region in regions}
    parts, links = targets(status)
    faults = plan(parts, links, seconds=order.seconds, rate=order.rate, seed=order.seed)
    progress.faults = len(faults)
    async with AsyncExitStack() as stack:
        course = _Course(order, ledger, progress, urls)
        await course.gather(stack)
        await course.greet()
        progress.nemesis = nemesis = Nemesis(order.home, ledger)
        try:
            await course.storm(nemesis, faults)
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


class _Course:
    """The people of a drill, and what they do from phase to phase."""

    def __init__(self, order: Order, ledger: Ledger, progress: Progress, urls: dict[str, str]) -> None:
        self.devices: list[Device] = []
        self.observers: list[Observer] = []
        self.talks: dict[str, tuple[int, int]] = {}
        self._order = order
        self._ledger = ledger
        self._progress = progress
        self._urls = urls
        self._pairs = pairs(seats(tuple(urls), USERS_OF_A_REGION))
        self._conversations: dict[tuple[int, int], str] = {}
        self._run = f"drill {order.seed}"

    async def gather(self, stack: AsyncExitStack) -> None:
        """Make accounts, connect devices, and an observer of one user of each region, at home or through another region by turns."""
        regions = list(self._urls)
        for seat in seats(tuple(regions), USERS_OF_A_REGION):
            self._progress.doing = f"making account {seat.number + 1}"
            endpoints = [self._urls[seat.region], *(url for name, url in self._urls.items() if name != seat.region)]
            device = Device(seat, endpoints, self._ledger, self._progress.tally)
            try:
                self.devices.append(await stack.enter_async_context(device))
            except ClientError as error:
                raise NotReadyError(reason=f"no account could be made in {seat.region}: {error}") from error
        for number, device in enumerate(self.devices[: len(regions)]):
            region = regions[(number + number % 2) % len(regions)]
            observer = Observer(
                f"o{number}", self._urls[region], region,
                handle=device.handle, password=device.password, ledger=self._ledger,
            )  # fmt: skip
            self.observers.append(await stack.enter_async_context(observer))
        self._progress.doing = "connecting observers"
        if not all([await observer.is_online(within=START_SECONDS) for observer in self.observers]):
            raise NotReadyError(reason="an observer was not welcomed.")

    async def greet(self) -> None:
        """Send a first message in every conversation; so it is known who its members are before anything happens to it."""
        self._progress.doing = "greeting"
        try:
            async with asyncio.timeout(START_SECONDS):
                await asyncio.gather(*(self._open(number, *pair) for number, pair in enumerate(self._pairs)))
        except TimeoutError:
            raise NotReadyError(reason=f"first messages had not arrived after {START_SECONDS:.0f} s.") from None

    async def storm(self, nemesis: Nemesis, faults: tuple[Fault, ...]) -> None:
        """Let the traffic flow for as long as it is to, and until all faults have come and gone."""
        self._progress.doing = "traffic"
        began = self._ledger.now()

        def elapsed() -> float:
            self._progress.elapsed = self._ledger.now() - began
            return self._progress.elapsed

        async with _running(self._send(elapsed)):
            with contextlib.suppress(TimeoutError):  # the faults that were left out make the judge doubt
                async with asyncio.timeout(OVERRUN * self._order.seconds):
                    await nemesis.run(faults, elapsed=elapsed)
            enough = ENOUGH_SENDS / self._order.rate  # for the last fault, too, something must be accepted afterwards
            await asyncio.sleep(max(CALM_SECONDS, enough, self._order.seconds - elapsed()))

    async def settle(self) -> None:
        """Wait until everything has arrived, or for long enough; then for a rest; note who is connected by then."""
        tally, self._progress.doing = self._progress.tally, "waiting for what is under way"
        loop = asyncio.get_running_loop()
        until = loop.time() + ARRIVE_SECONDS
        while tally.under_way and loop.time() < until:  # noqa: ASYNC110  # three counters, looked at now and then
            await asyncio.sleep(0.25)
        online = await asyncio.gather(*(device.is_online(within=REJOIN_SECONDS) for device in self.devices))
        await asyncio.gather(*(observer.is_online(within=REJOIN_SECONDS) for observer in self.observers))
        self._progress.doing = "resting"
        await asyncio.sleep(REST_SECONDS)
        for device, is_online in zip(self.devices, online, strict=True):
            device.give_up()
            if not is_online:
                await device.leave()
        self._ledger.note(e.Settled(self._ledger.now()))

    async def _open(self, number: int, one: int, other: int) -> None:
        sender, recipient = self.devices[one], self.devices[other]
        handle = await sender.send(text(f"{self._run} greeting", number), recipient, None)
        await handle.reach(Stage.NUMBERED)
        conversation = handle.conversation_id
        self._conversations[one, other] = self._conversations[other, one] = conversation
        self.talks[conversation] = one, other
        for device in (sender, recipient):
            self._ledger.note(e.Member(self._ledger.now(), conversation, device.user, device.seat.region))

    async def _send(self, elapsed: Callable[[], float]) -> None:
        for send in sends(self._pairs, rate=self._order.rate, seed=self._order.seed):
            wait = send.due - elapsed()
            if wait > 0:
                await asyncio.sleep(wait)
            sender, recipient = self.devices[send.sender], self.devices[send.recipient]
            conversation = self._conversations[send.sender, send.recipient]
            await sender.send(text(self._run, send.number), recipient, conversation)


@asynccontextmanager
async def _running(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Run something beside what is done within, and stop it at the end; its failure ends both."""
    task = asyncio.create_task(work)
    try:
        yield
        if task.done():
            task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
