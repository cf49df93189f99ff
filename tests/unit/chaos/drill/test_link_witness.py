"""A link's witness believes the median of many answers through it and past it, and only while the fault is on."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable

import pytest

from chaos.drill import witness
from chaos.drill.faults.injector import NotPossibleError
from chaos.drill.faults.links import LinkFault
from chaos.drill.schedule import ON_LINKS, Fault, Kind
from infra.local.control import PartStatus, RegionStatus, Request, Status

LIMIT_SECONDS = 30.0
THROUGH, PAST = 1, 2


class Machine:
    """Answers as it is told, after no time at all.

    Attributes:
        busy: How long every answer takes, seconds, in turn.
        added: What the link adds, in turn; None: no answer comes.
        asked: How often it was asked through the link.
    """

    def __init__(self) -> None:
        self.busy = itertools.cycle([0.005])
        self.added: itertools.cycle[float | None] = itertools.cycle([0.001])
        self.asked = 0

    async def answer(self, port: int, patience: float = witness.SILENT_SECONDS) -> float | None:
        """Say how long an answer took."""
        await asyncio.sleep(0)
        took = next(self.busy)
        if port == THROUGH:
            self.asked += 1
            added = next(self.added)
            if added is None:
                return None
            took += added
        return took if took < patience else None

    async def goes_on(self) -> None:
        """Wait until it was asked often enough for everything that was to be seen."""
        until = self.asked + 4 * witness.PAIRS
        async with asyncio.timeout(LIMIT_SECONDS):
            while self.asked < until:  # noqa: ASYNC110  # it only counts
                await asyncio.sleep(0)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """The machine that answers."""
    found = Machine()
    monkeypatch.setattr(witness, "_answer", found.answer)
    monkeypatch.setattr(witness, "LOOK_SECONDS", 0.0)
    return found


def fault(kind: Kind, ask: Callable[[Request], Awaitable[Status]] | None = None) -> LinkFault:
    """Return a fault on the link between two regions."""

    def part(**ports: int) -> PartStatus:
        return PartStatus("healthy", 1, 0.0, 0, ports, "/log")

    regions = {name: RegionStatus("", {"front": part(gateway=PAST)}) for name in ("us", "eu")}
    links = part(**{"us-eu/gateway": THROUGH})
    status = Status("healthy", "/home", None, regions, {"links": links})

    async def reshape(_: Request) -> Status:
        return status

    return LinkFault(Fault(1, 1, 0.0, kind, "us-eu", 1.0), status, ask or reshape)


DONE: dict[Kind, list[float | None]] = {
    Kind.CUT: [None],
    Kind.ONE_WAY: [None],
    Kind.LATENCY: [0.3],
    Kind.JITTER: [0.1, 0.3, 0.5, 0.25, 0.35],
    Kind.BANDWIDTH: [0.4],
}


@pytest.mark.parametrize("kind", ON_LINKS)
@pytest.mark.parametrize("busy", [[0.005], [0.3, 0.7, 0.05, 0.6], [0.9, 0.01]])
async def test_a_fault_is_seen_on_an_idle_machine_and_on_a_busy_one(
    kind: Kind, busy: list[float], machine: Machine
) -> None:
    """However long answers take there, those through the link take longer."""
    machine.busy = itertools.cycle(busy)
    struck = fault(kind)
    async with asyncio.timeout(LIMIT_SECONDS):
        await struck.put_on()
        machine.added = itertools.cycle(DONE[kind])

        assert "through it" in await struck.saw()


@pytest.mark.parametrize("kind", ON_LINKS)
async def test_a_few_late_answers_are_no_fault(kind: Kind, machine: Machine) -> None:
    """A busy machine is late now and then; a link that is slow is always."""
    struck = fault(kind)
    await struck.put_on()
    machine.added = itertools.cycle([None, 0.001, 0.002, 2.0, 0.001])
    watching = asyncio.create_task(struck.saw())

    await machine.goes_on()

    assert not watching.done()
    watching.cancel()


@pytest.mark.parametrize("kind", ON_LINKS)
async def test_nothing_is_seen_before_it_is_put_on(kind: Kind, machine: Machine) -> None:
    """Whatever answers are like until then is how the link is without it."""
    asked = asyncio.Event()
    put = asyncio.Event()

    async def ask(_: Request) -> Status:
        asked.set()
        await put.wait()
        return Status("healthy", "/home", None, {}, {})

    struck = fault(kind, ask)
    watching = asyncio.create_task(struck.saw())
    putting_on = asyncio.create_task(struck.put_on())
    await asked.wait()
    machine.added = itertools.cycle(DONE[kind])
    for _ in range(100):
        await asyncio.sleep(0)
    assert not watching.done()

    put.set()

    await putting_on
    assert await asyncio.wait_for(watching, LIMIT_SECONDS)


@pytest.mark.parametrize("kind", ON_LINKS)
async def test_nothing_is_seen_once_it_is_taken_off(kind: Kind, machine: Machine) -> None:
    """What is late then is something else."""
    struck = fault(kind)
    await struck.put_on()
    watching = asyncio.create_task(struck.saw())
    await machine.goes_on()
    await struck.take_off()
    machine.added = itertools.cycle(DONE[kind])
    for _ in range(500):
        await asyncio.sleep(0)

    assert not watching.done()
    watching.cancel()


async def test_a_link_at_whose_end_nobody_answers_cannot_be_judged(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the fault is not put on, and it is said why."""
    monkeypatch.setattr(witness, "BEFORE_SECONDS", 0.05)
    machine.busy = itertools.cycle([60.0])

    with pytest.raises(NotPossibleError, match="nobody answered at the end of us-eu"):
        await fault(Kind.LATENCY).put_on()
