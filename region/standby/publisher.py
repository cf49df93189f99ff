"""At the store: sees to it that all of it is published, writes the beat, and tells how far the standby is behind."""

import asyncio
import math
import time
from typing import Final

import psycopg
import structlog

from infra.health import Health
from infra.postgres import STORE_FAILURES, Connection, Pool
from infra.tasks import heed_cancellation
from infra.telling import told
from region.standby import metrics
from region.standby.judging import life_in
from region.standby.lag import Beats
from region.standby.repository import publishing
from region.standby.repository.publishing import Reader

log = structlog.get_logger()

CONDITION: Final = "changes"
BEAT_SECONDS: Final = 1.0
PUBLISH_EVERY: Final = 5
"""Beats between two looks at which tables there are."""
NOT_LOGICAL: Final = "the store's server keeps no changes for a copy: set wal_level=logical, max_wal_senders and max_replication_slots there, and restart it"


class Publisher:
    """Publishes one store to one standby."""

    def __init__(self, standby: str, health: Health) -> None:
        """Prepare; `run` does it.

        Args:
            standby: Which region stands by.
            health: Where the condition `changes` is told.
        """
        health.expect(CONDITION)
        self._standby = standby
        self._health = health
        self._beats = Beats()
        metrics.begin_store(standby)

    async def run(self, store: Pool) -> None:
        """Publish, until cancelled."""
        turn = 0
        while True:
            heed_cancellation()
            try:
                async with store.connection() as connection:
                    if turn % PUBLISH_EVERY or await self._publish(connection):
                        await self._look(connection)
                        turn += 1
            except (*STORE_FAILURES, psycopg.Error) as error:
                turn = 0
                self._health.tell(CONDITION, ok=False, detail=told(error))
            await asyncio.sleep(BEAT_SECONDS)

    async def _publish(self, connection: Connection) -> bool:
        """See that all is published; return whether anything can be."""
        if not await publishing.is_logical(connection):
            self._health.tell(CONDITION, ok=False, detail=NOT_LOGICAL)
            return False
        life = await publishing.make_life(connection)
        keyless = await publishing.publish(connection)
        metrics.UNPUBLISHED.set(len(keyless))
        if keyless:
            log.error("tables have no primary key, so no standby can be given them", tables=keyless)
        self._health.tell(CONDITION, ok=not keyless, detail=f"without a primary key: {', '.join(keyless)}")
        readers = await publishing.readers(connection)
        for slot in stale(readers, self._standby, life):
            log.warning("nobody reads these changes any more", slot=slot)
            await publishing.forget(connection, slot)
        return True

    async def _look(self, connection: Connection) -> None:
        position = await publishing.beat(connection)
        now = time.monotonic()
        self._beats.beat(position, now)
        own = [one for one in await publishing.readers(connection) if one.slot.startswith(f"standby_{self._standby}_")]
        taken = max((one.read for one in own if one.kept), default=0)
        metrics.CONNECTED.labels(self._standby).set(any(one.active for one in own))
        if not own and await publishing.is_left(connection):
            taken = position  # who stood by began with all of it, and follows no more: nothing is decided here any more
        metrics.BEHIND_SECONDS.labels(self._standby).set(self._beats.behind(taken, now))
        metrics.BEHIND_BYTES.labels(self._standby).set(max(0, position - taken))
        room = min((math.inf if one.room is None else one.room for one in own if one.kept), default=math.inf)
        metrics.ROOM.labels(self._standby).set(room)


def stale(readers: list[Reader], standby: str, life: str) -> list[str]:
    """Return the slots for which nothing is to be kept any more: of a former standby, of tables whose copying was given up, of a former copy. Pure.

    The standby's own is not among them, however long nobody reads it: the standby finds out what is missing, and says so.
    """
    own = [one for one in readers if one.slot.startswith(f"standby_{standby}_") and life_in(one.slot) == life]
    kept = set[str]() if any(one.active for one in own) else {one.slot for one in own}
    idle = [one.slot for one in readers if not one.active and one.idle_seconds > publishing.STALE_SECONDS]
    return [slot for slot in idle if slot not in kept]
