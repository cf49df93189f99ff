"""Whether a ledger says enough for "true": it is whole, each fault was seen from outside, and the traffic went on around it."""

from array import array
from bisect import bisect_left
from dataclasses import dataclass, field

import msgspec

from chaos.judge.events import FaultBegun, FaultEnded, FaultSeen
from chaos.judge.history import History
from chaos.judge.verdict import Evidence


class Needs(msgspec.Struct, frozen=True):
    """What a ledger must have before anything in it can be true.

    Attributes:
        faults: How many faults.
        before: How many sends must have been accepted before each fault.
        during: Between its beginning and its end.
        after: After its end.
        rest: How long before the settling the last send was accepted and the last fault ended, seconds.
    """

    faults: int = 1
    before: int = 20
    during: int = 20
    after: int = 20
    rest: float = 5.0


@dataclass(slots=True)
class _Fault:
    line: int
    what: str
    begun: float
    seen: float | None = None
    ended: float | None = None
    failed: str = ""


@dataclass(slots=True)
class Course:
    """What a run was: its faults, and when sends were accepted; `judgement` feeds it.

    Attributes:
        started: Whether the ledger has its first line.
        whole: Whether it has its last.
    """

    started: bool = False
    whole: bool = False
    _faults: dict[str, _Fault] = field(default_factory=dict)
    _accepted: "array[float]" = field(default_factory=lambda: array("d"))
    _stirred: float = 0.0
    _strays: list[tuple[int, str]] = field(default_factory=list)
    _last: float = 0.0

    def passed(self, line: int, at: float) -> None:
        """Time passes."""
        if at < self._last:
            self._strays.append((line, "time goes back"))
        self._last = at

    def accepted(self, at: float) -> None:
        """A send was accepted."""
        self._accepted.append(at)
        self._stirred = at

    def begun(self, line: int, event: FaultBegun) -> None:
        """A fault begins."""
        if event.fault in self._faults:
            self._strays.append((line, f"fault {event.fault} begins again"))
        self._faults[event.fault] = _Fault(line, f"{event.kind} {event.target}", event.at)

    def seen(self, line: int, event: FaultSeen) -> None:
        """A fault is seen; what is seen outside its time is something else."""
        fault = self._faults.get(event.fault)
        if fault is None:
            self._strays.append((line, f"fault {event.fault} is seen, which never began"))
        elif fault.ended is None and fault.seen is None:
            fault.seen = event.at

    def ended(self, line: int, event: FaultEnded) -> None:
        """A fault ends."""
        self._stirred = event.at
        fault = self._faults.get(event.fault)
        if fault is None:
            self._strays.append((line, f"fault {event.fault} ends, which never began"))
        else:
            fault.ended, fault.failed = event.at, event.failed

    def shortfalls(self, history: History, needs: Needs) -> list[Evidence]:
        """Return why nothing in this ledger can be said to be true; nothing if it can."""
        found: list[Evidence] = []
        if not self.started or not self.whole:
            found.append(Evidence("the ledger lacks its beginning or its end"))
        found += [Evidence(what, lines=(line,)) for line, what in [*history.broken, *self._strays][:5]]
        if history.settled is None:
            found.append(Evidence("it never settled"))
        elif history.settled - self._stirred < needs.rest:
            rest = history.settled - self._stirred
            found.append(Evidence(f"it settled after {rest:.1f} s of rest, of {needs.rest:.1f} s that are needed"))
        if len(self._faults) < needs.faults:
            found.append(Evidence(f"there were {len(self._faults)} faults, of {needs.faults} that are needed"))
        for name, fault in self._faults.items():
            found += [Evidence(f"{fault.what}: {why}", (name,), (fault.line,)) for why in self._fault(fault, needs)]
        return found

    def _fault(self, fault: _Fault, needs: Needs) -> list[str]:
        if fault.ended is None:
            return ["it never ended"]
        if fault.failed:
            return [f"it could not be put on: {fault.failed}"]
        why = [] if fault.seen is not None else ["nobody saw it from outside"]
        begun, ended = bisect_left(self._accepted, fault.begun), bisect_left(self._accepted, fault.ended)
        counts = {"before": begun, "during": ended - begun, "after": len(self._accepted) - ended}
        for when, needed in {"before": needs.before, "during": needs.during, "after": needs.after}.items():
            if counts[when] < needed:
                why.append(f"{counts[when]} sends were accepted {when} it, of {needed} that are needed")
        return why
