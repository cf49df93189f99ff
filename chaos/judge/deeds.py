"""What was to be done in groups and to messages, and what stands in logs for it.

A deed that was accepted is known by its id; one whose outcome is unknown, by who does what to whom or what. So a change in a log is right if as
many deeds of its kind may have happened.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from typing import TypeAlias

from chaos.judge.events import Change, Invoke, Ok, Sighting
from chaos.judge.facts import Message

Kind: TypeAlias = tuple[str, str, tuple[str, ...], str, str]
"""Who, what, to whom, as what, and to which message."""


@dataclass(slots=True, eq=False)
class Deed:
    """Something that was to be done.

    Attributes:
        line: Of its invocation.
        conversation: None until it is known: of a new group.
        invoked: When, seconds.
        accepted: When it was accepted; infinity if never.
        id: Of what stands in the log for it; None until it is known.
        failed: Whether it certainly did not happen.
        refused: Whether its author was told that it is refused.
    """

    line: int
    op: int
    author: str
    change: Change
    conversation: str | None
    invoked: float
    accepted: float = inf
    id: str | None = None
    failed: bool = False
    refused: bool = False

    @property
    def may_appear(self) -> bool:
        """Whether an entry of it is right."""
        return not self.failed and not self.refused


class Deeds:
    """All deeds of a ledger; `history` feeds it.

    Attributes:
        entries: What stands in logs, by content.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self.entries: dict[str, Message] = {}
        self._of_op: dict[int, Deed] = {}
        self._of_kind: dict[Kind, list[Deed]] = defaultdict(list)
        self._of_id: dict[str, Deed] = {}
        self._numbered: dict[str, Message] = {}

    def __iter__(self) -> Iterator[Deed]:
        """Return all, in the order in which they were invoked."""
        return iter(self._of_op.values())

    def get(self, op: int) -> Deed | None:
        """Return the deed of an operation."""
        return self._of_op.get(op)

    def invoked(self, line: int, event: Invoke) -> None:
        """Something is to be done."""
        assert event.change is not None
        deed = Deed(line, event.op, event.user, event.change, event.conversation, event.at)
        self._of_op[event.op] = deed
        self._of_kind[_kind(event.user, event.change)].append(deed)

    def ok(self, deed: Deed, event: Ok) -> None:
        """It was accepted."""
        deed.accepted = min(deed.accepted, event.at)
        deed.conversation = deed.conversation or event.conversation
        if event.message is not None:
            deed.id = event.message
            self._of_id[event.message] = deed
            if (entry := self._numbered.get(event.message)) is not None:
                _join(entry, deed)

    def seen(self, line: int, at: float, conversation: str, entry: Sighting) -> Message:
        """Return what stands in a log for a change, as it was first seen."""
        assert entry.content is not None
        assert entry.change is not None
        known = self.entries.get(entry.content)
        if known is not None:
            return known
        alike = self._of_kind.get(_kind(entry.sender, entry.change), [])
        invoked = min([at, *(deed.invoked for deed in alike if deed.conversation in {None, conversation})])
        message = Message(
            entry.content, line, 0, entry.sender, "", conversation, invoked, id=entry.message, change=entry.change
        )  # fmt: skip
        self.entries[entry.content] = self._numbered[entry.message] = message
        if (deed := self._of_id.get(entry.message)) is not None:
            _join(message, deed)
        return message

    def entry_of(self, deed: Deed) -> Message | None:
        """Return what stands in a log for a deed that may have happened.

        Who makes a group is not told the id of that, nor is whoever got no answer: theirs is what is like it, was not seen before, and is nobody else's.
        """
        if deed.id is None:
            return self._unanswered(deed)
        entry = self._numbered.get(deed.id)
        return entry if entry is not None and (entry.seq or entry.disputed) else None

    def _unanswered(self, deed: Deed) -> Message | None:
        """Return what is left for a deed without an id: of deeds that are alike the first has the first entry that was seen after it, and so on."""
        kind = _kind(deed.author, deed.change)
        left = [
            one
            for one in self.entries.values()
            if one.conversation == deed.conversation
            and one.change is not None
            and _kind(one.author, one.change) == kind
            and one.id not in self._of_id
            and (one.seq or one.disputed)
        ]
        left.sort(key=lambda one: one.sighted)
        for other in self._of_kind[kind]:
            if other.id is None and other.may_appear and other.conversation == deed.conversation:
                entry = next((one for one in left if one.sighted >= other.invoked), None)
                if other is deed:
                    return entry
                if entry is not None:
                    left.remove(entry)
        return None

    def unsure(self, conversation: str) -> set[str]:
        """Return of whom nobody can say when they belonged to a channel: something was done to or by them of which it is not known what came of it."""
        open_ones = (deed for deed in self.open_in(conversation) if not deed.change.alters)
        return {user for deed in open_ones for user in deed.change.users or (deed.author,)}

    def open_in(self, conversation: str) -> Iterator[Deed]:
        """Return the deeds of a conversation that may have happened, but of which nobody saw what stands in the log."""
        for deed in self:
            is_told = deed.id is not None or deed.change.kind.endswith("_created")
            if deed.conversation == conversation and deed.may_appear and not (is_told and self.entry_of(deed)):
                yield deed

    def unexplained(self) -> Iterator[tuple[Message, str]]:
        """Return the changes in logs that are not of a deed that may have happened, and why."""
        left: dict[tuple[str | None, Kind], list[Message]] = defaultdict(list)
        for entry in self.entries.values():
            if not entry.seq:
                continue
            deed = self._of_id.get(entry.id or "")
            if deed is not None and not deed.may_appear:
                yield entry, "its author was told that it was refused"
            elif deed is None:
                assert entry.change is not None
                left[entry.conversation, _kind(entry.author, entry.change)].append(entry)
        for (conversation, kind), entries in left.items():
            free = [
                deed
                for deed in self._of_kind.get(kind, [])
                if deed.may_appear and deed.id is None and deed.conversation in {None, conversation}
            ]
            for entry in sorted(entries, key=lambda entry: entry.sighted):
                if free and free[0].invoked <= entry.sighted:
                    free.pop(0)
                else:
                    yield entry, "nobody had done that by then"


def _kind(author: str, change: Change) -> Kind:
    return author, change.kind, tuple(sorted(change.users)), change.role, change.target


def _join(entry: Message, deed: Deed) -> None:
    entry.line, entry.op = deed.line, deed.op
    entry.invoked, entry.accepted = deed.invoked, min(entry.accepted, deed.accepted)
