"""Tells people and metrics what came of one origin's records: what was taken in, what is missing, and which streams stand or go on."""

from collections.abc import Mapping
from typing import Final

import structlog

from relay.ingester import metrics
from relay.ingester.intake import Append, Aside, Beat, Had, Step
from relay.ingester.lane import Begun, Freed, Left, Note, Parked, Passed

log = structlog.get_logger()

VERDICTS: Final = {Append: "passed", Had: "dropped", Aside: "refused", Beat: "heartbeat"}


def verdict_of(step: Step) -> str:
    """Say in a word what becomes of a record; what only waits for newer software is not refused."""
    return "newer" if isinstance(step, Aside) and not step.kind.final else VERDICTS[type(step)]


def tell(way: str, note: Note) -> None:
    """Log what a stream has come to, and count what is missing.

    Args:
        way: By which its records come.
        note: What there is to tell.
    """
    stream = note.stream
    where = {"partition": stream.partition, "incarnation": stream.incarnation, "epoch": stream.epoch}
    match note:
        case Parked(park=park):
            metrics.GAPS.labels(way).inc()
            first, last = park.first_missing, park.last_missing
            log.error("records are missing; the stream is parked", origin=way, first=first, last=last, **where)
        case Passed(park=park, reason=reason):
            metrics.HOLES.labels(way).inc()
            first, last = park.first_missing, park.last_missing
            log.error("passed a hole", origin=way, first=first, last=last, reason=reason, **where)
        case Freed():
            log.info("the stream goes on", origin=way, **where)
        case Left():
            log.info("the stream is over; what it lacks comes in another", origin=way, **where)
        case Begun(first=first):
            log.info("the stream begins with what the origin still has", origin=way, first=first, **where)


def count(way: str, partition: int, verdicts: Mapping[str, int], *, forwarded: int, beat: int) -> None:
    """Count what came.

    Args:
        way: By which it came.
        partition: Of the mirrored topic.
        verdicts: Word to how many records.
        forwarded: When the newest record was sent, microseconds since the epoch; 0 if there was none.
        beat: Likewise, the newest heartbeat.
    """
    for verdict, number in verdicts.items():
        metrics.RECORDS.labels(way, verdict).inc(number)
    if forwarded:
        metrics.FORWARDED.labels(way, partition).set(forwarded / 1e6)
    if beat:
        metrics.HEARTBEAT.labels(way, partition).set(beat / 1e6)
