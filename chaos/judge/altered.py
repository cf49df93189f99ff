"""What was to be done to messages, and what whole histories showed of it in the end; the rest of them need not be remembered."""

from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

from chaos.judge.events import DELETED, EDITED, Change, Sighting
from chaos.judge.facts import View


class Shown(NamedTuple):
    """A message that was to be altered, as a history that was read after the settling showed it."""

    line: int
    view: View
    conversation: str
    entry: Sighting


class Falsehood(NamedTuple):
    """A text that its author never gave, or one that is gone though nobody had deleted it."""

    line: int
    who: str
    conversation: str
    entry: Sighting
    what: str


@dataclass(slots=True)
class Target:
    """A message that was to be altered.

    Attributes:
        content: The digest of what it said at first.
        texts: The digests of what it was to say from then on.
        deleted: When somebody first wanted it deleted, seconds; infinity if nobody did.
    """

    content: str
    texts: set[str] = field(default_factory=set)
    deleted: float = inf


class Altered:
    """All messages that were to be altered; `history` feeds it.

    Attributes:
        targets: By message id.
        finals: What histories showed of them.
        falsehoods: What nobody can have seen.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self.targets: dict[str, Target] = {}
        self.finals: list[Shown] = []
        self.falsehoods: list[Falsehood] = []

    def invoked(self, at: float, change: Change) -> None:
        """Somebody is to alter a message."""
        target = self.targets.setdefault(change.target, Target(change.of))
        if change.kind == EDITED:
            target.texts.add(change.text)
        elif change.kind == DELETED:
            target.deleted = min(target.deleted, at)

    def original(self, entry: Sighting) -> str | None:
        """Return the digest of what a message said at first, as far as it may have said anything else since."""
        after = entry.aftermath
        if after is None or not (after.edited or after.emptied):
            return entry.content
        target = self.targets.get(entry.message)
        return None if target is None else target.content

    def sighted(self, line: int, at: float, view: View, conversation: str, entry: Sighting) -> None:
        """A message, or an edit, is shown: with a text that it may have, or none if it may be gone."""
        after, change, what = entry.aftermath, entry.change, ""
        if change is not None:
            what = self._objection(at, change.target, change.text) if change.kind == EDITED else ""
        elif after is not None and (after.edited or after.emptied):
            what = self._objection(at, entry.message, "" if after.emptied else entry.content or "")
        if what:
            self.falsehoods.append(Falsehood(line, view.name, conversation, entry, what))

    def read(self, line: int, view: View, conversation: str, entry: Sighting) -> None:
        """After the settling, a history shows an entry."""
        if entry.change is None and entry.content is not None and entry.message in self.targets:
            self.finals.append(Shown(line, view, conversation, entry))

    def _objection(self, at: float, message: str, text: str) -> str:
        target = self.targets.get(message)
        if target is None:
            return ""  # what nobody altered is a phantom
        if not text:
            return "nothing, though nobody had deleted it" if at < target.deleted else ""
        return "" if text in target.texts else "a text that its author never gave it"
