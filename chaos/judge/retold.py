"""What messages of a rehearsal's conversation have come to, and how they are told: live as they were sent, in pages as they are."""

from collections import defaultdict
from dataclasses import dataclass, field

from msgspec.structs import replace

from chaos.judge import events as e
from chaos.judge.ledger import digest


@dataclass(slots=True)
class Retold:
    """By message id, what was done to it: seq, by whom, what."""

    done: dict[str, list[tuple[int, str, e.Change]]] = field(default_factory=lambda: defaultdict(list))

    def refuses(self, user: str, change: e.Change) -> bool:
        """Whether an owner would: nothing is done to what is deleted, and nobody reacts twice."""
        known = self.done[change.target]
        return self._gone(change.target) or any((by, one.kind) == (user, e.REACTED) for _, by, one in known)

    def take(self, seq: int, user: str, change: e.Change) -> None:
        """It was numbered."""
        self.done[change.target].append((seq, user, change))

    def live(self, entry: e.Sighting) -> e.Sighting:
        """Return an entry as it was sent, or empty if its message was deleted since."""
        if entry.change is not None:
            gone = self._gone(entry.change.target)
            return replace(entry, change=replace(entry.change, text="")) if gone else entry
        if self._gone(entry.message):
            return replace(entry, content=digest(""), aftermath=e.Aftermath(emptied=True))
        return entry

    def page(self, entry: e.Sighting) -> e.Sighting:
        """Return an entry as it is by now."""
        known = self.done.get(entry.message)
        if not known or self._gone(entry.message):
            return self.live(entry)
        edited, content = 0, entry.content
        for seq, _, change in known:
            if change.kind == e.EDITED:
                edited, content = seq, change.text
        reacted = tuple(sorted(user for _, user, change in known if change.kind == e.REACTED))
        return replace(entry, content=content, aftermath=e.Aftermath(edited, emptied=False, reacted=reacted))

    def _gone(self, message: str) -> bool:
        return any(change.kind == e.DELETED for _, _, change in self.done.get(message, ()))
