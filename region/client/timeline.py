"""The entries of one conversation as they come, in any order and repeatedly; each goes on once, in order of seq.

Pure. An entry above the next one waits until what is between has been fetched; how many wait is bounded, since the history has
them all.
"""

from collections.abc import Iterable

from region.client.events import Arrived
from region.client.frames import Position

MOST_WAITING = 1_000
START = Position(0, 0)


class Timeline:
    """What a device holds of one conversation.

    Attributes:
        held: The last entry that went on; everything up to it did, too.
        known: The highest seq that is known to exist.
    """

    def __init__(self, held: Position = START) -> None:
        """Begin after an entry that is held already."""
        self.held = held
        self.known = held.seq
        self._waiting: dict[int, Arrived] = {}

    def offer(self, entries: Iterable[Arrived]) -> list[Arrived]:
        """Take entries in; return those that are due now, in order."""
        for entry in entries:
            seq = entry.message.seq
            if seq is None or seq <= self.held.seq:
                continue
            self.learn(seq)
            first = entry.message.from_seq or seq  # what is hidden comes as one
            self._waiting.setdefault(max(first, self.held.seq + 1), entry)
        due: list[Arrived] = []
        while (following := self._waiting.pop(self.held.seq + 1, None)) is not None:
            due.append(following)
            self.held = Position(following.message.epoch or self.held.epoch, following.message.seq or 0)
        while len(self._waiting) > MOST_WAITING:
            del self._waiting[max(self._waiting)]
        return due

    def learn(self, head: int) -> None:
        """Take in that the log goes up to that seq at least."""
        self.known = max(self.known, head)

    @property
    def lacks(self) -> bool:
        """Whether entries are known to exist that are not here."""
        return self.held.seq < self.known
