"""Connection pools to PostgreSQL or CockroachDB, and which of its errors may be tried again."""

import psycopg
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

Connection = psycopg.AsyncConnection[TupleRow]
Pool = AsyncConnectionPool[Connection]

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
