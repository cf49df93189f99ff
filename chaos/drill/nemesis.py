"""Carries a schedule of faults out, one after another, and notes what was done and what was seen of it.

It speaks to the supervisor as `causeway local` does, over its socket: starting a command for each look would cost seconds of
CPU, which the federation is to have.
"""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

from chaos.drill.schedule import LINK_KINDS, Fault, Kind
from chaos.drill.witness import LinkWitness, ProcessWitness
from chaos.judge import events as e
from chaos.judge.ledger import Ledger
from infra.errors import CausewayError
from infra.local import control
from infra.local.control import Act, Ask, Request, Reshape, Status
from infra.local.link import Shape

LINKS = "links"
LATENCY_SECONDS = 0.15
POLL_SECONDS = 0.2
RECOVERY_SECONDS = 120.0
CALM_SECONDS = 3.0


class NotRecoveredError(CausewayError):
    """{target} was not well {seconds:.0f} s after its {kind}. Look at `causeway local logs {target}`."""

    code = "not-recovered"
    definite = True


def targets(status: Status) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the parts and the links between regions that may be struck; the link proxy itself is the drill's own tool."""
    regions = sorted(status.regions)
    parts = tuple(sorted(name for name, part in status.parts().items() if name != LINKS and part.pid is not None))
    return parts, tuple(f"{one}-{other}" for one in regions for other in regions if one < other)


class Nemesis:
    """Puts faults on and takes them off.

    Attributes:
        present: What is the matter now, for those who watch; empty if nothing is.
        done: How many faults have come and gone.

    Args:
        home: The federation's home.
        ledger: Where faults are noted.
    """

    def __init__(self, home: Path, ledger: Ledger) -> None:
        self.present = ""
        self.done = 0
        self._home = home
        self._ledger = ledger

    async def run(self, faults: Sequence[Fault], *, elapsed: Callable[[], float]) -> None:
        """Carry out a schedule; a fault waits until the one before it is over and some calm has passed.

        Args:
            faults: In order.
            elapsed: Tells the seconds since the traffic began.

        Raises:
            NotRecoveredError: A part did not become well.
            LocalError: The federation is not running, or refuses.
        """
        over = 0.0
        for fault in faults:
            await asyncio.sleep(max(0.0, max(fault.at, over + CALM_SECONDS) - elapsed()))
            self.present = f"{fault.kind} {fault.target}"
            await self._carry_out(fault)
            self.present, over = "", elapsed()
            self.done += 1

    async def heal(self) -> None:
        """Take everything off, whatever it is."""
        status = await self._ask(Ask())
        shapes = {direction: Shape() for direction in status.links}
        await self._ask(Act("heal", tuple(name for name in status.parts() if name != LINKS)))
        await self._ask(Reshape(shapes))

    async def _carry_out(self, fault: Fault) -> None:
        status = await self._ask(Ask())
        on_link = fault.kind in LINK_KINDS
        witness = self._on_link(status, fault) if on_link else ProcessWitness(status.parts()[fault.target].pid or 0)
        ends, began = asyncio.get_running_loop().time() + fault.hold, status
        self._ledger.note(e.FaultBegun(self._ledger.now(), fault.name, str(fault.kind), fault.target))
        watching = asyncio.create_task(self._watch(fault, witness))
        try:
            await self._ask(_put_on(fault))
            await asyncio.sleep(max(0.0, ends - asyncio.get_running_loop().time()))
            if fault.kind is Kind.PAUSE:
                await self._ask(Act("resume", (fault.target,)))
            elif on_link:
                await self._ask(Reshape({direction: Shape() for direction in _directions(fault)}))
            await self._recovered(fault, witness, began)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        self._ledger.note(e.FaultEnded(self._ledger.now(), fault.name))

    async def _watch(self, fault: Fault, witness: ProcessWitness | LinkWitness) -> None:
        seen = await witness.saw(fault.kind)
        self._ledger.note(e.FaultSeen(self._ledger.now(), fault.name, seen))

    async def _recovered(self, fault: Fault, witness: ProcessWitness | LinkWitness, before: Status) -> None:
        """Wait until what was struck is well: a part by its own account, with another process if it had to begin anew."""
        try:
            async with asyncio.timeout(RECOVERY_SECONDS):
                if isinstance(witness, LinkWitness):
                    await witness.open()
                    return
                anew = fault.kind is not Kind.PAUSE
                while not _is_well(await self._ask(Ask()), before, fault.target, anew=anew):  # noqa: ASYNC110  # it tells only who asks
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            raise NotRecoveredError(target=fault.target, seconds=RECOVERY_SECONDS, kind=fault.kind) from None

    def _on_link(self, status: Status, fault: Fault) -> LinkWitness:
        return LinkWitness(status.parts()[LINKS].ports[f"{fault.target}/gateway"])

    async def _ask(self, request: Request) -> Status:
        return await asyncio.to_thread(control.ask, self._home, request)


def _put_on(fault: Fault) -> Request:
    match fault.kind:
        case Kind.KILL | Kind.PAUSE | Kind.RESTART:
            verb = {Kind.KILL: "kill", Kind.PAUSE: "pause", Kind.RESTART: "restart"}[fault.kind]
            return Act(verb, (fault.target,))  # type: ignore[arg-type]  # one of its literals
        case Kind.LATENCY:
            return Reshape({direction: Shape(latency=LATENCY_SECONDS) for direction in _directions(fault)})
        case Kind.CUT | Kind.ONE_WAY:
            return Reshape({direction: Shape(cut=True) for direction in _directions(fault)})


def _directions(fault: Fault) -> list[str]:
    source, _, target = fault.target.partition("-")
    return [f"{source}>{target}"] if fault.kind is Kind.ONE_WAY else [f"{source}>{target}", f"{target}>{source}"]


def _is_well(now: Status, before: Status, name: str, *, anew: bool) -> bool:
    part = now.parts()[name]
    other = part.pid is not None and part.pid != before.parts()[name].pid
    return part.state == "healthy" and (other or not anew) and (part.pid is None or psutil.pid_exists(part.pid))
