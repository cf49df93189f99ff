"""A Redis that forgets everything: sessions, who is where, limits. All of it can be lost."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import redis.asyncio
from redis.exceptions import RedisError

from chaos.drill.faults.injector import POLL_SECONDS, OnPart

KEY = "drill"


class CacheWiped(OnPart):
    """Empties it; the witness had put a key there, and asks for it."""

    anew = False

    async def put_on(self) -> None:
        """Empty it."""
        async with self._client() as client:
            await client.flushall()

    async def saw(self) -> str:
        """Put a key there, and wait until it is gone."""
        async with self._client() as client:
            await client.set(KEY, "here")
            held = await client.dbsize()
            while await client.exists(KEY):  # noqa: ASYNC110  # it tells only who asks
                await asyncio.sleep(0.01)
        return f"of {held} keys, one that was put there is gone"

    async def take_off(self) -> None:
        """Nothing is to be done."""

    async def recovered(self) -> None:
        """Wait until somebody has put something there again."""
        async with self._client() as client:
            while not await client.dbsize():  # noqa: ASYNC110  # as above
                await asyncio.sleep(POLL_SECONDS)
        await super().recovered()

    @contextlib.asynccontextmanager
    async def _client(self) -> AsyncIterator["redis.asyncio.Redis"]:
        client = redis.asyncio.Redis(port=self.port)
        try:
            yield client
        finally:
            with contextlib.suppress(RedisError, OSError):
                await client.aclose()
