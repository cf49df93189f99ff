"""The open reports of a region's users, as far as a batch must know them, and how many there may be. Pure."""

from collections import Counter
from collections.abc import Iterable
from typing import Final, TypeAlias

from replication.ids import region_of

MOST_OF_ONE: Final = 50
"""Open ones of one reporter."""
MOST_OF_REGION: Final = 2_000
"""Open ones of all reporters of one other region, which names as many as it likes."""
MOST: Final = 10_000
"""Open ones in all; moderators look at the oldest first."""

TOO_MANY: Final = "too-many-reports"

Key: TypeAlias = tuple[str, str, str]
"""Who reports, whom, and which message; empty for none."""


class OpenReports:
    """Open reports, which are given out one after another while there is room."""

    def __init__(
        self,
        standing: Iterable[Key] = (),
        of_reporters: dict[str, int] | None = None,
        of_regions: dict[str, int] | None = None,
    ) -> None:
        """Begin with what the store has.

        Args:
            standing: Those open ones that a batch repeats.
            of_reporters: How many are open of each reporter whom the batch names.
            of_regions: How many are open of each region's reporters.
        """
        self._standing = set(standing)
        self._of_reporters = Counter(of_reporters or {})
        self._of_regions = Counter(of_regions or {})

    def stands(self, key: Key) -> bool:
        """Whether that is reported already, and nobody has decided."""
        return key in self._standing

    def take(self, key: Key, *, here: str) -> bool:
        """Take a new one in; return whether there was room."""
        reporter, region = key[0], region_of(key[0])
        if (
            self._of_reporters[reporter] >= MOST_OF_ONE
            or (region != here and self._of_regions[region] >= MOST_OF_REGION)
            or self._of_regions.total() >= MOST
        ):
            return False
        self._standing.add(key)
        self._of_reporters[reporter] += 1
        self._of_regions[region] += 1
        return True
