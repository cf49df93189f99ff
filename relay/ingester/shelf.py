"""Keeps what an origin sent and nobody could take in, in the region's store; brings it back when somebody wants it, or it can be read.

What it brings back is looked for beside the reader, which must not wait for a store that is away. What is put aside is waited for:
the reader goes on only when it is kept.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

import psycopg
import structlog

from infra.postgres import make_pool
from infra.tasks import heed_cancellation
from replication.codec import is_newer
from replication.poison import repository
from replication.poison.keeping import choose
from replication.poison.records import ROOM, Amount, Kind, Poison, Room, topic_of

log = structlog.get_logger()

LOOK_SECONDS: Final = 2.0
MOST_WANTED: Final = 100
MOST_NEWER: Final = Room(1000, 64 * 1024 * 1024)
"""How much of one origin may be aside that waits for newer software, or for a home epoch to be known; then the partition waits."""


class Shelf:
    """The poison of one mirrored topic; `run` it beside its reader."""

    def __init__(self, store: str, topic: str, partitions: Sequence[int] = (), *, room: Room = ROOM) -> None:
        """Prepare; nothing is connected yet.

        Args:
            store: URL of the region's store.
            topic: The mirrored topic.
            partitions: Those of the topic; all when empty.
            room: How much of the topic may be aside for good.
        """
        self._room = room
        self._topic = topic
        self._partitions = list(partitions) or list(range(4096))
        self._pool = make_pool(store, size=1, name=f"ingester {topic}")
        self._due: list[Poison] = []
        self._newer = Amount()
        self._looked = False

    @property
    def full(self) -> bool:
        """Whether no more may be put aside that waits for something."""
        return not MOST_NEWER.left(self._newer)

    async def run(self) -> None:
        """Look for what is to be taken in after all, until cancelled."""
        await self._pool.open(wait=False)
        try:
            while True:
                heed_cancellation()
                try:
                    await self.look()
                except (psycopg.Error, OSError) as error:
                    log.debug("poison cannot be looked for", reason=type(error).__name__)
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            await self._pool.close()

    def due(self) -> list[Poison]:
        """Return what is to be taken in now, each once."""
        due, self._due = self._due, []
        return due

    async def put(self, records: Sequence[Poison]) -> None:
        """Keep records aside, as far as there is room; see `replication.poison.keeping`.

        Raises:
            psycopg.Error: They are not kept.
        """
        async with self._pool.connection() as connection:
            kept = await choose(connection, records, room=self._room)
            await repository.put_aside(connection, kept, now=time.time_ns() // 1000)
            for record in kept:
                if record.kind is Kind.NEWER:
                    self._newer = self._newer.plus(record.value)

    async def note(self, replayed: Sequence[Poison], in_vain: Sequence[Poison]) -> None:
        """Note what was taken in after all, and what was tried in vain.

        Raises:
            psycopg.Error: It is not noted; it will be tried again, and dropped as a repetition.
        """
        now = time.time_ns() // 1000
        async with self._pool.connection() as connection:
            await repository.note_replayed(connection, replayed, now=now)
            await repository.note_tried(connection, in_vain, now=now)
            for record in replayed:
                if record.kind is Kind.NEWER:
                    self._newer = self._newer.minus(record.value)

    async def look(self) -> None:
        """Look once for what is to be taken in, and count what is aside.

        Raises:
            psycopg.Error: It is not known.
        """
        async with self._pool.connection() as connection:
            found = await repository.wanted(connection, self._topic, self._partitions, most=MOST_WANTED)
            aside = await repository.amounts(connection)  # the pool has one connection: nothing is put aside meanwhile
            newer = [
                amount
                for (source, kind), amount in aside.items()
                if kind is Kind.NEWER and topic_of(source) == self._topic
            ]
            self._newer = Amount(sum(one.records for one in newer), sum(one.size for one in newer))
            if not self._looked:
                waiting = await repository.waiting(
                    connection, self._topic, self._partitions, after=(-1, 0), most=2 * MOST_NEWER.records
                )
                found += [record for record in waiting if record not in found and not is_newer(record.value)]
                self._looked = True
        known = set(self._due)
        self._due += [record for record in found if record not in known]
