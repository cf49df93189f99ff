"""One outage, which several groups of people live through at once, and each ledger tells in its own way: truly, or with something withheld.

The directory says nothing, and the sea cable is cut, so that nobody renews the lease of `us`; then the directory is back; last the cable. Whoever is told that
the directory alone was away, or that all was over when it came back, holds against the federation what a real fault of that kind would have done.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import httpx
from msgspec.structs import replace

from chaos.drill.course import Course, Progress, Scale
from chaos.drill.lookout import Lookout
from chaos.drill.reader import Reader
from chaos.federation import Federation
from chaos.judge import events as e
from chaos.judge.judgement import Judgement, judge
from chaos.judge.ledger import Ledger, read
from chaos.judge.sufficiency import Needs
from infra.tasks import beside

RATE, CHANGE_SECONDS = 3.0, 0.75
"""So much is enough for each checker; four runs go on at once, beside other tests."""
ARRIVE_SECONDS, REST_SECONDS = 90.0, 2.0
AWAY_SECONDS, HIDDEN_SECONDS = 30.0, 14.0
"""How long both are away, which outlasts a lease by far; and how long the cable alone."""
SOON, CONVERGES, SHORTLY = 30.0, 120.0, 6.0
"""Generous, since other tests run beside these; but a cable that is cut for longer than that is noticed."""
PATIENCE_SECONDS = 180.0
"""How long a device repeats what nobody answers, on a machine that is busy."""
START_SECONDS, CALM_SECONDS = 300.0, 3.0
DECIDES = "us/back"
NEEDS = Needs(faults=1, before=0, during=0, after=0, altered=0, posts=0, rest=REST_SECONDS / 2)

APART = (("us",), ("eu",))
TELLINGS = {
    "told_truly": e.Expectation(APART, SOON, CONVERGES, lapses=("us",)),
    "cable_withheld": e.Expectation((("us", "eu"),), SOON),
    "healed_too_late": e.Expectation(APART, SOON, SHORTLY),
    "stale_admission": e.Expectation(lapses=("us",)),
}
"""By the name of a run, what its ledger is told to expect; the last has a fault in the build besides."""
RED = {
    "told_truly": set[str](),
    "cable_withheld": {"served"},
    "healed_too_late": {"converged"},
    "stale_admission": {"holder"},
}
"""Which checkers must find something."""
UNTIL_THE_DIRECTORY_IS_BACK = {"healed_too_late"}
"""Runs that are told that all was over by then."""


@dataclass
class Outage:
    """The outage, as the ledgers are told of it.

    Attributes:
        over: Set once nothing is struck any more.
    """

    federation: Federation
    ledgers: dict[str, Ledger] = field(default_factory=dict)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    _ready: asyncio.Event = field(default_factory=asyncio.Event)
    _began: float = field(default_factory=time.monotonic)

    def clock(self) -> Callable[[], float]:
        """Return a clock for one more ledger, which begins at nothing; then all ledgers have the same time."""
        asked = count()
        return lambda: time.monotonic() - self._began if next(asked) else 0.0

    def now(self) -> float:
        """Return the time that all ledgers have."""
        return time.monotonic() - self._began

    def note(self, event: e.Event) -> None:
        """Note in every ledger what was seen just now."""
        for ledger in self.ledgers.values():
            ledger.note(replace(event, at=ledger.now()))

    def joined(self, name: str, ledger: Ledger) -> None:
        """Somebody has gathered."""
        self.ledgers[name] = ledger
        if len(self.ledgers) == len(TELLINGS):
            self._ready.set()

    async def strike(self) -> None:
        """Strike once all have gathered; heal, whatever happens."""
        async with asyncio.timeout(START_SECONDS):
            await self._ready.wait()
        admins = {"us": (await asyncio.to_thread(self.federation.status)).parts()[DECIDES].ports["admin"]}
        await asyncio.sleep(CALM_SECONDS)
        try:
            for name, ledger in self.ledgers.items():
                ledger.note(e.FaultBegun(ledger.now(), "f1", "outage", "directory", TELLINGS[name]))
            async with beside(Lookout(admins, self.now, self.note).run()):
                await self.federation.act("local", "pause", "directory")
                await self.federation.act("local", "cut", "us-eu")
                self.note(e.FaultSeen(0.0, "f1", "it is paused"))
                await asyncio.sleep(AWAY_SECONDS)
                self._ended(*UNTIL_THE_DIRECTORY_IS_BACK)
                await self.federation.act("local", "resume", "directory")
                await asyncio.sleep(HIDDEN_SECONDS)
                self._ended(*TELLINGS.keys() - UNTIL_THE_DIRECTORY_IS_BACK)
        finally:
            await self.federation.act("local", "heal")
            self.over.set()

    def _ended(self, *names: str) -> None:
        for name in names:
            ledger = self.ledgers[name]
            ledger.note(e.FaultEnded(ledger.now(), "f1", lifted=ledger.now()))


async def live_through(name: str, path: Path, outage: Outage) -> None:
    """Let four people write to each other until it is over, and read everything then."""
    status = await asyncio.to_thread(outage.federation.status)
    urls = {region: there.public_url for region, there in status.regions.items()}
    scale = Scale(
        f"planted {name}", 2, rate=RATE, seed=1, arrive=ARRIVE_SECONDS, rest=REST_SECONDS, changes=CHANGE_SECONDS,
        patience=PATIENCE_SECONDS,
    )  # fmt: skip
    with Ledger(path, seed=1, about=name, fifo=True, standbys={"us": "eu"}, clock=outage.clock()) as ledger:
        course = Course(scale, ledger, Progress(), urls)
        async with AsyncExitStack() as stack:
            await course.gather(stack)
            await course.greet()
            outage.joined(name, ledger)
            async with beside(course.write(course.clock())):
                await outage.over.wait()
                await asyncio.sleep(CALM_SECONDS)
            await course.settle()
            await Reader(ledger, urls).read_all(course.devices, course.talks)


async def let_in(federation: Federation) -> None:
    """Wait until each region lets somebody in, as it does once its lease is renewed after a start."""
    async with httpx.AsyncClient(timeout=30) as http, asyncio.timeout(START_SECONDS):
        for region in (await asyncio.to_thread(federation.status)).regions.values():
            status = 0
            while status != 201:
                somebody = {"handle": f"u{secrets.token_hex(8)}", "password": "a good password"}
                status = (await http.post(f"{region.public_url}/register", json=somebody)).status_code
                await asyncio.sleep(0.5)


async def live_through_all(federation: Federation, directory: Path) -> None:
    """Let all runs live through the same outage, at the same time; each writes a ledger named as itself."""
    await let_in(federation)
    outage = Outage(federation)
    async with asyncio.TaskGroup() as group:
        group.create_task(outage.strike())
        for name in TELLINGS:
            group.create_task(live_through(name, directory / name, outage))


def judged(directory: Path) -> dict[str, Judgement]:
    """Return what the judge says of each run."""
    return {name: judge(read(directory / name), NEEDS) for name in TELLINGS}
