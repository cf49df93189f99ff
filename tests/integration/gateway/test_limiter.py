"""Rates counted together through a real Redis, and by each gateway alone while it is away."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from infra.local import ports
from region.gateway.limiter import Limiter
from region.gateway.rates import Rate

pytestmark = pytest.mark.integration

TEN = Rate(10, 3600)


@contextlib.asynccontextmanager
async def limiter(url: str) -> AsyncIterator[Limiter]:
    """A gateway's limiter."""
    redis = Redis.from_url(url, retry=Retry(NoBackoff(), 0))
    made = Limiter(redis)
    running = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await redis.aclose()


async def granted(limiters: list[Limiter], subject: str, tries: int, cost: int = 1) -> int:
    """How many of so many tries at once, dealt out to these gateways, are granted."""
    waits = await asyncio.gather(*(limiters[n % len(limiters)].take("test", subject, TEN, cost) for n in range(tries)))
    assert all(wait == 0 or 0 < wait <= 3600 for wait in waits)
    return sum(wait == 0 for wait in waits)


async def test_gateways_count_together(redis_url: str) -> None:
    """Ten in all, however many gateways are asked; of another subject ten more; and a lease counts as many."""
    async with limiter(redis_url) as one, limiter(redis_url) as other:
        assert await granted([one, other], uuid.uuid4().hex, 60) == 10
        assert await granted([one, other], uuid.uuid4().hex, 60) == 10
        assert await granted([one, other], uuid.uuid4().hex, 60, cost=5) == 2


async def test_what_is_kept_goes_by_itself(redis_url: str) -> None:
    """And nothing of a subject is readable there."""
    subject = uuid.uuid4().hex
    async with limiter(redis_url) as one, Redis.from_url(redis_url) as redis:
        before = set(await redis.keys("rate:*"))
        await one.take("test", subject, Rate(10, 20))
        (key,) = set(await redis.keys("rate:*")) - before
        assert 0 < await redis.pttl(key) <= 2_100
        assert subject.encode() not in key


async def test_without_redis_each_gateway_counts_alone() -> None:
    """Neither open nor shut: ten by each."""
    (port,) = ports.some_free(1)
    async with limiter(f"redis://127.0.0.1:{port}") as one, limiter(f"redis://127.0.0.1:{port}") as other:
        subject = uuid.uuid4().hex
        assert await granted([one], subject, 30) == 10
        assert await granted([other], subject, 30) == 10


async def test_when_redis_goes_the_count_goes_on(redis_url: str) -> None:
    """What a gateway has granted through Redis, it has counted itself."""
    subject = uuid.uuid4().hex
    async with limiter(redis_url) as one:
        assert await granted([one], subject, 8) == 8
        (port,) = ports.some_free(1)
        one._redis.connection_pool.connection_kwargs["port"] = port  # noqa: SLF001  # Redis moves away
        await one._redis.connection_pool.disconnect()  # noqa: SLF001
        assert await granted([one], subject, 30) == 2
