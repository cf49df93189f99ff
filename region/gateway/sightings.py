"""When this gateway saw the newest messages pass: for tracing one of them; kept in memory alone, and bounded. Pure."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

MOST: Final = 10_000
"""Messages, and marks, that are remembered: about 5 MB."""

NEAR: Final = 500
"""How far above a message's seq the mark may be by which a device says that it has it: marks are merged."""


@dataclass(slots=True)
class Sighting:
    """When a message was seen here, microseconds since the epoch; 0 for never.

    Attributes:
        accepted_at: When the journal had acknowledged it.
        published_at: When fan-out sent it to this gateway.
        delivered_at: When it was queued for devices.
        devices: For how many.
    """

    accepted_at: int = 0
    published_at: int = 0
    delivered_at: int = 0
    devices: int = 0


class Sightings:
    """The newest messages that were seen, and the newest marks of devices."""

    def __init__(self, most: int = MOST) -> None:
        """Begin with none.

        Args:
            most: How many messages, and as many marks, are remembered.
        """
        self._most = most
        self._messages: OrderedDict[str, Sighting] = OrderedDict()
        self._marks: OrderedDict[tuple[str, str, int], int] = OrderedDict()

    def accepted(self, message_id: str, *, at: int) -> None:
        """Note that the journal has acknowledged a message."""
        self._at(message_id).accepted_at = at

    def delivered(self, message_id: str, *, published_at: int, at: int, devices: int) -> None:
        """Note that a message was queued for devices."""
        seen = self._at(message_id)
        seen.published_at, seen.delivered_at, seen.devices = published_at, at, seen.devices + devices

    def marked(self, conversation_id: str, user_id: str, seq: int, *, at: int) -> None:
        """Note that a device of a user said that it has everything up to a seq; the first time counts."""
        if (conversation_id, user_id, seq) not in self._marks:
            self._marks[conversation_id, user_id, seq] = at
            if len(self._marks) > self._most:
                self._marks.popitem(last=False)

    def of(self, message_id: str) -> Sighting | None:
        """Return what is remembered of a message."""
        return self._messages.get(message_id)

    def had_at(self, conversation_id: str, user_id: str, seq: int) -> int:
        """Return when a device of a user first said that it has that entry; 0 if it did not, or nobody remembers."""
        near = (self._marks.get((conversation_id, user_id, above), 0) for above in range(seq, seq + NEAR))
        return min((at for at in near if at), default=0)

    def first_had_at(self, conversation_id: str, seq: int, *, but: str) -> int:
        """Return when a device of anybody but that user first said that it has that entry; 0 as above. It looks at all that is remembered."""
        return min(
            (
                at
                for (conversation, user, place), at in self._marks.items()
                if conversation == conversation_id and user != but and seq <= place < seq + NEAR
            ),
            default=0,
        )

    def _at(self, message_id: str) -> Sighting:
        seen = self._messages.get(message_id)
        if seen is None:
            seen = self._messages[message_id] = Sighting()
            if len(self._messages) > self._most:
                self._messages.popitem(last=False)
        return seen
