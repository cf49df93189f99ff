"""What a ledger says of each handing over of a region's duties: how long it took, split as a recovery time is, what its people noticed, and what was lost. Pure."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from math import isnan, nan

import msgspec

from chaos.drill.schedule import DEATHS, MOVES, Kind
from chaos.judge import events as e
from chaos.judge.ledger import Line
from chaos.judge.waits import percentile

SHOULDER_SECONDS = 10.0
"""How long before and after it the silence of a region's people is looked for."""
FIRST = ("drain", "claim")
"""With which step it begins to be carried out: of an evacuation, of a takeover."""
KILLS, DETECTED, SERVED, BACK = "kill", "detect", "taken", "back"
"""What begins the words by which a drill tells that it kills all of a region, that this is noticed, that another site serves, that the region holds again."""


class Decision(msgspec.Struct, frozen=True):
    """Something that was decided, or that a region said of its lease."""

    at: float
    what: str


class Move(msgspec.Struct, frozen=True):
    """One handing over, in seconds; null where nothing was measured.

    Attributes:
        fault: Its name in the ledger.
        target: From which site to which.
        detect: From the kill until an operator could know of it; of what is planned, nothing.
        decide: From then, or from the command, until its first step is begun: everything is looked at.
        execute: From then until its end: the other site serves.
        catch_up: From then until everything that was sent until then and accepted had been shown to its recipient; of a region that died, what came before it was back.
        back: From when a region that died is started again until it holds its duties.
        silence: The longest time in which no send of the region's own people was accepted: what they would call the outage.
        own_p99: To the recipient's screen, of what the region's people sent meanwhile, 99th percentile.
        others_p99: The same of what all others sent meanwhile.
        accepted: Sends accepted meanwhile.
        lost: Those of them that nobody was ever shown, and that were not refused: the recovery point, in messages.
        late: Those of them that nobody but their author was shown until a region that died was back: the recovery point of whoever does not wait for it.
        withdrawn: How often a device was told afterwards that something on its screen stands there no more.
    """

    fault: str
    target: str
    detect: float = nan
    decide: float = nan
    execute: float = nan
    catch_up: float = nan
    back: float = nan
    silence: float = nan
    own_p99: float = nan
    others_p99: float = nan
    accepted: int = 0
    lost: int = 0
    late: int = 0
    withdrawn: int = 0


class _Span(msgspec.Struct):
    fault: str
    target: str
    region: str
    begun: float
    detected: float = nan
    first: float = nan
    done: float = nan
    lifted: float = nan
    back: float = nan
    withdrawn: int = 0

    @property
    def is_death(self) -> bool:
        """Whether nobody had planned it."""
        return not isnan(self.detected)


class _Send(msgspec.Struct):
    author: str
    region: str
    invoked: float
    accepted: float = nan
    shown: float = nan
    refused: bool = False
    message: str = ""


def decisions(ledger: Iterable[Line]) -> tuple[Decision, ...]:
    """Return what was decided, and what regions said of their leases, in the order in which it happened."""
    found: list[Decision] = []
    for _, event in ledger:
        match event:
            case e.Decided():
                found.append(Decision(event.at, event.what))
            case e.Islanded():
                says = "its lease has lapsed" if event.since else "it holds its lease again"
                found.append(Decision(event.at, f"{event.region}: {says}"))
            case _:
                pass
    return tuple(found)


def moves(ledger: Iterable[Line]) -> tuple[Move, ...]:
    """Go through a ledger once; return each handing over."""
    spans: dict[str, _Span] = {}
    sends: dict[str, _Send] = {}
    ops: dict[int, str] = {}
    users: dict[str, str] = {}
    shown: dict[str, float] = {}
    for _, event in ledger:
        match event:
            case e.FaultBegun() | e.Decided() | e.FaultEnded() | e.Withdrawn():
                _follow(spans, event)
            case e.Live():
                _look(event, users.get(event.connection), sends, shown)
            case e.Invoke(kind="send", content=str(content)):
                ops[event.op] = content
                sends.setdefault(content, _Send(event.user, event.region, event.at))
            case e.Ok() if event.op in ops:
                send = sends[ops[event.op]]
                send.accepted = event.at if isnan(send.accepted) else send.accepted
                send.message = send.message or event.message or ""
            case e.Refused() if event.op in ops:
                sends[ops[event.op]].refused = True
            case e.Opened():
                users[event.connection] = event.user
            case _:
                pass
    _match(sends.values(), shown)
    return tuple(_move(span, list(sends.values())) for span in spans.values())


