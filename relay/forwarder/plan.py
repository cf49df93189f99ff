"""Turn runs of relay rows into the records of a relay topic, and say where that leaves the forwarder.

Pure: `drain` reads the runs and sends the records.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from replication.codec import encode
from replication.records import Relayed, Stream, Via
from replication.repository import Place, Run

HEARTBEAT_SECONDS: Final = 5.0

LARGEST: Final = 3 * 1024 * 1024
"""Bytes of a record: Kafka and MirrorMaker take 4 MiB, and it grows by its journal's envelope. One that is larger would stop all that follows, for all."""

Lane: TypeAlias = tuple[str, int]
"""Destination and partition."""


@dataclass(frozen=True, slots=True)
class Sending:
    """One record for a relay topic.

    Attributes:
        destination: Which topic.
        partition: Of the topic.
        value: The record.
        trace: The `traceparent` that it goes on with; empty if it is not traced.
    """

    destination: str
    partition: int
    value: bytes
    trace: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to send, and the places once all of it is acknowledged.

    Attributes:
        sendings: In order.
        places: Lane to its new place; lanes that send nothing are missing.
        gaps: Lanes whose rows do not continue their stream.
        damaged: Runs whose batch cannot be read: they are passed over, and stay a hole at the destination until it is mended.
        oversized: Places of records that no topic takes; they are passed over likewise.
    """

    sendings: tuple[Sending, ...]
    places: Mapping[Lane, Place]
    gaps: tuple[Lane, ...]
    damaged: tuple[Run, ...] = ()
    oversized: tuple[Via, ...] = ()


def plan_runs(places: Mapping[Lane, Place], runs: Iterable[Run], *, now: int) -> Plan:
    """Plan what follows the places.

    Args:
        places: Where each lane is.
        runs: What follows, in order for each lane.
        now: When it is sent, microseconds since the epoch.
    """
    sendings: list[Sending] = []
    reached: dict[Lane, Place] = {}
    gaps: list[Lane] = []
    damaged: list[Run] = []
    oversized: list[Via] = []
    for run in runs:
        stream = run.stream
        lane = (stream.destination, stream.partition)
        place = reached.get(lane) or places[lane]
        same_stream = (place.incarnation, place.epoch) == (stream.incarnation, stream.epoch)
        if run.first != (place.sequence + 1 if same_stream else 1):
            gaps.append(lane)
        if not run.outputs:
            damaged.append(run)
        for sequence, output in enumerate(run.outputs, start=run.first):
            via = Via(stream, sequence, output.position)
            value = encode(Relayed(via=via, record=output.record, forwarded_at=now, version=output.version))
            if len(value) > LARGEST:
                oversized.append(via)
            else:
                sendings.append(Sending(stream.destination, stream.partition, value, output.trace))
        reached[lane] = Place(stream.destination, stream.partition, stream.incarnation, stream.epoch, run.last)
    return Plan(tuple(sendings), reached, tuple(gaps), tuple(damaged), tuple(oversized))


def plan_heartbeats(
    origin: str, places: Iterable[Place], spoke_at: Mapping[Lane, float], *, clock: float, now: int
) -> list[Sending]:
    """Return a heartbeat for each stream that has been idle: it carries the stream's last sequence.

    Args:
        origin: This region.
        places: Where the lanes are.
        spoke_at: When each lane last sent something, on the clock.
        clock: Seconds on a monotonic clock.
        now: Microseconds since the epoch.
    """
    return [
        Sending(
            place.destination,
            place.partition,
            encode(Relayed(via=Via(_stream(origin, place), place.sequence, 0), forwarded_at=now)),
        )
        for place in places
        if place.sequence and clock - spoke_at.get((place.destination, place.partition), 0.0) >= HEARTBEAT_SECONDS
    ]


def _stream(origin: str, place: Place) -> Stream:
    return Stream(origin, place.incarnation, place.epoch, place.destination, place.partition)
