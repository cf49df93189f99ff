"""Telling fan-out, through Redis, in whose names outputs are wanted at this gateway (users with a device here, channels that they follow), and that the gateway is alive."""

import asyncio
import secrets
import time
from collections.abc import Callable, Iterable

import structlog
from prometheus_client import Gauge
from redis.asyncio import Redis
from redis.exceptions import RedisError

from infra.tasks import heed_cancellation
from region.delivery import GATEWAYS, interest_key, registering_key, seen_key
from replication.ids import is_user_id

log = structlog.get_logger()

HEARTBEAT_SECONDS = 1.0
LIFE_SECONDS = 900
"""How long a registration lives when it is not renewed."""
RENEW_SECONDS = 300.0
SEEN_SECONDS = 30 * 24 * 3600
"""How long it is known when a user was there last."""
CHUNK = 500
REDIS_SECONDS = 5.0
"""How long one exchange with Redis may take; then it is taken for lost."""

ALIVE_IF_WHOLE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('ZADD', KEYS[2], redis.call('TIME')[1], ARGV[2])
return 1
"""
"""Says that a gateway is alive, unless Redis was emptied since it began to register its users: by Redis' own clock."""

HEARTBEAT_AT = Gauge(
    "causeway_gateway_heartbeat_timestamp_seconds", "When this gateway last told Redis that it is alive."
)
INTEREST_WAITING = Gauge(
    "causeway_gateway_interest_waiting", "Users whose interest is not registered or withdrawn yet."
)


class LostInterestError(Exception):
    """Redis has forgotten that this gateway exists, so it has forgotten its users' interest as well."""


class Interest:
    """Registers and withdraws interest, many users at once; what is wanted last counts."""

    def __init__(self, redis: Redis, *, instance: str, users: Callable[[], Iterable[str]]) -> None:
        """Prepare.

        Args:
            redis: Where.
            instance: This gateway.
            users: All users who have a device here.
        """
        self._redis = redis
        self._instance = instance
        self._users = users
        self._wanted: dict[str, bool] = {}
        self._changed = asyncio.Event()
        self._flushed = asyncio.Event()
        self._renewed_at = 0.0

    async def register(self, user_id: str) -> bool:
        """Register a user and wait until Redis has it; return whether it had it in time."""
        self.want((user_id,))
        return await self.settled(user_id)

    def want(self, names: Iterable[str]) -> None:
        """Register users or channels soon; `settled` tells when."""
        self._wanted.update(dict.fromkeys(names, True))
        self._changed.set()

    async def settled(self, *names: str) -> bool:
        """Wait, once for all, until Redis has what is wanted of these, if anything waits; return whether it had it in time."""
        try:
            async with asyncio.timeout(2.0):
                while not self._wanted.keys().isdisjoint(names):
                    await self._flushed.wait()
        except TimeoutError:
            log.warning("interest not registered in time")
            return False
        return True

    def withdraw(self, user_id: str) -> None:
        """Withdraw a user soon."""
        self._wanted[user_id] = False
        self._changed.set()

    async def register_all(self) -> None:
        """Register all users, then say that this gateway is alive.

        In this order: of a gateway that is alive, and that no user names, fan-out believes that nothing concerns it.

        Raises:
            RedisError: Redis cannot be reached.
            TimeoutError: It does not answer.
            LostInterestError: Redis was emptied meanwhile.
        """
        attempt = secrets.token_hex(8)
        async with asyncio.timeout(REDIS_SECONDS):
            await self._redis.set(registering_key(self._instance), attempt, ex=LIFE_SECONDS)
        users = list(self._users())
        for start in range(0, len(users), CHUNK):
            await self._write(dict.fromkeys(users[start : start + CHUNK], True))
        async with asyncio.timeout(REDIS_SECONDS):
            keys = [registering_key(self._instance), GATEWAYS]
            whole = await self._redis.eval(ALIVE_IF_WHOLE, len(keys), *keys, attempt, self._instance)
        if not whole:
            raise LostInterestError
        self._renewed_at = time.monotonic()

    async def keep(self) -> None:
        """Write what is wanted, and tell each second that the gateway is alive.

        Raises:
            RedisError: Redis cannot be reached.
            TimeoutError: It does not answer.
            LostInterestError: Redis was emptied.
        """
        beat_at = 0.0
        while True:
            heed_cancellation()
            self._changed.clear()
            if self._wanted:
                await self._flush()
            if time.monotonic() - beat_at >= HEARTBEAT_SECONDS:
                beat_at = time.monotonic()
                await self._beat()
            try:
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def say_goodbye(self) -> None:
        """Withdraw the gateway, as far as Redis can be reached."""
        try:
            async with asyncio.timeout(1.0):
                await self._redis.zrem(GATEWAYS, self._instance)
                await self._write(dict.fromkeys(self._users(), False))
        except (RedisError, OSError, TimeoutError):
            log.info("redis away at the end")

    async def _beat(self) -> None:
        if not await self._renew():
            raise LostInterestError
        HEARTBEAT_AT.set(time.time())
        if time.monotonic() - self._renewed_at > RENEW_SECONDS:
            await self.register_all()

    async def _renew(self) -> bool:
        """Say it again; return whether Redis knew of this gateway. One that it does not know is not added before its users are."""
        async with asyncio.timeout(REDIS_SECONDS):
            seconds, _ = await self._redis.time()
            async with self._redis.pipeline(transaction=False) as pipeline:
                pipeline.zscore(GATEWAYS, self._instance)
                pipeline.zadd(GATEWAYS, {self._instance: seconds}, xx=True)
                known, _ = await pipeline.execute()
        return known is not None

    async def _flush(self) -> None:
        wanted = dict(self._wanted)
        INTEREST_WAITING.set(len(wanted))
        await self._write(wanted)
        for user, value in wanted.items():
            if self._wanted.get(user) is value:
                del self._wanted[user]
        INTEREST_WAITING.set(len(self._wanted))
        self._flushed.set()
        self._flushed = asyncio.Event()

    async def _write(self, wanted: dict[str, bool]) -> None:
        if not wanted:
            return
        now = int(time.time())
        async with asyncio.timeout(REDIS_SECONDS), self._redis.pipeline(transaction=False) as pipeline:
            for user, value in wanted.items():
                if value:
                    pipeline.sadd(interest_key(user), self._instance)
                    pipeline.expire(interest_key(user), LIFE_SECONDS)
                else:
                    pipeline.srem(interest_key(user), self._instance)
                if is_user_id(user):
                    pipeline.set(seen_key(user), now, ex=SEEN_SECONDS)
            await pipeline.execute()
