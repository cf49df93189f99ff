"""What a ledger comes to in numbers, as far as groups and alterations are concerned: posts, and changes of each kind. Pure."""

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
    """Groups in numbers.

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


class CrowdCount:
    """Counts, event by event: what happens in groups, and alterations, wherever they are."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._groups: set[str] = set()
        self._posts: dict[int, str] = {}
        self._accepted: set[str] = set()
        self._refused: set[str] = set()
        self._kinds: dict[str, Changes] = {}
        self._originals: dict[str, str] = {}
        self._deeds: dict[int, Changes] = {}
        self._over: set[int] = set()
        self._numbered: set[str] = set()

    def take(self, event: e.Event) -> None:
        """Take an event in."""
        match event:
            case e.Invoke(kind="send", conversation=str(where), content=str(content)) if where.startswith("g"):
                self._posts[event.op] = content
            case e.Invoke(kind="change", change=e.Change() as change):
                self._deeds[event.op] = changes = self._of(change.kind)
                changes.invoked += 1
                if change.alters:
                    self._originals[change.target] = change.of
            case e.Ok():
                self._accept(event.op)
            case e.Fail() | e.Refused():
                self._refuse(event.op)
            case e.Live(conversation=where, entry=e.Sighting(change=e.Change() as change, content=str(content))):
                if where.startswith("g"):
                    self._groups.add(where)
                if content not in self._numbered:
                    self._numbered.add(content)
                    self._of(change.kind).numbered += 1
            case _:
                pass

    def original(self, entry: e.Sighting) -> str:
        """Return the digest of what a message said at first, if somebody was to alter it; else of what it says."""
        altered = entry.aftermath is not None and entry.message in self._originals
        return self._originals[entry.message] if altered else entry.content or ""

    def figures(self) -> Crowds:
        """Return what it came to with groups."""
        posts = len(set(self._posts.values()))
        changes = self._changes(alters=False)
        return Crowds(len(self._groups), posts, len(self._accepted), len(self._refused), changes)

    def alterations(self) -> tuple[Changes, ...]:
        """Return what was done to messages, by kind."""
        return self._changes(alters=True)

    def _changes(self, *, alters: bool) -> tuple[Changes, ...]:
        return tuple(self._kinds[kind] for kind in sorted(self._kinds) if (kind in e.ALTERATIONS) is alters)

    def _of(self, kind: str) -> Changes:
        return self._kinds.setdefault(kind, Changes(kind))

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
