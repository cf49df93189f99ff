"""What this device has marked as received and read: maxima, one of each a conversation, and which of them its region has not confirmed.

Pure. A mark is repeated over every new connection, and by the next process, until the region shows it or a higher one.
"""

from collections.abc import Iterable, Mapping

import msgspec

from region.client.frames import Marks, Position, Read, Received

NOWHERE = Position(0, 0)


class Seen(msgspec.Struct, frozen=True):
    """How far a conversation was marked.

    Attributes:
        received: The last entry that was marked as received.
        read: The last entry that was marked as read.
    """

    received: Position = NOWHERE
    read: Position = NOWHERE


class MarkBook:
    """The marks of one device."""

    def __init__(self, unconfirmed: Mapping[str, Seen]) -> None:
        """Begin with what was left of an earlier run."""
        self._seen = dict(unconfirmed)
        self._unconfirmed = set(unconfirmed)

    def raise_mark(self, mark: Received | Read) -> Seen | None:
        """Take a mark in; return how far its conversation is marked now, or None if it says nothing new."""
        place = Position(mark.epoch, mark.seq)
        known = self._seen.get(mark.conversation_id, Seen())
        if isinstance(mark, Received):
            raised = Seen(max(known.received, place), known.read)
        else:
            raised = Seen(known.received, max(known.read, place))
        if raised == known:
            return None
        self._seen[mark.conversation_id] = raised
        self._unconfirmed.add(mark.conversation_id)
        return raised

    def withdraw(self, conversation_id: str, place: Position) -> None:
        """Lower marks to an entry, above which nothing stands any more."""
        known = self._seen.get(conversation_id)
        if known is not None:
            lower = [place if one.seq > place.seq else one for one in (known.received, known.read)]
            self._seen[conversation_id] = Seen(*lower)

    def confirm(self, marks: Marks) -> bool:
        """Take in what the region shows of this user; return whether nothing of the conversation is unconfirmed since then."""
        shown = Seen(Position(marks.epoch, marks.received), Position(marks.epoch, marks.read))
        known = self._seen.get(marks.conversation_id, Seen())
        joined = Seen(max(known.received, shown.received), max(known.read, shown.read))
        self._seen[marks.conversation_id] = joined
        if marks.conversation_id not in self._unconfirmed or joined != shown:
            return False
        self._unconfirmed.discard(marks.conversation_id)
        return True

    def unconfirmed(self) -> Iterable[Received | Read]:
        """Return the marks that are to be sent again."""
        for conversation_id in sorted(self._unconfirmed):
            seen = self._seen[conversation_id]
            if seen.received.seq:
                yield Received(conversation_id, seen.received.seq, seen.received.epoch)
            if seen.read.seq:
                yield Read(conversation_id, seen.read.seq, seen.read.epoch)
