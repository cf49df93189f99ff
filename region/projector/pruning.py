"""Every now and then, take out of the store what is old and was followed by everybody, and see what waits for too long."""

import asyncio
import random
import time

import psycopg
import structlog

from infra.postgres import Pool
from infra.tasks import heed_cancellation
from infra.telling import told
from region.projector import metrics
from region.projector.sharing import Share
from region.store.repository.loading import waiting_since
from region.store.repository.moderation import count_open, prune_reports
from region.store.repository.pruning import prune, prune_devices
from replication.poison import repository as poison

log = structlog.get_logger()

PAUSE = 60.0
"""Between two looks, seconds."""

CHUNK = 500
"""Batches taken out in one transaction."""

LONG = 300.0
"""After how many seconds a message that waits for another region is worth a warning."""


async def prune_forever(
    pool: Pool,
    *,
    retention: float,
    aside_retention: float,
    devices_retention: float,
    reports_retention: float,
    share: Share,
    destinations: tuple[str, ...],
) -> None:
    """Prune until cancelled; whatever goes wrong is tried again later.

    Args:
        pool: Connections to the store.
        retention: How long outputs and relay rows are kept, seconds.
        aside_retention: How long what was put aside is kept, seconds.
        devices_retention: How long devices are kept that were logged out, seconds.
        reports_retention: How long reports are kept that were closed, seconds.
        share: Says which journal partitions are this process's.
        destinations: The regions that are forwarded to.
    """
    while True:
        heed_cancellation()
        await asyncio.sleep(PAUSE * random.uniform(0.5, 1.5))  # noqa: S311 — jitter
        try:
            for partition in share.partitions:
                await _prune(pool, partition, destinations, before=int((time.time() - retention) * 1e6))
            await measure_pendings(pool)
            await prune_aside(pool, before=int((time.time() - aside_retention) * 1e6))
            await measure_aside(pool)
            await _prune_devices(pool, before=int((time.time() - devices_retention) * 1e6))
            await _prune_reports(pool, before=int((time.time() - reports_retention) * 1e6))
        except psycopg.Error as error:
            log.warning("pruning is put off", error=told(error))


async def measure_pendings(pool: Pool) -> None:
    """Measure since when messages wait for each region: what was lost on its way to or from there shows as an old one.

    Raises:
        psycopg.Error: The store failed.
    """
    async with pool.connection() as connection:
        waiting = await waiting_since(connection)
    metrics.OLDEST_PENDING.clear()
    for region, (count, oldest) in waiting.items():
        metrics.OLDEST_PENDING.labels(region).set(oldest / 1e6)
        if time.time() - oldest / 1e6 > LONG:
            log.warning("messages wait for long", region=region, messages=count, oldest=oldest)


async def measure_aside(pool: Pool) -> None:
    """Measure how much is aside.

    Raises:
        psycopg.Error: The store failed.
    """
    async with pool.connection() as connection:
        found = await poison.amounts(connection)
    metrics.ASIDE.clear()
    metrics.ASIDE_BYTES.clear()
    for (source, kind), amount in found.items():
        metrics.ASIDE.labels(source, kind.value).set(amount.records)
        metrics.ASIDE_BYTES.labels(source, kind.value).set(amount.size)


async def prune_aside(pool: Pool, *, before: int) -> None:
    """Take out what was put aside and is old; of what nobody has looked after it is told.

    Args:
        pool: Connections to the store.
        before: Microseconds since the epoch.

    Raises:
        psycopg.Error: The store failed.
    """
    async with pool.connection() as connection:
        replayed, old = await poison.prune(connection, before=before)
    metrics.PRUNED.labels("aside").inc(replayed + old)
    if old:
        log.warning("poison is forgotten that was never taken in", records=old, before=before)


async def _prune(pool: Pool, partition: int, destinations: tuple[str, ...], *, before: int) -> None:
    more = True
    while more:
        async with pool.connection() as connection:
            outputs, relay_rows = await prune(
                connection, partition=partition, destinations=destinations, before=before, most=CHUNK
            )
        metrics.PRUNED.labels("outputs").inc(outputs)
        metrics.PRUNED.labels("relay_rows").inc(relay_rows)
        more = outputs == CHUNK


async def _prune_devices(pool: Pool, *, before: int) -> None:
    more = True
    while more:
        async with pool.connection() as connection:
            devices = await prune_devices(connection, before=before, most=CHUNK)
        metrics.PRUNED.labels("devices").inc(devices)
        more = devices == CHUNK


async def _prune_reports(pool: Pool, *, before: int) -> None:
    more = True
    while more:
        async with pool.connection() as connection:
            reports = await prune_reports(connection, before=before, most=CHUNK)
            metrics.OPEN_REPORTS.set(await count_open(connection))
        metrics.PRUNED.labels("reports").inc(reports)
        more = reports == CHUNK
