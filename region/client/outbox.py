"""What the user typed and has no outcome yet, in the order in which it was typed.

Pure. An item leaves only with its outcome, an entry or a refusal; until then it is sent again over every new connection, under
the same client message id, which makes repeating harmless.
"""

from collections import deque
from collections.abc import Iterable

import msgspec

WINDOW = 256
"""How many items may be under way without having been accepted."""


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was typed.

    Attributes:
        client_message_id: Its name until it has another, and what makes sending it again harmless.
        text: What was typed.
        recipient_id: To whom; or None, when it goes into a conversation.
        conversation_id: Where; or None.
        typed_at: Seconds since the epoch; for people only.
    """

    client_message_id: str
    text: str
    recipient_id: str | None = None
    conversation_id: str | None = None
    typed_at: float = 0.0


class Outbox:
    """The items without an outcome."""

    def __init__(self, items: Iterable[Item] = ()) -> None:
        """Begin with what was left of an earlier run, in order."""
        self._items = {item.client_message_id: item for item in items}
        self._unsent = deque(self._items)
        self._under_way: set[str] = set()

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, client_message_id: object) -> bool:
        return client_message_id in self._items

    @property
    def items(self) -> tuple[Item, ...]:
        """The items without an outcome, in order."""
        return tuple(self._items.values())

    def add(self, item: Item) -> None:
        """Put in what was typed last."""
        if item.client_message_id not in self._items:
            self._items[item.client_message_id] = item
            self._unsent.append(item.client_message_id)

    def due(self) -> list[Item]:
        """Return what is to be sent now, in order, and take it as sent."""
        due: list[Item] = []
        while self._unsent and len(self._under_way) < WINDOW:
            name = self._unsent.popleft()
            if name in self._items:
                self._under_way.add(name)
                due.append(self._items[name])
        return due

    def accepted(self, client_message_id: str) -> bool:
        """Take in that the journal has it; return whether it is one of these."""
        self._under_way.discard(client_message_id)
        return client_message_id in self._items

    def may_be(self, client_message_id: str, text: str) -> bool:
        """Whether a message of that name and text may be an item's; not if the name was used before, for another text."""
        item = self._items.get(client_message_id)
        return item is None or item.text == text

    def settle(self, client_message_id: str) -> bool:
        """Take out an item whose outcome is known; return whether it was here."""
        self._under_way.discard(client_message_id)
        return self._items.pop(client_message_id, None) is not None

    def rewind(self) -> None:
        """Send everything that has no outcome once more, in order: the connection is a new one, or asked for it."""
        self._unsent = deque(self._items)
        self._under_way.clear()
