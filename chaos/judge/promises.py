"""Whether `replicated` kept its word: what was accepted so is not lost with its region, not even until that is back, and keeps its place."""

from dataclasses import dataclass, field
from math import inf

from chaos.judge.events import FaultBegun, FaultEnded, FaultSeen, Invoke, Live, Lives, Ok, Refused
from chaos.judge.history import History
from chaos.judge.spans import owner_of
from chaos.judge.verdict import Findings

ENOUGH = 20
"""How many must have been promised before a region died."""


@dataclass(slots=True)
class _Promise:
    line: int
    op: int
    author: str
    home: str
    content: str
    at: float
    refused: float = inf


@dataclass(slots=True)
class _Death:
    name: str
    line: int
    regions: tuple[str, ...]
    seen: float = inf
    lifted: float = inf


@dataclass(slots=True)
class Promises:
    """Sends that were accepted as replicated, what others were shown when, and where it stood first; `judgement` feeds it."""

    _told: bool = False
    _homes: dict[str, str] = field(default_factory=dict)
    _users: dict[str, str] = field(default_factory=dict)
    _sends: dict[int, Invoke] = field(default_factory=dict)
    _promises: dict[int, _Promise] = field(default_factory=dict)
    _shown: dict[str, float] = field(default_factory=dict)
    _first: dict[str, tuple[int, int]] = field(default_factory=dict)
    _deaths: dict[str, _Death] = field(default_factory=dict)

    @property
    def asked(self) -> bool:
        """Whether it is to be judged: anything was accepted with a word of that, and a region died."""
        return self._told and bool(self._deaths)

    def lives(self, event: Lives) -> None:
        """Somebody lives somewhere."""
        self._homes[event.user] = event.home

    def opened(self, connection: str, user: str) -> None:
        """A device is connected."""
        self._users[connection] = user

    def invoked(self, event: Invoke) -> None:
        """A send begins."""
        if event.kind == "send" and event.content is not None:
            self._sends[event.op] = event

    def ok(self, line: int, event: Ok) -> None:
        """A send was accepted, with or without a promise."""
        send = self._sends.pop(event.op, None)
        self._told = self._told or event.replicated is not None
        if send is not None and event.replicated:
            home = self._homes.get(send.user, send.region)
            self._promises[event.op] = _Promise(line, event.op, send.user, home, send.content or "", event.at)

    def refused(self, event: Refused) -> None:
        """A send was refused by whom it concerns."""
        if (promise := self._promises.get(event.op)) is not None:
            promise.refused = min(promise.refused, event.at)

    def live(self, event: Live) -> None:
        """An entry is shown."""
        entry = event.entry
        if entry.content is None or entry.change is not None:
            return
        self._first.setdefault(entry.message, (entry.epoch, entry.seq))
        if self._users.get(event.connection) != entry.sender:
            self._shown.setdefault(entry.message, event.at)

    def begun(self, line: int, event: FaultBegun) -> None:
        """A fault begins."""
        if event.expects is not None and event.expects.taken_over:
            self._deaths[event.fault] = _Death(event.fault, line, event.expects.taken_over)

    def seen(self, event: FaultSeen) -> None:
        """It is seen: nothing was promised by that region from then on."""
        if (death := self._deaths.get(event.fault)) is not None:
            death.seen = min(death.seen, event.at)

    def ended(self, event: FaultEnded) -> None:
        """It is over."""
        if (death := self._deaths.get(event.fault)) is not None:
            death.lifted = event.at if event.lifted is None else event.lifted

    def findings(self, history: History) -> Findings:
        """Return what was promised before a region died, and not kept."""
        findings = Findings("replicated")
        for death in self._deaths.values():
            given = [one for one in self._promises.values() if one.home in death.regions and one.at < death.seen]
            findings.judged += len(given)
            if len(given) < ENOUGH:
                findings.doubt(
                    f"{len(given)} sends had been accepted as replicated before it, of {ENOUGH} that are needed",
                    death.name, lines=(death.line,),
                )  # fmt: skip
            for promise in given:
                if (broken := self._broken(promise, death, history)) is not None:
                    message = history.messages[promise.content].id
                    findings.found(broken, message, f"op {promise.op}", death.name, lines=(death.line, promise.line))
        return findings

    def _broken(self, promise: _Promise, death: _Death, history: History) -> str | None:
        """Return how it was broken, if it was."""
        message = history.messages[promise.content]
        name = message.id or ""
        if min(self._shown.get(name, inf), promise.refused) > death.lifted:
            return (
                f"accepted as replicated at {promise.at:.3f} s, and nobody else was shown it before the region was back"
            )
        epoch, seq = self._first.get(name, (0, 0))
        moved = message.epoch > epoch and message.seq not in {0, seq}
        if moved and owner_of(message.conversation or "") == promise.home:
            return f"accepted as replicated, stood at {epoch}.{seq}, and stands at {message.epoch}.{message.seq}"
        return None
