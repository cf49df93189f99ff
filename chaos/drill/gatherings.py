"""Which groups there are, who posts into them, and who is added, removed and made what in which order: pure, and repeated by its seed.

What is done next does not wait for what was done before, and what has become impossible meanwhile is refused; the judge knows by each
group's log how it stood. What is done to messages is in `alterings`, channels are in `audiences`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import cycle
from random import Random

from chaos.drill.workload import Seat

SHARE = 4
"""One message in so many goes into a group."""


class What(StrEnum):
    """What is done, by the event name that it has in the log."""

    ADD = "member_added"
    REMOVE = "member_removed"
    LEAVE = "member_left"
    JOIN = "member_joined"
    HAND_OVER = "role_changed"


@dataclass(frozen=True, slots=True)
class Gathering:
    """A group; its author is the first of the staff.

    Attributes:
        number: From 0.
        staff: The seats of its owner, and of an admin of each other region; they stay.
        guests: Seats of those who come and go; they belong to it at first.
        history: Whether those who join see what was before.
    """

    number: int
    staff: tuple[int, ...]
    guests: tuple[int, ...]
    history: bool

    @property
    def people(self) -> tuple[int, ...]:
        """Everybody who ever posts into it."""
        return self.staff + self.guests


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody is to do in a group.

    Attributes:
        number: From 0.
        due: Seconds after the traffic began.
        gathering: The number of the group.
        actor: The seat that does it.
        target: The seat to which it is done; the actor's own, where one leaves or joins.
    """

    number: int
    due: float
    what: What
    gathering: int
    actor: int
    target: int


CYCLE = (What.REMOVE, What.ADD, What.LEAVE, What.JOIN)
"""What becomes of each guest, over and over."""


def gatherings(ring: tuple[Seat, ...]) -> tuple[Gathering, ...]:
    """Return a group owned by each region, with staff and, if there are enough, guests of all regions; somebody is in none of each.

    Every second one hides from those who join what was before.
    """
    regions = list(dict.fromkeys(seat.region for seat in ring))
    found = []
    for number, region in enumerate(regions):
        second = {seat.region: seat.number for seat in ring[len(regions) : 2 * len(regions)]}
        staff = (number, *(seat for other, seat in second.items() if other != region))
        rest = [seat.number for seat in ring if seat.number not in staff]
        guests = tuple(rest[: max(1, min(len(regions), len(rest) - 1))])
        found.append(Gathering(number, staff, guests, history=number % 2 == 0))
    return tuple(found)


def posters(found: tuple[Gathering, ...], *, seed: int) -> Iterator[tuple[int, int]]:
    """Return who posts into which group next, without an end: everybody of it, whether they belong to it just then or not."""
    random = Random(seed)
    places = [(gathering.number, seat) for gathering in found for seat in gathering.people]
    while places:
        random.shuffle(places)
        yield from places


def deeds(found: tuple[Gathering, ...], *, seed: int, every: float) -> Iterator[Deed]:
    """Return what is done, without an end: guests go and come back, by staff of each region in turn, and ownership goes round.

    Args:
        found: The groups.
        seed: Decides who is next.
        every: How far one is from the next one, over all groups, seconds.
    """
    random, number = Random(seed), 0
    next_of = {(gathering.number, guest): cycle(CYCLE) for gathering in found for guest in gathering.guests}
    owner_of = {gathering.number: 0 for gathering in found}
    while found:
        for gathering in found:
            staff, due = gathering.staff, (number + 1) * every
            if number % 7 == 6:  # noqa: PLR2004  # now and then
                holder = owner_of[gathering.number]
                owner_of[gathering.number] = heir = (holder + 1) % len(staff)
                yield Deed(number, due, What.HAND_OVER, gathering.number, staff[holder], staff[heir])
            else:
                guest = random.choice(gathering.guests)
                what = next(next_of[gathering.number, guest])
                actor = guest if what in {What.LEAVE, What.JOIN} else staff[number // len(found) % len(staff)]
                yield Deed(number, due, what, gathering.number, actor, guest)
            number += 1
