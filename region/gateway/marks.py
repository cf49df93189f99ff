"""Marks of devices, merged for some milliseconds before they are appended, since a busy reader raises them with each message."""

from dataclasses import dataclass

from region.gateway.cursors import Place
from replication.records import MessageRead, MessageReceived


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose marks these are.

    Attributes:
        user_id: The user.
        home_epoch: The user's home epoch.
        device: The device that raised them last.
    """

    user_id: str
    home_epoch: int
    device: str


@dataclass(slots=True)
class Raised:
    """Marks of one user in one conversation that wait to be appended.

    Attributes:
        reader: Whose.
        received: The highest place received; None if it did not rise.
        read: The highest place read; None if it did not rise.
    """

    reader: Reader
    received: Place | None = None
    read: Place | None = None

    def bodies(self) -> list[MessageReceived | MessageRead]:
        """Return what must be submitted: reading implies having received, so often it is one."""
        found: list[MessageReceived | MessageRead] = []
        if self.received is not None and (self.read is None or _order(self.received) > _order(self.read)):
            found.append(MessageReceived(epoch=self.received.epoch, seq=self.received.seq))
        if self.read is not None:
            found.append(MessageRead(epoch=self.read.epoch, seq=self.read.seq))
        return found


class MarkBook:
    """Marks that wait, by user and conversation; bounded by the number of both."""

    def __init__(self, most: int) -> None:
        """Begin empty.

        Args:
            most: How many (user, conversation) may wait.
        """
        self._most = most
        self._waiting: dict[tuple[str, str], Raised] = {}

    def __len__(self) -> int:
        """How many (user, conversation) wait."""
        return len(self._waiting)

    def received(self, reader: Reader, conversation_id: str, place: Place) -> bool:
        """Merge a received mark; return whether there was room, which merging into one that waits does not need."""
        raised = self._raised(reader, conversation_id)
        if raised is None:
            return False
        if raised.received is None or _order(place) > _order(raised.received):
            raised.received = place
        return True

    def read(self, reader: Reader, conversation_id: str, place: Place) -> bool:
        """Merge a read mark; return whether there was room."""
        raised = self._raised(reader, conversation_id)
        if raised is None:
            return False
        if raised.read is None or _order(place) > _order(raised.read):
            raised.read = place
        return True

    def take(self) -> dict[tuple[str, str], Raised]:
        """Return all that wait, and begin empty again."""
        taken, self._waiting = self._waiting, {}
        return taken

    def _raised(self, reader: Reader, conversation_id: str) -> Raised | None:
        key = (reader.user_id, conversation_id)
        raised = self._waiting.get(key)
        if raised is None and len(self._waiting) < self._most:
            raised = self._waiting[key] = Raised(reader)
        return raised


def _order(place: Place) -> tuple[int, int]:
    return place.epoch, place.seq
