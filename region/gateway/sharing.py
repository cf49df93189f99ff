"""Which devices' missed entries can be read by one question, pure: those whose conversations look the same to all of them.

A conversation looks different to two devices if they were told it up to different positions, or if their users may see
different parts of it. Who does not fit in is read by itself.
"""

from collections.abc import Mapping, Sequence

from region.gateway.repository import Head


class Share:
    """Conversations of several devices, each once.

    Attributes:
        heads: Of them.
        told: Conversation to the position up to which its devices were told.
    """

    def __init__(self, most: int) -> None:
        """Begin empty.

        Args:
            most: Conversations.
        """
        self._most = most
        self._by_name: dict[str, Head] = {}
        self.told: dict[str, int] = {}

    @property
    def heads(self) -> list[Head]:
        """The conversations."""
        return list(self._by_name.values())

    def add(self, heads: Sequence[Head], told: Mapping[str, int]) -> bool:
        """Take in a device's conversations, all or none; return whether they fit in.

        Args:
            heads: Of its conversations.
            told: Conversation to the position up to which the device was told.
        """
        new = {head.conversation_id: head for head in heads}
        if any(self._by_name.get(name, head) != head for name, head in new.items()):
            return False
        if any(self.told.get(name, told[name]) != told[name] for name in new):
            return False
        if len(self._by_name.keys() | new.keys()) > self._most:
            return False
        self._by_name |= new
        self.told |= {name: told[name] for name in new}
        return True
