"""Wake whoever looks after blobs, through Redis: a hint that may be lost, so they look by themselves, too."""

import asyncio
from typing import Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from infra.backoff import Backoff
from infra.tasks import heed_cancellation

log = structlog.get_logger()

CHANNEL: Final = "media"
PATIENCE: Final = 1.0


async def wake(redis: Redis) -> None:
    """Say that there is something to do."""
    try:
        async with asyncio.timeout(PATIENCE):
            await redis.publish(CHANNEL, b"")
    except (RedisError, OSError, TimeoutError) as error:
        log.debug("a wake was lost", problem=type(error).__name__)


async def listen(redis: Redis, woken: asyncio.Event) -> None:
    """Set the event whenever somebody says so, until cancelled."""
    backoff = Backoff()
    while True:
        heed_cancellation()
        try:
            async with redis.pubsub() as channel:
                await channel.subscribe(CHANNEL)
                backoff.reset()
                while await channel.get_message(timeout=None) is not None:
                    heed_cancellation()
                    woken.set()
        except (RedisError, OSError) as error:
            log.warning("not woken", problem=type(error).__name__)
        await asyncio.sleep(backoff.next())
