"""Which epoch numbered a log up to which seq, and up to where two regions' copies are the same.

In an epoch one region numbers, and begins with one log. So (epoch, seq) names one entry, and two logs that were numbered by the same epochs
up to a seq are the same up to there: no entry has to be compared. A copy's path says it also for what the copy lacks.
Kafka finds the end of a common log in the same way (KIP-101), and learned that the last seq of an epoch is not enough (KIP-279).
"""

from dataclasses import dataclass
from typing import NamedTuple

ENDLESS = 2**63 - 1
"""The end of what has none: above every seq."""


class Span(NamedTuple):
    """The end of what one epoch numbered.

    Attributes:
        epoch: Who numbered.
        last: The last seq of it that is kept.
    """

    epoch: int
    last: int


@dataclass(frozen=True, slots=True)
class Path:
    """By whom a log was numbered; the same for all who follow an epoch.

    Attributes:
        epoch: The one that is followed; everything above `began` is numbered by it. 0 before anything is followed.
        began: With what it began, older epochs first; never changes within an epoch.
    """

    epoch: int = 0
    began: tuple[Span, ...] = ()

    @property
    def start(self) -> int:
        """The last seq with which the epoch began."""
        return self.began[-1].last if self.began else 0

    def epoch_at(self, seq: int) -> int:
        """Return the epoch that numbered, or will number, a seq."""
        return next((span.epoch for span in self.began if seq <= span.last), self.epoch)

    def spans(self, last: int) -> tuple[Span, ...]:
        """Return who numbered what up to a seq: what an epoch begins with that adopts so much."""
        ends = [span for span in self.began if span.last < last]
        return (*ends, Span(self.epoch_at(last), last)) if last else ()


def shared(one: Path, other: Path) -> int:
    """Return the last seq up to which two paths are the same; `ENDLESS` for the same epoch."""
    if one.epoch == other.epoch:
        return ENDLESS
    both = 0
    pairs = zip((*one.began, Span(one.epoch, ENDLESS)), (*other.began, Span(other.epoch, ENDLESS)), strict=False)
    for mine, theirs in pairs:
        if mine.epoch != theirs.epoch:
            return both
        both = min(mine.last, theirs.last)
        if mine.last != theirs.last:
            return both
    return both
