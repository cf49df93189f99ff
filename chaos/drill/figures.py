"""What a ledger comes to in numbers: throughput and latency, second by second and in all, and what each fault was. Pure."""

from collections import Counter
from collections.abc import Iterable
from math import isnan, nan

import msgspec

from chaos.drill.budget import Budget, budget
from chaos.drill.crowds import CHANNELS, Changes, CrowdCount, Crowds
from chaos.judge import events as e
from chaos.judge.ledger import Line
from chaos.judge.waits import percentile


class Latency(msgspec.Struct, frozen=True):
    """Milliseconds; null where nothing was measured.

    Attributes:
        count: Of how many.
    """

    count: int
    p50: float
    p99: float
    max: float


class Second(msgspec.Struct, frozen=True):
    """One second of the drill; latencies are of what was invoked in it, milliseconds.

    Attributes:
        at: Its beginning.
        invoked: Sends begun.
        accepted: Sends accepted.
        shown: Entries shown to the recipient's device for the first time.
        ack: Median until accepted.
        screen: Median until shown.
        screen_p99: The same, 99th percentile.
    """

    at: int
    invoked: int
    accepted: int
    shown: int
    ack: float
    screen: float
    screen_p99: float


class Struck(msgspec.Struct, frozen=True):
    """A fault as it went; seconds of the ledger's clock.

    Attributes:
        name: In the ledger.
        seen: When it was seen from outside; None if never.
        by: What was seen.
        ended: When what it struck was well again; None if never.
        accepted: Sends accepted meanwhile.
        slowest: The longest that a message invoked meanwhile took to the recipient's screen, milliseconds.
    """

    name: str
    kind: str
    target: str
    begun: float
    seen: float | None = None
    by: str = ""
    ended: float | None = None
    accepted: int = 0
    slowest: float = nan


class Figures(msgspec.Struct, frozen=True):
    """A drill in numbers.

    Attributes:
        seconds: By time; from the first send to the last thing shown.
        faults: In the order in which they began.
        invoked: Sends begun.
        accepted: Sends accepted.
        shown: Messages shown to their recipient.
        refused: Sends refused.
        unanswered: Sends of which nothing was heard.
        histories: Histories read whole.
        ack: From invoked to accepted.
        calm: To the recipient's screen, of messages invoked while nothing was the matter.
        struck: The same, of messages invoked while a fault lasted.
        crowds: Groups, whose posts are among the sends.
        channels: Channels, likewise.
        altered: What was done to messages, by kind.
        budget: What was used of the budget of failures.
    """

    seconds: tuple[Second, ...]
    faults: tuple[Struck, ...]
    invoked: int
    accepted: int
    shown: int
    refused: int
    unanswered: int
    histories: int
    ack: Latency
    calm: Latency
    struck: Latency
    crowds: Crowds
    channels: Crowds
    altered: tuple[Changes, ...]
    budget: Budget


class _Fate(msgspec.Struct):
    sender: str
    invoked: float
    accepted: float = nan
    shown: float = nan
    refused: bool = False


def count(ledger: Iterable[Line]) -> Figures:
    """Go through a ledger once, and count."""
    ops: dict[int, str] = {}
    fates: dict[str, _Fate] = {}
    users: dict[str, str] = {}
    faults: dict[str, Struck] = {}
    histories, crowds = 0, CrowdCount()
    for _, event in ledger:
        crowds.take(event)
        match event:
            case e.FaultBegun() | e.FaultSeen() | e.FaultEnded():
                _take(faults, event)
            case e.Live(connection=connection, entry=entry):
                fate = fates.get(crowds.original(entry))
                if fate is not None and isnan(fate.shown) and users[connection] != fate.sender:
                    fate.shown = event.at
            case e.Invoke(kind="send", content=str(content)):
                ops[event.op] = content
                fates.setdefault(content, _Fate(event.user, event.at))
            case e.Ok():
                if event.op in ops:
                    fate = fates[ops[event.op]]
                    fate.accepted = event.at if isnan(fate.accepted) else fate.accepted
                histories += event.whole
            case e.Opened():
                users[event.connection] = event.user
            case e.Refused() if event.op in ops:
                fates[ops[event.op]].refused = True
            case _:
                pass
    return _figures(list(fates.values()), list(faults.values()), histories=histories, crowds=crowds)


