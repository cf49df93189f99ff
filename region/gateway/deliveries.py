"""Listening to what fan-out publishes for this gateway, and noticing when something was missed.

Interest is registered before the channel's ranges are trusted; a range that does not continue the last, a lost or an emptied
Redis, and silence all make the sessions read from the store what they may have missed. While nothing comes at all, they look
there now and then, so messages arrive late rather than never.
"""

import asyncio
import time

import msgspec
import structlog
from prometheus_client import Counter, Gauge
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from infra.backoff import Backoff
from infra.health import Health
from infra.tasks import heed_cancellation
from region.delivery import Publication, gateway_channel
from region.gateway.continuity import Continuity
from region.gateway.hub import Hub
from region.gateway.interest import REDIS_SECONDS, Interest, LostInterestError
from replication.codec import DAMAGE

log = structlog.get_logger()

SILENCE_SECONDS = 5.0
"""Without any publication for that long, fan-out is taken for dead."""
LOOK_SECONDS = 2.0
"""How often sessions look into the store while they are not told of outputs."""

BREAKS = Counter("causeway_gateway_breaks_total", "Times when outputs may have been missed, by cause.", ["cause"])
for _cause in ("gap", "emptied", "redis", "silence", "unreadable"):  # at 0: a series that begins at 1 has not increased
    BREAKS.labels(_cause)
PUBLISHED_AT = Gauge(
    "causeway_gateway_publication_timestamp_seconds", "When fan-out sent the last publication that came."
)

_decoder = msgspec.msgpack.Decoder(Publication)


class SilenceError(Exception):
    """Nothing comes: fan-out is dead, or this one connection is, which nobody would ever be told; subscribing anew heals that."""


class Deliveries:
    """The gateway's end of fan-out; `run` is to run beside it."""

    def __init__(
        self, redis: Redis, *, instance: str, partitions: int, hub: Hub, interest: Interest, health: Health
    ) -> None:
        """Prepare.

        Args:
            redis: Where fan-out publishes.
            instance: This gateway.
            partitions: How many partitions the journal has.
            hub: The sessions.
            interest: Whose users are registered.
            health: Told whether publications come.
        """
        self._redis = redis
        self._channel = gateway_channel(instance)
        self._hub = hub
        self._interest = interest
        self._health = health
        self._heard_at = 0.0
        self._backoff = Backoff(most=2.0)
        self.continuity = Continuity(partitions)
        self.dispatched: dict[int, int] = {}
        """While a publication is dispatched: up to which positions everything was."""
        health.expect("redis", "fanout")

    async def run(self) -> None:
        """Listen, through any loss of Redis, until cancelled."""
        looking = asyncio.create_task(self._look())
        try:
            while True:
                heed_cancellation()
                try:
                    await self._listen()
                except* LostInterestError:
                    self._lose("emptied")
                except* (RedisError, OSError, TimeoutError) as errors:
                    self._lose("redis")
                    self._health.tell("redis", ok=False, detail=str(errors.exceptions[0]) or "no answer")
                    await asyncio.sleep(self._backoff.next())
                except* SilenceError:
                    if self._hub.reliable:
                        self._lose("silence")
                    self._health.tell("fanout", ok=False, detail="no publications")
        finally:
            looking.cancel()

    async def _listen(self) -> None:
        async with self._redis.pubsub() as subscription:
            async with asyncio.timeout(REDIS_SECONDS):
                await subscription.subscribe(self._channel)
            await self._interest.register_all()
            self._health.tell("redis", ok=True)
            self._backoff.reset()
            self._heard_at = time.monotonic()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._interest.keep())
                # Not as a task: a group that fails once its body is through leaves its parent marked as cancelled before Python 3.13.
                await self._read(subscription)

    async def _read(self, subscription: PubSub) -> None:
        while True:
            heed_cancellation()
            message = await subscription.get_message(ignore_subscribe_messages=True, timeout=1.0)
            if message is not None:
                self._receive(message["data"])
            elif time.monotonic() - self._heard_at > SILENCE_SECONDS:
                raise SilenceError

    def _receive(self, data: bytes) -> None:
        try:
            publication = _decoder.decode(data)
        except DAMAGE as error:
            log.warning("unreadable publication", problem=str(error))
            self._lose("unreadable")  # until the next that can be read
        else:
            self._take(publication)

    def _take(self, publication: Publication) -> None:
        self._heard_at = time.monotonic()
        PUBLISHED_AT.set(publication.sent_at / 1e6)
        self._hub.published_at = publication.sent_at
        told = self.dispatched = dict(self.continuity.covered)
        if self.continuity.take(publication.ranges) and self._hub.reliable:
            BREAKS.labels("gap").inc()
            log.warning("outputs missed", told=told)
            self._hub.lose(told)
            self._hub.restore()
        elif not self._hub.reliable and self.continuity.established:
            self._hub.restore()
            self._health.tell("fanout", ok=True)
        for placed in publication.outputs:
            partition, position = placed.partition, placed.output.position
            if position > told.get(partition, -1):
                if not self._hub.dispatch(partition, placed.output):
                    self._hub.miss(placed.output.users, told)
                told[partition] = position

    def _lose(self, cause: str) -> None:
        BREAKS.labels(cause).inc()
        log.warning("deliveries lost", cause=cause)
        self._health.tell("fanout", ok=False, detail=f"lost: {cause}")
        self._hub.lose(dict(self.continuity.covered) if self._hub.reliable else {})
        self.continuity.forget()

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if not self._hub.reliable:
                self._hub.look()
