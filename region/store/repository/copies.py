"""SQL in a store that a standby copies: which copy of it is whole, and how far that one has come. PostgreSQL's alone."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, LiteralString

import psycopg
from psycopg import sql

from infra.postgres import Connection
from replication.turns.takeover_repository import WHOLE_SLOT

WHOLE: Final = "whole_copy"
"""The table below; it says something of this store alone, and is copied nowhere."""
TABLE: Final[LiteralString] = """
    CREATE TABLE IF NOT EXISTS whole_copy (
        one INT PRIMARY KEY CHECK (one = 1),
        slot TEXT NOT NULL CHECK (length(slot) <= 63),
        tables TEXT NOT NULL CHECK (length(tables) = 64),
        said_at BIGINT NOT NULL
    )
"""
"""What a standby says of its copy, so that its confirmation of a position means that it has all from before.

slot: what the copy's changes are kept by; tables: a digest of which it has as a whole; said_at: by this store's clock, microseconds since the epoch. A copy
that is still being made confirms positions as well, and lacks the tables that were not brought yet. One row, of a bounded size, since it is another region
that writes it. No revision brings it, since only a store that is copied has it.
"""


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a store's log has come, and how far its standby has it.

    Attributes:
        position: Up to where everything is committed for good here, bytes.
        confirmed: Up to where a whole copy at the standby has everything for good, bytes; None if there is none.
    """

    position: int
    confirmed: int | None


def digest_of(tables: Iterable[str]) -> str:
    """Return what stands for those tables, as `WHOLE_SLOT` compares it: of another set it is another, be it as large."""
    return hashlib.sha256(",".join(sorted(tables)).encode()).hexdigest()


async def say_whole(connection: Connection, slot: str, tables: str) -> None:
    """Say, as the standby, that a copy has tables of that digest as a whole: all that were offered."""
    await connection.execute(
        "INSERT INTO whole_copy (one, slot, tables, said_at) VALUES (1, %s, %s, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)"
        " ON CONFLICT (one) DO UPDATE SET slot = excluded.slot, tables = excluded.tables, said_at = excluded.said_at",
        (slot, tables),
    )


async def reach(connection: Connection, standby: str) -> Reach:
    """Return how far the log has come, and how far the standby of that name has it; a table that is offered since leaves no copy whole.

    Raises:
        psycopg.Error: The store fails.
    """
    try:
        cursor = await connection.execute(
            sql.SQL(
                "SELECT pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::bigint,"
                " (SELECT max(pg_wal_lsn_diff(s.confirmed_flush_lsn, '0/0'))::bigint FROM pg_replication_slots s"
                " WHERE s.database = current_database() AND s.wal_status IS DISTINCT FROM 'lost' AND starts_with(s.slot_name, %s)"
                " AND s.slot_name = ({}))"
            ).format(sql.SQL(WHOLE_SLOT)),
            (f"standby_{standby}_",),
        )
    except psycopg.errors.UndefinedTable:  # it has not begun to offer its changes
        cursor = await connection.execute(
            "SELECT pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::bigint, NULL::bigint"
        )
    row = await cursor.fetchone()
    assert row is not None
    return Reach(*row)
