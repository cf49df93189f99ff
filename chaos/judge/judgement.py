"""All checkers over one ledger, in one pass, and what they say together."""

from collections.abc import Iterable

import msgspec

from chaos.judge import events as e
from chaos.judge.alterations import alterations
from chaos.judge.delivery import lost, phantom
from chaos.judge.digests import digests
from chaos.judge.entitlement import entitlement
from chaos.judge.expectations import Expectations
from chaos.judge.history import History
from chaos.judge.holder import Holder
from chaos.judge.ledger import Line
from chaos.judge.marks import Marks
from chaos.judge.membership import membership
from chaos.judge.order import duplicate, hole, order
from chaos.judge.promises import Promises
from chaos.judge.residency import Residency
from chaos.judge.spans import Measured, merged
from chaos.judge.streams import Streams
from chaos.judge.sufficiency import Course, Needs
from chaos.judge.tails import Tails
from chaos.judge.verdict import Ruling, Verdict, combine
from chaos.judge.waits import Wait

CHECKERS = (
    "lost",
    "duplicate",
    "phantom",
    "order",
    "hole",
    "stream",
    "marks",
    "entitlement",
    "membership",
    "alterations",
    "digests",
)
EXPECTED = ("served", "converged", "holder", "takeover", "tails", "prompt", "replicated", "residency")
"""Checkers that rule only where the faults of a ledger, or whoever has it judged, ask for it: what holds while faults last, once they are over, or is not asked of clients."""
_NEEDS = Needs()


class Judgement(msgspec.Struct, frozen=True):
    """What the judge says of a ledger.

    Attributes:
        verdict: False if any ruling is, true only if all are.
        rulings: One of each checker.
        measured: Of each fault of which something was expected, what it came to.
        waits: How long requests took where parts that have a replica were killed: of all, and by kind of part.
    """

    verdict: Verdict
    rulings: tuple[Ruling, ...]
    measured: tuple[Measured, ...] = ()
    waits: tuple[Wait, ...] = ()

    def __getitem__(self, checker: str) -> Ruling:
        """Return the ruling of a checker, by its name."""
        return next(ruling for ruling in self.rulings if ruling.checker == checker)

    def named(self, verdict: Verdict) -> set[str]:
        """Return the names of the checkers that rule so."""
        return {ruling.checker for ruling in self.rulings if ruling.verdict is verdict}


def judge(ledger: Iterable[Line], needs: Needs = _NEEDS) -> Judgement:
    """Judge a ledger; in time linear in its lines but for sorting, in memory linear in its messages and views.

    Args:
        ledger: Its lines, in order (`ledger.read`).
        needs: What it must have before anything can be true.
    """
    court = _Court()
    for line, event in ledger:
        court.course.passed(line, event.at)
        court.take(line, event)
    history = court.history
    history.gather()
    reservations = court.course.shortfalls(history, needs)
    findings = {
        "lost": lost(history),
        "duplicate": duplicate(history),
        "phantom": phantom(history),
        "order": order(history),
        "hole": hole(history),
        "stream": court.streams.findings(history),
        "marks": court.marks.findings,
        "entitlement": entitlement(history),
        "membership": membership(history),
        "alterations": alterations(history, needs),
        "digests": digests(history),
    }
    served, spared = court.expectations.served(history.members)
    converged, arrived = court.expectations.converged(history.members)
    taken_over, again = court.expectations.taken_over()
    prompt, waited = court.expectations.prompt(history.members)
    findings |= {
        "prompt": prompt,
        "served": served,
        "converged": converged,
        "holder": court.holder.findings(history.deeds, history.standbys),
        "takeover": taken_over,
        "tails": court.tails.findings(history),
        "replicated": court.promises.findings(history),
        "residency": court.residency.findings(history),
    }
    asked = court.expectations.asked | needs.expects | ({"replicated"} if court.promises.asked else set())
    rulings = tuple(findings[one].rule(reservations) for one in (*CHECKERS, *(one for one in EXPECTED if one in asked)))
    return Judgement(combine(ruling.verdict for ruling in rulings), rulings, merged(spared, arrived, again), waited)


