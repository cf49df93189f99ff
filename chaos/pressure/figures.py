"""A case of pressure in numbers: what clients saw and what processes held, second by second, and whether it stayed within bounds. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import nan

import msgspec

from chaos.bench.ledger import Latency, latency
from chaos.pressure.posts import NO_ANSWER, PATIENCE_SECONDS, Answer, describe
from chaos.pressure.sampling import Sample
from chaos.pressure.traffic import Fate

MEGABYTE = 1_000_000
BOUNDS_MB = {
    "front": 400, "gateway": 400, "edge": 300, "projector": 400, "fanout": 300, "forwarder": 300, "ingester": 300,
    "directory": 300, "links": 250, "kafka": 750, "mirror": 650, "postgres": 600, "redis": 200,
    "blobs": 600, "media": 300,
    "back": 600, "services": 800,
}  # fmt: skip
"""What the process of a part may hold at most, megabytes; of a broker and a mirror, their heap of 256 and as much again outside."""


class Span(msgspec.Struct, frozen=True):
    """When something was the matter; seconds since the beginning."""

    what: str
    begun: float
    ended: float


class Second(msgspec.Struct, frozen=True):
    """One second; latencies are of what was due in it, milliseconds, null where nothing was.

    Attributes:
        at: Its beginning, since the case began.
        sent: Messages that were due.
        acked: Messages that were accepted in it.
        shown: Messages that were shown in it.
        refused: Posts that were answered by an error in it.
        ack: Median until accepted.
        screen: Median until shown.
        slowest: The longest until shown.
    """

    at: int
    sent: int
    acked: int
    shown: int
    refused: int
    ack: float
    screen: float
    slowest: float


class Memory(msgspec.Struct, frozen=True):
    """What one part held, megabytes.

    Attributes:
        before: When the case began.
        peak: At most.
        after: In the end.
        bound: What it may hold.
        samples: Second since the beginning, and what it held then.
    """

    before: float
    peak: float
    after: float
    bound: float
    samples: list[tuple[float, float]]


class Figures(msgspec.Struct, frozen=True):
    """A case in numbers.

    Attributes:
        case: Which.
        told: What it did, and the fault's marks.
        spans: When what was the matter.
        seconds: By time.
        ack: Until accepted, of all messages.
        screen: Until shown, of all messages.
        sent: Messages of the steady traffic.
        accepted: Of these.
        shown: Of these.
        refused: Of these, by reason.
        lost: Accepted and never shown.
        recovered: Seconds from the end of the fault until the last message was shown that was due before or in it; null if nothing was late.
        posts: Answers to requests over HTTP, with how often.
        memory: By part.
        queues: Queue to (second, what it held).
        notes: What else the case has counted.
    """

    case: str
    told: str
    spans: list[Span]
    seconds: list[Second]
    ack: Latency
    screen: Latency
    sent: int
    accepted: int
    shown: int
    refused: dict[str, int]
    lost: int
    recovered: float
    posts: dict[str, int]
    memory: dict[str, Memory]
    queues: dict[str, list[tuple[float, float]]]
    notes: dict[str, float | str]

    @property
    def beyond(self) -> list[str]:
        """What was out of bounds; nothing if all is well."""
        found = [
            f"{part} held {one.peak:.0f} MB, bound {one.bound:.0f}"
            for part, one in self.memory.items()
            if one.peak > one.bound
        ]
        if self.lost:
            found.append(f"{self.lost} accepted messages were never shown")
        if unanswered := self.posts.get(NO_ANSWER):
            found.append(f"{unanswered} requests got no answer within {PATIENCE_SECONDS:g} s")
        return found


def count(
    case: str,
    told: str,
    *,
    began: float,
    spans: Sequence[Span],
    fates: Sequence[Fate],
    answers: Sequence[Answer],
    samples: Sequence[Sample],
    notes: Mapping[str, float | str],
) -> Figures:
    """Count a case up.

    Args:
        case: Its name.
        told: What it does.
        began: When it began, seconds since the epoch.
        spans: When what was the matter.
        fates: What became of messages.
        answers: How requests were answered.
        samples: What was held.
        notes: What else was counted.
    """
    acked = [fate.acked - fate.due for fate in fates if fate.acked is not None]
    shown = [fate.shown - fate.due for fate in fates if fate.shown is not None]
    return Figures(
        case=case,
        told=told,
        spans=list(spans),
        seconds=_seconds(began, fates, answers),
        ack=latency(acked),
        screen=latency(shown),
        sent=len(fates),
        accepted=len(acked),
        shown=len(shown),
        refused=dict(Counter(fate.refused for fate in fates if fate.refused)),
        lost=sum(fate.acked is not None and fate.shown is None for fate in fates),
        recovered=_recovered(began, spans, fates),
        posts=dict(Counter(map(describe, answers)).most_common()),
        memory=_memory(began, samples),
        queues=_queues(began, samples),
        notes=dict(notes),
    )


def _seconds(began: float, fates: Sequence[Fate], answers: Sequence[Answer]) -> list[Second]:
    sent, acked, shown, refused = Counter[int](), Counter[int](), Counter[int](), Counter[int]()
    acks: dict[int, list[float]] = {}
    screens: dict[int, list[float]] = {}
    for fate in fates:
        at = int(fate.due - began)
        sent[at] += 1
        if fate.acked is not None:
            acked[int(fate.acked - began)] += 1
            acks.setdefault(at, []).append(fate.acked - fate.due)
        if fate.shown is not None:
            shown[int(fate.shown - began)] += 1
            screens.setdefault(at, []).append(fate.shown - fate.due)
    for answer in answers:
        refused[int(answer.at + answer.took - began)] += not 200 <= answer.status < 300  # noqa: PLR2004  # what HTTP calls success
    last = max([*sent, *acked, *shown], default=-1)
    return [
        Second(
            at, sent[at], acked[at], shown[at], refused[at],
            latency(acks.get(at, [])).p50, latency(screens.get(at, [])).p50, latency(screens.get(at, [])).max,
        )
        for at in range(last + 1)
    ]  # fmt: skip


def _recovered(began: float, spans: Sequence[Span], fates: Sequence[Fate]) -> float:
    if not spans:
        return nan
    over = began + max(span.ended for span in spans)
    late = [fate.shown - over for fate in fates if fate.due < over and fate.shown is not None and fate.shown > over]
    return round(max(late), 1) if late else nan


def _memory(began: float, samples: Sequence[Sample]) -> dict[str, Memory]:
    found = {}
    for part in sorted({name for sample in samples for name in sample.memory}):
        held = [
            (round(sample.at - began, 1), sample.memory[part] / MEGABYTE)
            for sample in samples
            if sample.memory.get(part)
        ]
        if held:
            values = [round(value, 1) for _, value in held]
            kind = part.rpartition("/")[2].removeprefix("directory-").partition("-")[0]
            found[part] = Memory(
                values[0], max(values), values[-1], BOUNDS_MB[kind], [(at, round(value, 1)) for at, value in held]
            )
    return found


def _queues(began: float, samples: Sequence[Sample]) -> dict[str, list[tuple[float, float]]]:
    names = sorted({name for sample in samples for name in sample.queues})
    return {name: [(round(sample.at - began, 1), sample.queues.get(name, 0.0)) for sample in samples] for name in names}
