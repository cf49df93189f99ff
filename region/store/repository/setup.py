"""Making a new store, and waiting until it is there."""

import asyncio
from collections.abc import Awaitable, Callable

import psycopg
import structlog

from infra.backoff import Backoff
from infra.errors import CausewayError
from infra.postgres import Connection, Pool
from infra.schema.repository import state
from infra.schema.revisions import check
from infra.tasks import heed_cancellation
from infra.telling import told
from region.store.revisions import SCHEMA
from region.store.rows import RegionState

log = structlog.get_logger()


class ForeignStoreError(CausewayError):
    """The store belongs to {found}, not to {wanted}. Point CAUSEWAY_STORE at this region's own store, or wipe it."""

    code = "foreign-store"
    definite = True


async def prepare(
    pool: Pool, *, region: str, partitions: int, may_begin: Callable[[], Awaitable[None]] | None = None
) -> RegionState:
    """Make a new store, as incarnation 1 in epoch 1; safe to repeat, and by several at once.

    A store that has tables and no revisions is older than those are, and gets all of them, too.

    Args:
        pool: Connections to it.
        region: Whose it is, or is to be.
        partitions: Of the journal.
        may_begin: Raises an error unless the region may begin its first life, asked before anything is made; None: it may.

    Raises:
        ForeignStoreError: It is another region's store, or has another number of partitions.
        SchemaError: Its schema is none that this version understands.
        psycopg.OperationalError: The store cannot be reached.
    """
    async with pool.connection() as connection:
        schema = await state(connection)
        is_new = await _state_if_there(connection) is None
    if is_new and may_begin is not None:
        await may_begin()
    if schema is None:
        from infra.schema.worker import create  # noqa: PLC0415  # SQLAlchemy and alembic, once in a store's life

        assert isinstance(pool.conninfo, str)
        schema = await create(SCHEMA, pool.conninfo)
    check(SCHEMA, schema)
    async with pool.connection() as connection:
        known = await _state_if_there(connection) or await _begin(connection, region, partitions)
    if known is None or (known.region, known.partitions) != (region, partitions):
        found = "nobody" if known is None else f"{known.region} with {known.partitions} partitions"
        raise ForeignStoreError(found=found, wanted=f"{region} with {partitions} partitions")
    return known


async def _begin(connection: Connection, region: str, partitions: int) -> RegionState | None:
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
    return await _state_if_there(connection)


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
            found = await region_state(pool)
        except psycopg.OperationalError as error:
            log.debug("the store cannot be reached", error=told(error))
            found = None
        if found is not None:
            return found
        await asyncio.sleep(backoff.next())


async def _state_if_there(connection: Connection) -> RegionState | None:
    try:
        cursor = await connection.execute("SELECT region, incarnation, epoch, partitions FROM region_state LIMIT 1")
    except psycopg.errors.UndefinedTable:
        return None
    row = await cursor.fetchone()
    return None if row is None else RegionState(*row)
