"""Interest in a real Redis: who is alive is said by its clock, and an emptied Redis is noticed."""

import asyncio
import time
import uuid
from types import SimpleNamespace

import pytest
from redis.asyncio import Redis

from region.delivery import GATEWAYS, interest_key
from region.gateway import interest as module
from region.gateway.interest import Interest, LostInterestError

pytestmark = pytest.mark.integration


async def test_being_alive_is_said_by_the_clock_of_redis(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The host's own clock may be an hour behind."""
    behind = SimpleNamespace(time=lambda: time.time() - 3600, monotonic=time.monotonic)
    monkeypatch.setattr(module, "time", behind)
    name = f"us/gateway-{uuid.uuid4().hex[:6]}"
    async with Redis.from_url(redis_url.replace("/0", "/6"), socket_timeout=None) as redis:
        await Interest(redis, instance=name, users=lambda: ["u1"]).register_all()
        (now, _), said_at = await redis.time(), await redis.zscore(GATEWAYS, name)

        assert said_at is not None
        assert now - 60 < said_at <= now
        assert name.encode() in await redis.smembers(interest_key("u1"))


async def test_an_emptied_redis_is_noticed(redis_url: str) -> None:
    """It has forgotten the gateway, so it has forgotten its users' interest too."""
    name = f"us/gateway-{uuid.uuid4().hex[:6]}"
    async with Redis.from_url(redis_url.replace("/0", "/6"), socket_timeout=None) as redis:
        interest = Interest(redis, instance=name, users=list)
        await interest.register_all()
        await redis.flushdb()

        with pytest.raises(LostInterestError):
            async with asyncio.timeout(30):
                await interest.keep()


async def test_nothing_that_is_wanted_keeps_nobody_busy(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without channels wants none of them: that is no reason to look again at once, and again."""
    rounds, beats = 0, asyncio.Semaphore(0)

    def count() -> None:
        nonlocal rounds
        rounds += 1

    monkeypatch.setattr(module, "heed_cancellation", count)
    async with Redis.from_url(redis_url.replace("/0", "/6"), socket_timeout=None) as redis:
        interest = Interest(redis, instance=f"us/gateway-{uuid.uuid4().hex[:6]}", users=list)
        beat = interest._beat  # noqa: SLF001 — by which time is told here

        async def told() -> None:
            await beat()
            beats.release()

        monkeypatch.setattr(interest, "_beat", told)
        await interest.register_all()
        interest.want(())
        keeping = asyncio.create_task(interest.keep())
        async with asyncio.timeout(60):
            for _ in range(3):
                await beats.acquire()
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)

    assert rounds < 20
