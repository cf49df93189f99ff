"""The entries of one conversation as they come, in any order and repeatedly; each goes on once, in order of seq.

Pure. A page of history may stand for several seqs by one message, though one of these was told live: who subscribes to a channel is
told of that, and history then shows posts alone. What was told goes on, and what stands for it is cut. An entry above the next one waits until what is between has been fetched; how many wait is bounded, since the history has
them all.
"""

from collections.abc import Iterable

from region.client.events import Arrived
from region.client.frames import Message, Position

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
            first = max(entry.message.from_seq or seq, self.held.seq + 1)  # what is hidden comes as one
            if seq < (self._seq_at(first) or seq + 1):
                self._waiting[first] = entry
        due: list[Arrived] = []
        while (following := self._waiting.pop(self.held.seq + 1, None)) is not None:
            if following.message.from_seq is not None:
                following = self._cut(following)
            due.append(following)
            self.held = Position(following.message.epoch or self.held.epoch, following.message.seq or 0)
        while len(self._waiting) > MOST_WAITING:
            del self._waiting[max(self._waiting)]
        return due

    def withdraw(self, place: Position) -> bool:
        """Take out what is above an entry; return whether anything of it had gone on."""
        self._waiting = {first: one for first, one in self._waiting.items() if (one.message.seq or 0) <= place.seq}
        gone = self.held.seq > place.seq
        if gone:
            self.held = place
        self.known = self.held.seq
        return gone

    def learn(self, head: int) -> None:
        """Take in that the log goes up to that seq at least."""
        self.known = max(self.known, head)

    def _cut(self, standing: Arrived) -> Arrived:
        """Return what a message stands for below the first entry in its run that was told by itself; it comes again above it."""
        seq = standing.message.seq or 0
        told = [first for first in self._waiting if first <= seq]
        if not told:
            return standing
        above = max(self._seq_at(first) or first for first in told) + 1
        if above <= seq:
            self._waiting[above] = standing
        here = self.held.seq + 1
        hidden = Message(
            message_id="",
            conversation_id=standing.message.conversation_id,
            sender_id="",
            kind="hidden",
            seq=min(told) - 1,
            from_seq=here,
            epoch=standing.message.epoch,
        )
        return Arrived(hidden)

    def _seq_at(self, first: int) -> int | None:
        waiting = self._waiting.get(first)
        return waiting.message.seq if waiting is not None else None

    @property
    def lacks(self) -> bool:
        """Whether entries are known to exist that are not here."""
        return self.held.seq < self.known
