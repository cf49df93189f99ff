"""Marks and statuses rise, and never go back; a mark of a later epoch may be lower, with the tail that it marked. Nobody is told who has read what in a channel."""

from typing import NamedTuple

from chaos.judge.channels import is_channel
from chaos.judge.events import Invoke, Live, Marked, Page, Sighting
from chaos.judge.verdict import Findings

UNREAD, RECEIVED, READ = range(3)
_RANKS = {"unread": UNREAD, "received": RECEIVED, "read": READ}


class _Heights(NamedTuple):
    epoch: int
    received: int
    read: int
    line: int

    def below(self, before: "_Heights") -> bool:
        """Whether a mark went back; in a later epoch it may."""
        return self.epoch <= before.epoch and (self.received < before.received or self.read < before.read)

    def rank(self, entry: Sighting) -> int:
        """Return the status that an entry must have at least."""
        if entry.epoch > self.epoch:
            return UNREAD
        return READ if entry.seq <= self.read else RECEIVED if entry.seq <= self.received else UNREAD

    def raised(self, entry: Sighting, rank: int, line: int) -> "_Heights":
        """Return what is known when that entry has that status, too."""
        received = entry.seq if rank >= RECEIVED else 0
        read = entry.seq if rank == READ else 0
        if received <= self.received and read <= self.read:
            return self
        return _Heights(max(self.epoch, entry.epoch), max(self.received, received), max(self.read, read), line)


_NOTHING = _Heights(0, 0, 0, 0)


class Marks:
    """What each device was told of everybody's marks, and each user was shown of the statuses of messages.

    Pages and what is told live are on their way at the same time, so they are not compared with each other; and a page
    is compared only with what pages had shown the same user before its reading began.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self.findings = Findings("marks")
        self._marks: dict[tuple[str, str, str], _Heights] = {}
        self._statuses: dict[tuple[str, str], dict[str, _Heights]] = {}
        self._readings: dict[int, tuple[str, dict[str, _Heights]]] = {}

    def marked(self, line: int, event: Marked) -> None:
        """A device was told of marks."""
        self.findings.judged += 1
        key = event.device, event.conversation, event.user
        before = self._marks.get(key)
        now = _Heights(event.epoch, event.received, event.read, line)
        if before is None or not now.below(before):
            self._marks[key] = now
            return
        told, earlier = f"{now.received}/{now.read}", f"{before.received}/{before.read}"
        what = f"{event.device} was told received/read {told} after {earlier}"
        self.findings.found(what, event.conversation, event.user, lines=(before.line, line))

    def withdrawn(self, device: str, conversation: str, seq: int) -> None:
        """A device lowers everybody's marks to there, with the tail that they marked."""
        for key, known in self._marks.items():
            if key[:2] == (device, conversation):
                received, read = min(known.received, seq), min(known.read, seq)
                self._marks[key] = known._replace(received=received, read=read)

    def invoked(self, event: Invoke) -> None:
        """A reading begins: what it shows must not be below what is known now."""
        if event.kind in ("history", "repair"):
            known = self._statuses.get((event.user, event.conversation or ""), {})
            self._readings[event.op] = event.user, known

    def ended(self, op: int) -> None:
        """A reading ends."""
        self._readings.pop(op, None)

    def live(self, line: int, event: Live) -> None:
        """An entry came over a connection; in a channel it says nothing of others."""
        if is_channel(event.conversation):
            self._untold(line, event.connection, event.conversation, event.entry)

    def page(self, line: int, event: Page) -> None:
        """A page shows statuses; marks being heights, one status speaks for everything of that sender below it.

        In a group or a channel each status speaks for itself alone: what was posted while nobody else belonged to it stays unread.
        """
        if event.op not in self._readings:
            return
        user, floor = self._readings[event.op]
        known = dict(self._statuses.get((user, event.conversation), {}))
        for entry in event.entries:
            if entry.status not in _RANKS:
                continue
            if is_channel(event.conversation):
                self._untold(line, user, event.conversation, entry)
            self.findings.judged += 1
            rank = _RANKS[entry.status]
            speaks_for = entry.message if event.conversation.startswith(("g", "c")) else entry.sender
            least = floor.get(speaks_for)
            if least is not None and rank < least.rank(entry):
                place = f"{event.conversation} {entry.epoch}.{entry.seq}"
                what = f"{user} was shown {entry.status} after more"
                self.findings.found(what, entry.message, place, lines=(least.line, line))
            known[speaks_for] = known.get(speaks_for, _NOTHING).raised(entry, rank, line)
        self._statuses[user, event.conversation] = known

    def _untold(self, line: int, who: str, channel: str, entry: Sighting) -> None:
        self.findings.judged += 1
        if _RANKS.get(entry.status, UNREAD) > UNREAD:
            what = f"{who} was told that a post is {entry.status}"
            self.findings.found(what, entry.message, f"{channel} {entry.seq}", lines=(line,))
