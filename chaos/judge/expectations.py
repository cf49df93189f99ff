"""What was to hold though a fault lasted: whom it spares is served as ever, and once it is over everything arrives soon.

Faults that overlap are judged together: what all of them spare, and from when the last of them is over.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf

import msgspec

from chaos.judge.channels import is_channel
from chaos.judge.events import (
    Closed,
    Expectation,
    Fail,
    FaultBegun,
    FaultEnded,
    FaultSeen,
    Invoke,
    Live,
    Lives,
    Member,
    Ok,
    Opened,
)
from chaos.judge.verdict import Findings


class Measured(msgspec.Struct, frozen=True):
    """What a fault came to that something was expected of.

    Attributes:
        fault: Its name in the ledger.
        spared: Sends that it was to leave alone, while it lasted.
        slowest: The longest that one of them took until it was accepted and shown, seconds; infinity if it never was.
        arrived: Sends accepted before it was over, between two people, that were shown to both.
        converged: How long after that the last of these was shown, seconds.
    """

    fault: str
    spared: int = 0
    slowest: float = 0.0
    arrived: int = 0
    converged: float = 0.0


@dataclass(slots=True)
class _Fault:
    name: str
    line: int
    begun: float
    expects: Expectation
    seen: float | None = None
    lifted: float = inf
    ended: float = inf

    @property
    def since(self) -> float:
        """From when it is known to last: of one that shows itself only as it is taken off, from its beginning; never, if nobody saw it."""
        if self.seen is None:
            return inf
        return self.begun if self.seen >= self.lifted else self.seen

    def over(self, *, once_well: bool) -> float:
        """Return when it is taken off, or when what it struck is well again."""
        return self.ended if once_well else self.lifted


@dataclass(slots=True, eq=False)
class _Send:
    line: int
    op: int
    author: str
    region: str
    conversation: str | None
    invoked: float
    accepted: float = inf
    failed: bool = False
    message: str | None = None


@dataclass(slots=True, eq=False)
class _Absence:
    """From when a device's connection ended until it was welcomed again."""

    line: int
    device: str
    user: str
    region: str
    since: float
    until: float = inf


