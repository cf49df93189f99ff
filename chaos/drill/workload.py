"""Who writes to whom, in which order, and what: pure, and repeated by its seed."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

TEXT_CHARACTERS = 512


@dataclass(frozen=True, slots=True)
class Seat:
    """A user's place in the drill.

    Attributes:
        number: From 0.
        region: The user's home.
    """

    number: int
    region: str


@dataclass(frozen=True, slots=True)
class Send:
    """A message that is to be sent.

    Attributes:
        number: From 0, in the order in which they are due.
        due: Seconds after the first one.
        sender: The seat that writes.
        recipient: The seat that is written to.
    """

    number: int
    due: float
    sender: int
    recipient: int


def seats(regions: tuple[str, ...], each: int) -> tuple[Seat, ...]:
    """Seat that many users of each region in a ring, so that neighbours are of different regions."""
    return tuple(Seat(number, regions[number % len(regions)]) for number in range(each * len(regions)))


def pairs(ring: tuple[Seat, ...]) -> tuple[tuple[int, int], ...]:
    """Return who talks to whom: neighbours, and the nearest of the same region; each pair once, the smaller number first."""
    regions = len({seat.region for seat in ring})
    found = {
        (min(seat.number, other), max(seat.number, other))
        for seat in ring
        for other in ((seat.number + 1) % len(ring), (seat.number + regions) % len(ring))
        if other != seat.number
    }
    return tuple(sorted(found))


def sends(talks: tuple[tuple[int, int], ...], *, rate: float, seed: int) -> Iterator[Send]:
    """Return sends at an even rate without an end: every pair, in both directions, by turns that are shuffled each round.

    Args:
        talks: As `pairs` returns them.
        rate: Messages a second.
        seed: Decides the order.
    """
    random = Random(seed)
    both = [*talks, *((other, one) for one, other in talks)]
    number = 0
    while True:
        random.shuffle(both)
        for sender, recipient in both:
            yield Send(number, number / rate, sender, recipient)
            number += 1


def text(run: str, number: int) -> str:
    """Return the text of a message: its run and its number, which no other text has, and padding."""
    return f"{run} {number} ".ljust(TEXT_CHARACTERS, "·")
