"""Judge each record of a stream from another region: pass it on, drop it, or park the stream until a gap is repaired.

Pure: the caller brings records and clocks, and carries the verdicts out. `relay.ingester` is that caller.
"""

from dataclasses import dataclass, replace
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one stream has been taken in.

    Attributes:
        last: The highest sequence up to which nothing is missing, but for the holes; streams begin at 1.
        holes: Sequences that were passed unrepaired and are still welcome, once each.
    """

    last: int = 0
    holes: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Pass:
    """The record is new, and next: append it."""


@dataclass(frozen=True, slots=True)
class Drop:
    """The record was here before."""


@dataclass(frozen=True, slots=True)
class Park:
    """Records before this one are missing.

    Attributes:
        first_missing: The first sequence that did not come.
        last_missing: The last sequence that did not come.
    """

    first_missing: int
    last_missing: int


Verdict: TypeAlias = Pass | Drop | Park


def judge(progress: Progress, sequence: int) -> tuple[Progress, Verdict]:
    """Place one record, identified by its stream sequence.

    MirrorMaker may repeat records and, after retention cut the source, skip some; it never reorders new ones.
    """
    if sequence == progress.last + 1:
        return replace(progress, last=sequence), Pass()
    if sequence in progress.holes:
        return replace(progress, holes=progress.holes - {sequence}), Pass()
    if sequence <= progress.last:
        return progress, Drop()
    return progress, Park(first_missing=progress.last + 1, last_missing=sequence - 1)


def judge_heartbeat(progress: Progress, sequence: int) -> Park | None:
    """Return what is missing if the stream's origin has come as far as that sequence; None if nothing is."""
    if sequence <= progress.last:
        return None
    return Park(first_missing=progress.last + 1, last_missing=sequence)


def give_up(progress: Progress, park: Park) -> Progress:
    """Go on past a gap that cannot be repaired now; what is missing stays welcome, once."""
    return Progress(
        last=park.last_missing, holes=progress.holes | set(range(park.first_missing, park.last_missing + 1))
    )
