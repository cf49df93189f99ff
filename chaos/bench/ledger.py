"""What became of each message: pure, so that what must never happen is counted by rules that are tested.

Times are seconds of one monotonic clock. Latencies are taken from when a message was due, not from when it was sent: a load
client that falls behind must not flatter the system (coordinated omission).
"""

from collections import deque
from dataclasses import dataclass, field
from math import nan

import msgspec


class Latency(msgspec.Struct, frozen=True):
    """A distribution, in milliseconds."""

    count: int
    p50: float
    p95: float
    p99: float
    max: float


def latency(seconds: list[float]) -> Latency:
    """Summarize durations; of none, everything is not a number (null in JSON)."""
    ordered = sorted(seconds)
    if not ordered:
        return Latency(0, nan, nan, nan, nan)

    def quantile(share: float) -> float:
        return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000, 2)

    return Latency(len(ordered), quantile(0.5), quantile(0.95), quantile(0.99), round(ordered[-1] * 1000, 2))


@dataclass(slots=True)
class Fate:
    """What became of one message.

    Attributes:
        due: When it was to be sent.
        measured: Whether its latencies count; those of the warm-up do not.
        acked: When its sender had the ack.
        numbered: When its sender had its entry.
        shown: When its receiver had its entry.
        receipted: When its sender knew that it was read.
    """

    due: float
    measured: bool
    acked: float | None = None
    numbered: float | None = None
    shown: float | None = None
    receipted: float | None = None


@dataclass(slots=True)
class View:
    """One member's view of a conversation.

    Attributes:
        last: The last seq seen; None before the first.
        latest: The number of the latest message seen, by author.
        unreceipted: (seq, message number) of own entries that were not read yet, in order.
        read: How far the other has read.
    """

    last: int | None = None
    latest: dict[str, int] = field(default_factory=dict)
    unreceipted: deque[tuple[int, int]] = field(default_factory=deque)
    read: int = 0


class Faults(msgspec.Struct, frozen=True):
    """What must not happen.

    Attributes:
        lost: Messages that never came to their receiver's screen, or whose sender never saw the entry.
        unacked: Messages that were never acknowledged.
        unreceipted: Messages whose sender was never told that they were read.
        doubled: Entries that came to one member more than once.
        disordered: Entries that skipped a seq, went back, or changed the order in which their author sent.
        refused: Messages that were refused or answered by an error.
    """

    lost: int
    unacked: int
    unreceipted: int
    doubled: int
    disordered: int
    refused: int

    @property
    def any(self) -> bool:
        """Whether anything went wrong."""
        return any(msgspec.structs.astuple(self))


class Ledger:
    """Every message of one run, by its number."""

    def __init__(self) -> None:
        """Begin with none."""
        self.fates: dict[int, Fate] = {}
        self._views: dict[tuple[str, str], View] = {}
        self._doubled = self._disordered = self._refused = 0
        self._open = 0

    @property
    def unfinished(self) -> int:
        """How many messages still lack something."""
        return self._open

    def due(self, number: int, at: float, *, measured: bool) -> None:
        """A message is due; numbers rise."""
        self.fates[number] = Fate(at, measured)
        self._open += 1

    def acked(self, number: int, at: float) -> None:
        """The sender has the ack."""
        fate = self.fates.get(number)
        if fate is not None and fate.acked is None:
            fate.acked = at
            self._close(fate)

    def refused(self, number: int) -> None:
        """The sender has a refusal or an error."""
        self._refused += 1

    def entry(self, observer: str, conversation: str, author: str, *, seq: int, number: int | None, at: float) -> bool:
        """A member has an entry.

        Args:
            observer: Who has it.
            conversation: Where.
            author: Who sent it.
            seq: Its number in the conversation.
            number: Its number in this run; None if it is of an earlier one.
            at: When.

        Returns:
            Whether it is new to the observer.
        """
        view = self._views.setdefault((observer, conversation), View())
        if view.last is not None and seq <= view.last:
            self._doubled += 1
            return False
        if view.last is not None and seq != view.last + 1:
            self._disordered += 1
        view.last = seq
        if number is None or (fate := self.fates.get(number)) is None:
            return True
        if number <= view.latest.get(author, -1):
            self._disordered += 1
        view.latest[author] = number
        if observer == author:
            fate.numbered = at
            view.unreceipted.append((seq, number))
            self._receipt(view, at)
        else:
            fate.shown = at
        self._close(fate)
        return True

    def marks(self, observer: str, conversation: str, read: int, at: float) -> None:
        """A member is told how far the other has read."""
        view = self._views.setdefault((observer, conversation), View())
        view.read = max(view.read, read)
        self._receipt(view, at)

    def faults(self) -> Faults:
        """Count what must not happen."""
        fates = self.fates.values()
        return Faults(
            lost=sum(fate.shown is None or fate.numbered is None for fate in fates),
            unacked=sum(fate.acked is None for fate in fates),
            unreceipted=sum(fate.receipted is None for fate in fates),
            doubled=self._doubled,
            disordered=self._disordered,
            refused=self._refused,
        )

    def latencies(self) -> dict[str, Latency]:
        """Summarize what was measured: the sender's ack, the receiver's screen, the receipt back at the sender."""
        measured = [fate for fate in self.fates.values() if fate.measured]
        return {
            "ack": latency([fate.acked - fate.due for fate in measured if fate.acked is not None]),
            "screen": latency([fate.shown - fate.due for fate in measured if fate.shown is not None]),
            "receipt": latency([fate.receipted - fate.due for fate in measured if fate.receipted is not None]),
        }

    def _receipt(self, view: View, at: float) -> None:
        while view.unreceipted and view.unreceipted[0][0] <= view.read:
            _, number = view.unreceipted.popleft()
            fate = self.fates[number]
            fate.receipted = at
            self._close(fate)

    def _close(self, fate: Fate) -> None:
        if None not in (fate.acked, fate.numbered, fate.shown, fate.receipted):
            self._open -= 1
