"""Listens for the projector's nudges in Redis; while Redis is away the forwarder's poll is all there is."""

import asyncio
from collections.abc import Collection

import msgspec
import redis.asyncio
import redis.exceptions
import structlog

from infra.backoff import Backoff
from replication.outputs import NUDGES, Nudge

log = structlog.get_logger()


async def listen(url: str, destinations: Collection[str], nudged: asyncio.Event) -> None:
    """Set the event whenever a projector says that one of the destinations was given something; until cancelled.

    Args:
        url: Of the region's Redis.
        destinations: Those that this forwarder serves.
        nudged: Set; its waiter clears it.
    """
    wanted = frozenset(destinations)
    decoder = msgspec.msgpack.Decoder(Nudge)
    backoff = Backoff()
    while True:
        try:
            async with (
                redis.asyncio.from_url(url, health_check_interval=10, socket_connect_timeout=5) as client,
                client.pubsub() as channel,
            ):
                await channel.subscribe(NUDGES)
                backoff.reset()
                nudged.set()
                async for message in channel.listen():
                    if message["type"] == "message" and not wanted.isdisjoint(
                        decoder.decode(message["data"]).destinations
                    ):
                        nudged.set()
        except (redis.exceptions.RedisError, OSError, msgspec.DecodeError) as error:
            log.warning("no nudges", reason=str(error))
        await asyncio.sleep(backoff.next())
