"""SQL in a store that a standby copies: which copies of it are whole, and how far those have come. PostgreSQL's alone."""

from dataclasses import dataclass
from typing import Final, LiteralString

import psycopg

from infra.postgres import Connection

PUBLICATION: Final = "standby"
"""By what name a store offers its changes."""
WHOLE: Final = "whole_copies"
"""The table below; it says something of this store alone, and is copied nowhere."""
TABLE: Final[LiteralString] = (
    "CREATE TABLE IF NOT EXISTS whole_copies (slot TEXT PRIMARY KEY, tables INT NOT NULL, said_at BIGINT NOT NULL)"
)
"""What a standby says of its copies, so that its confirmation of a position means that it has all from before.

slot: what the copy's changes are kept by; tables: how many it has as a whole; said_at: by this store's clock, microseconds since the epoch. A copy
that is still being made confirms positions as well, and lacks the tables that were not brought yet. No revision brings it, since only a store that is
copied has it.
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


async def say_whole(connection: Connection, slot: str, tables: int) -> None:
    """Say, as the standby, that a copy has so many tables as a whole: all that were offered."""
    await connection.execute(
        "INSERT INTO whole_copies (slot, tables, said_at) VALUES (%s, %s, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)"
        " ON CONFLICT (slot) DO UPDATE SET tables = excluded.tables, said_at = excluded.said_at",
        (slot, tables),
    )


async def reach(connection: Connection, standby: str) -> Reach:
    """Return how far the log has come, and how far the standby of that name has it; a table that is offered since leaves no copy whole.

    Raises:
        psycopg.Error: The store fails.
    """
    try:
        cursor = await connection.execute(
            "SELECT pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::bigint,"
            " (SELECT max(pg_wal_lsn_diff(s.confirmed_flush_lsn, '0/0'))::bigint FROM pg_replication_slots s"
            " JOIN whole_copies w ON w.slot = s.slot_name"
            " WHERE s.database = current_database() AND s.wal_status IS DISTINCT FROM 'lost' AND starts_with(s.slot_name, %s)"
            " AND w.tables = (SELECT count(*) FROM pg_publication_tables WHERE pubname = %s))",
            (f"standby_{standby}_", PUBLICATION),
        )
    except psycopg.errors.UndefinedTable:  # it has not begun to offer its changes
        cursor = await connection.execute(
            "SELECT pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::bigint, NULL::bigint"
        )
    row = await cursor.fetchone()
    assert row is not None
    return Reach(*row)
