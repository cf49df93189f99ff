"""Reports of earlier drills, read again: found, listed, compared, and taken as the plan of a new one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from chaos.drill.schedule import Fault
from infra.errors import CausewayError

REPORT = "report.json"


class NoReportError(CausewayError):
    """There is no report at {place}: name one of `causeway drill report`, a directory with a report.json, or that file."""

    code = "no-report"
    definite = True


class UnreadableReportError(CausewayError):
    """The report {place} cannot be read: {reason}. Was it written by another version?"""

    code = "unreadable-report"
    definite = True


class NoPlanError(CausewayError):
    """The report {place} has no plan in it: it is of an earlier version. Run the drill again by its seed: `causeway drill run {name} --seed {seed}`."""

    code = "no-plan"
    definite = True


class Spread(msgspec.Struct, frozen=True):
    """Milliseconds; None where nothing was measured."""

    p50: float | None = None
    p99: float | None = None


class Used(msgspec.Struct, frozen=True):
    """What was used of the budget of failures; None where nothing was measured."""

    accepted: float | None = None
    shown: float | None = None
    used: float | None = None


class Seen(msgspec.Struct, frozen=True):
    """A fault as it went."""

    name: str
    kind: str
    target: str
    seen: float | None = None


class Counted(msgspec.Struct, frozen=True):
    """What is looked at of the figures."""

    invoked: int
    accepted: int
    shown: int
    faults: tuple[Seen, ...] = ()
    calm: Spread = Spread()
    struck: Spread = Spread()
    budget: Used = Used()


class Gauged(msgspec.Struct, frozen=True):
    """What a fault came to that something was expected of."""

    fault: str
    spared: int = 0
    slowest: float | None = None
    arrived: int = 0
    converged: float | None = None


class Ruled(msgspec.Struct, frozen=True):
    """What a checker said."""

    checker: str
    verdict: str
    found: int = 0


class Waited(msgspec.Struct, frozen=True):
    """How long requests took after some kind of part was killed; None where nothing was measured, or one was never served. See `waits.Wait`."""

    of: str
    requests: int = 0
    soon: int = 0
    late: int = 0
    p99: float | None = None
    longest: float | None = None

    def __str__(self) -> str:
        longest = "never" if self.longest is None else f"{self.longest:.1f} s"
        return f"{self.of}: {self.requests:,} requests, {self.soon:,} within the usual time, {self.late:,} not in time; longest {longest}"


class Judged(msgspec.Struct, frozen=True):
    """What the judge said."""

    verdict: str
    rulings: tuple[Ruled, ...] = ()
    measured: tuple[Gauged, ...] = ()
    waits: tuple[Waited, ...] = ()


class Moved(msgspec.Struct, frozen=True):
    """What is looked at of a handing over; None where nothing was measured. See `moves.Move`."""

    fault: str
    target: str = ""
    detect: float | None = None
    decide: float | None = None
    execute: float | None = None
    catch_up: float | None = None
    back: float | None = None
    silence: float | None = None
    accepted: int = 0
    lost: int = 0
    late: int = 0

    def __str__(self) -> str:
        parts = {
            "detect": self.detect,
            "decide": self.decide,
            "execute": self.execute,
            "catch up": self.catch_up,
            "back": self.back,
            "silence": self.silence,
        }
        said = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in parts.items() if seconds is not None)
        return f"{self.target}: {said or 'nothing was measured'}; {self.lost:,} lost and {self.late:,} late of {self.accepted:,}"


class Kept(msgspec.Struct, frozen=True):
    """A report, as far as it is looked at again; see `report.Report`."""

    name: str
    seed: int
    rate: float
    minutes: float
    planned: int
    began_at: str
    judgement: Judged
    figures: Counted
    hold: float = 0.0
    leeway: float = 1.0
    stopped: str = ""
    plan: tuple[Fault, ...] = ()
    regions: tuple[str, ...] = ()
    standbys: dict[str, str] = {}
    moves: tuple[Moved, ...] = ()

    @property
    def silence(self) -> float | None:
        """The longest that people of a region were served by nobody while its duties were handed over, seconds."""
        return max((one.silence for one in self.moves if one.silence is not None), default=None)

    @property
    def seen(self) -> int:
        """How many faults were seen from outside."""
        return sum(fault.seen is not None for fault in self.figures.faults)

    @property
    def converged(self) -> float | None:
        """The longest that it took until everything had arrived, seconds."""
        return max(
            (one.converged for one in self.judgement.measured if one.arrived and one.converged is not None),
            default=None,
        )


@dataclass(frozen=True, slots=True)
class Filed:
    """A report and where it lies."""

    place: Path
    kept: Kept


_decoder: msgspec.json.Decoder[Kept] = msgspec.json.Decoder(Kept)


def read(place: Path) -> Filed:
    """Return the report in a directory, or that file.

    Raises:
        NoReportError: There is none.
        UnreadableReportError: It is none.
    """
    path = place / REPORT if place.is_dir() else place
    try:
        return Filed(path, _decoder.decode(path.read_bytes()))
    except (FileNotFoundError, NotADirectoryError):
        raise NoReportError(place=place) from None
    except msgspec.DecodeError as error:
        raise UnreadableReportError(place=path, reason=str(error)) from error


def find(home: Path, named: str) -> Filed:
    """Return a report by the name of its directory in a federation's home, or by its path; see `read`."""
    inside = home / "chaos" / named
    return read(inside if inside.exists() else Path(named))


