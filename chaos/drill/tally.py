"""What is counted while a drill runs, and what has not come yet to those to whom it is to come. Pure."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet


class Tally:
    """What is counted while a drill runs, for those who watch it.

    Attributes:
        invoked: Sends that were begun.
        accepted: Of these, sends that were accepted.
        shown: Entries that came to a recipient's screen.
        refused: Sends whose author was told that they are refused.
        deeds: Changes of groups that were accepted.
        declined: Those that were refused.
        originals: Of messages that were to be altered: message id to what they said at first.
        offline: How often devices lost their connection.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.invoked = self.accepted = self.shown = self.refused = self.deeds = self.declined = self.offline = 0
        self.originals: dict[str, str] = {}
        self._awaited: dict[str, set[str]] = {}

    @property
    def under_way(self) -> int:
        """How many messages and changes have not come to the screens that they are to come to, nor been refused."""
        return len(self._awaited)

    @property
    def awaited(self) -> AbstractSet[str]:
        """Which these are."""
        return self._awaited.keys()

    def sent(self, content: str, to: Iterable[str]) -> None:
        """A message was sent, which is to come to the screens of these users."""
        self.invoked += 1
        self._awaited[content] = set(to)

    def arrived(self, content: str, user: str) -> None:
        """A message came to a screen of somebody else than its author."""
        self.shown += 1
        self.came(content, user)

    def queued(self, message_id: str, user: str) -> None:
        """A change of that user waits for its owner; it will come to their screen."""
        self._awaited[message_id] = {user}

    def came(self, what: str, user: str) -> None:
        """Something came to a screen."""
        left = self._awaited.get(what)
        if left is not None:
            left.discard(user)
            if not left:
                del self._awaited[what]

    def turned_down(self, what: str) -> None:
        """Its author was told that a message, or a change that waited, is refused."""
        self._awaited.pop(what, None)