class _Court:
    """Gives each event to those whom it concerns; what is frequent is looked for first."""

    def __init__(self) -> None:
        self.history = History()
        self.streams = Streams()
        self.marks = Marks()
        self.course = Course()
        self.expectations = Expectations()
        self.holder = Holder()
        self.tails = Tails()
        self.promises = Promises()
        self.residency = Residency()

    def take(self, line: int, event: e.Event) -> None:
        match event:
            case e.Live():
                self.history.live(line, event)
                self.streams.live(line, event)
                self.marks.live(line, event)
                self.expectations.live(event)
                self.tails.live(line, event)
                self.promises.live(event)
                self.course.live(event)
            case e.Marked():
                self.marks.marked(line, event)
            case e.Invoke():
                self.history.invoked(line, event)
                self.marks.invoked(event)
                self.course.invoked(line, event)
                self.expectations.invoked(line, event)
                self.promises.invoked(event)
            case e.Ok():
                if self.history.ok(line, event):
                    self.course.accepted(event)
                self.marks.ended(event.op)
                self.expectations.ok(event)
                self.promises.ok(line, event)
            case e.Page():
                self.history.page(line, event)
                self.marks.page(line, event)
            case e.Fail():
                self.history.failed(line, event)
                self.course.answered(event.op)
                self.marks.ended(event.op)
                self.expectations.failed(event)
                self.holder.turned_down(line, event)
            case e.Info():
                self.history.unknown(line, event)
                self.marks.ended(event.op)
            case e.Refused():
                self.history.refused(line, event)
                self.course.answered(event.op)
                self.expectations.refused(event)
                self.promises.refused(event)
                self.holder.turned_down(line, event)
            case _:
                self._seldom(line, event)

    def _seldom(self, line: int, event: e.Event) -> None:
        match event:
            case e.Opened():
                self.history.opened(event)
                self.streams.opened(event)
                self.tails.opened(event)
                self.promises.opened(event.connection, event.user)
                self.course.opened(line, event)
                self.expectations.opened(event)
            case e.Closed(connection=connection):
                self.history.closed(connection)
                self.streams.closed(connection)
                self.course.closed(connection)
                self.expectations.closed(line, event)
            case e.Through():
                self.expectations.through(event)
            case e.Withdrawn():
                device = self.history.withdrawn(line, event)
                self.streams.withdrawn(event)
                self.tails.withdrawn(event)
                self.marks.withdrawn(device or "", event.conversation, event.seq)
            case e.Changed():
                self.streams.changed(event)
            case e.Lives():
                self.history.settled_in(event)
                self.expectations.lives(event)
                self.tails.lives(event)
                self.promises.lives(event)
            case e.Member():
                self.history.joined(event)
                self.expectations.lives(event)
            case e.Digest():
                self.history.digested(line, event)
            case e.Settled():
                self.history.settle(event.at)
                self.course.settled()
            case _:
                self._course(line, event)

    def _course(self, line: int, event: e.Event) -> None:
        match event:
            case e.FaultBegun():
                self.course.begun(line, event)
                self.expectations.begun(line, event)
                self.promises.begun(line, event)
                self.holder.begun(line, event)
            case e.FaultSeen():
                self.course.seen(line, event)
                self.expectations.seen(event)
                self.promises.seen(event)
                self.holder.seen(event)
            case e.FaultEnded():
                self.course.ended(line, event)
                self.expectations.ended(event)
                self.promises.ended(event)
                self.holder.ended(event)
            case e.Held():
                self.residency.held(line, event)
            case e.Islanded():
                self.holder.islanded(event)
            case e.Run():
                self.course.started = True
                self.history.began(event)
            case e.Ended():
                self.course.whole = True
            case _:
                pass
