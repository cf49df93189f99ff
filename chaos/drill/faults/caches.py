"""A Redis that forgets everything: sessions, who is where, limits. All of it can be lost."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import redis.asyncio
from redis.exceptions import RedisError

from chaos.drill.faults.injector import POLL_SECONDS, OnPart, Supervisor
from infra.local.control import Status
from infra.tasks import heed_cancellation

KEY = "drill"


class CacheWiped(OnPart):
    """Empties it; the witness had put a key there, and asks for it."""

    anew = False

    def __init__(self, target: str, before: Status, ask: Supervisor) -> None:
        """Prepare."""
        super().__init__(target, before, ask)
        self._is_watched = asyncio.Event()

    async def put_on(self) -> None:
        """Empty it, once the witness looks."""
        async with self._client() as client:
            await self._is_watched.wait()
            await client.flushall()

    async def saw(self) -> str:
        """Put a key there, and wait until it is gone."""
        async with self._client() as client:
            await client.set(KEY, "here")
            held = await client.dbsize()
            self._is_watched.set()
            while await client.exists(KEY):
                heed_cancellation()
                await asyncio.sleep(0.01)
        return f"of {held} keys, one that was put there is gone"

    async def take_off(self) -> None:
        """Nothing is to be done."""

    async def recovered(self) -> None:
        """Wait until somebody has put something there again."""
        async with self._client() as client:
            while not await client.dbsize():
                heed_cancellation()
                await asyncio.sleep(POLL_SECONDS)
        await super().recovered()

    @contextlib.asynccontextmanager
    async def _client(self) -> AsyncIterator["redis.asyncio.Redis"]:
        # No socket_timeout: redis keeps it with asyncio.wait_for, which before Python 3.12 may swallow a request to end.
        client = redis.asyncio.Redis(port=self.port, socket_timeout=None)
        try:
            yield client
        finally:
            with contextlib.suppress(RedisError, OSError):
                await client.aclose()