@dataclass(slots=True)
class Expectations:
    """Sends, and when each was first shown to whom, from when the first fault begins of which something is expected; `judgement` feeds it."""

    _expects: bool = False
    _faults: dict[str, _Fault] = field(default_factory=dict)
    _sends: dict[int, _Send] = field(default_factory=dict)
    _homes: dict[str, str] = field(default_factory=dict)
    _members: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _users: dict[str, str] = field(default_factory=dict)
    _connected: dict[str, Opened] = field(default_factory=dict)
    _absences: list[_Absence] = field(default_factory=list)
    _shown: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))

    def lives(self, event: Lives | Member) -> None:
        """Somebody lives somewhere, or is one of two who write to each other."""
        self._homes[event.user] = event.home
        if isinstance(event, Member):
            self._members[event.conversation].add(event.user)

    def opened(self, event: Opened) -> None:
        """A device is connected."""
        self._users[event.connection] = event.user
        self._connected[event.connection] = event
        for absence in self._absences:
            if absence.device == event.device and absence.until == inf:
                absence.until = event.at

    def closed(self, line: int, event: Closed) -> None:
        """A connection ended."""
        opened = self._connected.pop(event.connection, None)
        if self._expects and opened is not None:
            self._absences.append(_Absence(line, opened.device, opened.user, opened.region, event.at))

    def begun(self, line: int, event: FaultBegun) -> None:
        """A fault begins."""
        self._expects = self._expects or event.expects is not None
        self._faults[event.fault] = _Fault(event.fault, line, event.at, event.expects or Expectation())

    def seen(self, event: FaultSeen) -> None:
        """A fault is seen."""
        if event.fault in self._faults and self._faults[event.fault].seen is None:
            self._faults[event.fault].seen = event.at

    def ended(self, event: FaultEnded) -> None:
        """A fault is over."""
        if (fault := self._faults.get(event.fault)) is not None:
            fault.ended = event.at
            fault.lifted = event.at if event.lifted is None else event.lifted

    def invoked(self, line: int, event: Invoke) -> None:
        """A send begins."""
        if self._expects and event.kind == "send":
            self._sends[event.op] = _Send(line, event.op, event.user, event.region, event.conversation, event.at)

    def ok(self, event: Ok) -> None:
        """A send was accepted."""
        if (send := self._sends.get(event.op)) is not None:
            send.accepted = min(send.accepted, event.at)
            send.conversation = send.conversation or event.conversation
            send.message = send.message or event.message

    def failed(self, event: Fail) -> None:
        """A send was turned down."""
        if (send := self._sends.get(event.op)) is not None:
            send.failed = True

    def refused(self, op: int) -> None:
        """A send was refused by whom it concerns: that is no failure, and nothing is owed."""
        self._sends.pop(op, None)

    def live(self, event: Live) -> None:
        """An entry is shown."""
        if self._expects and event.entry.change is None and event.entry.message:
            self._shown[event.entry.message].setdefault(self._users.get(event.connection, ""), event.at)

    def served(self) -> tuple[Findings, dict[str, Measured]]:
        """Whether what faults spared went on as ever: each send there was accepted, numbered and shown there soon.

        Of a conversation between two, each who lives there must be shown it; of a group, its author. Of channels it says nothing. A device there whose
        connection ends is welcomed again as soon.
        """
        findings, measured = Findings("served"), dict[str, Measured]()
        asking = [fault for fault in self._faults.values() if fault.expects.spares]
        for send in self._sends.values():
            present = self._present(send.invoked)
            if not any(fault in asking for fault in present) or (island := _common(present, send, self._homes)) is None:
                continue
            soon = max(fault.expects.soon for fault in present)
            took = self._took(send, island)
            findings.judged += 1
            for fault in present:
                known = measured.get(fault.name, Measured(fault.name))
                measured[fault.name] = msgspec.structs.replace(
                    known, spared=known.spared + 1, slowest=max(known.slowest, took)
                )
            if took > soon:
                what = (
                    "was turned down"
                    if send.failed
                    else "was never shown there"
                    if took == inf
                    else f"took {took:.1f} s"
                )
                names = ", ".join(fault.name for fault in present)
                findings.found(
                    f"a send within {', '.join(sorted(island))}, which {names} spares, {what}",
                    send.message or f"op {send.op}", f"op {send.op}", lines=(send.line,),
                )  # fmt: skip
        for absence in self._absences:
            self._judge_absence(absence, findings)
        for fault in asking:
            if not measured.get(fault.name, Measured(fault.name)).spared:
                findings.doubt("nobody whom it spares sent anything while it lasted", fault.name, lines=(fault.line,))
        return findings, measured

    def converged(self) -> tuple[Findings, dict[str, Measured]]:
        """Whether everything accepted before a fault was over was shown soon after it, of what two people write to each other."""
        findings, measured = Findings("converged"), dict[str, Measured]()
        for fault in self._faults.values():
            limit = fault.expects.converges
            if not limit:
                continue
            over = max(one.over(once_well=fault.expects.once_well) for one in self._together(fault))
            count, last, late = 0, over, list[_Send]()
            for send in self._sends.values():
                if send.accepted > over or (shown := self._shown_to_both(send)) is None:
                    continue
                count, last = count + 1, max(last, shown)
                if shown > over + limit:
                    late.append(send)
            findings.judged += count
            measured[fault.name] = Measured(fault.name, arrived=count, converged=last - over if over < inf else inf)
            if not count or over == inf:
                findings.doubt("nothing tells how soon after it everything arrived", fault.name, lines=(fault.line,))
            if late:
                worst = late[0]
                findings.found(
                    f"{len(late)} messages came more than {limit:.0f} s after it, the last after {last - over:.1f} s",
                    fault.name, worst.message or "", f"op {worst.op}", lines=(fault.line, worst.line),
                )  # fmt: skip
        return findings, measured

    def _judge_absence(self, absence: _Absence, findings: Findings) -> None:
        present = self._present(absence.since)
        island = _island(present, self._homes.get(absence.user, absence.region))
        if not island or absence.region not in island:
            return
        findings.judged += 1
        away, soon = absence.until - absence.since, max(fault.expects.soon for fault in present)
        if away > soon:
            how = "did not come back" if away == inf else f"was back after {away:.1f} s"
            names = ", ".join(fault.name for fault in present)
            what = f"a device within {', '.join(sorted(island))}, which {names} spares, lost its connection and {how}"
            findings.found(what, absence.device, lines=(absence.line,))

    @property
    def asked(self) -> set[str]:
        """Which checkers the faults ask for."""
        return {name for fault in self._faults.values() for name in expected_of(fault.expects)}

    def _present(self, at: float) -> list[_Fault]:
        """Return the faults that last at a moment; none while one of them is being put on or taken off, of which nothing is expected."""
        lasting = [fault for fault in self._faults.values() if fault.begun <= at <= fault.ended]
        return lasting if all(fault.since <= at <= fault.lifted for fault in lasting) else []

    def _together(self, fault: _Fault) -> list[_Fault]:
        """Return a fault and those that overlap with it, or with one of these."""
        found, left = [fault], [one for one in self._faults.values() if one is not fault]
        while near := [one for one in left if any(_meet(one, other) for other in found)]:
            found += near
            left = [one for one in left if one not in near]
        return found

    def _took(self, send: _Send, island: frozenset[str]) -> float:
        """Return after which time a send was accepted, and shown to all who must be shown it there."""
        if send.message is None or (send.failed and send.accepted == inf):
            return inf
        users = {send.author, *(user for user in self._pair(send) if self._homes.get(user) in island)}
        shown = self._shown.get(send.message, {})
        return max(send.accepted, *(shown.get(user, inf) for user in users)) - send.invoked

    def _shown_to_both(self, send: _Send) -> float | None:
        pair = self._pair(send)
        shown = self._shown.get(send.message or "", {})
        return max(shown[user] for user in pair) if pair and pair <= shown.keys() else None

    def _pair(self, send: _Send) -> set[str]:
        return self._members.get(send.conversation or "", set())


