"""What waits for another region is seen: how much, and since when."""

import pytest
from prometheus_client.samples import Sample

from infra.postgres import make_pool
from region.projector import metrics
from region.projector.pruning import measure_pendings
from region.projector.rehearsal import message
from region.store.repository.committing import commit
from region.store.repository.setup import prepare
from region.store.rows import Pending, Place
from region.store.writes import Move, Writes
from replication.ids import new_user_id

pytestmark = pytest.mark.integration


def measured() -> list[Sample]:
    """Return what the metric says."""
    return [sample for metric in metrics.OLDEST_PENDING.collect() for sample in metric.samples]


async def test_the_oldest_pending_is_measured_and_nothing_is_left_of_it_when_it_was_decided(postgres_url: str) -> None:
    """An opening, or a message, that was lost on its way shows as a pending that grows old."""
    sent = message(new_user_id("us"), new_user_id("eu"), "hello")
    async with make_pool(postgres_url, size=1, name="test") as pool:
        await prepare(pool, region="us", partitions=1)
        async with pool.connection() as connection:
            kept = Writes(pendings={sent.id: Pending(sent, "eu", 1, 1)})
            await commit(connection, [Move(Place(0, 0, 0), 1, 0)], kept)
        await measure_pendings(pool)
        (sample,) = measured()
        assert (sample.labels, sample.value) == ({"region": "eu"}, sent.submitted_at / 1e6)

        async with pool.connection() as connection:
            await commit(connection, [Move(Place(0, 1, 0), 2, 0)], Writes(resolved={sent.id}))
        await measure_pendings(pool)
        assert measured() == []
