"""Carries a schedule of faults out, slot after slot, and notes what was done and what was seen of it.

It speaks to the supervisor as `causeway local` does, over its socket: starting a command for each look would cost seconds of
CPU, which the federation is to have.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from pathlib import Path
from types import MappingProxyType

import psutil
from redis.exceptions import RedisError

from chaos.drill.faults.caches import CacheWiped
from chaos.drill.faults.deaths import RegionDies
from chaos.drill.faults.disks import DiskFull
from chaos.drill.faults.doubles import ServiceDoubled, can_be_doubled
from chaos.drill.faults.duties import DutiesMoved, NotHomeError
from chaos.drill.faults.injector import POLL_SECONDS, RECOVERY_SECONDS, Injector, NotPossibleError, Supervisor
from chaos.drill.faults.links import LINKS, LinkFault
from chaos.drill.faults.losses import StoreLost
from chaos.drill.faults.mirrors import MirrorRepeats, RelayTruncated
from chaos.drill.faults.parts import Frozen, PartFault, SiteDown
from chaos.drill.faults.replicas import ReplicaKilled
from chaos.drill.schedule import DEATHS, MOVES, ON_LINKS, SEEN_AT_THE_END, Fault, Kind, Targets, by_slot
from chaos.judge import events as e
from chaos.judge.ledger import Ledger
from chaos.judge.spans import kind_of_part
from infra.errors import CausewayError
from infra.kafka import KafkaError
from infra.local import control
from infra.local.control import Act, Ask, PartStatus, Request, Reshape, Status
from infra.local.errors import LocalError
from infra.local.link import Shape

SIGHT_SECONDS = 20.0
"""How long a fault that is on lasts for the witness to see it. On a busy machine five pairs of answers take several."""
DECIDING = ("services", "back", "projector")
"""Processes that run a projector."""
PATIENCE_SECONDS = RECOVERY_SECONDS + 30.0
LATE_SECONDS, CATCHING_UP_SECONDS = 3.0, 60.0
"""Before somebody is spared, nothing may be under way for longer than the first, for which the second is waited: what an earlier fault has held up would be put down to this one."""


class NotRecoveredError(CausewayError):
    """{target} was not well {seconds:.0f} s after its {kind}. Look at `causeway local logs {target}`."""

    code = "not-recovered"
    definite = True


class NotHealedError(CausewayError):
    """Not all that the drill has struck is healed: {reason} Heal it with `causeway local heal`, and look at `causeway status`."""

    code = "not-healed"
    definite = True


def targets(status: Status, standbys: Mapping[str, str] = MappingProxyType({})) -> Targets:
    """Return what may be struck; the link proxy itself is the drill's own tool.

    Args:
        status: How everything is.
        standbys: Region to the one that stands by.
    """
    regions = sorted(status.regions)
    parts = {name: part for name, part in sorted(status.parts().items()) if name != LINKS and part.pid is not None}

    def serving(*ports: str) -> tuple[str, ...]:
        return tuple(name for name, part in parts.items() if set(ports) & set(part.ports))

    return Targets(
        parts=tuple(parts),
        links=tuple(f"{one}-{other}" for one in regions for other in regions if one < other),
        caches=serving("redis"),
        mirrors=tuple(name for name in parts if name.endswith("/mirror")),
        services=tuple(name for name, part in parts.items() if _is_service(part) and can_be_doubled(name)),
        disks=serving("kafka", "postgres"),
        regions=tuple(regions),
        projectors={
            region: f"{region}/{name}" for region in regions for name in DECIDING if f"{region}/{name}" in parts
        },
        standbys=dict(standbys),
        replicas=replicas(parts),
    )


def replicas(parts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return those parts of which a region has several that are equal, by region and kind of part, such as us/kafka."""
    alike: dict[str, list[str]] = {}
    for part in sorted(parts):
        region = part.rpartition("/")[0]
        if region:
            alike.setdefault(f"{region}/{kind_of_part(part)}", []).append(part)
    return {name: tuple(them) for name, them in alike.items() if len(them) > 1}


def _is_service(part: PartStatus) -> bool:
    return "admin" in part.ports


