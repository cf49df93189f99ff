"""Judge the ranges of publications: does each one continue what came before, or was something missed?

Pure; `deliveries` carries the verdicts out.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from region.delivery import Range


@dataclass(slots=True)
class Continuity:
    """Up to where this gateway has been told everything, since it last (re)registered.

    Attributes:
        partitions: How many partitions there are.
        covered: Partition to the last position told; a partition without one has not been heard of yet.
    """

    partitions: int
    covered: dict[int, int] = field(default_factory=dict)

    @property
    def established(self) -> bool:
        """Whether every partition has been heard of."""
        return len(self.covered) >= self.partitions

    def forget(self) -> None:
        """Begin anew: whatever came before, something may have been missed."""
        self.covered.clear()

    def take(self, ranges: Iterable[Range]) -> list[int]:
        """Take in what a publication covers; return the partitions where something is missing before it."""
        broken = []
        for stretch in ranges:
            known = self.covered.get(stretch.partition)
            if known is None:
                self.covered[stretch.partition] = stretch.last
                continue
            if stretch.first > known + 1:
                broken.append(stretch.partition)
            if stretch.last > known:
                self.covered[stretch.partition] = stretch.last
        return broken
