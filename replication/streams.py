"""Judge each record of a stream from another region: pass it on, drop it, or park the stream until a gap is repaired.

Pure: the caller brings records and clocks, and carries the verdicts out. `relay.ingester` is that caller.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

Range: TypeAlias = tuple[int, int]
"""A run of sequences, both ends included."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one stream has been taken in.

    Attributes:
        last: The highest sequence up to which nothing is missing, but for the holes; streams begin at 1.
        holes: Sequences that were passed unrepaired and are still welcome, once each: sorted ranges that do not touch.
    """

    last: int = 0
    holes: tuple[Range, ...] = ()

    @property
    def missing(self) -> int:
        """How many sequences are in holes."""
        return sum(last - first + 1 for first, last in self.holes)


@dataclass(frozen=True, slots=True)
class Pass:
    """The record is new, and next or from a hole: append it."""


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

PASS, DROP = Pass(), Drop()


def judge(progress: Progress, sequence: int) -> tuple[Progress, Verdict]:
    """Place one record, identified by its stream sequence.

    MirrorMaker may repeat records and, after retention cut the source, skip some; it never reorders new ones.
    """
    if sequence == progress.last + 1:
        return replace(progress, last=sequence), PASS
    if sequence > progress.last:
        return progress, Park(first_missing=progress.last + 1, last_missing=sequence - 1)
    found = bisect_right(progress.holes, (sequence, progress.last)) - 1
    if found < 0 or progress.holes[found][1] < sequence:
        return progress, DROP
    first, last = progress.holes[found]
    rest = tuple(part for part in ((first, sequence - 1), (sequence + 1, last)) if part[0] <= part[1])
    return replace(progress, holes=progress.holes[:found] + rest + progress.holes[found + 1 :]), PASS


def judge_heartbeat(progress: Progress, sequence: int) -> Park | None:
    """Return what is missing if the stream's origin has come as far as that sequence; None if nothing is."""
    if sequence <= progress.last:
        return None
    return Park(first_missing=progress.last + 1, last_missing=sequence)


def give_up(progress: Progress, park: Park) -> Progress:
    """Go on past a gap that cannot be repaired now; what is missing stays welcome, once."""
    return Progress(last=park.last_missing, holes=_joined([*progress.holes, (park.first_missing, park.last_missing)]))


def coarsen(progress: Progress, most: int) -> Progress:
    """Return the progress with that many holes at most: the ones that are nearest to each other become one.

    What lies between them was here before and becomes welcome a second time, which a projector drops; nothing is lost.
    """
    holes = list(progress.holes)
    while len(holes) > max(most, 1):
        nearest = min(range(len(holes) - 1), key=lambda at: holes[at + 1][0] - holes[at][1])
        holes[nearest : nearest + 2] = [(holes[nearest][0], holes[nearest + 1][1])]
    return replace(progress, holes=tuple(holes))


def _joined(ranges: Iterable[Range]) -> tuple[Range, ...]:
    joined: list[Range] = []
    for first, last in sorted(ranges):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return tuple(joined)
