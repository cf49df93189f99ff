"""SQL of the rows that a store keeps about its own schema; PostgreSQL and CockroachDB alike, by the store's own clock."""

from typing import Final

import psycopg

from infra.postgres import Connection, connect_once
from infra.schema.revisions import Alive, State

VERSION_TABLE: Final = "schema_revision"
"""Alembic's own: one row, the last revision that was carried out."""

ALIVE_SECONDS: Final = 30.0
"""So long a service counts as alive after it last told of itself."""

LEASE_SECONDS: Final = 30.0
"""So long a worker that does not renew it keeps others from working."""

TABLES: Final = (
    """
    CREATE TABLE IF NOT EXISTS schema_work (
        one INT PRIMARY KEY,
        contracted INT NOT NULL,
        migration_cursor TEXT NOT NULL,
        worker TEXT NOT NULL,
        worker_until BIGINT NOT NULL
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS schema_services (
        instance TEXT NOT NULL,
        service TEXT NOT NULL,
        knows INT NOT NULL,
        seen_at BIGINT NOT NULL,
        PRIMARY KEY (instance, service)
    )
    """,
    """
    INSERT INTO schema_work (one, contracted, migration_cursor, worker, worker_until) VALUES (1, 0, '', '', 0)
    ON CONFLICT (one) DO NOTHING
    """,
)
"""What makes these tables; may be run again."""

_NOW = "(extract(epoch FROM now()) * 1000000)::bigint"


def plain_url(url: str) -> str:
    """Return a store's URL as psycopg takes it, from one that may name SQLAlchemy's dialect and driver."""
    scheme, separator, rest = url.partition("://")
    return f"postgresql://{rest}" if separator and scheme.startswith(("postgres", "cockroachdb")) else url


async def connect(url: str, *, name: str) -> Connection:
    """Connect to a store, in autocommit mode.

    Raises:
        NoAnswerError: It cannot be reached.
    """
    return await connect_once(plain_url(url), name=name)


async def make_tables(connection: Connection) -> None:
    """Make these tables; whoever does the same at the same moment may make it fail."""
    for statement in TABLES:
        await connection.execute(statement.encode())


async def state(connection: Connection) -> State | None:
    """Return what the store says of its schema; None if it says nothing: it is new, or older than revisions are."""
    try:
        cursor = await connection.execute(
            "SELECT r.version_num, w.contracted, w.migration_cursor FROM schema_work w, schema_revision r"
        )
    except psycopg.errors.UndefinedTable:
        return None
    row = await cursor.fetchone()
    return None if row is None else State(int(row[0]), row[1], row[2])


async def claim(connection: Connection, worker: str) -> bool:
    """Become the only worker for a while, or stay it; whether that was possible."""
    cursor = await connection.execute(
        f"UPDATE schema_work SET worker = %s, worker_until = {_NOW} + %s::bigint"  # noqa: S608  # a constant of ours
        f" WHERE one = 1 AND (worker = '' OR worker = %s OR worker_until < {_NOW})",
        (worker, int(LEASE_SECONDS * 1e6), worker),
    )
    return cursor.rowcount == 1


async def release(connection: Connection, worker: str) -> None:
    """Let others work."""
    await connection.execute("UPDATE schema_work SET worker = '' WHERE one = 1 AND worker = %s", (worker,))


async def set_contracted(connection: Connection, number: int, *, worker: str, was: int) -> bool:
    """Say by which revision the store is contracted; whether it was as expected and the worker still is the only one."""
    cursor = await connection.execute(
        "UPDATE schema_work SET contracted = %s WHERE one = 1 AND contracted = %s AND worker = %s",
        (number, was, worker),
    )
    return cursor.rowcount == 1


async def move_cursor(connection: Connection, cursor: str, *, worker: str, was: str) -> bool:
    """Note how far a migration has come; whether it was as expected and the worker still is the only one."""
    changed = await connection.execute(
        "UPDATE schema_work SET migration_cursor = %s WHERE one = 1 AND migration_cursor = %s AND worker = %s",
        (cursor, was, worker),
    )
    return changed.rowcount == 1


async def tell_alive(connection: Connection, service: Alive) -> None:
    """Tell the store that a service is alive."""
    await connection.execute(
        f"INSERT INTO schema_services (instance, service, knows, seen_at) VALUES (%s, %s, %s, {_NOW})"  # noqa: S608  # a constant of ours
        " ON CONFLICT (instance, service) DO UPDATE SET knows = excluded.knows, seen_at = excluded.seen_at",
        (service.instance, service.service, service.knows),
    )


async def take_leave(connection: Connection, service: Alive) -> None:
    """Tell the store that a service has ended, unless its successor of another version is there already."""
    await connection.execute(
        "DELETE FROM schema_services WHERE instance = %s AND service = %s AND knows = %s",
        (service.instance, service.service, service.knows),
    )


async def alive(connection: Connection) -> list[Alive]:
    """Return who has told of itself lately."""
    cursor = await connection.execute(
        f"SELECT instance, service, knows FROM schema_services WHERE seen_at > {_NOW} - %s::bigint"  # noqa: S608  # a constant of ours
        " ORDER BY instance, service",
        (int(ALIVE_SECONDS * 1e6),),
    )
    return [Alive(*row) for row in await cursor.fetchall()]
