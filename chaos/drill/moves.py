"""What a ledger says of each handing over of a region's duties: how long it took, split as a recovery time is, what its people noticed, and what was lost. Pure."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from math import isnan, nan

import msgspec

from chaos.drill.figures import percentile
from chaos.drill.schedule import MOVES, Kind
from chaos.judge import events as e
from chaos.judge.ledger import Line

SHOULDER_SECONDS = 10.0
"""How long before and after it the silence of a region's people is looked for."""
BEGINS = "drain"


class Decision(msgspec.Struct, frozen=True):
    """Something that was decided, or that a region said of its lease."""

    at: float
    what: str


class Move(msgspec.Struct, frozen=True):
    """One handing over, in seconds; null where nothing was measured.

    Attributes:
        fault: Its name in the ledger.
        target: From which site to which.
        decide: From the command until its first step is begun: everything is looked at.
        execute: From then until its end: the other site serves.
        catch_up: From then until everything that was sent until then and accepted had been shown to its recipient.
        silence: The longest time in which no send of the region's own people was accepted: what they would call the outage.
        own_p99: To the recipient's screen, of what the region's people sent meanwhile, 99th percentile.
        others_p99: The same of what all others sent meanwhile.
        accepted: Sends accepted meanwhile.
        lost: Those of them that nobody was ever shown, and that were not refused: the recovery point, in messages.
    """

    fault: str
    target: str
    decide: float = nan
    execute: float = nan
    catch_up: float = nan
    silence: float = nan
    own_p99: float = nan
    others_p99: float = nan
    accepted: int = 0
    lost: int = 0


class _Span(msgspec.Struct):
    fault: str
    target: str
    region: str
    begun: float
    first: float = nan
    done: float = nan


class _Send(msgspec.Struct):
    author: str
    region: str
    invoked: float
    accepted: float = nan
    shown: float = nan
    refused: bool = False


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
    for _, event in ledger:
        match event:
            case e.FaultBegun() | e.Decided() | e.FaultEnded():
                _follow(spans, event)
            case e.Live(connection=connection, entry=entry):
                send = sends.get(entry.content or "")
                if send is not None and isnan(send.shown) and users.get(connection) != send.author:
                    send.shown = event.at
            case e.Invoke(kind="send", content=str(content)):
                ops[event.op] = content
                sends.setdefault(content, _Send(event.user, event.region, event.at))
            case e.Ok() if event.op in ops:
                send = sends[ops[event.op]]
                send.accepted = event.at if isnan(send.accepted) else send.accepted
            case e.Refused() if event.op in ops:
                sends[ops[event.op]].refused = True
            case e.Opened():
                users[event.connection] = event.user
            case _:
                pass
    return tuple(_move(span, list(sends.values())) for span in spans.values())


def _follow(spans: dict[str, _Span], event: e.FaultBegun | e.Decided | e.FaultEnded) -> None:
    span = spans.get(event.fault)
    match event:
        case e.FaultBegun() if event.kind in set(map(str, MOVES)):
            source, _, target = event.target.partition(">")
            region = source if event.kind == Kind.EVACUATE else target
            spans[event.fault] = _Span(event.fault, event.target, region, event.at)
        case e.Decided() if span is not None and event.what.startswith(BEGINS) and isnan(span.first):
            span.first = event.at
        case e.FaultEnded() if span is not None and not event.failed:
            span.done = event.at if event.lifted is None else event.lifted
        case _:
            pass


def _move(span: _Span, sends: list[_Send]) -> Move:
    if isnan(span.done):
        return Move(span.fault, span.target)
    meanwhile = [send for send in sends if span.begun <= send.invoked <= span.done]
    kept = [send for send in meanwhile if not isnan(send.accepted)]
    shown = [send.shown for send in kept if not isnan(send.shown)]
    own = sorted(send.accepted for send in sends if send.region == span.region and not isnan(send.accepted))
    near = [at for at in own if span.begun - SHOULDER_SECONDS <= at <= span.done + SHOULDER_SECONDS]
    return Move(
        span.fault,
        span.target,
        decide=span.first - span.begun,
        execute=span.done - span.first,
        catch_up=max(0.0, max(shown) - span.done) if shown else nan,
        silence=max((after - before for before, after in pairwise(near)), default=nan),
        own_p99=percentile(list(_took(send for send in meanwhile if send.region == span.region)), 0.99),
        others_p99=percentile(list(_took(send for send in meanwhile if send.region != span.region)), 0.99),
        accepted=len(kept),
        lost=sum(isnan(send.shown) and not send.refused for send in kept),
    )


def _took(sends: Iterable[_Send]) -> Iterator[float]:
    return (send.shown - send.invoked for send in sends if not isnan(send.shown))
