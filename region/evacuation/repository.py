"""SQL of an evacuation: what is left to do in a store, and what there is in it."""

from dataclasses import dataclass

import psycopg
from psycopg import sql

from infra.postgres import Connection, as_long_as_it_takes
from infra.schema.repository import alive
from replication.turns.repository import next_offsets as next_offsets  # noqa: PLC0414  # asked for here


async def unsent(connection: Connection) -> dict[str, int]:
    """Return how many records of each destination the forwarder has not sent yet, in the streams that it is in or has not begun."""
    cursor = await connection.execute(
        "SELECT r.destination, sum(r.last - greatest(r.first - 1, coalesce(f.position, 0)))::bigint FROM relay_rows r"
        " LEFT JOIN followers f ON f.partition = r.partition"
        "  AND f.name = 'forwarder/' || r.destination || '/' || r.incarnation || '/' || r.epoch"
        " WHERE r.last > coalesce(f.position, 0) GROUP BY r.destination ORDER BY r.destination"
    )
    return {destination: int(left) for destination, left in await cursor.fetchall()}


async def still_serving(connection: Connection, services: frozenset[str]) -> list[str]:
    """Return which of these services have told lately that they work on the store: each as instance and service."""
    return [f"{one.instance} ({one.service})" for one in await alive(connection) if one.service in services]


async def serving(connection: Connection) -> frozenset[str]:
    """Return the services that have told lately that they work on the store."""
    return frozenset(one.service for one in await alive(connection))


async def versions(connection: Connection) -> set[int]:
    """Return which schema revisions the software knows that works on the store."""
    return {one.knows for one in await alive(connection)}


async def size(connection: Connection) -> int:
    """Return how many bytes the store has."""
    cursor = await connection.execute("SELECT pg_database_size(current_database())")
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def size_of(connection: Connection, draft: str) -> int:
    """Return how many bytes the databases of the server have that `drafts` finds."""
    cursor = await connection.execute(
        "SELECT coalesce(sum(pg_database_size(datname)), 0)::bigint FROM pg_database"
        " WHERE datname = %s OR starts_with(datname::text, %s)",
        (draft, f"{draft}_"),
    )
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


@dataclass(frozen=True, slots=True)
class Left:
    """What a server of PostgreSQL has left, as far as it tells.

    Attributes:
        directory: Where it keeps everything; None if it does not say.
        connections: How many more it takes, of those that are no superuser's alone; None likewise.
    """

    directory: str | None
    connections: int | None


async def left(connection: Connection) -> Left:
    """Return what a server has left."""
    cursor = await connection.execute(
        "SELECT (SELECT setting FROM pg_settings WHERE name = 'data_directory'),"
        " (SELECT setting::int FROM pg_settings WHERE name = 'max_connections')"
        " - (SELECT coalesce(sum(setting::int), 0)::int FROM pg_settings"
        "    WHERE name IN ('superuser_reserved_connections', 'reserved_connections'))"
        " - (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend')"
    )
    row = await cursor.fetchone()
    assert row is not None
    return Left(row[0], row[1])


async def row_counts(connection: Connection) -> dict[str, int]:
    """Return how many rows each table has, in one view of the store."""
    with as_long_as_it_takes(connection):
        async with connection.transaction():
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            await connection.execute("SET LOCAL statement_timeout = 0")  # they may be large
            return await count_rows(connection)


async def count_rows(connection: Connection, *, but: frozenset[str] = frozenset({"schema_services"})) -> dict[str, int]:
    """Return how many rows each table has, as the transaction sees it; without those tables, which services write about themselves."""
    cursor = await connection.execute(
        "SELECT table_name FROM information_schema.tables"
        " WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY table_name"
    )
    counts = {}
    for (name,) in await cursor.fetchall():
        if name not in but:
            counted = await connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(name)))
            row = await counted.fetchone()
            assert row is not None
            counts[name] = int(row[0])
    return counts


async def follows(connection: Connection) -> bool:
    """Whether a store is a copy that follows another one by PostgreSQL's logical replication."""
    cursor = await connection.execute(
        "SELECT count(*) FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = current_database()"
    )
    row = await cursor.fetchone()
    assert row is not None
    return bool(row[0])


async def drafts(connection: Connection, draft: str) -> list[str]:
    """Return the databases of the server that are copies which were not completed, by how their names begin."""
    return sorted(name for name in await databases(connection) if name == draft or name.startswith(f"{draft}_"))


async def databases(connection: Connection) -> set[str]:
    """Return the databases of the server."""
    cursor = await connection.execute("SELECT datname FROM pg_database")
    return {name for (name,) in await cursor.fetchall()}


async def make_database(connection: Connection, name: str) -> None:
    """Make an empty database, instead of one of that name that was left half made."""
    await drop_database(connection, name)
    await connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


async def drop_database(connection: Connection, name: str) -> None:
    """Remove a database, if it is there, whoever looks at it."""
    await connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


async def put_in_place(connection: Connection, made: str, name: str, aside: str) -> bool:
    """Let a database take the place of another, which is put aside by the same transaction, so that one of both is always there; whoever looks at that one looks again.

    Args:
        connection: To another database of the server, in autocommit mode.
        made: What is to take the place.
        name: Of the place.
        aside: By what name the other one is found then.

    Returns:
        Whether there was another one.

    Raises:
        psycopg.Error: Somebody has connected in between; it is to be tried again.
    """
    await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    async with connection.transaction():
        there = name in await databases(connection)
        if there:
            await connection.execute(rename.format(sql.Identifier(name), sql.Identifier(aside)))
        await connection.execute(rename.format(sql.Identifier(made), sql.Identifier(name)))
    return there


RACES = (psycopg.errors.ObjectInUse, psycopg.errors.DuplicateDatabase)
"""What may come of putting a database in place while others try to connect."""
