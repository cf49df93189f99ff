"""Look at a projector's session from beside: whether Kafka and the store answer, and how far the journal is ahead.

Reading waits for Kafka without an error, and a commit for a store that is paused; so neither tells by itself.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import Protocol

import structlog

from infra.health import Health
from infra.kafka import KafkaError
from infra.tasks import heed_cancellation
from infra.telling import told
from region.projector import metrics

log = structlog.get_logger()

PAUSE = 5.0
"""Between two looks, seconds."""

PATIENCE = 4.0
"""How long Kafka may take to answer, and the store to take a batch, until that is told, seconds."""


class Journal(Protocol):
    """What says where partitions end."""

    async def ends(self, partitions: Iterable[int]) -> dict[int, int]:
        """Return the next offset to be written in each."""


class Working(Protocol):
    """What says since when it has been at a batch."""

    @property
    def busy_since(self) -> float | None:
        """On the monotonic clock; None between batches."""


async def watch(
    journal: Journal,
    projection: Working,
    expected: Mapping[int, int],
    health: Health,
    *,
    pause: float = PAUSE,
    patience: float = PATIENCE,
) -> None:
    """Look again and again until cancelled; only an error that nobody expects ends it, and is to end the session.

    Args:
        journal: Asked for its ends.
        projection: Asked whether it is at a batch for too long.
        expected: The next offset of each partition; read anew each time.
        health: Told of `journal`, and of `store` when that is silent; whoever commits tells that it is well again.
        pause: Between two looks, seconds.
        patience: How long anybody may take to answer, seconds.
    """
    while True:
        heed_cancellation()
        if (since := projection.busy_since) is not None and (silent := time.monotonic() - since) > patience:
            health.tell("store", ok=False, detail=f"the store has been silent for {silent:.0f} s")
        try:
            async with asyncio.timeout(patience):  # one request: each waits behind a fetch, and so for a second
                asked_at = time.time()
                ends = await journal.ends(expected)
            for partition, end in ends.items():
                metrics.JOURNAL_END.labels(partition).set(end)
                metrics.LAG.labels(partition).set(max(0, end - expected[partition]))
                if expected[partition] >= end:
                    metrics.REACHED.labels(partition).set(asked_at)
        except (KafkaError, OSError) as error:  # the timeout among them
            reason = told(error)
            log.warning("the journal's end is unknown", error=reason)
            health.tell("journal", ok=False, detail=f"Kafka does not answer: {reason}")
            await asyncio.sleep(pause / 5)  # its return is to be seen at once
        else:
            health.tell("journal", ok=True)
            await asyncio.sleep(pause)
