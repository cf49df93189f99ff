"""Tell followers, through Redis, that there is something new: a hint that may be lost, so nothing ever waits for it."""

import asyncio

import msgspec
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from infra.tasks import heed_cancellation
from region.projector import metrics
from region.projector.loop import Committed
from replication.outputs import NUDGES, Nudge

log = structlog.get_logger()

PATIENCE = 1.0
"""How long one nudge may take before it is given up, seconds."""


class Nudger:
    """Publishes how far the partitions have come; what has come meanwhile is said at once."""

    def __init__(self, redis: Redis) -> None:
        """Prepare it; `run` does the work."""
        self._redis = redis
        self._positions: dict[int, int] = {}
        self._destinations: set[str] = set()
        self._new = asyncio.Event()

    def tell(self, committed: Committed) -> None:
        """Have this told as soon as may be."""
        if not committed.positions:
            return
        self._positions.update(committed.positions)
        self._destinations.update(committed.destinations)
        self._new.set()

    async def run(self) -> None:
        """Publish until cancelled."""
        while True:
            heed_cancellation()
            await self._new.wait()
            self._new.clear()
            nudge = Nudge(self._positions, tuple(sorted(self._destinations)))
            self._positions, self._destinations = {}, set()
            try:
                async with asyncio.timeout(PATIENCE):
                    await self._redis.publish(NUDGES, msgspec.msgpack.encode(nudge))
            except (RedisError, OSError, TimeoutError) as error:
                metrics.NUDGE_FAILURES.inc()
                log.debug("a nudge was lost", error=str(error))
