"""Which fault when: a pure function of what there is to strike, the time there is, and a seed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, zip_longest
from random import Random
from typing import TypeVar

T = TypeVar("T")

SLOT_SECONDS = 10.0
"""For how long one fault, the recovery from it and the calm after it are reckoned."""
SHORTEST, LONGEST = 3.0, 5.0
ENOUGH_SENDS = 40


class Kind(StrEnum):
    """What is done to a part or a link."""

    KILL = "kill"
    """SIGKILL; the supervisor starts it again."""
    PAUSE = "pause"
    """SIGSTOP, and SIGCONT after a while."""
    RESTART = "restart"
    """Stopped cleanly, and started again."""
    CUT = "cut"
    """A link lets nothing pass, in either direction."""
    ONE_WAY = "one-way cut"
    """A link lets nothing pass from the first to the second."""
    LATENCY = "latency"
    """Each byte travels 150 ms longer, each way."""


LINK_KINDS = (Kind.CUT, Kind.ONE_WAY, Kind.LATENCY)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that is to be put on.

    Attributes:
        number: From 1, in the order in which they begin.
        at: Not earlier than this, seconds after the traffic began.
        kind: What is done.
        target: A part, such as us/kafka, or a link, such as us-eu.
        hold: How long it lasts at least, seconds.
    """

    number: int
    at: float
    kind: Kind
    target: str
    hold: float

    @property
    def name(self) -> str:
        """What the ledger calls it."""
        return f"f{self.number}"


def plan(parts: Sequence[str], links: Sequence[str], *, seconds: float, rate: float, seed: int) -> tuple[Fault, ...]:
    """Return the faults of a drill, one in each slot, never two at a time.

    When there is time enough every part is killed, and what time is left goes to pauses, restarts and links by turns; when there
    is less, kills, pauses, restarts and links take turns from the start, on parts that differ.

    Args:
        parts: All that may be struck.
        links: Pairs of regions, such as us-eu.
        seconds: How long the traffic flows.
        rate: Messages a second; slow traffic makes faults last until enough of it has met them.
        seed: Decides the rest.
    """
    random = Random(seed)
    slots = max(1, int(seconds / SLOT_SECONDS) - 1)
    kills, pauses, restarts = ([(kind, part) for part in _shuffled(parts, random)] for kind in list(Kind)[:3])
    on_links = _shuffled([(kind, _turned(link, random)) for link in links for kind in LINK_KINDS], random)
    if slots >= len(kills):
        others = list(_by_turns(pauses, restarts, on_links))
        chosen = _shuffled(kills + others[: slots - len(kills)], random)
    else:
        third = len(kills) // 3 + 1  # three thirds of one order, so that no part has two faults while others have none
        order = [part for _, part in kills]
        chosen = list(
            _by_turns(
                kills[:third],
                [(Kind.PAUSE, part) for part in order[third : 2 * third]],
                [(Kind.RESTART, part) for part in order[2 * third :]],
                on_links,
            )
        )[:slots]
    least = max(SHORTEST, ENOUGH_SENDS / rate)
    return tuple(
        Fault(number, number * SLOT_SECONDS, kind, target, round(least + random.random() * (LONGEST - SHORTEST), 1))
        for number, (kind, target) in enumerate(chosen, 1)
    )


def _shuffled(items: Iterable[T], random: Random) -> list[T]:
    found = list(items)
    random.shuffle(found)
    return found


def _turned(link: str, random: Random) -> str:
    """Return a link seen from either end: a one-way cut takes the direction that is named."""
    ends = link.split("-")
    random.shuffle(ends)
    return "-".join(ends)


def _by_turns(*decks: list[tuple[Kind, str]]) -> Iterable[tuple[Kind, str]]:
    return (one for one in chain.from_iterable(zip_longest(*decks)) if one is not None)
