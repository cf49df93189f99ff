"""What is wanted of a run, and how far it is."""

from dataclasses import dataclass, field

from chaos.fuzz.tally import Tally
from chaos.fuzz.vitals import Moment


@dataclass
class Progress:
    """How far a run is.

    Attributes:
        doing: What it does now.
        tally: What was sent and found.
        moments: Vitals at rest: before, and after each round.
    """

    doing: str = "begins"
    tally: Tally = field(default_factory=Tally)
    moments: list[Moment] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted.

    Attributes:
        requests: How many requests and frames.
        seed: What is sent follows from it, and from what the region answers.
        rounds: How many rounds they are sent in.
    """

    requests: int
    seed: int
    rounds: int

    def share(self, number: int) -> int:
        """Return how many of them belong to a round, counted from 0."""
        return self.requests * (number + 1) // self.rounds - self.requests * number // self.rounds
