"""Which channels there are, who posts into them, and who unsubscribes, is removed and subscribes again in which order: pure, and repeated by its seed.

What is done next does not wait for what was done before, and what has become impossible meanwhile is refused; see `gatherings`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import cycle
from random import Random

from chaos.drill.workload import Seat

SHARE, PLACE = 8, 5
"""One message in so many goes into a channel, and which one of them; see `gatherings.SHARE`."""
POSTS_OF_STAFF = 3
"""How often each poster posts before one subscriber tries to, who is refused."""


class Turn(StrEnum):
    """What becomes of a subscription, by the event name that it has in the log."""

    LEAVE = "member_left"
    REMOVE = "member_removed"
    JOIN = "member_joined"


CYCLE = (Turn.LEAVE, Turn.JOIN, Turn.REMOVE, Turn.JOIN)
"""What becomes of each subscription, over and over."""


@dataclass(frozen=True, slots=True)
class Audience:
    """A channel; its author is the first of the staff.

    Attributes:
        number: From 0.
        staff: The seats of its owner, and of a poster of each other region; they stay.
        subscribers: Seats of those who come and go; they are subscribed at first.
        public: Whether anybody may subscribe; else it takes a link.
    """

    number: int
    staff: tuple[int, ...]
    subscribers: tuple[int, ...]
    public: bool

    @property
    def people(self) -> tuple[int, ...]:
        """Everybody who ever belongs to it."""
        return self.staff + self.subscribers


@dataclass(frozen=True, slots=True)
class Change:
    """What is to become of a subscription.

    Attributes:
        due: Seconds after the traffic began.
        audience: The number of the channel.
        subscriber: Whose it is.
    """

    due: float
    what: Turn
    audience: int
    subscriber: int


def audiences(ring: tuple[Seat, ...]) -> tuple[Audience, ...]:
    """Return a channel owned by each region, with posters and subscribers of all; somebody of each region belongs to none, if there are enough.

    Every second one is for those who have its link.
    """
    regions = list(dict.fromkeys(seat.region for seat in ring))
    second = {seat.region: seat.number for seat in ring[len(regions) : 2 * len(regions)]}
    found = []
    for number, region in enumerate(regions):
        staff = (number, *(seat for other, seat in second.items() if other != region))
        rest = [seat.number for seat in ring if seat.number not in staff]
        subscribers = tuple(rest[: max(1, len(rest) - len(regions))])
        found.append(Audience(number, staff, subscribers, public=number % 2 == 0))
    return tuple(found)


def posters(found: tuple[Audience, ...], *, seed: int) -> Iterator[tuple[int, int]]:
    """Return who posts into which channel next, without an end: staff, and now and then a subscriber, who may not."""
    random = Random(f"{seed} posters")
    while found:
        places = [(one.number, seat) for one in found for seat in one.staff] * POSTS_OF_STAFF
        places += [(one.number, random.choice(one.subscribers)) for one in found]
        random.shuffle(places)
        yield from places


def changes(found: tuple[Audience, ...], *, seed: int, every: float) -> Iterator[Change]:
    """Return what becomes of subscriptions, without an end.

    Args:
        found: The channels.
        seed: Decides who is next.
        every: How far one is from the next one, over all channels, seconds.
    """
    random, number = Random(f"{seed} subscribers"), 0
    next_of = {(one.number, seat): cycle(CYCLE) for one in found for seat in one.subscribers}
    while found:
        for one in found:
            number += 1
            seat = random.choice(one.subscribers)
            yield Change(number * every, next(next_of[one.number, seat]), one.number, seat)
