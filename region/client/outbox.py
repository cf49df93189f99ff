"""What the user typed and has no outcome yet, in the order in which it was typed.

Pure. An item leaves only with its outcome, an entry or a refusal; until then it is sent again over every new connection, under
the same client message id, which makes repeating harmless. Where the region says so, an entry alone is not enough: it could be lost with
the region, so the item stays until it is accepted as well.

To each destination one item at a time is under way until it is accepted: a region may turn one down for a while and take the
next, which would then stand above it for good.
"""

from collections import deque
from collections.abc import Iterable

import msgspec

from region.client.frames import Mention, Message

WINDOW = 256
"""How many items may be under way without having been accepted."""


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was typed.

    Attributes:
        client_message_id: Its name until it has another, and what makes sending it again harmless.
        text: What was typed.
        recipient_id: To whom; or None, when it goes into a conversation.
        conversation_id: Where; or None.
        attachments: Ids of blobs.
        reply_to: The message that it answers; or None.
        forward_of: The message that is forwarded; or None.
        mentions: Whom it names.
        typed_at: Seconds since the epoch; for people only.
    """

    client_message_id: str
    text: str
    recipient_id: str | None = None
    conversation_id: str | None = None
    attachments: tuple[str, ...] = ()
    reply_to: str | None = None
    forward_of: str | None = None
    mentions: tuple[Mention, ...] = ()
    typed_at: float = 0.0


class Outbox:
    """The items without an outcome."""

    def __init__(self, items: Iterable[Item] = ()) -> None:
        """Begin with what was left of an earlier run, in order."""
        self._items = {item.client_message_id: item for item in items}
        self._accepted: set[str] = set()
        self._recipients: dict[str, str] = {}
        self.rewind()

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
            self._enqueue(item)

    def due(self) -> list[Item]:
        """Return what is to be sent now, in order for each destination, and take it as sent."""
        due: list[Item] = []
        while self._ready and len(self._under_way) < WINDOW:
            due += self._take(next(iter(self._ready)))
        return due

    def accepted(self, client_message_id: str, conversation_id: str = "") -> bool:
        """Take in that the journal has it, in that conversation; return whether it is one of these."""
        item = self._items.get(client_message_id)
        if item is not None:
            self._accepted.add(client_message_id)
            if item.recipient_id is not None and conversation_id:
                self._recipients[conversation_id] = item.recipient_id
        self._go_on(client_message_id)
        return item is not None

    def is_accepted(self, client_message_id: str) -> bool:
        """Whether it was accepted, and has no outcome yet."""
        return client_message_id in self._accepted

    def placed(self, client_message_id: str) -> None:
        """Take in that it has its place, which is not for sure yet: it stays until it is accepted; what follows it may go on."""
        self._go_on(client_message_id)

    def may_be(self, client_message_id: str, message: Message) -> bool:
        """Whether a message of that name may be an item's; not if the name was used before, for another text.

        A forward has the text of what it forwards, and what was edited or deleted meanwhile has its own no more.
        """
        item = self._items.get(client_message_id)
        if item is None or message.deleted or message.edited is not None:
            return True
        if item.forward_of is not None or message.forwarded_from is not None:
            return item.forward_of is not None and message.forwarded_from is not None
        return item.text == message.text

    def settle(self, client_message_id: str) -> bool:
        """Take out an item whose outcome is known; return whether it was here."""
        self._accepted.discard(client_message_id)
        self._go_on(client_message_id)
        return self._items.pop(client_message_id, None) is not None

    def rewind(self, *, accepted: bool = True) -> None:
        """Send what has no outcome once more, in order: the connection is a new one, or asked for it.

        Args:
            accepted: Whether what the journal has is sent again, too; over the same connection that would tell nothing new.
        """
        self._unsent: dict[str, deque[str]] = {}
        self._ready: dict[str, None] = {}
        self._under_way: dict[str, str] = {}
        self._busy: dict[str, str] = {}
        for name, item in self._items.items():
            if accepted or name not in self._accepted:
                self._enqueue(item)

    def _take(self, destination: str) -> list[Item]:
        """Take the next one for a destination; what was accepted before has its place already, and holds nothing up."""
        names = self._unsent[destination]
        name = names.popleft()
        item = self._items.get(name)
        if item is not None:
            self._under_way[name] = destination
            if name not in self._accepted:
                self._busy[destination] = name
        if not names:
            del self._unsent[destination]
        if not names or destination in self._busy:
            del self._ready[destination]
        return [] if item is None else [item]

    def _enqueue(self, item: Item) -> None:
        destination = self._destination(item)
        self._unsent.setdefault(destination, deque()).append(item.client_message_id)
        if destination not in self._busy:
            self._ready[destination] = None

    def _go_on(self, client_message_id: str) -> None:
        destination = self._under_way.pop(client_message_id, None)
        if destination is not None and self._busy.get(destination) == client_message_id:
            del self._busy[destination]
            if destination in self._unsent:
                self._ready[destination] = None

    def _destination(self, item: Item) -> str:
        conversation_id = item.conversation_id or ""
        return item.recipient_id or self._recipients.get(conversation_id, conversation_id)