def _look(event: e.Live, user: str | None, sends: dict[str, _Send], shown: dict[str, float]) -> None:
    entry = event.entry
    send = sends.get(entry.content or "")
    if send is not None and isnan(send.shown) and user != send.author:
        send.shown = event.at
    if entry.content is not None and entry.change is None and user != entry.sender:
        shown.setdefault(entry.message, event.at)


def _match(sends: Iterable[_Send], shown: dict[str, float]) -> None:
    """Whoever was shown a message after its author had edited it was shown another text."""
    for send in sends:
        if isnan(send.shown):
            send.shown = shown.get(send.message, nan)


def _follow(spans: dict[str, _Span], event: e.FaultBegun | e.Decided | e.FaultEnded | e.Withdrawn) -> None:
    if isinstance(event, e.Withdrawn):  # it is told late, so whose it is is known by when it comes
        for latest in list(spans.values())[-1:]:
            latest.withdrawn += 1
        return
    span = spans.get(event.fault)
    match event:
        case e.FaultBegun() if event.kind in set(map(str, (*MOVES, *DEATHS))):
            source, _, target = event.target.partition(">")
            region = target if event.kind == Kind.RETURN else source
            spans[event.fault] = _Span(event.fault, event.target, region, event.at)
        case e.Decided() if span is not None:
            _decided(span, event)
        case e.FaultEnded() if span is not None and not event.failed:
            span.lifted = event.at if event.lifted is None else event.lifted
            span.done = span.lifted if isnan(span.done) else span.done
        case _:
            pass


def _decided(span: _Span, event: e.Decided) -> None:
    word = event.what.partition(":")[0]
    if word == KILLS:
        span.begun = event.at
    elif word == DETECTED:
        span.detected = event.at
    elif word == SERVED:
        span.done = event.at
    elif word == BACK:
        span.back = event.at
    elif word in FIRST and isnan(span.first):
        span.first = event.at


def _move(span: _Span, sends: list[_Send]) -> Move:
    if isnan(span.lifted):
        return Move(span.fault, span.target)
    meanwhile = [send for send in sends if span.begun <= send.invoked <= span.done]
    kept = [send for send in meanwhile if not isnan(send.accepted)]
    shown = [send.shown for send in kept if not isnan(send.shown)]
    in_time = [at for at in shown if at <= span.lifted] if span.is_death else shown
    own = sorted(send.accepted for send in sends if send.region == span.region and not isnan(send.accepted))
    near = [at for at in own if span.begun - SHOULDER_SECONDS <= at <= span.lifted + SHOULDER_SECONDS]
    known = span.detected if span.is_death else span.begun
    return Move(
        span.fault,
        span.target,
        detect=span.detected - span.begun,
        decide=span.first - known,
        execute=span.done - span.first,
        catch_up=max(0.0, max(in_time) - span.done) if in_time else nan,
        back=span.back - span.lifted,
        silence=max((after - before for before, after in pairwise(near)), default=nan),
        own_p99=percentile(list(_took(send for send in meanwhile if send.region == span.region)), 0.99),
        others_p99=percentile(list(_took(send for send in meanwhile if send.region != span.region)), 0.99),
        accepted=len(kept),
        lost=sum(isnan(send.shown) and not send.refused for send in kept),
        late=len(shown) - len(in_time),
        withdrawn=span.withdrawn,
    )


def _took(sends: Iterable[_Send]) -> Iterator[float]:
    return (send.shown - send.invoked for send in sends if not isnan(send.shown))
