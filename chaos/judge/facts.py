"""What a ledger comes to: messages, logs, views, memberships, and what in them does not agree."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

from chaos.judge.events import Change
from chaos.judge.ranges import Ranges


@dataclass(slots=True, eq=False)
class Message:
    """A text that was to be sent, once or repeatedly; or a change of a group that was seen in its log.

    Attributes:
        line: Of its first invocation.
        op: Its first operation.
        conversation: None until it is known.
        invoked: When it was first invoked, seconds.
        accepted: When it was first accepted; infinity if never.
        possible: How many of its operations may have happened: all but the definite failures.
        uncertain: Whether one of them had an unknown outcome.
        refused: Whether its author was told that it is refused.
        epoch: In which it was numbered.
        seq: Its number; 0 if nobody saw it.
        sighted: When it was first seen.
        disputed: Whether some view showed it elsewhere than others.
        change: What was done, if it is no text.
    """

    content: str
    line: int
    op: int
    author: str
    device: str
    conversation: str | None
    invoked: float
    accepted: float = inf
    id: str | None = None
    possible: int = 0
    uncertain: bool = False
    refused: bool = False
    epoch: int = 0
    seq: int = 0
    sighted: float = inf
    disputed: bool = False
    change: Change | None = None

    @property
    def may_appear(self) -> bool:
        """Whether an entry of it is right."""
        return self.possible > 0 and not self.refused


@dataclass(slots=True)
class Log:
    """What is known of a conversation's log.

    Attributes:
        numbers: The seqs that somebody saw.
        places: Seq to the epoch and the message there.
        epochs: Epoch to when it was first seen.
        readers: Users who saw some of it.
    """

    numbers: Ranges = field(default_factory=Ranges)
    places: dict[int, tuple[int, Message]] = field(default_factory=dict)
    epochs: dict[int, float] = field(default_factory=dict)
    readers: set[str] = field(default_factory=set)


@dataclass(slots=True, eq=False)
class View:
    """What one device's screen showed up to the settling, or one history, by conversation.

    Attributes:
        name: The device's, or the history's operation.
        screen: Whether it is one.
        conversation: The only one that it is about; None for a screen.
        since: From when a screen is told everything, seconds; a history shows everything.
        standing: Whether it obliges: a screen whose device was connected at the settling, or a history that was read whole after it.
        shown: Seqs.
        hidden: Those of them that showed no text.
    """

    name: str
    user: str
    region: str
    screen: bool = False
    conversation: str | None = None
    since: float = -inf
    standing: bool = False
    shown: dict[str, Ranges] = field(default_factory=lambda: defaultdict(Ranges))
    hidden: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    def lacks(self, conversation: str, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Return the ranges between two seqs (inclusive) of which it showed nothing."""
        return self.shown.get(conversation, Ranges()).missing(first, last)

    def has(self, conversation: str, seq: int) -> bool:
        """Whether it showed that seq."""
        return seq in self.shown.get(conversation, ())


class Oddity(NamedTuple):
    """A sighting that does not agree with an earlier one.

    Attributes:
        before: The seq that the message had in an older epoch, if that is all that is odd; else 0.
    """

    line: int
    view: View
    conversation: str
    epoch: int
    seq: int
    message: Message
    before: int = 0


class Phantom(NamedTuple):
    """Something that nobody sent, or not so, and to whom it was shown."""

    line: int
    who: str
    where: str
    what: str


class Gap(NamedTuple):
    """A page, or a whole history, that shows a number without the one before it."""

    line: int
    view: View
    conversation: str
    first: int
    last: int


class Glimpse(NamedTuple):
    """An entry of a channel came live to a device of that user."""

    line: int
    at: float
    user: str
    conversation: str
    seq: int


@dataclass(slots=True)
class Membership:
    """What a user may see of a conversation, and where the user has lived.

    Attributes:
        stretches: First seq to last seq of each stretch that the user may see; None while it lasts.
        present: Likewise, of each time as a member of a group; before it, nothing comes live. Empty of a 1:1 conversation.
        homes: Regions.
        unsure: Whether nobody can say when the user belonged to a channel, so that nothing is owed to the user, nor forbidden.
    """

    stretches: dict[int, int | None] = field(default_factory=dict)
    present: dict[int, int | None] = field(default_factory=dict)
    homes: set[str] = field(default_factory=set)
    unsure: bool = False

    def covers(self, seq: int) -> bool:
        """Whether the user may see that entry."""
        return self.unsure or _covers(self.stretches, seq)

    def comes_live(self, seq: int) -> bool:
        """Whether that entry was to come to the user's devices as it was numbered."""
        return not self.unsure and _covers(self.present or self.stretches, seq)

    def outside(self, shown: Ranges) -> Iterator[tuple[int, int]]:
        """Return the ranges of what was shown that the user may not see."""
        for first, last in () if self.unsure else shown:
            begin = first
            for opens, closes in sorted(self.stretches.items()):
                if begin > last or opens > last:
                    break
                if opens > begin:
                    yield begin, opens - 1
                begin = max(begin, last + 1 if closes is None else closes + 1)
            if begin <= last:
                yield begin, last

    def within(self, head: int, *, live: bool = False) -> Iterator[tuple[int, int]]:
        """Return the stretches up to that seq; on request only those of which everything was to come live."""
        stretches = self.present if live else self.stretches
        for first, last in () if self.unsure else stretches.items():
            yield first, head if last is None else min(last, head)


def _covers(stretches: dict[int, int | None], seq: int) -> bool:
    return any(first <= seq and (last is None or seq <= last) for first, last in stretches.items())