def injector_of(fault: Fault, before: Status, ask: Supervisor, tell: Callable[[str], None]) -> Injector:
    """Return what carries a fault out.

    Args:
        fault: Which.
        before: How everything is.
        ask: Asks the supervisor.
        tell: Takes down what is decided meanwhile.
    """
    if fault.kind in MOVES:
        return DutiesMoved(fault, before, ask, tell)
    if fault.kind in DEATHS:
        return (StoreLost if fault.kind is Kind.LOSS else RegionDies)(fault, before, ask, tell)
    if fault.kind in {*ON_LINKS, Kind.SPLIT, Kind.SLOW}:
        return LinkFault(fault, before, ask)
    if fault.kind is Kind.KILL and fault.expects is not None and fault.expects.prompt:
        return ReplicaKilled(fault.target, before, ask)
    others: dict[Kind, Callable[[str, Status, Supervisor], Injector]] = {
        Kind.WIPE: CacheWiped,
        Kind.REPEAT: MirrorRepeats,
        Kind.TRUNCATE: RelayTruncated,
        Kind.DOUBLE: ServiceDoubled,
        Kind.FULL: DiskFull,
        Kind.FREEZE: Frozen,
        Kind.DOWN: SiteDown,
    }
    return others.get(fault.kind, partial(PartFault, fault.kind))(fault.target, before, ask)


