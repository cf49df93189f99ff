"""Connection pools to PostgreSQL or CockroachDB, and retries of transactions that lost a race."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import psycopg
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

Connection = psycopg.AsyncConnection[TupleRow]
Pool = AsyncConnectionPool[Connection]
T = TypeVar("T")

LOST_RACES = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected)
"""Errors after which the whole transaction certainly did not happen, and may be tried again: 40001 and 40P01."""

STORE_FAILURES = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.AdminShutdown)
"""Errors of the store itself, never of what it was asked: gone, restarting, out of connections."""


def make_pool(url: str, *, size: int, name: str) -> Pool:
    """Return a pool that is not opened yet; connections are in autocommit mode, transactions are explicit.

    Args:
        url: A `postgresql://` URL.
        size: The most connections it opens.
        name: Shown by the server as application name.
    """
    return AsyncConnectionPool(
        url,
        min_size=1,
        max_size=size,
        open=False,
        name=name,
        timeout=5,
        reconnect_timeout=1e9,
        kwargs={"autocommit": True, "application_name": name, "connect_timeout": 5},
        check=AsyncConnectionPool.check_connection,
    )


async def retry_lost_races(operation: Callable[[], Awaitable[T]], *, attempts: int = 10) -> T:
    """Run a whole transaction, again from its start while it loses races, with jitter and a cap.

    Raises:
        psycopg.errors.SerializationFailure: It lost each time.
    """
    async for attempt in AsyncRetrying(
        retry=retry_if_exception_type(LOST_RACES),
        stop=stop_after_attempt(attempts),
        wait=wait_random_exponential(multiplier=0.01, max=0.5),
        reraise=True,
    ):
        with attempt:
            result = await operation()
    return result
