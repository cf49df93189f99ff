"""Pauses between attempts: they grow, have a cap, and are jittered, so that many who lost the same thing do not return at once."""

import random
from dataclasses import dataclass, field


@dataclass
class Backoff:
    """The pauses of one who tries again and again.

    Attributes:
        first: The first pause, seconds.
        most: The longest pause, seconds.
        jitter: Where jitter comes from.
        attempts: Failures since the last success.
    """

    first: float = 0.1
    most: float = 5.0
    jitter: random.Random = field(default_factory=random.Random)
    attempts: int = 0

    def reset(self) -> None:
        """Note a success."""
        self.attempts = 0

    def next(self) -> float:
        """Note a failure, and return for how many seconds to pause: between half of the present limit and all of it."""
        limit = min(self.most, self.first * 2.0 ** min(self.attempts, 20))
        self.attempts += 1
        return limit * self.jitter.uniform(0.5, 1.0)
