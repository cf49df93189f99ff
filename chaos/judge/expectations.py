"""What was to hold though a fault lasted: whom it spares is served as ever, and once it is over everything arrives soon.

Faults that overlap are judged together: what all of them spare, and from when the last of them is over. Of groups, and of channels where arriving is asked for, those are
looked at who belonged to them throughout: who comes back reads what is old.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import inf
from typing import TypeAlias

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
    Refused,
    Through,
)
from chaos.judge.facts import Membership
from chaos.judge.spans import Absence, Fault, Measured, Send, common, island, meet
from chaos.judge.takeover import takeover
from chaos.judge.verdict import Findings
from chaos.judge.waits import Request, Wait, waits

Members: TypeAlias = Mapping[str, Mapping[str, Membership]]
"""Conversation to who belonged to it, and when, as far as its log tells."""
_NOBODY: Members = {}
UNDER_WAY_SECONDS = 60.0
"""How long before the first fault of which something is expected a request that is under way then may have begun."""


@dataclass(slots=True)
class Expectations:
    """Sends, and when each was first shown to whom, from a while before the first fault begins of which something is expected; `judgement` feeds it."""

    _expects: bool = False
    _faults: dict[str, Fault] = field(default_factory=dict)
    _sends: dict[int, Send] = field(default_factory=dict)
    _changes: dict[int, Request] = field(default_factory=dict)
    _homes: dict[str, str] = field(default_factory=dict)
    _members: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _users: dict[str, str] = field(default_factory=dict)
    _connected: dict[str, Opened] = field(default_factory=dict)
    _absences: list[Absence] = field(default_factory=list)
    _shown: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    _seqs: dict[str, int] = field(default_factory=dict)
    _edges: dict[str, list[tuple[float, str]]] = field(default_factory=lambda: defaultdict(list))

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

    def through(self, event: Through) -> None:
        """A device has come through some region's edge."""
        self._edges[event.user].append((event.at, event.region))

    def closed(self, line: int, event: Closed) -> None:
        """A connection ended."""
        opened = self._connected.pop(event.connection, None)
        if self._expects and opened is not None:
            self._absences.append(Absence(line, opened.device, opened.user, opened.region, event.at))

    def begun(self, line: int, event: FaultBegun) -> None:
        """A fault begins."""
        self._expects = self._expects or event.expects is not None
        self._faults[event.fault] = Fault(event.fault, line, event.at, event.expects or Expectation(), event.target)

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
        if event.kind == "send":
            self._sends[event.op] = Send(line, event.op, event.user, event.region, event.conversation, event.at)
        elif event.kind == "change":
            self._changes[event.op] = Request(line, event.op, event.kind, event.at, inf, inf)
        if not self._expects:
            self._forget(event.at - UNDER_WAY_SECONDS)

    def ok(self, event: Ok) -> None:
        """A send was accepted."""
        if (send := self._sends.get(event.op)) is not None:
            send.accepted = min(send.accepted, event.at)
            send.conversation = send.conversation or event.conversation
            send.message = send.message or event.message
        self._answered(event.op, event.at)

    def failed(self, event: Fail) -> None:
        """A send was turned down."""
        if (send := self._sends.get(event.op)) is not None:
            send.failed = True
        self._answered(event.op, event.at)

    def refused(self, event: Refused) -> None:
        """A send was refused by whom it concerns: that is an answer, which is to come as soon as any other."""
        if (send := self._sends.get(event.op)) is not None:
            send.refused = min(send.refused, event.at)
        self._answered(event.op, event.at)

    def live(self, event: Live) -> None:
        """An entry is shown."""
        if event.entry.change is None and event.entry.message:
            self._shown[event.entry.message].setdefault(self._users.get(event.connection, ""), event.at)
            self._seqs.setdefault(event.entry.message, event.entry.seq)

    def served(self, members: Members = _NOBODY) -> tuple[Findings, dict[str, Measured]]:
        """Whether what faults spared went on as ever: each send there was accepted, numbered and shown there soon, or refused by the rules of its group as soon.

        Each who lives there and belonged to the conversation throughout must be shown it; of a group at least its author. Who belonged to it throughout is never refused.
        Of channels it says nothing, nor of who came through an edge that is not spared with them. In each region, or regions, that a fault spares together somebody must
        have been answered while it lasted: who just waits for its end is served by nobody. A device there whose connection ends is welcomed again as soon.

        Args:
            members: Of the groups.
        """
        findings, measured = Findings("served"), dict[str, Measured]()
        asking = [fault for fault in self._faults.values() if fault.expects.spares]
        answered = set[tuple[str, tuple[str, ...]]]()
        for send in self._sends.values():
            present = self._present(send.invoked)
            if any(fault in asking for fault in present):
                answered |= self._judge_send(send, present, members, findings, measured)
        for absence in self._absences:
            self._judge_absence(absence, findings)
        for fault in asking:
            for together in fault.expects.spares:
                if (fault.name, together) not in answered:
                    findings.doubt(
                        f"of {', '.join(together)}, which it spares, nobody was answered while it lasted",
                        fault.name, lines=(fault.line,),
                    )  # fmt: skip
        return findings, measured

    def converged(self, members: Members = _NOBODY) -> tuple[Findings, dict[str, Measured]]:
        """Whether everything that was under way while a fault lasted, and accepted before it was over, was shown soon after it, or refused.

        Args:
            members: Of the groups and channels.
        """
        findings, measured = Findings("converged"), dict[str, Measured]()
        outcomes = [(send, told) for send in self._sends.values() if (told := self._told(send, members)) is not None]
        for fault in self._faults.values():
            limit = fault.expects.converges
            if not limit:
                continue
            together = self._together(fault)
            begun = min(one.begun for one in together)
            over = max(one.over(once_well=fault.expects.once_well) for one in together)
            count, last, late = 0, over, list[Send]()
            for send, told in outcomes:
                if send.accepted > over or told < begun:
                    continue
                count, last = count + 1, max(last, told)
                if told > over + limit:
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

    def taken_over(self) -> tuple[Findings, dict[str, Measured]]:
        """Whether the people of regions that are gone are served by who stands by; see `takeover`."""
        return takeover(self._faults.values(), self._sends.values(), self._shown, self._homes)

    def prompt(self, members: Members = _NOBODY) -> tuple[Findings, tuple[Wait, ...]]:
        """Whether every request was served soon, whatever was killed that has a replica; see `waits`.

        A send is served once it is accepted and was shown to its author and to all who belong to the conversation throughout, or was refused to who was out of it; anything else once it was answered.

        Args:
            members: Of the groups and channels.
        """
        everywhere = frozenset(self._homes.values())
        sends = [self._request(send, everywhere, members) for send in self._sends.values()]
        return waits(self._faults.values(), [*sends, *self._changes.values()], self._absences)

    def _forget(self, before: float) -> None:
        """Forget what began before that, as long as nothing is expected: it is over by the first fault of which something is."""
        while self._sends and (send := next(iter(self._sends.values()))).invoked < before:
            del self._sends[send.op]
            self._shown.pop(send.message or "", None)
            self._seqs.pop(send.message or "", None)
        while self._changes and (change := next(iter(self._changes.values()))).invoked < before:
            del self._changes[change.op]

    def _request(self, send: Send, everywhere: frozenset[str], members: Members) -> Request:
        answered = min(send.accepted, send.refused) - send.invoked
        if send.refused < inf and is_channel(send.conversation):
            served = answered  # a subscriber tries to post now and then
        else:
            served = self._took(send, everywhere, members)
        wrong = "was refused, though its author belonged there throughout" if send.refused < inf == served else ""
        return Request(send.line, send.op, "send", send.invoked, answered, served, wrong)

    def _answered(self, op: int, at: float) -> None:
        if (change := self._changes.get(op)) is not None and change.answered == inf:
            took = at - change.invoked
            self._changes[op] = replace(change, answered=took, served=took)

    def _judge_send(
        self,
        send: Send,
        present: list[Fault],
        members: Members,
        findings: Findings,
        measured: dict[str, Measured],
    ) -> set[tuple[str, tuple[str, ...]]]:
        """Judge a send that met faults; return which of them it was answered in spite of, and within which regions."""
        together = common(present, send, self._homes)
        if together is None:
            return set()
        edge = self._edge(send.author, send.invoked)
        is_near, soon = edge in together, max(fault.expects.soon for fault in present)
        took = self._took(send, together, members)
        for fault in present:
            known = measured.get(fault.name, Measured(fault.name))
            is_away = edge != self._homes.get(send.author, send.region)
            measured[fault.name] = msgspec.structs.replace(
                known,
                spared=known.spared + is_near,
                slowest=max(known.slowest, took) if is_near else known.slowest,
                answered=known.answered + (is_near and send.invoked + took <= fault.lifted),
                elsewhere=known.elsewhere + is_away,
            )
        if not is_near:
            return set()
        findings.judged += 1
        if took > soon:
            is_refused = send.failed or send.refused < inf
            if took == inf:
                what = "was turned down" if is_refused else "was never shown there"
            else:
                what = f"{'was turned down after' if is_refused else 'took'} {took:.1f} s"
            names = ", ".join(fault.name for fault in present)
            findings.found(
                f"a send within {', '.join(sorted(together))}, which {names} spares, {what}",
                send.message or f"op {send.op}", f"op {send.op}", lines=(send.line,),
            )  # fmt: skip
        meanwhile = [fault for fault in present if send.invoked + took <= fault.lifted]
        return {(fault.name, one) for fault in meanwhile for one in fault.expects.spares if together.issubset(one)}

    def _judge_absence(self, absence: Absence, findings: Findings) -> None:
        present = self._present(absence.since)
        together = island(present, self._homes.get(absence.user, absence.region))
        if not together or absence.region not in together:
            return
        findings.judged += 1
        away, soon = absence.until - absence.since, max(fault.expects.soon for fault in present)
        if away > soon:
            how = "did not come back" if away == inf else f"was back after {away:.1f} s"
            names = ", ".join(fault.name for fault in present)
            what = f"a device within {', '.join(sorted(together))}, which {names} spares, lost its connection and {how}"
            findings.found(what, absence.device, lines=(absence.line,))

    @property
    def asked(self) -> set[str]:
        """Which checkers the faults ask for."""
        return {name for fault in self._faults.values() for name in expected_of(fault.expects)}

    def _present(self, at: float) -> list[Fault]:
        """Return the faults that last at a moment; none while one of them is being put on or taken off, of which nothing is expected."""
        lasting = [fault for fault in self._faults.values() if fault.begun <= at <= fault.ended]
        return lasting if all(fault.since <= at <= fault.lifted for fault in lasting) else []

    def _together(self, fault: Fault) -> list[Fault]:
        """Return a fault and those that overlap with it, or with one of these."""
        found, left = [fault], [one for one in self._faults.values() if one is not fault]
        while near := [one for one in left if any(meet(one, other) for other in found)]:
            found += near
            left = [one for one in left if one not in near]
        return found

    def _took(self, send: Send, island: frozenset[str], members: Members) -> float:
        """Return after which time a send was accepted, and shown to all who must be shown it there; or refused to who was out of its group."""
        pair = self._pair(send)
        if send.refused < inf:
            known = members.get(send.conversation or "", {}).get(send.author)
            is_wrong = bool(pair) or (known is not None and _stayed(known) and known.comes_live(1))
            return inf if is_wrong else send.refused - send.invoked
        if send.message is None or (send.failed and send.accepted == inf):
            return inf
        others = pair or self._stayers(send, members)
        near = (user for user in others if self._homes.get(user) in island and self._edge(user, send.invoked) in island)
        users = {send.author, *near}
        shown = self._shown.get(send.message, {})
        return max(send.accepted, *(shown.get(user, inf) for user in users)) - send.invoked

    def _edge(self, user: str, at: float) -> str:
        """Return the region through whose edge somebody was online then, or had last been."""
        known = self._edges.get(user, ())
        return next((region for since, region in reversed(known) if since <= at), self._homes.get(user, ""))

    def _told(self, send: Send, members: Members) -> float | None:
        """Return when a send had been shown to all of whom that is asked, or its author was told that it is refused; None if neither happened."""
        if send.refused < inf:
            return send.refused
        users = self._pair(send) or self._stayers(send, members)
        shown = self._shown.get(send.message or "", {})
        return max(shown[user] for user in users) if users and users <= shown.keys() else None

    def _stayers(self, send: Send, members: Members) -> set[str]:
        """Return who belonged to a group or a channel from before a message on, without a break."""
        seq = self._seqs.get(send.message or "", 0)
        of_it = members.get(send.conversation or "", {})
        return {user for user, one in of_it.items() if _stayed(one) and one.comes_live(seq)}

    def _pair(self, send: Send) -> set[str]:
        return self._members.get(send.conversation or "", set())


def expected_of(expects: Expectation | None) -> set[str]:
    """Return the checkers that rule on what is expected of a fault."""
    if expects is None:
        return set()
    asked = {
        "served": expects.spares,
        "converged": expects.converges,
        "holder": expects.lapses or expects.keeps,
        "takeover": expects.taken_over,
        "tails": expects.taken_over,
        "prompt": expects.prompt,
    }
    return {name for name, is_asked in asked.items() if is_asked}


def _stayed(membership: Membership) -> bool:
    """Whether somebody came once, and never went."""
    times = membership.present or membership.stretches
    return not membership.unsure and len(times) == 1 and None in times.values()