class Nemesis:
    """Puts faults on and takes them off.

    Attributes:
        done: How many faults have come and gone.

    Args:
        home: The federation's home.
        ledger: Where faults are noted.
        awaited: Tells what has not come yet to those to whom it is to come.
        leeway: How many times as long that may take, on a slow machine.
    """

    def __init__(
        self, home: Path, ledger: Ledger, awaited: Callable[[], AbstractSet[str]] = frozenset, *, leeway: float = 1.0
    ) -> None:
        self.done = 0
        self._present: dict[str, Fault] = {}
        self._away: dict[str, DutiesMoved | RegionDies] = {}
        self._under_way: set[asyncio.Task[Status]] = set()
        self._lasting: dict[str, Fault] = {}
        self._home = home
        self._ledger = ledger
        self._awaited, self._leeway = awaited, leeway

    @property
    def present(self) -> str:
        """What is the matter now, for those who watch; empty if nothing is."""
        return ", ".join(f"{fault.kind} {fault.target}" for fault in self._present.values())

    @property
    def striking(self) -> tuple[Fault, ...]:
        """The faults that are put on, last, or are being taken off."""
        return tuple(self._present.values())

    @property
    def lasting(self) -> tuple[Fault, ...]:
        """The faults that were seen, and are not taken off yet."""
        return tuple(self._lasting.values())

    async def run(self, faults: Sequence[Fault], *, elapsed: Callable[[], float]) -> None:
        """Carry out a schedule; a slot waits until the one before it is over and some calm has passed.

        Args:
            faults: In order.
            elapsed: Tells the seconds since the traffic began.

        Raises:
            NotRecoveredError: A part did not become well.
            LocalError: The federation is not running, or refuses.
        """
        over = 0.0
        for together in by_slot(faults):
            await asyncio.sleep(max(0.0, max(together[0].at, over) - elapsed()))
            if over and any(fault.expects is not None and fault.expects.spares for fault in together):
                await self._caught_up(together[0])
            carrying = [asyncio.create_task(self._carry_out(fault)) for fault in together]
            try:
                for one in asyncio.as_completed(carrying):
                    await one
            finally:
                for task in carrying:
                    task.cancel()
                await asyncio.gather(*carrying, return_exceptions=True)
            over = elapsed() + max(fault.rest for fault in together)

    async def _caught_up(self, next_one: Fault) -> None:
        """Wait until what was under way a moment ago has come; not for ever, since something may be lost."""
        loop = asyncio.get_running_loop()
        until = loop.time() + CATCHING_UP_SECONDS
        while before := set(self._awaited()):
            await asyncio.sleep(self._leeway * LATE_SECONDS)
            if not (late := before & self._awaited()):
                return
            if loop.time() > until:
                what = f"begins though {len(late)} messages wait for longer than {self._leeway * LATE_SECONDS:g} s"
                self._ledger.note(e.Decided(self._ledger.now(), next_one.name, what))
                return

    async def heal(self) -> None:
        """Take everything off, whatever it is: links first, since that is soon done, then parts.

        Duties that were handed over are brought home last, which takes as long as an evacuation.

        Of a drill that was broken off a request may be under way still, which would strike what has just been healed: it is waited for, and all is healed once more.

        Raises:
            NotHealedError: Something could not be; the rest was done all the same.
        """
        left = [request for request in self._under_way if not request.done()]
        failed = await self._heal()
        if left:
            await asyncio.wait(left)
            failed = await self._heal()
        for region, mover in list(self._away.items()):
            try:
                await mover.abandon()
                await mover.bring_home()
                del self._away[region]
            except (NotHomeError, TimeoutError, OSError) as error:
                failed.append(error)
        if failed:
            raise NotHealedError(reason=" ".join(map(str, failed)))

    async def _heal(self) -> list[Exception]:
        failed: list[Exception] = []
        try:
            status = await self._ask(Ask())
        except LocalError as error:
            raise NotHealedError(reason=str(error)) from error
        for request in (
            Reshape({direction: Shape() for direction in status.links}),
            Act("heal", tuple(name for name in status.parts() if name != LINKS), wait=RECOVERY_SECONDS),
        ):
            try:
                await self._ask(request)
            except LocalError as error:
                failed.append(error)
        return failed

    async def _carry_out(self, fault: Fault) -> None:
        await asyncio.sleep(fault.later)

        def tell(what: str) -> None:
            self._ledger.note(e.Decided(self._ledger.now(), fault.name, what))

        injector = injector_of(fault, await self._running(fault), self._ask, tell)
        if isinstance(injector, DutiesMoved | RegionDies):
            self._away[injector.region] = injector
        self._present[fault.name] = fault
        self._ledger.note(e.FaultBegun(self._ledger.now(), fault.name, str(fault.kind), fault.target, fault.expects))
        watching = asyncio.create_task(self._watch(fault, injector))
        await asyncio.sleep(0)  # the witness looks first
        failed = ""
        try:
            try:
                await injector.put_on()
            except (NotPossibleError, KafkaError, RedisError, OSError) as error:
                watching.cancel()  # what it might see now is something else
                failed = str(error) or type(error).__name__
            else:
                await self._hold(fault, watching)
            self._lasting.pop(fault.name, None)
            lifted = self._ledger.now()
            await injector.take_off()
            try:
                async with asyncio.timeout(RECOVERY_SECONDS):
                    await injector.recovered()
            except TimeoutError:
                raise NotRecoveredError(target=fault.target, seconds=RECOVERY_SECONDS, kind=fault.kind) from None
        except BaseException:
            await injector.abandon()
            raise
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            del self._present[fault.name]
            self._lasting.pop(fault.name, None)
        self._ledger.note(e.FaultEnded(self._ledger.now(), fault.name, failed, lifted))
        is_home = fault.kind in {Kind.RETURN, *DEATHS} and not failed
        if is_home and isinstance(injector, DutiesMoved | RegionDies):
            del self._away[injector.region]
        self.done += 1

    async def _running(self, fault: Fault) -> Status:
        """Return how everything is, once there is a process to be struck: the other fault of its slot may have ended it."""
        while True:
            status = await self._ask(Ask())
            part = status.parts().get(fault.target)
            if part is None or (part.pid is not None and psutil.pid_exists(part.pid)):
                return status
            await asyncio.sleep(POLL_SECONDS)

    async def _hold(self, fault: Fault, watching: "asyncio.Task[float]") -> None:
        """Let a fault last its time from when it is seen on; nobody is waited for who does not see it in time, and the judge doubts."""
        loop = asyncio.get_running_loop()
        since = loop.time()
        if fault.kind not in SEEN_AT_THE_END:
            await asyncio.wait({watching}, timeout=SIGHT_SECONDS)
        if watching.done() and not watching.cancelled() and watching.exception() is None:
            since = watching.result()
        if fault.kind in DEATHS:
            since = loop.time()  # its people are to be served for that long, and until now nobody did
        await asyncio.sleep(max(0.0, since + fault.hold - loop.time()))

    async def _watch(self, fault: Fault, injector: Injector) -> float:
        """Note what the witness sees; return when that was, on the loop's clock."""
        seen = await injector.saw()
        self._ledger.note(e.FaultSeen(self._ledger.now(), fault.name, seen))
        self._lasting[fault.name] = fault
        return asyncio.get_running_loop().time()

    async def _ask(self, request: Request) -> Status:
        """Ask the supervisor; who is cancelled meanwhile leaves a request under way, of which healing knows."""
        asking = asyncio.create_task(asyncio.to_thread(control.ask, self._home, request, PATIENCE_SECONDS))
        self._under_way.add(asking)
        asking.add_done_callback(self._answered)
        return await asyncio.shield(asking)

    def _answered(self, asking: "asyncio.Task[Status]") -> None:
        self._under_way.discard(asking)
        if not asking.cancelled():
            asking.exception()  # whoever asked may be gone; then nobody is to be told
