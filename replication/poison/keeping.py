"""Which records are kept aside: not more of a topic than there is room for, so that nobody fills a region's store with what cannot be taken in.

`divide` is pure; `choose` asks the store, and tells of what is not kept. Such a record is not lost at once: it stands in its
topic for as long as Kafka keeps it. What waits above a gap has a room of its own, so that nothing else takes it. What waits for newer
software is always kept: whoever reads it stops reading instead.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Final, TypeAlias

import prometheus_client
import structlog

from infra.postgres import Connection
from replication.poison import repository
from replication.poison.records import ROOM, Amount, Kind, Poison, Room, There

log = structlog.get_logger()

NOT_KEPT = prometheus_client.Counter(
    "causeway_aside_not_kept",
    "Records that could not be taken in and were not even kept aside, by topic, and why.",
    ["topic", "why"],
)

MOST_PLACE: Final = 2**63 - 1
"""The highest offset or sequence that the store can keep; a peer may name any."""


Shelf: TypeAlias = tuple[str, tuple[Kind, ...]]
"""What shares one room: a topic, and the kinds."""


class Why(StrEnum):
    """Why a record is not kept."""

    NO_ROOM = "no room"
    """As much of its topic is aside for the same reason as may be."""

    TAKEN = "place taken"
    """Another record is aside at its place, and waits."""

    NO_PLACE = "no place"
    """Its place is no number that can be kept."""


def begin(topic: str) -> None:
    """Show at 0 what is not kept of a topic: to Prometheus, a series that begins at 1 has not increased."""
    for why in Why:
        NOT_KEPT.labels(topic, why.value)


def divide(
    records: Iterable[Poison],
    *,
    there: Mapping[tuple[str, int, int], There],
    taken: Mapping[Shelf, Amount],
    room: Room,
) -> tuple[list[Poison], list[tuple[Poison, Why]]]:
    """Return the records to keep, and those that are not kept, with the reason.

    Args:
        records: What cannot be taken in.
        there: What stands at their places already.
        taken: How much of each shelf is taken.
        room: Of each shelf.
    """
    kept: list[Poison] = []
    others: list[tuple[Poison, Why]] = []
    places, used = dict(there), dict(taken)
    for record in records:
        shelf = _shelf(record)
        why = _objection(record, places.get(record.place), used.get(shelf, Amount()), room)
        if why is not None:
            others.append((record, why))
            continue
        kept.append(record)
        present = places.get(record.place)
        if record.kind.roommates and (present is None or present.replayed):
            used[shelf] = used.get(shelf, Amount()).plus(record.value)
        places[record.place] = There(record.value, replayed=False)
    return kept, others


def _objection(record: Poison, present: There | None, used: Amount, room: Room) -> Why | None:
    if not 0 <= record.offset <= MOST_PLACE:
        return Why.NO_PLACE
    if present is not None and not present.replayed:
        return None if present.value == record.value else Why.TAKEN
    if present is not None and present.value == record.value:
        return None  # it was taken in, and is read once more: the row stays as it is
    further = used.plus(record.value)
    fits = further.records <= room.records and further.size <= room.size
    return None if fits or not record.kind.roommates else Why.NO_ROOM


def _shelf(record: Poison) -> Shelf:
    return record.topic, record.kind.roommates


async def choose(connection: Connection, records: Sequence[Poison], *, room: Room = ROOM) -> list[Poison]:
    """Return those of the records that are to be put aside; of the others it is told, in logs and metrics.

    Raises:
        psycopg.Error: The store cannot be asked.
    """
    there = await repository.at_places(connection, [one for one in records if 0 <= one.offset <= MOST_PLACE])
    shelves = {_shelf(record) for record in records if record.kind.roommates}
    taken = {shelf: await repository.taken(connection, *shelf) for shelf in shelves}
    kept, others = divide(records, there=there, taken=taken, room=room)
    lost = Counter((record.topic, why) for record, why in others)
    for (topic, why), number in lost.items():
        NOT_KEPT.labels(topic, why.value).inc(number)
        [first, *_] = [record.name for record, reason in others if (record.topic, reason) == (topic, why)]
        log.error("records are not kept aside", topic=topic, why=why.value, records=number, first=first)
    return kept
