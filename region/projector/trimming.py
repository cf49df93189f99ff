"""Every now and then, cuts off of the journal what is old and decided: what nobody has decided stays, however long nobody was there to do it.

Kafka itself is told to keep all: by time alone it would delete, when a site comes back after days, what was accepted there and is still to be handed in.
"""

import asyncio
import random
import time
from collections.abc import Mapping
from typing import Final

import psycopg
import structlog

from infra.administration import cut
from infra.kafka import Consumer, KafkaError
from infra.postgres import Pool
from infra.tasks import heed_cancellation
from infra.telling import told
from region.projector import metrics
from region.projector.sharing import Share
from region.store.repository.loading import places
from replication.turns.takeover_repository import read_owed

log = structlog.get_logger()

KEEPS_ALL: Final = {"retention.ms": "-1"}
"""Settings of the journal's topic."""
PAUSE: Final = 600.0
"""Between two looks, seconds."""


def cuts(
    old: Mapping[int, int], decided: Mapping[int, int], first: Mapping[int, int], owed: Mapping[int, int]
) -> dict[int, int]:
    """Return where partitions are cut; only those of which something goes. Pure.

    Args:
        old: Partition to the first offset that is young enough to stay.
        decided: Partition to the first offset that was not decided.
        first: Partition to the first offset that is there.
        owed: Partition to the first offset that is still to be read: from there on, what was set is compared with what a site hands in that is gone.
    """
    wanted = {p: min(at, decided.get(p, 0), owed.get(p, at)) for p, at in old.items()}
    return {p: at for p, at in wanted.items() if at > first[p]}


async def trim_forever(pool: Pool, *, kafka: str, topic: str, site: str, keep: float, share: Share) -> None:
    """Trim until cancelled; whatever goes wrong is tried again later.

    Args:
        pool: Connections to the store.
        kafka: Bootstrap servers.
        topic: The journal's topic.
        site: Where it is.
        keep: How long what is decided is kept, seconds.
        share: Says which partitions are this process's.
    """
    while True:
        heed_cancellation()
        await asyncio.sleep(PAUSE * random.uniform(0.5, 1.5))  # noqa: S311 — jitter
        try:
            await trim(
                pool, kafka=kafka, topic=topic, site=site, before=time.time() - keep, partitions=share.partitions
            )
        except (psycopg.Error, KafkaError, OSError) as error:
            log.warning("trimming the journal is put off", error=told(error))


async def trim(pool: Pool, *, kafka: str, topic: str, site: str, before: float, partitions: tuple[int, ...]) -> None:
    """Cut off what was written before a time, in seconds since the epoch, and is decided.

    Raises:
        psycopg.Error: The store failed.
        KafkaError: Kafka did.
    """
    async with pool.connection() as connection:  # first: what is decided by now stays decided
        decided = {p: place.next_offset for p, place in (await places(connection, partitions)).items()}
        owed = await read_owed(connection, site)
    async with Consumer(kafka, topic, client="trim") as journal:
        old = await journal.since(partitions, before)
        first = {partition: (await journal.bounds(partition))[0] for partition in partitions}
    if cut_at := cuts(old, decided, first, owed):
        await cut(kafka, topic, cut_at)
        metrics.TRIMMED.inc(sum(at - first[partition] for partition, at in cut_at.items()))
