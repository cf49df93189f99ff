"""Creating the store's tables, and waiting until they are there."""

import asyncio

import psycopg
import structlog

from infra.backoff import Backoff
from infra.errors import CausewayError
from infra.postgres import Connection, Pool
from infra.tasks import heed_cancellation
from region.store.rows import RegionState
from region.store.schema import POSTGRES_ONLY, SCHEMA

log = structlog.get_logger()

RACES = (
    psycopg.errors.UniqueViolation,
    psycopg.errors.DuplicateObject,
    psycopg.errors.DuplicateTable,
    psycopg.errors.InternalError_,
)
"""What `IF NOT EXISTS` raises when two prepare at once."""

ATTEMPTS = 10
"""How often such a race may be lost; then the error is another's fault."""


class ForeignStoreError(CausewayError):
    """The store belongs to {found}, not to {wanted}. Point CAUSEWAY_STORE at this region's own store, or wipe it."""

    code = "foreign-store"
    definite = True


async def prepare(pool: Pool, *, region: str, partitions: int) -> RegionState:
    """Create what is missing, as incarnation 1 in epoch 1 if the store is new; safe to repeat, and by several at once.

    Raises:
        ForeignStoreError: It is another region's store, or has another number of partitions.
        psycopg.OperationalError: The store cannot be reached.
    """
    backoff = Backoff(most=0.5)
    while True:
        try:
            async with pool.connection() as connection:
                return await _prepare(connection, region, partitions)
        except RACES as race:
            if backoff.attempts >= ATTEMPTS:
                raise
            log.debug("raced for the schema", attempt=backoff.attempts, error=str(race))
            await asyncio.sleep(backoff.next())


async def _prepare(connection: Connection, region: str, partitions: int) -> RegionState:
    known = await _state_if_there(connection)
    for statement in SCHEMA:
        await connection.execute(statement.encode())
    if known is None:
        cursor = await connection.execute("SELECT version()")
        version = await cursor.fetchone()
        if version is not None and "CockroachDB" not in version[0]:
            for statement in POSTGRES_ONLY:
                await connection.execute(statement.encode())
        await connection.execute(
            "INSERT INTO journal_partitions (partition, next_offset, position, updated_at)"
            " SELECT p, 0, 0, 0 FROM generate_series(0, %s::int - 1) AS p ON CONFLICT DO NOTHING",
            (partitions,),
        )
        await connection.execute(
            "INSERT INTO region_state (region, incarnation, epoch, partitions)"
            " SELECT %s, 1, 1, %s WHERE NOT EXISTS (SELECT 1 FROM region_state) ON CONFLICT DO NOTHING",
            (region, partitions),
        )
        known = await _state_if_there(connection)
    if known is None or (known.region, known.partitions) != (region, partitions):
        found = "nobody" if known is None else f"{known.region} with {known.partitions} partitions"
        raise ForeignStoreError(found=found, wanted=f"{region} with {partitions} partitions")
    return known


async def region_state(pool: Pool) -> RegionState | None:
    """Return which region and incarnation the store belongs to; None if it was not prepared yet.

    Raises:
        psycopg.OperationalError: The store cannot be reached.
    """
    async with pool.connection() as connection:
        return await _state_if_there(connection)


async def wait_ready(pool: Pool, *, longest: float = 2.0) -> RegionState:
    """Wait until a projector has prepared the store, however long that takes.

    Args:
        pool: Connections to the store, opened.
        longest: The longest pause between two looks, seconds.
    """
    backoff = Backoff(most=longest)
    while True:
        heed_cancellation()
        try:
            state = await region_state(pool)
        except psycopg.OperationalError as error:
            log.debug("the store cannot be reached", error=str(error))
            state = None
        if state is not None:
            return state
        await asyncio.sleep(backoff.next())


async def _state_if_there(connection: Connection) -> RegionState | None:
    try:
        cursor = await connection.execute("SELECT region, incarnation, epoch, partitions FROM region_state LIMIT 1")
    except psycopg.errors.UndefinedTable:
        return None
    row = await cursor.fetchone()
    return None if row is None else RegionState(*row)
