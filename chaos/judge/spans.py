"""The faults of a ledger of which something was expected, and the sends that met them: what lasts when, whom it spares, and what it came to."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

import msgspec

from chaos.judge.channels import is_channel
from chaos.judge.events import Expectation


class Measured(msgspec.Struct, frozen=True):
    """What a fault came to that something was expected of.

    Attributes:
        fault: Its name in the ledger.
        spared: Sends that it was to leave alone, while it lasted.
        slowest: The longest that one of them took until it was accepted and shown, seconds; infinity if it never was.
        answered: Those of them that were shown, or refused, while it still lasted: these did not just wait for its end.
        elsewhere: Sends meanwhile, of people whom it spares, through the edge of another region than their home.
        arrived: Sends that were under way while it lasted and accepted before it was over, and that were shown to all of whom it is asked, or refused.
        converged: How long after that the last of these was shown, seconds.
        orphans: People of a region that was gone who wrote meanwhile.
        served_again: How long after it was seen to be gone the last of them was answered for the first time, seconds; infinity if one never was.
    """

    fault: str
    spared: int = 0
    slowest: float = 0.0
    answered: int = 0
    elsewhere: int = 0
    arrived: int = 0
    converged: float = 0.0
    orphans: int = 0
    served_again: float = 0.0


@dataclass(slots=True)
class Fault:
    """A fault as it went, and what was expected of it."""

    name: str
    line: int
    begun: float
    expects: Expectation
    target: str = ""
    seen: float | None = None
    lifted: float = inf
    ended: float = inf

    @property
    def since(self) -> float:
        """From when it is known to last: of one that shows itself only as it is taken off, from its beginning; never, if nobody saw it."""
        if self.seen is None:
            return inf
        return self.begun if self.seen >= self.lifted else self.seen

    def over(self, *, once_well: bool) -> float:
        """Return when it is taken off, or when what it struck is well again."""
        return self.ended if once_well else self.lifted


@dataclass(slots=True, eq=False)
class Send:
    """A send, and what came of it."""

    line: int
    op: int
    author: str
    region: str
    conversation: str | None
    invoked: float
    accepted: float = inf
    refused: float = inf
    failed: bool = False
    message: str | None = None


@dataclass(slots=True, eq=False)
class Absence:
    """From when a device's connection ended until it was welcomed again."""

    line: int
    device: str
    user: str
    region: str
    since: float
    until: float = inf


def owner_of(conversation: str) -> str:
    """Return the region that numbers a conversation: the end of its id."""
    return conversation.rpartition("-")[2]


def kind_of_part(part: str) -> str:
    """Return what a part is, whichever region's and whichever of several alike: kafka, of us/kafka-2."""
    return part.rpartition("/")[2].rstrip("0123456789").removesuffix("-")


def common(present: list[Fault], send: Send, homes: dict[str, str]) -> frozenset[str] | None:
    """Return the regions that stay together whatever of these faults lasts, if the author's and the conversation's are among them."""
    if send.conversation is None or is_channel(send.conversation):
        return None
    home = homes.get(send.author, send.region)
    found = island(present, home)
    return found if owner_of(send.conversation) in found else None


def island(present: list[Fault], home: str) -> frozenset[str]:
    """Return the regions that stay together with that one whatever of these faults lasts; none, if it is not spared or nothing lasts."""
    left: frozenset[str] | None = None
    for fault in present:
        found = next((frozenset(one) for one in fault.expects.spares if home in one), frozenset[str]())
        left = found if left is None else left & found
    return left or frozenset()


def meet(one: Fault, other: Fault) -> bool:
    """Whether two faults overlap."""
    return one.begun <= other.ended and other.begun <= one.ended


def merged(*found: dict[str, Measured]) -> tuple[Measured, ...]:
    """Return what was measured of each fault, in the order of their names."""
    names: Iterator[str] = iter(dict.fromkeys(name for one in found for name in one))
    return tuple(_joined([one[name] for one in found if name in one]) for name in names)


def _joined(parts: list[Measured]) -> Measured:
    first, *others = parts
    for other in others:
        first = msgspec.structs.replace(
            first,
            spared=max(first.spared, other.spared),
            slowest=max(first.slowest, other.slowest),
            answered=max(first.answered, other.answered),
            elsewhere=max(first.elsewhere, other.elsewhere),
            arrived=max(first.arrived, other.arrived),
            converged=max(first.converged, other.converged),
            orphans=max(first.orphans, other.orphans),
            served_again=max(first.served_again, other.served_again),
        )
    return first