def all_in(home: Path, drill: str = "") -> list[Filed]:
    """Return the reports in a federation's home, oldest first, of one drill or of all; what cannot be read is left out."""
    found = []
    for path in (home / "chaos").glob(f"*/{REPORT}"):
        try:
            one = read(path)
        except UnreadableReportError:
            continue
        if not drill or one.kept.name == drill:
            found.append(one)
    return sorted(found, key=lambda one: one.kept.began_at)


def plan_in(filed: Filed) -> tuple[Fault, ...]:
    """Return the plan that a report has in it.

    Raises:
        NoPlanError: It has none.
    """
    if not filed.kept.plan:
        raise NoPlanError(place=filed.place, name=filed.kept.name, seed=filed.kept.seed)
    return filed.kept.plan


def differences(one: Kept, other: Kept) -> list[str]:
    """Return in what two drills differ of what a replay repeats: which fault when, for how long people of the same regions write to each other, in which order, and who stands by."""
    asked = ("plan", "seed", "rate", "minutes", "regions", "standbys")
    return [name for name in asked if getattr(one, name) != getattr(other, name)]


HEADINGS = (
    "began",
    "drill",
    "seed",
    "verdict",
    "faults",
    "accepted",
    "calm p99",
    "struck p99",
    "converged",
    "in 1.5 s",
    "budget",
)


def row(filed: Filed) -> tuple[str, ...]:
    """Return a report in a line, as `HEADINGS` name it."""
    kept, figures = filed.kept, filed.kept.figures
    return (
        kept.began_at[:16],
        kept.name,
        str(kept.seed),
        kept.judgement.verdict + (" (stopped)" if kept.stopped else ""),
        f"{kept.seen}/{kept.planned}",
        f"{figures.accepted:,}/{figures.invoked:,}",
        _ms(figures.calm.p99),
        _ms(figures.struck.p99),
        _number(kept.converged, "{:.1f} s"),
        _number(figures.budget.accepted, "{:.3%}"),
        _number(figures.budget.used, "{:.1%}"),
    )


def compared(one: Filed, other: Filed) -> list[tuple[str, str, str]]:
    """Return what two reports say of the same things, and only what differs or says how good it was: of what, the first, the second."""
    rows = [(name, *pair) for name, *pair in zip(HEADINGS, row(one), row(other), strict=True)]
    before = {ruling.checker: ruling for ruling in one.kept.judgement.rulings}
    after = {ruling.checker: ruling for ruling in other.kept.judgement.rulings}
    for checker in dict.fromkeys([*before, *after]):
        said = [_ruling(before.get(checker)), _ruling(after.get(checker))]
        if said[0] != said[1]:
            rows.append((checker, *said))
    return [(name, first, second) for name, first, second in rows]


def trend(values: Sequence[float | None]) -> str:
    """Return values as a line of bars, the highest as the tallest; a gap where there is none."""
    known = [value for value in values if value is not None]
    most = max(known, default=0.0)
    return "".join(
        " " if value is None else _BARS[round((len(_BARS) - 1) * value / most) if most else 0] for value in values
    )


def trends(found: Iterable[Filed]) -> list[tuple[str, int, int, tuple[str, ...]]]:
    """Return, of each drill: its name, how often it ran, how often it was true, and how each of `courses` went."""
    by_name: dict[str, list[Kept]] = {}
    for one in found:
        by_name.setdefault(one.kept.name, []).append(one.kept)
    return [
        (
            name,
            len(kept),
            sum(one.judgement.verdict == "true" for one in kept),
            tuple(trend(values) for values in courses(kept).values()),
        )
        for name, kept in by_name.items()
    ]


def courses(kept: Sequence[Kept]) -> dict[str, list[float | None]]:
    """Return what is followed over runs of a drill, by what it is: of each, one value a run."""
    return {
        "struck p99": [one.figures.struck.p99 for one in kept],
        "converged": [one.converged for one in kept],
        "silence": [one.silence for one in kept],
        "budget": [one.figures.budget.used for one in kept],
    }


_BARS = "▁▂▃▄▅▆▇█"


def _ruling(ruling: Ruled | None) -> str:
    if ruling is None:
        return "not asked"
    return f"{ruling.verdict}, {ruling.found} found" if ruling.found else ruling.verdict


def _ms(value: float | None) -> str:
    return _number(value, "{:,.0f} ms")


def _number(value: float | None, shape: str) -> str:
    return "-" if value is None else shape.format(value)
