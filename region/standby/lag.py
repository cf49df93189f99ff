"""How many seconds somebody is behind, by beats: positions of a log, and when each was reached. Pure."""

from collections import deque
from typing import Final

MOST: Final = 100_000
"""Beats that are remembered: more than a day of them."""


class Beats:
    """The beats that somebody has not taken in yet, on one clock."""

    def __init__(self) -> None:
        """Begin without any."""
        self._beats: deque[tuple[int, float]] = deque(maxlen=MOST)

    def beat(self, position: int, now: float) -> None:
        """Note that the log had come so far at that time, seconds. One that has gone back is that of another store, and what the former had nobody takes in any more."""
        if self._beats and position < self._beats[-1][0]:
            self._beats.clear()
        self._beats.append((position, now))

    def behind(self, taken: int, now: float) -> float:
        """Return for how long what somebody has taken in was not everything, seconds; 0 before the first beat.

        Args:
            taken: How far it was taken in.
            now: The time.
        """
        while self._beats and self._beats[0][0] <= taken:
            self._beats.popleft()
        return max(0.0, now - self._beats[0][1]) if self._beats else 0.0
