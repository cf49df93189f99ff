"""What the store has of devices' sends of which fan-out does not tell: one look at a time, at all that anybody waits for."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import psycopg

from infra.postgres import STORE_FAILURES, Pool
from region.gateway import repository

MOST_ASKED: Final = 20_000
"""Sends that may wait for a look while one goes on; of more nothing is found."""
MOST_AT_ONCE: Final = 500


class Stored:
    """Asks the store which messages are numbered or queued by now."""

    def __init__(self, read: Callable[[Sequence[str]], Awaitable[Mapping[str, bytes]]]) -> None:
        """Begin; `read` returns, by message id, the content hash of those that are."""
        self._read = read
        self._asked: dict[str, asyncio.Future[bytes | None]] = {}
        self._looking: asyncio.Task[None] | None = None

    def of(self, message_id: str) -> "asyncio.Future[bytes | None]":
        """Return what will be the content hash of a message, or None if the store has none or does not tell. Shared: not to be cancelled."""
        future = self._asked.get(message_id)
        if future is None:
            future = asyncio.get_running_loop().create_future()
            if len(self._asked) >= MOST_ASKED:
                future.set_result(None)
                return future
            self._asked[message_id] = future
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        return future

    async def _look(self) -> None:
        while self._asked:
            some = {one: self._asked.pop(one) for one in list(self._asked)[:MOST_AT_ONCE]}
            found: Mapping[str, bytes] = {}
            try:
                found = await self._read(list(some))
            except (*STORE_FAILURES, psycopg.Error):
                pass  # they ask again
            finally:
                for one, future in some.items():
                    future.set_result(found.get(one))


def stored_in(store: Pool) -> Stored:
    """Return what that store has."""

    async def read(messages: Sequence[str]) -> Mapping[str, bytes]:
        async with store.connection() as connection:
            return await repository.accepted_among(connection, messages)

    return Stored(read)
