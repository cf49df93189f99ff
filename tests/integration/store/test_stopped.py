"""What a region's store says of what was stopped."""

import pytest

from infra.postgres import make_pool
from region.projector.rehearsal import message
from region.store.repository.committing import commit
from region.store.repository.restraints import texts_in
from region.store.repository.setup import prepare
from region.store.rows import Place
from region.store.writes import Move, Writes
from replication.ids import direct_conversation_id, new_user_id
from replication.records import Entry, MessageSent

pytestmark = pytest.mark.integration

ALICE, EVA = new_user_id("us"), new_user_id("us")
PAIR = direct_conversation_id(ALICE, EVA)


def entry(author: str, recipient: str, seq: int) -> Entry:
    """A message of that number."""
    sent = message(author, recipient, f"text {seq}")
    assert isinstance(sent.body, MessageSent)
    return Entry(
        conversation_id=PAIR, seq=seq, epoch=1, incarnation=1, count=seq, message_id=sent.id, author=author,
        home="us", content_hash=b"", body=sent.body, sent_at=1,
    )  # fmt: skip


async def test_messages_of_one_author_are_counted_over_all_runs_at_once(store_url: str) -> None:
    """The other's are not, and what lies between the runs is not."""
    told = [entry(*((EVA, ALICE) if seq == 5 else (ALICE, EVA)), seq) for seq in range(1, 10)]
    async with make_pool(store_url, size=1, name="test") as pool:
        await prepare(pool, region="us", partitions=1)
        async with pool.connection() as connection:
            await commit(connection, [Move(Place(0, 0, 0), 1, 0)], Writes(entries=[(one, 0) for one in told]))
            counted = [await texts_in(connection, PAIR, runs, ALICE) for runs in ((), ((2, 3), (5, 6), (8, 20)))]

    assert counted == [0, 5]
