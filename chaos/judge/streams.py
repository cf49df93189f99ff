"""A device's live stream goes on, entry by entry: it neither goes back nor skips, or the device was told that it lacks something."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

from chaos.judge.channels import is_told_to_all
from chaos.judge.events import Changed, Live, Opened, Withdrawn
from chaos.judge.history import History
from chaos.judge.verdict import Findings

MOST_JUMPS = 10_000


@dataclass(slots=True)
class _Connection:
    device: str
    user: str
    resumed: bool
    last: dict[str, tuple[int, int]] = field(default_factory=dict)


class _Jump(NamedTuple):
    line: int
    device: str
    user: str
    conversation: str
    first: int
    last: int


class Streams:
    """All live streams; conversation by conversation, since there is no order between them."""

    def __init__(self) -> None:
        """Begin with none."""
        self._findings = Findings("stream")
        self._connections: dict[str, _Connection] = {}
        self._held: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
        self._told: dict[tuple[str, str], int] = {}
        self._jumps: list[_Jump] = []

    def opened(self, event: Opened) -> None:
        """A connection may repeat what the device had before, and must not skip anything if it was told where the device was."""
        self._connections[event.connection] = _Connection(event.device, event.user, event.resumed)

    def closed(self, connection: str) -> None:
        """Nothing comes over it any more."""
        self._connections.pop(connection, None)

    def changed(self, event: Changed) -> None:
        """The device knows what it lacks: it reads that, and live entries go on above it."""
        connection = self._connections.get(event.connection)
        if connection is not None:
            key = connection.device, event.conversation
            self._told[key] = max(event.head, self._told.get(key, 0))

    def withdrawn(self, event: Withdrawn) -> None:
        """What comes next comes right above what stands, whatever the device had, or was told that it lacks."""
        connection = self._connections.get(event.connection)
        if connection is None:
            return
        name, place = event.conversation, (event.epoch, event.seq)
        for known in (connection.last, self._held[connection.device]):
            if name in known and known[name][1] > event.seq:
                known[name] = min(place, known[name])
        key = connection.device, name
        self._told[key] = min(event.seq, self._told.get(key, 0))

    def live(self, line: int, event: Live) -> None:
        """An entry came."""
        connection = self._connections.get(event.connection)
        if connection is None:
            return
        self._findings.judged += 1
        conversation, entry = event.conversation, event.entry
        held = self._held[connection.device]
        last = connection.last.get(conversation)
        hidden_in, _ = last or held.get(conversation, (0, 0))  # what is hidden does not say in which epoch it is
        place = (entry.epoch or hidden_in, entry.seq)
        if last is not None and place <= last:
            if not (event.again and entry.sender == connection.user):
                what = f"came to {connection.device} after {last[0]}.{last[1]}, over one connection"
                self._findings.found(what, entry.message, f"{conversation} {entry.epoch}.{entry.seq}", lines=(line,))
            return
        before = last if last is not None else held.get(conversation) if connection.resumed else None
        if before is not None and entry.first > before[1] + 1:
            told = self._told.get((connection.device, conversation), 0)
            if told < entry.first - 1:
                first = max(told, before[1]) + 1
                self._jumped(_Jump(line, connection.device, connection.user, conversation, first, entry.first - 1))
        connection.last[conversation] = place
        if place > held.get(conversation, (0, 0)):
            held[conversation] = place

    def _jumped(self, jump: _Jump) -> None:
        if len(self._jumps) < MOST_JUMPS:
            self._jumps.append(jump)
        else:
            self._findings.doubt(
                "there are more jumps than are kept", jump.conversation, jump.device, lines=(jump.line,)
            )

    def findings(self, history: History) -> Findings:
        """Return what was found; a jump over numbers that nobody has is a hole of the log, not of a stream."""
        for line, device, user, conversation, first, last in self._jumps:
            places, mine = history.logs[conversation].places, history.membership(conversation, user)
            skipped = (seq for seq in range(first, last + 1) if seq in places and mine.comes_live(seq))
            if any(is_told_to_all(conversation, places[seq][1]) for seq in skipped):
                what = f"{device} was not sent {first} to {last}, nor told that it lacks them"
                self._findings.found(what, conversation, device, lines=(line,))
        return self._findings
