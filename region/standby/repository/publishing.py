"""SQL in the store that is copied: its life and its beat, who may read its changes, and how far they were read."""

import secrets
from dataclasses import dataclass
from typing import Final, LiteralString

from psycopg import sql

from infra.postgres import Connection
from region.store.repository.copies import TABLE, WHOLE
from replication.turns.takeover_repository import PUBLICATION

ROLE: Final = "standby"
"""Who reads the changes: may replicate, read what is published and what the schema's revision is, say in one row which copy is whole, and nothing else."""
KEPT: Final = "held_blobs"
"""What a copy says of the blobs whose bytes lie beside it."""
OWN: Final = ("schema_revision", "schema_work", "schema_services", KEPT, WHOLE)
"""What each database says of itself, and is copied nowhere."""
LIFE: Final[LiteralString] = """
    CREATE TABLE IF NOT EXISTS store_life (
        one INT PRIMARY KEY,
        life TEXT NOT NULL,
        beat_at BIGINT NOT NULL
    )
"""
"""What makes the table that tells a store's lives apart, and how far a copy has come: one row, copied like any other. May be run again.

life: random, made once; beat_at: the last beat, by the store's clock: whoever has it has all from before. No revision brings it, since only a
store that is copied has it.
"""
STALE_SECONDS: Final = 3600
"""So long a slot that nobody reads is kept which is not the standby's own: of tables that were being copied, or of a former standby."""

_TABLES: Final[LiteralString] = """
    SELECT c.relname, EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary),
           EXISTS (SELECT FROM pg_publication_tables p WHERE p.pubname = %(publication)s AND p.schemaname = 'public' AND p.tablename = c.relname)
    FROM pg_class c
    WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname <> ALL(%(own)s)
    ORDER BY c.relname
"""


@dataclass(frozen=True, slots=True)
class Source:
    """What a store says to who copies it.

    Attributes:
        life: Which life of it this is.
        position: How far its log of changes has come, bytes.
        revision: Of its schema.
        tables: What it publishes.
        slots: Slot to whether changes are still kept for it.
        epoch: In which the duties are that are decided in it.
    """

    life: str
    position: int
    revision: int
    tables: frozenset[str]
    slots: dict[str, bool]
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class Reader:
    """A slot: somebody who reads changes, and for whom they are kept.

    Attributes:
        slot: Its name.
        active: Whether somebody reads just now.
        kept: Whether all that was not read is still kept.
        read: How far it is confirmed to have been taken in, for good, bytes.
        idle_seconds: For how long nobody has read; 0 if somebody does.
        room: How many more bytes of changes are kept for it before it loses them; None if there is no limit.
    """

    slot: str
    active: bool
    kept: bool
    read: int
    idle_seconds: float
    room: int | None = None


async def is_logical(connection: Connection) -> bool:
    """Whether the server keeps what a copy needs."""
    row = await (await connection.execute("SELECT current_setting('wal_level') = 'logical'")).fetchone()
    return row is not None and bool(row[0])


async def make_life(connection: Connection) -> str:
    """Return which life of the store this is, and begin one unless it has begun."""
    await connection.execute(LIFE)
    await connection.execute(
        "INSERT INTO store_life (one, life, beat_at) VALUES (1, %s, 0) ON CONFLICT (one) DO NOTHING",
        (secrets.token_hex(6),),
    )
    row = await (await connection.execute("SELECT life FROM store_life WHERE one = 1")).fetchone()
    assert row is not None
    return str(row[0])


async def begin_life(connection: Connection) -> str:
    """Begin another life in a database that was a copy, and is a store of its own from now on; return which."""
    life = secrets.token_hex(6)
    await connection.execute("UPDATE store_life SET life = %s WHERE one = 1", (life,))
    return life


async def beat(connection: Connection) -> int:
    """Write the time down, and return the position of the log behind that, bytes."""
    await connection.execute(
        "UPDATE store_life SET beat_at = (extract(epoch FROM clock_timestamp()) * 1000000)::bigint WHERE one = 1"
    )
    row = await (await connection.execute("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint")).fetchone()
    assert row is not None
    return int(row[0])