def expected_of(expects: Expectation | None) -> set[str]:
    """Return the checkers that rule on what is expected of a fault."""
    if expects is None:
        return set()
    asked = {"served": expects.spares, "converged": expects.converges, "holder": expects.lapses}
    return {name for name, is_asked in asked.items() if is_asked}


def owner_of(conversation: str) -> str:
    """Return the region that numbers a conversation: the end of its id."""
    return conversation.rpartition("-")[2]


def _common(present: list[_Fault], send: _Send, homes: dict[str, str]) -> frozenset[str] | None:
    """Return the regions that stay together whatever of these faults lasts, if the author's and the conversation's are among them."""
    if send.conversation is None or is_channel(send.conversation):
        return None
    home = homes.get(send.author, send.region)
    island = _island(present, home)
    return island if owner_of(send.conversation) in island else None


def _island(present: list[_Fault], home: str) -> frozenset[str]:
    """Return the regions that stay together with that one whatever of these faults lasts; none, if it is not spared or nothing lasts."""
    left: frozenset[str] | None = None
    for fault in present:
        island = next((frozenset(one) for one in fault.expects.spares if home in one), frozenset[str]())
        left = island if left is None else left & island
    return left or frozenset()


def _meet(one: _Fault, other: _Fault) -> bool:
    return one.begun <= other.ended and other.begun <= one.ended


def merged(*found: dict[str, Measured]) -> tuple[Measured, ...]:
    """Return what was measured of each fault, in the order of their names."""
    names: Iterator[str] = iter(dict.fromkeys(name for one in found for name in one))
    return tuple(_joined([one[name] for one in found if name in one]) for name in names)


def _joined(parts: list[Measured]) -> Measured:
    first, *others = parts
    for other in others:
        first = msgspec.structs.replace(
            first,
            spared=max(first.spared, other.spared),
            slowest=max(first.slowest, other.slowest),
            arrived=max(first.arrived, other.arrived),
            converged=max(first.converged, other.converged),
        )
    return first
