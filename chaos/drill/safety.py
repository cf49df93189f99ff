"""What a drill may be let loose on, what it may touch, and when it stops by itself."""

import shutil
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from chaos.drill.course import NotReadyError
from chaos.drill.faults.links import DIRECTORY, LINKS, links_of
from chaos.drill.schedule import DEATHS, MOVES, Fault, Kind
from infra.local.control import Status

FEWEST_REGIONS = 2
LEAST_DISK_BYTES = 500_000_000
DEAF_SECONDS = 90.0
"""For how long nothing may be accepted anywhere: the longest fault leaves somebody alone, or is over sooner."""
DOWN_SECONDS = 60.0
"""For how long a part that no fault strikes may be down."""
GONE = frozenset({"crashed", "failed", "killed", "down", "orphaned"})


def check(status: Status, faults: Iterable[Fault] = (), standbys: Mapping[str, str] = MappingProxyType({})) -> None:
    """Refuse a federation that is not well, or that a plan does not fit.

    Args:
        status: How everything is.
        faults: A plan that was made before.
        standbys: Region to the one that stands by it.

    Raises:
        NotReadyError: Why not, and what to do.
    """
    unwell = {name: part for name, part in status.parts().items() if part.state != "healthy"}
    if status.state != "healthy" or unwell:
        named = "; ".join(
            f"{name} is {part.state}" + (f" ({part.reason})" if part.reason else "")
            for name, part in [*unwell.items()][:3]
        )
        do = (
            "`causeway up` starts it" if status.state == "down" else "`causeway local heal` mends what a drill has left"
        )
        raise NotReadyError(
            reason=f"the federation is {status.state}{': ' + named if named else ''}. {do}; see `causeway status`."
        )
    disturbed = [
        name
        for name, link in status.links.items()
        if link.cut or link.latency_ms or link.jitter_ms or link.bandwidth_bits
    ]
    if disturbed:
        raise NotReadyError(
            reason=f"these links are disturbed already: {', '.join(disturbed)}. `causeway local heal` mends them."
        )
    if len(status.regions) < FEWEST_REGIONS:
        raise NotReadyError(reason=f"it takes {FEWEST_REGIONS} regions at least.")
    if LINKS not in status.parts():
        raise NotReadyError(reason="its regions have no link between them.")
    plan = tuple(faults)
    if alone := sorted({region for fault in plan for region in _leased(fault)} - standbys.keys()):
        raise NotReadyError(
            reason=f"its plan is about the lease of {', '.join(alone)}, and nobody stands by there. Bring up the federation that it was made for, with `causeway up --standby`."
        )
    if missing := sorted(_named(plan) - _known(status)):
        raise NotReadyError(
            reason=f"its plan strikes what is not here: {', '.join(missing)}. Bring up the federation that it was made for."
        )


def blast_radius(faults: Iterable[Fault]) -> str:
    """Return what a plan touches at most, in words."""
    struck = list(faults)
    links = {link for fault in struck if _on_links(fault) for link in links_of(fault.target)}
    parts = {fault.target for fault in struck if not _on_links(fault)}
    whole = {fault.target for fault in struck if fault.kind in {Kind.FREEZE, Kind.DOWN}}
    whole |= {fault.target.partition(">")[0] for fault in struck if fault.kind in DEATHS}
    moved = {fault.target for fault in struck if fault.kind in {*MOVES, *DEATHS}}
    parts -= moved
    said = [f"everything of {name}" for name in sorted(whole)] + sorted(
        part for part in parts if part.partition("/")[0] not in whole
    )
    said += [f"the link {link}" for link in sorted({"-".join(sorted(link.split("-"))) for link in links})]
    said += [f"the duties that go {way}" for way in sorted(moved)]
    return ", ".join(said) or "nothing"


def places(faults: Iterable[Fault]) -> frozenset[str]:
    """Return where parts are struck, so that what depends on them may be down: regions, and the directory. A fault on a link strikes no part."""
    return frozenset(_place(one) for fault in faults if not _on_links(fault) for one in fault.target.split(">"))


@dataclass(slots=True)
class Guard:
    """Tells when a drill is to stop: pure, fed with what is seen.

    Attributes:
        home: Where the ledger grows.
    """

    home: Path
    _accepted: int = 0
    _heard: float = 0.0
    _looked: float = 0.0
    _down: dict[str, float] = field(default_factory=dict)

    def look(self, now: float, status: Status, accepted: int, struck: Container[str]) -> str:
        """Return why to stop now; empty if all is as it may be.

        Args:
            now: Seconds.
            status: How everything is.
            accepted: How many sends were accepted so far.
            struck: Where faults that last strike parts; see `places`.
        """
        if accepted > self._accepted:
            self._accepted, self._heard = accepted, now
        if now - self._heard > DEAF_SECONDS:
            return f"nothing was accepted anywhere for {DEAF_SECONDS:.0f} s"
        passed, self._looked = now - self._looked, now
        for name, part in status.parts().items():
            if self._stays_down(name, part.state, passed, is_struck=_place(name) in struck):
                return f"{name} was down for {DOWN_SECONDS:.0f} s, though nothing strikes it"
        if self.home.exists() and (free := shutil.disk_usage(self.home).free) < LEAST_DISK_BYTES:
            return f"only {free / 1e6:.0f} MB of disk are left"
        return ""

    def _stays_down(self, name: str, state: str, passed: float, *, is_struck: bool) -> bool:
        """Whether a part was down for too long: since it went until it is well, however often it is started meanwhile, but for the time in which its region is struck."""
        if state == "healthy":
            self._down.pop(name, None)
        elif name in self._down:
            self._down[name] += 0.0 if is_struck else passed
        elif state in GONE:
            self._down[name] = 0.0
        return self._down.get(name, 0.0) > DOWN_SECONDS


def _place(name: str) -> str:
    """Return the region of a part, or the directory of what belongs to none, such as its store; of a region itself, that."""
    region = name.partition("/")[0]
    return DIRECTORY if region.startswith(DIRECTORY) else region


def _on_links(fault: Fault) -> bool:
    return fault.kind in {Kind.CUT, Kind.ONE_WAY, Kind.LATENCY, Kind.JITTER, Kind.BANDWIDTH, Kind.SPLIT, Kind.SLOW}


def _leased(fault: Fault) -> tuple[str, ...]:
    return (*fault.expects.lapses, *fault.expects.keeps) if fault.expects is not None else ()


def _named(faults: Iterable[Fault]) -> set[str]:
    return {
        name for fault in faults for name in (links_of(fault.target) if _on_links(fault) else fault.target.split(">"))
    }


def _known(status: Status) -> set[str]:
    ends = [*status.regions, "directory"]
    return {*status.parts(), *ends, *(f"{one}-{other}" for one in status.regions for other in ends if one != other)}
