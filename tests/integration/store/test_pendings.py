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
from replication.records import Entry, LogBody, Submission

pytestmark = pytest.mark.integration


def measured() -> list[Sample]:
    """Return what the metric says."""
    return [sample for metric in metrics.OLDEST_PENDING.collect() for sample in metric.samples]


async def test_the_oldest_pending_is_measured_and_nothing_is_left_of_it_when_it_was_decided(store_url: str) -> None:
    """An opening, or a message, that was lost on its way shows as a pending that grows old."""
    sent = message(new_user_id("us"), new_user_id("eu"), "hello")
    async with make_pool(store_url, size=1, name="test") as pool:
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


@pytest.mark.parametrize("rare", [False, True])
async def test_who_commits_learns_which_entries_nobody_here_has_submitted(store_url: str, *, rare: bool) -> None:
    """They have no pending; whether or not the batch has what most batches have not."""
    author, other = new_user_id("us"), new_user_id("eu")
    sent, forged = message(author, other, "said"), message(author, other, "never said")
    entries = [entry_of(sent, 1), entry_of(forged, 2)]
    async with make_pool(store_url, size=1, name="test") as pool:
        await prepare(pool, region="us", partitions=1)
        async with pool.connection() as connection:
            kept = Writes(pendings={sent.id: Pending(sent, "eu", 1, 1)})
            assert await commit(connection, [Move(Place(0, 0, 0), 1, 0)], kept) == ()
            told = Writes(
                entries=[(entry, entry.seq) for entry in entries],
                resolved={sent.id, forged.id},
                claimed={entry.message_id: entry for entry in entries},
                writers={author: "friends"} if rare else {},
            )
            assert told.rare == rare
            assert await commit(connection, [Move(Place(0, 1, 0), 2, 0)], told) == (entries[1],)


def entry_of(sent: Submission, seq: int) -> Entry:
    """Return what a message becomes."""
    assert isinstance(sent.body, LogBody)
    return Entry(
        conversation_id=sent.conversation_id,
        seq=seq,
        epoch=1,
        incarnation=1,
        count=seq,
        message_id=sent.id,
        author=sent.author,
        home=sent.home,
        content_hash=sent.content_hash,
        body=sent.body,
        sent_at=1,
    )
