"""Asks each other region up to where it has taken in what a region had sent before it was gone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import psycopg

from infra.errors import CausewayError
from infra.kafka import Consumer, KafkaError
from infra.postgres import STORE_FAILURES
from infra.schema.repository import connect
from infra.topics import incoming_topic
from region.evacuation.seats import Seat
from replication.progress import UnreadableProgressError, group_of, read, whole_up_to
from replication.turns.places import environment_of
from replication.turns.records import Turn
from replication.turns.repository import read_turn

SILENT = (CausewayError, KafkaError, OSError, *STORE_FAILURES, psycopg.Error)
"""What an answer may fail by."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A region that reads what others send it.

    Attributes:
        region: Its name.
        site: At whose site its duties are held.
        kafka: Bootstrap servers there.
        store: URL of its store.
    """

    region: str
    site: str
    kafka: str
    store: str


def find(region: str) -> Reader | None:
    """Return where a region's duties are served in the local federation; None if there is none."""
    env: Mapping[str, str] | None = environment_of(region)
    if env is None:
        return None
    return Reader(region, env.get("CAUSEWAY_SITE", "") or region, env["CAUSEWAY_KAFKA"], env["CAUSEWAY_STORE"])


async def reached(reader: Reader, ended: Turn, *, sent_at: str, partitions: int) -> dict[tuple[str, int], int]:
    """Return up to where a region has everything of the streams of an epoch, as its ingester has committed: destination and partition to sequence.

    Args:
        reader: Who reads.
        ended: The epoch, and in which life of which region's store it was.
        sent_at: At whose site the region's duties were.
        partitions: Of the region's journal.

    Raises:
        Exception: One of `SILENT`: it does not tell.
    """
    async with await connect(reader.store, name="failover") as store:
        turn = await read_turn(store)
    topic = incoming_topic(ended.region, reader.region, held_at=sent_at, site=reader.site)
    group = group_of(reader.region, 1 if turn is None else turn.epoch)
    found = {}
    async with Consumer(reader.kafka, topic, client="failover", group=group) as consumer:
        for partition in range(partitions):
            committed = await consumer.committed(partition)
            if committed is not None:
                found[reader.region, partition] = _read(committed.metadata, ended)
    return found


async def had(
    readers: Mapping[str, Reader | None], home: Seat, ended: Turn, tell: Callable[[str], None]
) -> dict[tuple[str, int], int]:
    """Return the same of all regions that tell; who does not is told everything anew that is kept.

    Args:
        readers: The other regions; None for one of which it is not known where it is.
        home: At whose site the duties were.
        ended: As above.
        tell: Told of who does not tell.
    """
    found: dict[tuple[str, int], int] = {}
    for region, reader in readers.items():
        if reader is None:
            continue
        try:
            found |= await reached(reader, ended, sent_at=home.site, partitions=home.partitions)
        except SILENT as error:
            tell(
                f"{region} does not tell how far it has come ({type(error).__name__}): it is told everything anew that is kept"
            )
    return found


def _read(metadata: str, ended: Turn) -> int:
    try:
        return whole_up_to(read(metadata), (ended.incarnation, ended.epoch))
    except UnreadableProgressError:
        return 0
