"""Listens for signs that are meant for devices of this gateway, and tells them, unless a device has something better to read."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final, Protocol

import msgspec
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from infra.backoff import Backoff
from infra.tasks import heed_cancellation
from region.delivery import signs_channel
from region.gateway import frames
from region.gateway.frames import ProfileChanged, Typist
from region.gateway.signs import metrics
from region.gateway.signs.typing import SHOWN_SECONDS, Told
from replication.codec import DAMAGE

log = structlog.get_logger()

REDIS_SECONDS: Final = 5.0
"""How long one exchange with Redis may take; then it is taken for lost."""
CHECK_SECONDS: Final = 15.0
"""Without any sign for that long, the subscription is made anew: one that died would never be noticed."""

_decoder = msgspec.msgpack.Decoder(list[Told])


class Ear(Protocol):
    """A connected device; `region.gateway.connection` is one."""

    def offer(self, text: str) -> bool:
        """Queue a frame if next to nothing waits; return whether it was."""
        ...


class Hearing:
    """The gateway's end of signs; `run` is to run beside it."""

    def __init__(self, redis: Redis, *, instance: str, devices: Callable[[str], Iterable[Ear]]) -> None:
        """Prepare.

        Args:
            redis: Where signs are published.
            instance: This gateway.
            devices: Gives a user's devices here.
        """
        self._redis = redis
        self._channel = signs_channel(instance)
        self._devices = devices

    async def run(self) -> None:
        """Listen, through any loss of Redis, until cancelled."""
        backoff = Backoff(most=2.0)
        while True:
            heed_cancellation()
            try:
                await self._listen(backoff)
            except (RedisError, OSError, TimeoutError) as error:
                log.info("signs not heard", problem=str(error) or type(error).__name__)
                await asyncio.sleep(backoff.next())

    async def _listen(self, backoff: Backoff) -> None:
        async with self._redis.pubsub() as subscription:
            async with asyncio.timeout(REDIS_SECONDS):
                await subscription.subscribe(self._channel)
            backoff.reset()
            silent = 0.0
            while silent < CHECK_SECONDS:
                heed_cancellation()
                message = await subscription.get_message(ignore_subscribe_messages=True, timeout=1.0)
                silent = silent + 1.0 if message is None else 0.0
                if message is not None:
                    self.take(message["data"])

    def take(self, data: bytes) -> None:
        """Tell the devices that are meant."""
        try:
            told = _decoder.decode(data)
        except DAMAGE:
            metrics.TYPING["unreadable"].inc()
            return
        for one in told:
            types = Typist(one.conversation_id, one.user_id, SHOWN_SECONDS)
            text = frames.encode(types if one.conversation_id else ProfileChanged(one.user_id))
            for user in one.users:
                for device in self._devices(user):
                    if device.offer(text):
                        metrics.TOLD.inc()
                    else:
                        metrics.TYPING["device"].inc()
