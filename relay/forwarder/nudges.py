"""Listens for the projector's nudges in Redis; while Redis is away the forwarder's poll is all there is."""

import asyncio
from collections.abc import Collection
from typing import Final

import msgspec
import redis.asyncio
import redis.exceptions
import structlog

from infra.backoff import Backoff
from infra.tasks import heed_cancellation
from replication.outputs import NUDGES, Nudge

log = structlog.get_logger()

ANSWER_SECONDS: Final = 5.0
"""How long Redis may take to answer."""

SILENCE_SECONDS: Final = 15.0
"""After so long without a nudge the connection is made anew: nobody is ever told that one has died in silence."""


async def listen(url: str, destinations: Collection[str], nudged: asyncio.Event) -> None:
    """Set the event whenever a projector says that one of the destinations was given something; until cancelled.

    Args:
        url: Of the region's Redis.
        destinations: Those that this forwarder serves.
        nudged: Set; its waiter clears it.
    """
    wanted = frozenset(destinations)
    backoff = Backoff()
    while True:
        heed_cancellation()
        try:
            await _listen(url, wanted, nudged, backoff)
        except (redis.exceptions.RedisError, OSError, TimeoutError, msgspec.DecodeError) as error:
            log.warning("no nudges", reason=str(error) or type(error).__name__)
        await asyncio.sleep(backoff.next())


async def _listen(url: str, wanted: frozenset[str], nudged: asyncio.Event, backoff: Backoff) -> None:
    decoder = msgspec.msgpack.Decoder(Nudge)
    # No socket_timeout: redis keeps it with asyncio.wait_for, which before Python 3.12 may swallow a request to end.
    client = redis.asyncio.from_url(url, socket_timeout=None, socket_connect_timeout=ANSWER_SECONDS)
    async with client, client.pubsub() as channel:
        async with asyncio.timeout(ANSWER_SECONDS):
            await channel.subscribe(NUDGES)
            await channel.get_message(timeout=None)
        backoff.reset()
        nudged.set()
        try:
            while True:
                heed_cancellation()
                async with asyncio.timeout(SILENCE_SECONDS):
                    message = await channel.get_message(timeout=None)
                if message is not None and not wanted.isdisjoint(decoder.decode(message["data"]).destinations):
                    nudged.set()
        except TimeoutError:
            return