async def publish(connection: Connection) -> list[str]:
    """See that all tables are published to the one role that may read them; return those that cannot be, since they have no primary key.

    Without emptying: a TRUNCATE is not passed on.
    """
    role, publication = sql.Identifier(ROLE), sql.Identifier(PUBLICATION)
    if await (await connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (ROLE,))).fetchone() is None:
        await connection.execute(sql.SQL("CREATE ROLE {} LOGIN REPLICATION").format(role))
    await connection.execute("DROP TABLE IF EXISTS whole_copies")  # of former versions
    await connection.execute(TABLE)
    allowed = await connection.execute(
        "SELECT FROM pg_roles WHERE has_table_privilege(%s, %s, 'INSERT')", (ROLE, WHOLE)
    )
    if await allowed.fetchone() is None:
        grant = sql.SQL("GRANT SELECT, INSERT, UPDATE ON {} TO {}").format(sql.Identifier(WHOLE), role)
        await connection.execute(grant)
    found = await connection.execute("SELECT FROM pg_publication WHERE pubname = %s", (PUBLICATION,))
    if await found.fetchone() is None:
        await connection.execute(
            sql.SQL("CREATE PUBLICATION {} WITH (publish = 'insert, update, delete')").format(publication)
        )
    rows = await (await connection.execute(_TABLES, {"publication": PUBLICATION, "own": list(OWN)})).fetchall()
    fresh = [name for name, keyed, published in rows if keyed and not published]
    for name in [*fresh, *(OWN[:1] if fresh else ())]:
        await connection.execute(sql.SQL("GRANT SELECT ON {} TO {}").format(sql.Identifier(name), role))
    if fresh:
        await connection.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(role))
        tables = sql.SQL(", ").join(map(sql.Identifier, fresh))
        await connection.execute(sql.SQL("ALTER PUBLICATION {} ADD TABLE {}").format(publication, tables))
    return [name for name, keyed, _ in rows if not keyed]


async def readers(connection: Connection) -> list[Reader]:
    """Return who reads the store's changes, or did and may go on."""
    cursor = await connection.execute(
        "SELECT slot_name, active, wal_status IS DISTINCT FROM 'lost',"
        " coalesce(pg_wal_lsn_diff(confirmed_flush_lsn, '0/0'), 0)::bigint,"
        " CASE WHEN active THEN 0 ELSE coalesce(extract(epoch FROM now() - inactive_since), 0)::float8 END,"
        " safe_wal_size"
        " FROM pg_replication_slots WHERE database = current_database() ORDER BY slot_name"
    )
    return [Reader(*row) for row in await cursor.fetchall()]


async def forget(connection: Connection, slot: str) -> None:
    """Keep nothing any more for a slot that nobody reads."""
    await connection.execute(
        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s AND NOT active",
        (slot,),
    )


async def source(connection: Connection) -> Source | None:
    """Return what a store says of itself, asked as the role that reads its changes; None while it is only about to publish."""
    cursor = await connection.execute(
        "SELECT l.life, pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint, r.version_num::int,"
        " ARRAY(SELECT tablename::text FROM pg_publication_tables WHERE pubname = %s),"
        " ARRAY(SELECT slot_name::text FROM pg_replication_slots WHERE wal_status IS DISTINCT FROM 'lost'),"
        " ARRAY(SELECT slot_name::text FROM pg_replication_slots WHERE wal_status = 'lost'),"
        " coalesce((SELECT max(epoch) FROM region_state), 0)"
        " FROM store_life l, schema_revision r",
        (PUBLICATION,),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    life, position, revision, tables, kept, lost, epoch = row
    slots = dict.fromkeys(kept, True) | dict.fromkeys(lost, False)
    return Source(life, position, revision, frozenset(tables), slots, epoch)


async def is_left(connection: Connection) -> bool:
    """Whether the duties that were decided in this store were handed over, so that it stands still."""
    cursor = await connection.execute("SELECT FROM region_state WHERE phase = 'handed'")
    return await cursor.fetchone() is not None
