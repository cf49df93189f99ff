"""SQL in the server that keeps a copy: its databases, and what their subscriptions say."""

import asyncio
from dataclasses import dataclass, field
from typing import Final

import psycopg
from psycopg import sql

from infra.postgres import Connection
from region.standby.repository.publishing import LIFE

SUBSCRIPTION: Final = "held"
PARTED: Final = "parted"
"""What is noted at a subscription before it is ended for good, so that nobody lets it follow again."""
SETTLE_SECONDS: Final = 20.0
"""So long whoever follows may take to stop."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """How a copy follows its store.

    Attributes:
        slot: What its store keeps changes for it by.
        conninfo: How it reaches its store.
        enabled: Whether it is to follow.
        missing: Tables that are not there as a whole yet.
        tables: All that it follows.
        applied: How far it has taken changes in, bytes of the store's log.
        errors: How often a change, or a table, could not be taken in.
        parted: Whether it is being ended for good.
    """

    slot: str
    conninfo: str
    enabled: bool
    missing: frozenset[str]
    tables: frozenset[str]
    applied: int
    errors: int
    parted: bool = False


@dataclass(frozen=True, slots=True)
class Content:
    """What a copy says of what it holds.

    Attributes:
        life: The life of the store that it is a copy of; empty before it has come that far.
        beat_at: The store's time up to which it has everything, microseconds since the epoch; 0 before.
        revision: Of its own schema.
        positions: Partition to the projector's position in it.
        epoch: In which the duties are that are decided in it; 0 before it says so.
        elsewhere: Whether it is, or was, the store in which the duties are decided away from their home, or is being handed over.
        leaves: Whether it says that it is being handed over to another site than home: so does a copy that has just heard of it.
    """

    life: str = ""
    beat_at: int = 0
    revision: int = 0
    positions: dict[int, int] = field(default_factory=dict)
    epoch: int = 0
    elsewhere: bool = False
    leaves: bool = False


async def alone(connection: Connection, name: str) -> bool:
    """Whether this connection, for as long as it lasts, is the only one that sees to the copy of that name."""
    row = await (await connection.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", (name,))).fetchone()
    return row is not None and bool(row[0])


async def databases(connection: Connection) -> dict[str, bool]:
    """Return the names of the server's databases, and whether connections to them may be made."""
    return dict(await (await connection.execute("SELECT datname, datallowconn FROM pg_database")).fetchall())


async def make(connection: Connection, name: str) -> None:
    """Make an empty database."""
    await connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


async def drop(connection: Connection, name: str) -> None:
    """Throw a database away, which has no subscription any more."""
    await connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


async def allow(connection: Connection, name: str, *, connections: bool) -> None:
    """Let connections to a database be made, or none."""
    verb = sql.SQL("true" if connections else "false")
    await connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}").format(sql.Identifier(name), verb))


async def rename(connection: Connection, name: str, to: str) -> None:
    """Give a database another name; whoever is connected to it is cut off."""
    await allow(connection, name, connections=False)
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'",
        (name,),
    )
    await connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(name), sql.Identifier(to)))
    await allow(connection, to, connections=True)


