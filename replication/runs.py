"""Sets of seqs as sorted runs that do not touch, and their text: `1-20,57-60`. Pure."""

from collections.abc import Iterable
from typing import Final, TypeAlias

Run: TypeAlias = tuple[int, int]
"""A run of numbers, both ends included."""

Runs: TypeAlias = tuple[Run, ...]

MOST_HIDDEN: Final = 100
"""Of what a member may not see: with more, everybody who leaves and comes back, or a blocked author, would make a conversation's state larger without end."""


def joined(runs: Iterable[Run]) -> Runs:
    """Return the runs in order, those that overlap or touch made one; what ends before it begins is left out."""
    found: list[Run] = []
    for first, last in sorted(runs):
        if first > last:
            continue
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return tuple(found)


def without(runs: Runs, first: int, last: int) -> Runs:
    """Return the runs less the numbers from first to last."""
    kept: list[Run] = []
    for begin, end in runs:
        kept += [(begin, min(end, first - 1)), (max(begin, last + 1), end)]
    return joined(kept)


def within(runs: Runs, first: int, last: int) -> Runs:
    """Return what the runs have from first to last."""
    return joined((max(begin, first), min(end, last)) for begin, end in runs)


def bounded(runs: Runs, most: int) -> Runs:
    """Return so many runs at most that hold all of these: the narrowest gaps between them are closed, of equal ones the first."""
    if len(runs) <= most:
        return runs
    by_width = sorted(range(1, len(runs)), key=lambda n: runs[n][0] - runs[n - 1][1])
    closed = set(by_width[: len(runs) - most])
    found: list[Run] = []
    for number, (first, last) in enumerate(runs):
        if number in closed:
            found[-1] = (found[-1][0], last)
        else:
            found.append((first, last))
    return tuple(found)


def holds(runs: Runs, number: int) -> bool:
    """Whether a number is in one of the runs."""
    return any(first <= number <= last for first, last in runs)


def below(runs: Runs, number: int) -> int:
    """Return the highest number up to that one which is in none of the runs."""
    for first, last in reversed(runs):
        number = first - 1 if first <= number <= last else number
    return number


def write(runs: Runs) -> str:
    """Return the text of the runs."""
    return ",".join(f"{first}-{last}" for first, last in runs)


def read(text: str) -> Runs:
    """Return the runs of a text that `write` made."""
    return tuple((int(first), int(last)) for first, _, last in (run.partition("-") for run in text.split(",") if run))
