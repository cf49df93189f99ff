"""How long to wait before the next attempt: exponentially longer, capped, and jittered so that clients spread out."""

from collections.abc import Callable
from random import random


class Backoff:
    """Delays between attempts.

    Args:
        first: The upper bound of the first delay, seconds.
        cap: The upper bound of any delay, seconds.
        chance: Returns a number from 0 to 1; injected by tests.
    """

    def __init__(self, *, first: float = 0.2, cap: float = 10.0, chance: Callable[[], float] = random) -> None:
        self._first = first
        self._cap = cap
        self._chance = chance
        self.attempts = 0

    def next(self) -> float:
        """Return the next delay in seconds: between half of the bound and the bound, which doubles each time."""
        bound = min(self._cap, self._first * 2.0 ** min(self.attempts, 30))
        self.attempts += 1
        return bound * (0.5 + self._chance() / 2)

    def after(self, asked: float) -> float:
        """Return the next delay in seconds; a region that asks to stay away knows better than doubling does when to come again.

        Args:
            asked: For how many seconds the region asked; 0 if it did not.
        """
        return max(self._first, longer(asked, chance=self._chance)) if asked > 0 else self.next()

    def reset(self) -> None:
        """Begin anew, after a success."""
        self.attempts = 0


def longer(seconds: float, *, chance: Callable[[], float] = random) -> float:
    """Return how long to wait when a region has asked for that many seconds: up to half as long again, so that clients spread out."""
    return seconds * (1 + chance() / 2)