def _take(faults: dict[str, Struck], event: e.FaultBegun | e.FaultSeen | e.FaultEnded) -> None:
    known = faults.get(event.fault)
    match event:
        case e.FaultBegun():
            faults[event.fault] = Struck(event.fault, event.kind, event.target, event.at)
        case e.FaultSeen() if known is not None:
            faults[event.fault] = msgspec.structs.replace(known, seen=event.at, by=event.by)
        case e.FaultEnded() if known is not None:
            faults[event.fault] = msgspec.structs.replace(known, ended=event.at)
        case _:
            pass


def _figures(fates: list[_Fate], faults: list[Struck], *, histories: int, crowds: CrowdCount) -> Figures:
    during = [_during(fault, fates) for fault in faults]
    to_screen = [(fate.invoked, 1000 * (fate.shown - fate.invoked)) for fate in fates if not isnan(fate.shown)]
    struck = [took for at, took in to_screen if any(_lasts(fault, at) for fault in faults)]
    calm = [took for at, took in to_screen if not any(_lasts(fault, at) for fault in faults)]
    acks = [1000 * (fate.accepted - fate.invoked) for fate in fates if not isnan(fate.accepted)]
    unanswered = sum(isnan(fate.accepted) and not fate.refused for fate in fates)
    times = [fate.invoked for fate in fates]
    return Figures(
        seconds=_by_second(fates),
        faults=tuple(during),
        invoked=len(fates),
        accepted=sum(not isnan(fate.accepted) for fate in fates),
        shown=len(to_screen),
        refused=sum(fate.refused for fate in fates),
        unanswered=unanswered,
        histories=histories,
        ack=_latency(acks),
        calm=_latency(calm),
        struck=_latency(struck),
        crowds=crowds.figures(),
        channels=crowds.figures(CHANNELS),
        altered=crowds.alterations(),
        budget=budget(
            acks,
            [took for _, took in to_screen],
            unaccepted=unanswered,
            seconds=max(times, default=0.0) - min(times, default=0.0),
        ),
    )


def _by_second(fates: list[_Fate]) -> tuple[Second, ...]:
    invoked, accepted, shown = Counter[int](), Counter[int](), Counter[int]()
    acks: dict[int, list[float]] = {}
    screens: dict[int, list[float]] = {}
    for fate in fates:
        at = int(fate.invoked)
        invoked[at] += 1
        if not isnan(fate.accepted):
            accepted[int(fate.accepted)] += 1
            acks.setdefault(at, []).append(1000 * (fate.accepted - fate.invoked))
        if not isnan(fate.shown):
            shown[int(fate.shown)] += 1
            screens.setdefault(at, []).append(1000 * (fate.shown - fate.invoked))
    times = [*invoked, *accepted, *shown]
    return tuple(
        Second(
            at, invoked[at], accepted[at], shown[at], percentile(acks.get(at, ()), 0.5),
            percentile(screens.get(at, ()), 0.5), percentile(screens.get(at, ()), 0.99),
        )
        for at in range(min(times, default=0), max(times, default=-1) + 1)
    )  # fmt: skip


def _during(fault: Struck, fates: list[_Fate]) -> Struck:
    accepted = sum(_lasts(fault, fate.accepted) for fate in fates)
    slowest = max(
        (1000 * (fate.shown - fate.invoked) for fate in fates if _lasts(fault, fate.invoked) and not isnan(fate.shown)),
        default=nan,
    )  # fmt: skip
    return msgspec.structs.replace(fault, accepted=accepted, slowest=slowest)


def _lasts(fault: Struck, at: float) -> bool:
    return fault.begun <= at and (fault.ended is None or at < fault.ended)


def _latency(values: list[float]) -> Latency:
    return Latency(len(values), percentile(values, 0.5), percentile(values, 0.99), max(values, default=nan))
