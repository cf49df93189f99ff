"""SQL of backups: what is read in one view of a store, and what is changed in one that was restored."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import psycopg
from psycopg import sql

from infra.postgres import Connection, as_long_as_it_takes
from region.evacuation.repository import count_rows
from region.standby.repository import publishing

AT_ONCE: Final = 10_000


@asynccontextmanager
async def one_view(connection: Connection) -> AsyncIterator[str]:
    """See the store as it is now, for as long as the context lasts; give the name by which others see the same."""
    await connection.execute("SET statement_timeout = 0")
    await connection.execute("SET idle_in_transaction_session_timeout = 0")  # others read on meanwhile
    with as_long_as_it_takes(connection):
        async with connection.transaction():
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            row = await (await connection.execute("SELECT pg_export_snapshot()")).fetchone()
            assert row is not None
            yield str(row[0])


async def now(connection: Connection) -> int:
    """Return the store's time at which its view was taken, microseconds since the epoch."""
    cursor = await connection.execute("SELECT (extract(epoch FROM now()) * 1000000)::bigint")
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def life(connection: Connection) -> str:
    """Return which life of the store this is, as a standby knows it; empty if none ever stood by."""
    cursor = await connection.execute("SELECT to_regclass('store_life') IS NOT NULL")
    row = await cursor.fetchone()
    if row is None or not row[0]:
        return ""
    found = await (await connection.execute("SELECT life FROM store_life WHERE one = 1")).fetchone()
    return "" if found is None else str(found[0])


async def rows(connection: Connection) -> dict[str, int]:
    """Return how many rows each table has, but of what services write about themselves."""
    return await count_rows(connection)


async def blobs(connection: Connection) -> AsyncIterator[tuple[str, str, int]]:
    """Give every blob whose bytes the region's blob store has: id, kind, bytes."""
    after = ""
    while True:
        cursor = await connection.execute(
            "SELECT blob_id, kind, size FROM blobs WHERE state = 'ready' AND blob_id > %s ORDER BY blob_id LIMIT %s",
            (after, AT_ONCE),
        )
        found = await cursor.fetchall()
        for blob_id, kind, size in found:
            yield blob_id, kind, size
        if len(found) < AT_ONCE:
            return
        after = found[-1][0]


async def begin_anew(connection: Connection) -> None:
    """Make what was restored a store of its own: nobody works on it yet, and no copy of what it was before follows it."""
    await connection.execute("DELETE FROM schema_services")
    if await life(connection):
        await publishing.begin_life(connection)


async def alone(connection: Connection, name: str) -> bool:
    """Return whether this connection, until it ends, is the only one that replaces a database of that name.

    Args:
        connection: To the server's maintenance database, like everybody else's who asks.
        name: The database.
    """
    cursor = await connection.execute("SELECT pg_try_advisory_lock(hashtext(%s))", (f"replace {name}",))
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


async def shut(connection: Connection, name: str) -> None:
    """Let nobody connect to a database any more, and cut off who has."""
    await _allow(connection, name, "false")
    await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))


async def open_again(connection: Connection, name: str) -> None:
    """Let everybody connect to a database."""
    await _allow(connection, name, "true")


async def rename(connection: Connection, name: str, to: str) -> None:
    """Give a database to which nobody is connected another name.

    Raises:
        psycopg.errors.ObjectInUse: Somebody still is.
    """
    await connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(name), sql.Identifier(to)))


async def _allow(connection: Connection, name: str, word: str) -> None:
    said = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}").format(sql.Identifier(name), sql.SQL(word))
    await connection.execute(said)


IN_USE: Final = psycopg.errors.ObjectInUse
