"""SQL of what the site of a standby has promised to the regions that it stands by for, and whether it has ever claimed. PostgreSQL's alone.

It lies in a small database of its own, in the server that has their copies: a copy may be made anew, be handed over, or be thrown away, and the promise stands.
"""

import contextlib
from dataclasses import dataclass
from typing import Any, Final, LiteralString

import psycopg
from psycopg import sql

from infra.postgres import Connection, elsewhere
from infra.schema.repository import connect

DATABASE: Final = "lease_promises"
MAINTENANCE: Final = "postgres"
"""The database from which others are made."""
LIMITS: Final = (
    "-c statement_timeout=1000 -c lock_timeout=500 -c idle_in_transaction_session_timeout=1000 -c synchronous_commit=on"
)
"""Whoever holds the row up is let go long before a lease ends; what is promised must outlive the server."""
_TABLE: Final[LiteralString] = """
    CREATE TABLE IF NOT EXISTS promises (
        region TEXT PRIMARY KEY,
        epoch BIGINT NOT NULL,
        incarnation BIGINT NOT NULL,
        until BIGINT NOT NULL,
        claimed BOOLEAN NOT NULL
    )
"""
"""until: by this server's wall clock, microseconds since the epoch, which outlives a process and is the same for all of them. Who has claimed in an epoch stays that."""
_RACES: Final = (
    psycopg.errors.DuplicateDatabase,
    psycopg.errors.DuplicateTable,
    psycopg.errors.UniqueViolation,
)


@dataclass(frozen=True, slots=True)
class Promised:
    """What a row says.

    Attributes:
        epoch: In which the site was named, or has claimed the next one.
        incarnation: Of the holder's store.
        until: How long it does not claim, by the server's clock, microseconds; 0 if it never promised.
        claimed: Whether it has ever asked for the epoch's end.
        now: The server's clock as it was read.
    """

    epoch: int
    incarnation: int
    until: int
    claimed: bool
    now: int


def place(store: str) -> str:
    """Return the URL of the database, in the server of another one of the site's: its own store, or a copy."""
    return elsewhere(store, DATABASE)


async def prepare(store: str) -> None:
    """Make the database and its table unless they are there.

    Raises:
        psycopg.Error: The server does not answer, or does not let it.
    """
    async with await connect(elsewhere(store, MAINTENANCE), name="causeway promises") as connection:
        there = await connection.execute("SELECT FROM pg_database WHERE datname = %s", (DATABASE,))
        if await there.fetchone() is None:
            with contextlib.suppress(*_RACES):
                await connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
    async with await connect(place(store), name="causeway promises") as connection:
        with contextlib.suppress(*_RACES):
            await connection.execute(_TABLE)


async def name(connection: Connection, region: str, epoch: int, incarnation: int, *, claimed: bool = False) -> None:
    """Write down in which epoch the site is named; one that is known stays as it is, but that `claimed` is added to it, and an earlier one goes."""
    await connection.execute(
        "INSERT INTO promises AS known (region, epoch, incarnation, until, claimed) VALUES (%s, %s, %s, 0, %s)"
        " ON CONFLICT (region) DO UPDATE SET epoch = excluded.epoch, incarnation = excluded.incarnation,"
        " until = CASE WHEN known.epoch = excluded.epoch THEN known.until ELSE 0 END,"
        " claimed = excluded.claimed OR (known.epoch = excluded.epoch AND known.claimed)"
        " WHERE known.epoch <= excluded.epoch",
        (region, epoch, incarnation, claimed),
    )


_ROW: Final[LiteralString] = (
    "SELECT epoch, incarnation, until, claimed, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
    " FROM promises WHERE region = %s"
)


async def look(connection: Connection, region: str) -> Promised | None:
    """Return what is promised to a region; None if the site was never named."""
    return _promised(await (await connection.execute(_ROW, (region,))).fetchone())


async def read(connection: Connection, region: str) -> Promised | None:
    """Return the same, and keep others from changing it until the transaction ends."""
    return _promised(await (await connection.execute(f"{_ROW} FOR UPDATE", (region,))).fetchone())


def _promised(row: tuple[Any, ...] | None) -> Promised | None:
    return None if row is None else Promised(*row)


async def promise(connection: Connection, region: str, epoch: int, until: int) -> None:
    """Write a promise down, in the transaction in which the row was read."""
    await connection.execute("UPDATE promises SET until = %s WHERE region = %s AND epoch = %s", (until, region, epoch))
