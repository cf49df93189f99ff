"""Who types where: told to the region not too often, and forgotten by itself, since nobody says that they have stopped."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, TypeVar

from region.client.events import Arrived, Event, Types

EVERY_SECONDS: Final = 3.0
"""How often the region is told while the user types."""
MOST: Final = 1_000
"""Who is remembered; those of whom was heard longest ago are forgotten."""


K = TypeVar("K")


class Typists:
    """What the user says of typing, and what others do."""

    def __init__(self, say: Callable[[str], None], *, clock: Callable[[], float] = time.monotonic) -> None:
        """Prepare.

        Args:
            say: Tells the region that the user types in a conversation.
            clock: Seconds, monotonic.
        """
        self._say = say
        self._clock = clock
        self._said: OrderedDict[str, float] = OrderedDict()
        self._until: OrderedDict[tuple[str, str], float] = OrderedDict()

    def tell(self, conversation_id: str) -> None:
        """Tell the others of a conversation that the user types there; call it at each key.

        Nobody is told while there is no connection, when a region is busy, or in channels.
        """
        now = self._clock()
        if now - self._said.get(conversation_id, float("-inf")) >= EVERY_SECONDS:
            _put(self._said, conversation_id, now)
            self._say(conversation_id)

    def of(self, conversation_id: str) -> tuple[str, ...]:
        """Return who types in a conversation now, as far as events were read."""
        now = self._clock()
        return tuple(user for (name, user), until in self._until.items() if name == conversation_id and until > now)

    def take(self, event: Event) -> None:
        """Take in what the user is told; a message of somebody ends their typing."""
        match event:
            case Types(conversation_id=conversation_id, user_id=user_id, seconds=seconds):
                _put(self._until, (conversation_id, user_id), self._clock() + seconds)
            case Arrived(message=message):
                self._until.pop((message.conversation_id, message.sender_id), None)
            case _:
                pass


def _put(book: OrderedDict[K, float], key: K, value: float) -> None:
    book[key] = value
    book.move_to_end(key)
    if len(book) > MOST:
        book.popitem(last=False)
