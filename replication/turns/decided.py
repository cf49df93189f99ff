"""How far a region's journal was decided, as it is noted where the journal lies: so that a store which was put back to an earlier day is known by it."""

import ssl
from collections.abc import Iterable, Mapping
from typing import Protocol

from infra.kafka import Consumer
from infra.postgres import Connection
from replication.turns.repository import next_offsets, read_turn


class Life(Protocol):
    """One life of a region's store, in one epoch."""

    @property
    def region(self) -> str:
        """Whose."""
        ...

    @property
    def incarnation(self) -> int:
        """Which life."""
        ...

    @property
    def epoch(self) -> int:
        """In which epoch."""
        ...


def decided_group(life: Life) -> str:
    """Return the group in whose commits it stands; another life or epoch counts anew."""
    return f"projector-{life.region}-{life.incarnation}-{life.epoch}"


async def read_decided(journal: Consumer, partitions: Iterable[int]) -> dict[int, int]:
    """Return how far each partition was decided, as far as that was noted.

    Args:
        journal: Of the group that `decided_group` names.
        partitions: Which.

    Raises:
        KafkaError: Kafka does not answer.
    """
    found = {partition: await journal.committed(partition) for partition in partitions}
    return {partition: note.offset for partition, note in found.items() if note is not None}


def behind(offsets: Mapping[int, int], decided: Mapping[int, int]) -> int | None:
    """Return a partition of which a store knows less than was noted; None if there is none. Pure."""
    return next((partition for partition, offset in offsets.items() if decided.get(partition, 0) > offset), None)


async def went_back(connection: Connection, kafka: str, topic: str, tls: ssl.SSLContext | None = None) -> bool:
    """Return whether a store knows less than was noted.

    Args:
        connection: To the store.
        kafka: Bootstrap servers of its journal.
        topic: Of its journal.
        tls: As whom to ask; None: in plain text.

    Raises:
        KafkaError: Kafka does not answer.
        psycopg.Error: The store does not.
    """
    turn = await read_turn(connection)
    if turn is None:
        return False
    partitions = await next_offsets(connection)
    async with Consumer(kafka, topic, client="decided", group=decided_group(turn), tls=tls) as journal:
        noted = await read_decided(journal, partitions)
    return (
        behind(await next_offsets(connection), noted) is not None
    )  # in this order: a region that runs decides between
