"""A gateway's end of fan-out on a real Redis: it hears, and mends a connection that has gone silent."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from typing import cast

import msgspec
import pytest
from redis.asyncio import Redis

from infra.health import Health
from region.delivery import Publication, Range, gateway_channel
from region.gateway import deliveries as module
from region.gateway.deliveries import Deliveries
from region.gateway.hub import Hub
from region.gateway.interest import Interest
from region.gateway.journal import Journal
from region.gateway.outcomes import InFlight, Outcomes

pytestmark = pytest.mark.integration

PATIENCE = 30.0


@contextlib.asynccontextmanager
async def listening(redis: Redis) -> AsyncIterator[tuple[str, Hub]]:
    """A gateway of one partition that listens for as long as the context lasts."""
    name = f"us/gateway-{uuid.uuid4().hex[:6]}"
    hub = Hub(
        region="us",
        instance=name,
        outcomes=Outcomes(cast("Journal", None)),
        in_flight=InFlight(),
        revoked=lambda _user, _device: None,
        repeated=lambda _entry: None,
    )
    interest = Interest(redis, instance=name, users=hub.users)
    running = asyncio.create_task(
        Deliveries(redis, instance=name, partitions=1, hub=hub, interest=interest, health=Health()).run()
    )
    try:
        yield name, hub
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def listener(redis: Redis, *, unlike: int = 0) -> int:
    """Return the id of the connection that is subscribed, once it is another one."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = [int(c["id"]) for c in await redis.client_list() if c["sub"] == "1" and c["db"] == "5"]
            if found and found != [unlike]:
                return found[0]
            await asyncio.sleep(0.02)


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """A database of these tests' own."""
    async with Redis.from_url(redis_url.replace("/0", "/5"), socket_timeout=None) as client:
        yield client


async def test_a_silent_connection_is_replaced(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path that drops packets tells nobody; without publications the gateway subscribes anew, and hears again."""
    monkeypatch.setattr(module, "SILENCE_SECONDS", 0.1)
    async with listening(redis) as (name, hub):
        first = await listener(redis)
        await listener(redis, unlike=first)

        async with asyncio.timeout(PATIENCE):
            while not hub.reliable:
                publication = Publication(ranges=(Range(0, 1, 0),))
                await redis.publish(gateway_channel(name), msgspec.msgpack.encode(publication))
                await asyncio.sleep(0.02)
