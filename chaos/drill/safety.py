"""What a drill may be let loose on, what it may touch, and when it stops by itself."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from chaos.drill.course import NotReadyError
from chaos.drill.faults.links import LINKS, links_of
from chaos.drill.schedule import Fault, Kind
from infra.local.control import Status

FEWEST_REGIONS = 2
LEAST_DISK_BYTES = 500_000_000
DEAF_SECONDS = 90.0
"""For how long nothing may be accepted anywhere: the longest fault leaves somebody alone, or is over sooner."""
DOWN_SECONDS = 60.0
"""For how long a part that no fault strikes may be down."""
GONE = frozenset({"crashed", "failed", "killed", "down", "orphaned"})


def check(status: Status, faults: Iterable[Fault] = ()) -> None:
    """Refuse a federation that is not well, or that a plan does not fit.

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
    if missing := sorted(_named(faults) - _known(status)):
        raise NotReadyError(
            reason=f"its plan strikes what is not here: {', '.join(missing)}. Bring up the federation that it was made for."
        )


def blast_radius(faults: Iterable[Fault]) -> str:
    """Return what a plan touches at most, in words."""
    struck = list(faults)
    links = {link for fault in struck if _on_links(fault) for link in links_of(fault.target)}
    parts = {fault.target for fault in struck if not _on_links(fault)}
    whole = {fault.target for fault in struck if fault.kind is Kind.FREEZE}
    said = [f"everything of {name}" for name in sorted(whole)] + sorted(
        part for part in parts if part.partition("/")[0] not in whole
    )
    said += [f"the link {link}" for link in sorted({"-".join(sorted(link.split("-"))) for link in links})]
    return ", ".join(said) or "nothing"


@dataclass(slots=True)
class Guard:
    """Tells when a drill is to stop: pure, fed with what is seen.

    Attributes:
        place: Where the ledger grows.
    """

    place: Path
    _accepted: int = 0
    _heard: float = 0.0
    _down: dict[str, float] | None = None

    def look(self, now: float, status: Status, accepted: int, struck: Iterable[str]) -> str:
        """Return why to stop now; empty if all is as it may be.

        Args:
            now: Seconds.
            status: How everything is.
            accepted: How many sends were accepted so far.
            struck: The targets of the faults that last.
        """
        if accepted > self._accepted:
            self._accepted, self._heard = accepted, now
        if now - self._heard > DEAF_SECONDS:
            return f"nothing was accepted anywhere for {DEAF_SECONDS:.0f} s"
        spared = not list(struck)
        down = {name for name, part in status.parts().items() if part.state in GONE} if spared else set[str]()
        before = self._down or {}
        self._down = {name: before.get(name, now) for name in down}
        for name, since in self._down.items():
            if now - since > DOWN_SECONDS:
                return f"{name} was down for {DOWN_SECONDS:.0f} s, though nothing strikes it"
        if self.place.exists() and (free := shutil.disk_usage(self.place).free) < LEAST_DISK_BYTES:
            return f"only {free / 1e6:.0f} MB of disk are left"
        return ""


def _on_links(fault: Fault) -> bool:
    return fault.kind in {Kind.CUT, Kind.ONE_WAY, Kind.LATENCY, Kind.JITTER, Kind.BANDWIDTH, Kind.SPLIT, Kind.SLOW}


def _named(faults: Iterable[Fault]) -> set[str]:
    return {name for fault in faults for name in (links_of(fault.target) if _on_links(fault) else (fault.target,))}


def _known(status: Status) -> set[str]:
    ends = [*status.regions, "directory"]
    return {*status.parts(), *ends, *(f"{one}-{other}" for one in status.regions for other in ends if one != other)}