async def subscription(connection: Connection) -> Subscription | None:
    """Return how the database that is connected to follows its store; None if it does not."""
    cursor = await connection.execute(
        "SELECT s.subslotname::text, s.subconninfo, s.subenabled,"
        " ARRAY(SELECT r.srrelid::regclass::text FROM pg_subscription_rel r WHERE r.srsubid = s.oid AND r.srsubstate <> 'r'),"
        " ARRAY(SELECT r.srrelid::regclass::text FROM pg_subscription_rel r WHERE r.srsubid = s.oid),"
        " coalesce((SELECT pg_wal_lsn_diff(remote_lsn, '0/0')::bigint FROM pg_replication_origin_status WHERE external_id = 'pg_' || s.oid), 0),"
        " coalesce((SELECT apply_error_count + sync_error_count FROM pg_stat_subscription_stats t WHERE t.subid = s.oid), 0),"
        " coalesce(obj_description(s.oid, 'pg_subscription') = %s, false)"
        " FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = current_database()",
        (PARTED,),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    slot, conninfo, enabled, missing, tables, *rest = row
    return Subscription(slot or "", conninfo, enabled, frozenset(missing), frozenset(tables), *rest)


async def subscribe(connection: Connection, conninfo: str, *, publication: str, slot: str) -> None:
    """Begin to copy, and to follow, what a store publishes; what is taken in is flushed at once, since answers may wait for that."""
    await connection.execute(LIFE)
    await connection.execute(
        sql.SQL(
            "CREATE SUBSCRIPTION {} CONNECTION {} PUBLICATION {} WITH (slot_name = {}, binary = true, password_required = false, synchronous_commit = 'on')"
        ).format(sql.Identifier(SUBSCRIPTION), sql.Literal(conninfo), sql.Identifier(publication), sql.Literal(slot))
    )


async def lead(connection: Connection, conninfo: str) -> None:
    """Change how the store is reached."""
    await connection.execute(
        sql.SQL("ALTER SUBSCRIPTION {} CONNECTION {}").format(sql.Identifier(SUBSCRIPTION), sql.Literal(conninfo))
    )


async def enable(connection: Connection, *, follow: bool) -> None:
    """Let the copy follow its store, or let it stand still."""
    verb = sql.SQL("ENABLE" if follow else "DISABLE")
    await connection.execute(sql.SQL("ALTER SUBSCRIPTION {} {}").format(sql.Identifier(SUBSCRIPTION), verb))


async def settle(connection: Connection) -> None:
    """Wait until nobody follows any more, in the database that is connected to.

    Raises:
        TimeoutError: Somebody still does.
    """
    async with asyncio.timeout(SETTLE_SECONDS):
        while True:
            cursor = await connection.execute(
                "SELECT FROM pg_stat_activity WHERE datname = current_database() AND backend_type LIKE 'logical replication%'"
            )
            if await cursor.fetchone() is None:
                return
            await asyncio.sleep(0.05)


async def part(connection: Connection) -> None:
    """Let the copy follow no more, for good."""
    note = sql.SQL("COMMENT ON SUBSCRIPTION {} IS {}").format(sql.Identifier(SUBSCRIPTION), sql.Literal(PARTED))
    await connection.execute(note)
    await enable(connection, follow=False)
    await settle(connection)
    await unsubscribe(connection, slot=False)


async def refresh(connection: Connection) -> None:
    """Take up tables that were published since."""
    await connection.execute(sql.SQL("ALTER SUBSCRIPTION {} REFRESH PUBLICATION").format(sql.Identifier(SUBSCRIPTION)))


async def unsubscribe(connection: Connection, *, slot: bool) -> None:
    """Follow no more; what was copied stays.

    Args:
        connection: To the copy.
        slot: Whether the store still has its slot, which then goes as well.
    """
    name = sql.Identifier(SUBSCRIPTION)
    if not slot:
        await enable(connection, follow=False)
        await connection.execute(sql.SQL("ALTER SUBSCRIPTION {} SET (slot_name = NONE)").format(name))
    await connection.execute(sql.SQL("DROP SUBSCRIPTION {}").format(name))


async def content(connection: Connection) -> Content:
    """Return what the copy says of what it holds; nothing where its tables are not there yet."""
    try:
        life = await (await connection.execute("SELECT life, beat_at FROM store_life")).fetchone() or ("", 0)
        rows = await (await connection.execute("SELECT partition, position FROM journal_partitions")).fetchall()
        revision = await (await connection.execute("SELECT version_num::int FROM schema_revision")).fetchone() or (0,)
    except psycopg.errors.UndefinedTable:
        return Content()
    return Content(life[0], life[1], revision[0], dict(rows), *await _turn(connection))


async def _turn(connection: Connection) -> tuple[int, bool, bool]:
    try:
        cursor = await connection.execute(
            "SELECT epoch, phase = 'handed' OR holder NOT IN ('', region), phase = 'handed' AND holder NOT IN ('', region)"
            " FROM region_state LIMIT 1"
        )
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
        return 0, False, False  # of a version that knew of no turns
    return await cursor.fetchone() or (0, False, False)


async def copied_rows(connection: Connection) -> int:
    """Return how many rows were put into the database since it was made, those under way among them."""
    row = await (
        await connection.execute(
            "SELECT coalesce((SELECT sum(n_tup_ins) FROM pg_stat_user_tables), 0)::bigint"
            " + coalesce((SELECT sum(tuples_processed) FROM pg_stat_progress_copy WHERE datname = current_database()), 0)::bigint"
        )
    ).fetchone()
    return 0 if row is None else int(row[0])
