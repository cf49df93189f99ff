"""SQL in the copy of a region's store, at the site that stands by: what that site has promised to the region, and whether it has ever claimed. PostgreSQL's alone."""

from dataclasses import dataclass
from typing import Final, LiteralString

import psycopg

from infra.postgres import Connection

PROMISE: Final = "lease_promise"
"""The table below; it says something of who stands by, and is copied nowhere."""
_TABLE: Final[LiteralString] = """
    CREATE TABLE IF NOT EXISTS lease_promise (
        one INT PRIMARY KEY CHECK (one = 1),
        epoch BIGINT NOT NULL,
        incarnation BIGINT NOT NULL,
        until BIGINT NOT NULL,
        claimed BOOLEAN NOT NULL
    )
"""
"""One row. until: by this server's wall clock, microseconds since the epoch, which outlives a process as a machine's own would not. Who has claimed in an epoch stays that."""


@dataclass(frozen=True, slots=True)
class Promised:
    """What the row says.

    Attributes:
        epoch: In which who stands by was named, or has claimed the next one.
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


async def make(connection: Connection) -> None:
    """Make the table unless it is there."""
    await connection.execute(_TABLE)


async def read(connection: Connection) -> Promised | None:
    """Return what is promised, and keep others from changing it until the transaction ends; None if nobody was named yet."""
    try:
        cursor = await connection.execute(
            "SELECT epoch, incarnation, until, claimed, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
            " FROM lease_promise WHERE one = 1 FOR UPDATE"
        )
    except psycopg.errors.UndefinedTable:
        return None
    row = await cursor.fetchone()
    return None if row is None else Promised(*row)


async def put(connection: Connection, epoch: int, incarnation: int, *, until: int, claimed: bool) -> None:
    """Write the row; one of a later epoch stays as it is, and who has claimed in an epoch has."""
    await connection.execute(
        "INSERT INTO lease_promise AS known (one, epoch, incarnation, until, claimed) VALUES (1, %s, %s, %s, %s)"
        " ON CONFLICT (one) DO UPDATE SET epoch = excluded.epoch, incarnation = excluded.incarnation,"
        " until = CASE WHEN known.epoch = excluded.epoch THEN greatest(known.until, excluded.until) ELSE excluded.until END,"
        " claimed = excluded.claimed OR (known.epoch = excluded.epoch AND known.claimed)"
        " WHERE known.epoch <= excluded.epoch",
        (epoch, incarnation, until, claimed),
    )


async def carry_over(old: Connection, new: Connection) -> None:
    """Give a copy that takes another's place what was promised by that one."""
    if (known := await read(old)) is not None:
        await make(new)
        await put(new, known.epoch, known.incarnation, until=known.until, claimed=known.claimed)


async def forget(connection: Connection, epoch: int, waits: int) -> None:
    """Begin, in a copy before which there was none, as if all that can have been promised had been.

    Args:
        connection: To the copy.
        epoch: In which its region holds its duties.
        waits: For how long a promise lasts, microseconds.
    """
    await make(connection)
    await connection.execute(
        "INSERT INTO lease_promise (one, epoch, incarnation, until, claimed)"
        " VALUES (1, %s, 0, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint + %s, false) ON CONFLICT (one) DO NOTHING",
        (epoch, waits),
    )
