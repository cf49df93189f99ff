"""Reads outputs, asks Redis which gateways are concerned, publishes to them, and keeps its place: at least once, in order."""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from typing import Final

import msgspec
import psycopg
import redis.asyncio
import redis.exceptions
import structlog

from infra.backoff import Backoff
from infra.health import Health
from infra.postgres import Connection, make_pool
from infra.settings import RegionalSettings
from infra.tasks import heed_cancellation
from infra.telling import told
from region.delivery import ALIVE_SECONDS, GATEWAYS, NUDGES, Placed, gateway_channel, interest_key
from region.fanout import metrics
from region.fanout.plan import Ranges, concerned, users_of
from replication.outputs import Batch
from replication.repository import batches_following, follower_positions, save_follower

log = structlog.get_logger()

NAME: Final = "fanout"
CONDITION: Final = "fan-out"
POLL_SECONDS: Final = 0.5
SAVE_SECONDS: Final = 0.2
"""How often its place is kept, at most; a crash repeats that much, and gateways drop it."""
HEARTBEAT_SECONDS: Final = 1.0
FORGOTTEN_SECONDS: Final = 900.0
"""After so long its name goes too: instances come and go. Its users' interest has expired by then."""
REDIS_SECONDS: Final = 10.0
"""How long one exchange with Redis may take; then it is taken for lost, and repeated."""
MOST_BATCHES: Final = 50
"""Batches of one partition that are read at once."""
MOST_BYTES: Final = 12 * 1024 * 1024
"""Of all partitions, before the last batch of each: what is held in memory, and Redis drops who has 32 MB of publications waiting."""

_encoder = msgspec.msgpack.Encoder()


class Follower:
    """Fan-out's work; `run` it until cancelled."""

    def __init__(self, settings: RegionalSettings, health: Health) -> None:
        """Prepare.

        Args:
            settings: Of the region.
            health: Where the condition `fan-out` is told.
        """
        self._settings = settings
        self._health = health
        self._nudged = asyncio.Event()
        self._ranges = Ranges({})
        self._saved: dict[int, int] = {}
        self._saved_at = 0.0
        self._beaten_at = 0.0

    async def run(self) -> None:
        """Follow, whatever fails meanwhile; after any failure it goes on from the place that was kept."""
        self._health.expect(CONDITION)
        backoff = Backoff()
        while True:
            heed_cancellation()
            try:
                await self._follow(backoff)
            except* (psycopg.Error, redis.exceptions.RedisError, OSError) as failures:
                reason = "; ".join(told(error) for error in failures.exceptions)
                log.warning("fan-out interrupted", reason=reason)
                self._health.tell(CONDITION, ok=False, detail=reason)
            await asyncio.sleep(backoff.next())

    async def _follow(self, backoff: Backoff) -> None:
        pool = make_pool(self._settings.store, size=1, name=NAME)
        # No socket_timeout: redis keeps it with asyncio.wait_for, which before Python 3.12 may swallow a request to end.
        client = redis.asyncio.from_url(self._settings.redis, socket_timeout=None, socket_connect_timeout=5)
        async with pool, pool.connection() as connection, client, asyncio.TaskGroup() as group:
            async with asyncio.timeout(REDIS_SECONDS):
                await client.ping()
            self._saved = await follower_positions(connection, NAME)
            self._ranges = Ranges(
                {partition: self._saved.get(partition, 0) for partition in range(self._settings.partitions)}
            )
            listener = group.create_task(self._listen(client))
            self._health.tell(CONDITION, ok=True)
            backoff.reset()
            try:
                while True:
                    heed_cancellation()
                    await self._step(connection, client)
            finally:
                listener.cancel()

    async def _listen(self, client: redis.asyncio.Redis) -> None:
        async with client.pubsub(ignore_subscribe_messages=True) as channel:
            await channel.subscribe(NUDGES)
            async for _ in channel.listen():
                heed_cancellation()
                self._nudged.set()

    async def _step(self, connection: Connection, client: redis.asyncio.Redis) -> None:
        self._nudged.clear()
        share = MOST_BYTES // max(1, len(self._ranges.read))
        batches, whole = await batches_following(connection, self._ranges.read, most=MOST_BATCHES, size=share)
        began = time.perf_counter()
        if batches or time.monotonic() >= self._beaten_at + HEARTBEAT_SECONDS:
            async with asyncio.timeout(REDIS_SECONDS):
                await self._publish(client, batches)
        if batches:
            metrics.STEP_SECONDS.observe(time.perf_counter() - began)
            _measure(batches)
        await self._save(connection)
        if whole:  # so that is all: whatever was committed since has nudged
            metrics.CAUGHT_UP.set(time.time())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._nudged.wait()

    async def _publish(self, client: redis.asyncio.Redis, batches: Sequence[Batch]) -> None:
        users = users_of(batches)
        asking = client.pipeline(transaction=True)  # a Redis that is emptied in between forgets both or neither
        asking.time()
        asking.zrange(GATEWAYS, 0, -1, withscores=True)
        for user in users:
            asking.smembers(interest_key(user))
        (now, _), gateways, *present = await asking.execute()
        alive = {gateway.decode() for gateway, said_at in gateways if said_at >= now - ALIVE_SECONDS}
        self._ranges.welcome(alive)
        interest = {
            user: [gateway.decode() for gateway in interested] for user, interested in zip(users, present, strict=True)
        }
        deliveries = concerned(batches, interest)
        self._ranges.advance(batches)
        if time.monotonic() >= self._beaten_at + HEARTBEAT_SECONDS:
            self._beaten_at = time.monotonic()
            deliveries |= dict.fromkeys(self._ranges.told.keys() - deliveries.keys(), ())
            if len(gateways) > len(alive):
                await client.zremrangebyscore(GATEWAYS, "-inf", now - FORGOTTEN_SECONDS)
        await self._tell(client, deliveries)
        metrics.GATEWAYS.set(len(alive))

    async def _tell(self, client: redis.asyncio.Redis, deliveries: dict[str, tuple[Placed, ...]]) -> None:
        if not deliveries:
            return
        telling = client.pipeline(transaction=False)
        now = time.time_ns() // 1000
        for gateway, outputs in deliveries.items():
            telling.publish(gateway_channel(gateway), _encoder.encode(self._ranges.cover(gateway, outputs, now=now)))
            metrics.DELIVERIES.inc(len(outputs))
        listeners: list[int] = await telling.execute()
        for gateway, count in zip(deliveries, listeners, strict=True):
            if not count:
                self._ranges.forget(gateway)
        metrics.PUBLICATIONS.inc(len(deliveries))

    async def _save(self, connection: Connection) -> None:
        moved = {
            partition: position
            for partition, position in self._ranges.read.items()
            if self._saved.get(partition, 0) < position
        }
        if moved and time.monotonic() >= self._saved_at + SAVE_SECONDS:
            await save_follower(connection, NAME, moved, now=time.time_ns() // 1000)
            self._saved |= moved
            self._saved_at = time.monotonic()


def _measure(batches: Sequence[Batch]) -> None:
    metrics.OUTPUTS.inc(sum(len(batch.outputs) for batch in batches))
    metrics.COMMITTED.set(max(batch.committed_at for batch in batches) / 1e6)
    for batch in batches:
        metrics.READ_POSITION.labels(batch.partition).set(batch.last)
        if batch.damaged:
            metrics.DAMAGED.inc()
            log.error("damaged outputs", partition=batch.partition, first=batch.first, last=batch.last)
