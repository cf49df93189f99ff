"""How long requests waited while parts that have a replica were killed: whether each was served in time, and by kind of part how long all took. Pure."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, inf, isinf, nan

import msgspec
from msgspec.structs import replace

from chaos.judge.spans import Absence, Fault, kind_of_part
from chaos.judge.verdict import Findings

ALL = "all of them"
"""What the row of all kinds together is named."""
BEFORE = "nothing yet"
"""What the row of those is named that were served before the first kill, or had waited for long by then: what is usual here, judged by nobody."""
BOUNDS = tuple(round(0.01 * 10 ** (step / 10), 4) for step in range(36))
"""Seconds, ten to a decade from 10 ms on: of each it is counted how many requests took longer."""


@dataclass(frozen=True, slots=True)
class Request:
    """Something that was asked for.

    Attributes:
        line: In the ledger.
        op: Its number.
        what: `send` or `change`.
        invoked: When it began, seconds.
        answered: After which time its author was told that it is accepted, or refused, seconds; infinity if never.
        served: After which time it had been shown to all whom it concerns as well, seconds; infinity if never.
        wrong: Why it counts as never served though it was answered; empty if it does not.
    """

    line: int
    op: int
    what: str
    invoked: float
    answered: float
    served: float
    wrong: str = ""


class Wait(msgspec.Struct, frozen=True):
    """How long requests took that were under way when a part of some kind was killed, or began after that, until the next part was.

    Attributes:
        of: The kind of part, such as kafka.
        kills: How many were killed.
        seconds: For how long that was, in all.
        requests: How many.
        soon: Those of them that were served within the usual time.
        answered: Those of them that were answered within the usual time, whoever was shown them when.
        late: Those that were not served within the time in which each must be.
        p50: From beginning to served, seconds; infinity if so many never were.
        p99: The same.
        p999: The same.
        longest: The same.
        longest_answer: The longest until answered, seconds.
        back: The longest until a killed part was well again, seconds; infinity if one never was.
        longer: How many took longer than each of `BOUNDS`.
    """

    of: str
    kills: int
    seconds: float
    requests: int = 0
    soon: int = 0
    answered: int = 0
    late: int = 0
    p50: float = nan
    p99: float = nan
    p999: float = nan
    longest: float = nan
    longest_answer: float = nan
    back: float = nan
    longer: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Span:
    """From when a part was killed until the next one was, or until the last request."""

    of: str
    begun: float
    until: float
    back: float
    requests: tuple[Request, ...]


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below or at which that share of the values lies (nearest rank); NaN of none."""
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)] if ordered else nan


def waits(
    faults: Iterable[Fault], requests: Iterable[Request], absences: Iterable[Absence] = ()
) -> tuple[Findings, tuple[Wait, ...]]:
    """Whether every request that was under way at the first kill, or began after it, was served within the time in which each must be; and how long they took, by kind of part that was killed.

    A request is what a client asks for once, however often its library repeats it. It is put down to the next kill if it was under way then, and had not waited for longer than is usual, else to the last before it. A device whose connection ended is to be welcomed again within the same time.

    Args:
        faults: Those of which that is expected are looked at.
        requests: All of them.
        absences: Of devices.

    Returns:
        What was found, and a wait of all, of each kind of part, and of what came before the first kill, if anything did.
    """
    findings = Findings("prompt")
    kills = sorted((fault for fault in faults if fault.expects.prompt), key=lambda fault: fault.begun)
    if not kills:
        return findings, ()
    limit, usual = kills[0].expects.prompt, kills[0].expects.usual
    begun = [kill.begun for kill in kills]
    placed = [(_met(one, begun, usual), one) for one in requests]
    met = [(kills[place], one) for place, one in placed if place >= 0]
    for fault, one in sorted(met, key=lambda pair: pair[1].invoked):
        findings.judged += 1
        if one.served > limit:
            after = one.invoked - fault.begun
            when = f"{after:.1f} s after" if after >= 0 else f"{-after:.1f} s before"
            findings.found(
                f"a {one.what}, begun {when} {fault.target} was killed, {_said(one)}",
                f"op {one.op}", fault.name, lines=(fault.line, one.line),
            )  # fmt: skip
    for absence in absences:
        if not begun[0] <= absence.since <= kills[-1].ended:
            continue
        findings.judged += 1
        if (away := absence.until - absence.since) > limit:
            how = "did not come back" if isinf(away) else f"was back after {away:.1f} s"
            findings.found(f"a device lost its connection and {how}", absence.device, lines=(absence.line,))
    spans = _spans(kills, met)
    for kind in sorted({span.of for span in spans}):
        if not any(span.requests for span in spans if span.of == kind):
            findings.doubt(f"nobody asked for anything after a {kind} was killed")
    kinds = dict.fromkeys(span.of for span in spans)
    by_kind = [_wait(kind, [span for span in spans if span.of == kind], usual, limit) for kind in sorted(kinds)]
    before = tuple(one for place, one in placed if place < 0)
    if before:
        since = min(one.invoked for one in before)
        calm = _Span(BEFORE, since, begun[0], nan, before)
        by_kind.append(replace(_wait(BEFORE, [calm], usual, limit), kills=0))
    return findings, (_wait(ALL, spans, usual, limit), *by_kind)


def _said(one: Request) -> str:
    if one.wrong:
        return one.wrong
    if isinf(one.answered):
        return "was never answered"
    if isinf(one.served):
        return f"was answered after {one.answered:.1f} s, and never shown to all whom it concerns"
    return f"was answered after {one.answered:.1f} s, and shown to all whom it concerns after {one.served:.1f} s"


def _met(one: Request, begun: Sequence[float], usual: float) -> int:
    """Return the place of the kill that a request is put down to: the next one, if it was under way then and had not waited for longer than is usual, else the last before it; -1 for none."""
    last = bisect_right(begun, one.invoked) - 1
    if last + 1 == len(begun):
        return last
    waited = begun[last + 1] - one.invoked
    return last + (waited < one.served and waited <= usual)


def _spans(kills: Sequence[Fault], met: Sequence[tuple[Fault, Request]]) -> list[_Span]:
    """Return what each kill is followed by, until the next one, or until the last request."""
    of: dict[str, list[Request]] = {kill.name: [] for kill in kills}
    for kill, one in met:
        of[kill.name].append(one)
    last = max([kills[-1].begun, *(one.invoked for _, one in met)])
    ends = [*(kill.begun for kill in kills[1:]), last]
    return [
        _Span(kind_of_part(kill.target), kill.begun, end, kill.ended - kill.begun, tuple(of[kill.name]))
        for kill, end in zip(kills, ends, strict=True)
    ]


def _wait(kind: str, spans: Sequence[_Span], usual: float, limit: float) -> Wait:
    requests = [one for span in spans for one in span.requests]
    served = sorted(one.served for one in requests)
    return Wait(
        of=kind,
        kills=len(spans),
        seconds=sum(span.until - span.begun for span in spans),
        requests=len(requests),
        soon=bisect_right(served, usual),
        answered=sum(one.answered <= usual for one in requests),
        late=len(served) - bisect_right(served, limit),
        p50=percentile(served, 0.5),
        p99=percentile(served, 0.99),
        p999=percentile(served, 0.999),
        longest=max(served, default=nan),
        longest_answer=max((one.answered for one in requests), default=nan),
        back=max((span.back for span in spans), default=inf),
        longer=tuple(len(served) - bisect_right(served, bound) for bound in BOUNDS),
    )
