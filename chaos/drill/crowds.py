"""What a ledger comes to in numbers, as far as groups, channels and alterations are concerned: posts, and changes of each kind. Pure."""

import msgspec

from chaos.judge import events as e


class Changes(msgspec.Struct):
    """Changes of one kind.

    Attributes:
        kind: The event name.
        invoked: How many were begun.
        accepted: Of these, how many were accepted.
        refused: How many their authors were told to be refused, at once or later.
        numbered: How many stand in logs.
    """

    kind: str
    invoked: int = 0
    accepted: int = 0
    refused: int = 0
    numbered: int = 0


class Crowds(msgspec.Struct, frozen=True):
    """Groups, or channels, in numbers.

    Attributes:
        groups: How many there are.
        posts: Posts begun.
        accepted: Posts accepted.
        refused: Posts of which authors were told that they are refused; some had been accepted.
        changes: By kind.
    """

    groups: int
    posts: int
    accepted: int
    refused: int
    changes: tuple[Changes, ...]


GROUPS, CHANNELS, ANYWHERE = "g", "c", ""
"""What is counted apart, by what ids begin with; alterations are counted together."""


class CrowdCount:
    """Counts, event by event: what happens in groups and in channels, and alterations, wherever they are."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._groups: set[str] = set()
        self._posts: dict[int, tuple[str, str]] = {}
        self._accepted: set[tuple[str, str]] = set()
        self._refused: set[tuple[str, str]] = set()
        self._kinds: dict[tuple[str, str], Changes] = {}
        self._originals: dict[str, str] = {}
        self._deeds: dict[int, Changes] = {}
        self._over: set[int] = set()
        self._numbered: set[str] = set()

    def take(self, event: e.Event) -> None:
        """Take an event in."""
        match event:
            case e.Invoke(kind="send", conversation=str(where), content=str(content)):
                if where.startswith((GROUPS, CHANNELS)):
                    self._posts[event.op] = where[0], content
            case e.Invoke(kind="change", change=e.Change() as change):
                self._deeds[event.op] = changes = self._of(event.conversation or change.kind, change)
                changes.invoked += 1
                if change.alters:
                    self._originals[change.target] = change.of
            case e.Ok():
                self._accept(event.op)
            case e.Fail() | e.Refused():
                self._refuse(event.op)
            case e.Live(conversation=where, entry=entry):
                self._see(where, entry)
            case e.Page(conversation=where, entries=entries) if where.startswith(CHANNELS):
                for entry in entries:  # who comes and goes is looked up there
                    self._see(where, entry)
            case _:
                pass

    def _see(self, where: str, entry: e.Sighting) -> None:
        if entry.change is None or entry.content is None:
            return
        if where.startswith((GROUPS, CHANNELS)):
            self._groups.add(where)
        if entry.content not in self._numbered:
            self._numbered.add(entry.content)
            self._of(where, entry.change).numbered += 1

    def original(self, entry: e.Sighting) -> str:
        """Return the digest of what a message said at first, if somebody was to alter it; else of what it says."""
        altered = entry.aftermath is not None and entry.message in self._originals
        return self._originals[entry.message] if altered else entry.content or ""

    def figures(self, of: str = GROUPS) -> Crowds:
        """Return what it came to with groups, or with channels."""
        posts, accepted, refused = (
            sum(where == of for where, _ in found)
            for found in (set(self._posts.values()), self._accepted, self._refused)
        )
        return Crowds(sum(one[0] == of for one in self._groups), posts, accepted, refused, self._changes(of))

    def alterations(self) -> tuple[Changes, ...]:
        """Return what was done to messages, by kind."""
        return self._changes(ANYWHERE)

    def _changes(self, of: str) -> tuple[Changes, ...]:
        return tuple(self._kinds[where, kind] for where, kind in sorted(self._kinds) if where == of)

    def _of(self, where: str, change: e.Change) -> Changes:
        return self._kinds.setdefault((ANYWHERE if change.alters else where[0], change.kind), Changes(change.kind))

    def _accept(self, op: int) -> None:
        if op in self._posts:
            self._accepted.add(self._posts[op])
        elif op in self._deeds:
            self._deeds[op].accepted += 1

    def _refuse(self, op: int) -> None:
        if op in self._posts:
            self._refused.add(self._posts[op])
        elif op in self._deeds and op not in self._over:
            self._over.add(op)
            self._deeds[op].refused += 1
