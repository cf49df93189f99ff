"""The people of a drill, and what they do from phase to phase: they gather, greet, write, wait until everything has arrived."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

from chaos.drill import audiences
from chaos.drill.alterings import altering, edited
from chaos.drill.devices import PATIENCE_SECONDS, Device
from chaos.drill.gatherings import SHARE
from chaos.drill.hosts import Hosts
from chaos.drill.observer import Observer
from chaos.drill.publishers import Publishers
from chaos.drill.tally import Tally
from chaos.drill.workload import pairs, seats, sends, text
from chaos.judge import events as e
from chaos.judge.ledger import Ledger
from infra.errors import CausewayError
from infra.tasks import beside
from region.client import ClientError, Stage

START_SECONDS = 90.0
REJOIN_SECONDS = 45.0


class NotReadyError(CausewayError):
    """The drill cannot begin: {reason}"""  # noqa: D415  # the reason ends it

    code = "drill-not-ready"
    definite = True


@dataclass(slots=True)
class Progress:
    """What is being done, for those who watch.

    Attributes:
        doing: In words.
        elapsed: Seconds of traffic so far.
        tally: What is counted.
    """

    doing: str = ""
    elapsed: float = 0.0
    tally: Tally = field(default_factory=Tally)


@dataclass(frozen=True, slots=True)
class Scale:
    """How much of everything there is.

    Attributes:
        name: What the texts of the run begin with, which no other run's do.
        users: Of each region.
        rate: Messages a second.
        seed: What the order of messages follows from.
        arrive: How long nothing more may arrive before what is under way is given up at the end, seconds.
        rest: How long nothing happens before everybody is asked what they have, seconds.
        changes: How far one change of the groups is from the next one, seconds; 0 for no groups.
        channels: How far one change of who subscribes to the channels is from the next one, seconds; 0 for no channels.
        alters: Whether some messages are edited, deleted or reacted to.
        patience: How long a device repeats a call that nobody answers, seconds.
    """

    name: str
    users: int
    rate: float
    seed: int
    arrive: float = 120.0
    rest: float = 8.0
    changes: float = 0.0
    channels: float = 0.0
    alters: bool = False
    patience: float = PATIENCE_SECONDS


class Course:
    """The people of a drill, and what they do from phase to phase.

    Attributes:
        devices: By seat.
        observers: Of one user of each region, at home, and of the first one through another region.
        talks: Conversation to the seats of its members; of a group or a channel, of everybody who ever was one.
        hosts: Of the groups, if there are any.
        publishers: Of the channels, if there are any.

    Args:
        scale: How much of everything.
        ledger: Where it is noted.
        progress: Told what is being done.
        urls: Region to public URL.
    """

    def __init__(self, scale: Scale, ledger: Ledger, progress: Progress, urls: Mapping[str, str]) -> None:
        self.devices: list[Device] = []
        self.observers: list[Observer] = []
        self.talks: dict[str, tuple[int, ...]] = {}
        self._scale = scale
        self._ledger = ledger
        self._progress = progress
        self._urls = urls
        self._seats = seats(tuple(urls), scale.users)
        self._pairs = pairs(self._seats)
        self._conversations: dict[tuple[int, int], str] = {}
        self.hosts: Hosts | None = None
        if scale.changes:
            self.hosts = Hosts(self._seats, self.devices, name=scale.name, seed=scale.seed)
        self.publishers: Publishers | None = None
        if scale.channels:
            self.publishers = Publishers(self._seats, self.devices, name=scale.name, seed=scale.seed)

    @property
    def regions(self) -> tuple[str, ...]:
        """Where people live."""
        return tuple(self._urls)

    async def gather(self, stack: AsyncExitStack) -> None:
        """Make accounts, connect devices, and an observer of one user of each region through the edge of their home, and of the first through another one."""
        regions = list(self._urls)
        edges = {url.rstrip("/"): region for region, url in self._urls.items()}
        for seat in self._seats:
            self._progress.doing = f"making account {seat.number + 1}"
            endpoints = [self._urls[seat.region], *(url for name, url in self._urls.items() if name != seat.region)]
            device = Device(
                seat, endpoints, self._ledger, self._progress.tally,
                alters=self._scale.alters, edges=edges, patience=self._scale.patience,
            )  # fmt: skip
            try:
                self.devices.append(await stack.enter_async_context(device))
            except ClientError as error:
                raise NotReadyError(reason=f"no account could be made in {seat.region}: {error}") from error
        watched = [*zip(self.devices, regions, strict=False), *((self.devices[0], region) for region in regions[1:2])]
        for number, (device, region) in enumerate(watched):
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
                if self.hosts is not None:
                    await self.hosts.make()
                    people = (gathering.people for gathering in self.hosts.found)
                    self.talks.update(zip(self.hosts.ids, people, strict=True))
                if self.publishers is not None:
                    await self.publishers.make()
                    people = (audience.people for audience in self.publishers.found)
                    self.talks.update(zip(self.publishers.ids, people, strict=True))
        except TimeoutError:
            raise NotReadyError(reason=f"first messages had not arrived after {START_SECONDS:.0f} s.") from None

    def clock(self) -> Callable[[], float]:
        """Let the traffic begin now; return what tells the seconds since then."""
        self._progress.doing = "traffic"
        began = self._ledger.now()

        def elapsed() -> float:
            self._progress.elapsed = self._ledger.now() - began
            return self._progress.elapsed

        return elapsed

    async def write(self, elapsed: Callable[[], float], *, rounds: int | None = None) -> None:
        """Write at the rate, until cancelled or until everybody has written that often in each of their conversations.

        Args:
            elapsed: Tells the seconds since the traffic began.
            rounds: How often; None for no end.
        """
        most = None if rounds is None else 2 * rounds * len(self._pairs)
        changing = []
        if self.hosts is not None:
            changing.append(self.hosts.change(elapsed, every=self._scale.changes))
        if self.publishers is not None:
            changing.append(self.publishers.change(elapsed, every=self._scale.channels))
        async with beside(*changing):
            await self._write(elapsed, most)

    async def _write(self, elapsed: Callable[[], float], most: int | None) -> None:
        for send in islice(sends(self._pairs, rate=self._scale.rate, seed=self._scale.seed), most):
            wait = send.due - elapsed()
            if wait > 0:
                await asyncio.sleep(wait)
            words = text(self._scale.name, send.number)
            if self.hosts is not None and send.number % SHARE == SHARE - 1:
                sender, handle = await self.hosts.post(words)
            elif self.publishers is not None and send.number % audiences.SHARE == audiences.PLACE:
                sender, handle = await self.publishers.post(words)
            else:
                sender, recipient = self.devices[send.sender], self.devices[send.recipient]
                conversation = self._conversations[send.sender, send.recipient]
                handle = await sender.send(words, recipient, conversation)
            if self._scale.alters and (steps := altering(send.number, self._scale.seed)):
                sender.alter_soon(handle, words, steps, partial(edited, self._scale.name, send.number))

    async def settle(self) -> None:
        """Wait until everything has arrived, or nothing more for long enough; then for a rest; note who is connected by then."""
        tally, self._progress.doing = self._progress.tally, "waiting for what is under way"
        for device in self.devices:
            device.alter_no_more()
        if self.publishers is not None:
            await self.publishers.finish()
        loop = asyncio.get_running_loop()
        least, until = tally.under_way, loop.time() + self._scale.arrive
        while tally.under_way and loop.time() < until:
            await asyncio.sleep(0.25)
            if tally.under_way < least:
                least, until = tally.under_way, loop.time() + self._scale.arrive
        online = await asyncio.gather(*(device.is_online(within=REJOIN_SECONDS) for device in self.devices))
        await asyncio.gather(*(observer.is_online(within=REJOIN_SECONDS) for observer in self.observers))
        self._progress.doing = "resting"
        await asyncio.sleep(self._scale.rest)
        for device, is_online in zip(self.devices, online, strict=True):
            device.give_up()
            if not is_online:
                await device.leave()
        self._ledger.note(e.Settled(self._ledger.now()))

    async def _open(self, number: int, one: int, other: int) -> None:
        sender, recipient = self.devices[one], self.devices[other]
        handle = await sender.send(text(f"{self._scale.name} greeting", number), recipient, None)
        await handle.reach(Stage.NUMBERED)
        conversation = handle.conversation_id
        self._conversations[one, other] = self._conversations[other, one] = conversation
        self.talks[conversation] = one, other
        for device in (sender, recipient):
            self._ledger.note(e.Member(self._ledger.now(), conversation, device.user, device.seat.region))
