"""Two regions that no other test knows, and what lies between them."""

import secrets
from collections.abc import Callable

import pytest

from infra.administration import count_partitions, ensure_topics
from infra.postgres import make_pool
from region.store.repository.setup import prepare
from replication.codec import encode, encode_record
from replication.records import Relayed, Stream, Via
from replication.topics import JOURNAL
from tests.integration.relay.crossing import PARTITIONS, entry, write_rows


@pytest.fixture
def regions() -> tuple[str, str]:
    """Two regions that no other test knows, so that topics and groups are this test's own."""
    return f"a{secrets.token_hex(3)}", f"b{secrets.token_hex(3)}"


@pytest.fixture
async def journal(kafka: str) -> int:
    """Number of partitions of the journal; tests of this session share it, and look for their own streams there."""
    await ensure_topics(kafka, {JOURNAL: 4})
    return await count_partitions(kafka, JOURNAL)


@pytest.fixture
def relayed(regions: tuple[str, str]) -> Callable[[int], bytes]:
    """Return how to make the record of a sequence of partition 0's stream."""
    origin, here = regions
    stream = Stream(origin, 1, 1, here, 0)

    def make(sequence: int) -> bytes:
        return encode(Relayed(via=Via(stream, sequence, sequence), record=encode_record(entry(origin)), forwarded_at=1))

    return make


@pytest.fixture
async def origin_store(store_url: str, regions: tuple[str, str], redis_url: str) -> str:
    """A store of the origin with two streams of sixty sequences each to the other region."""
    origin, here = regions
    async with make_pool(store_url, size=1, name="test") as pool:
        await prepare(pool, region=origin, partitions=PARTITIONS)
    written = await write_rows(store_url, redis_url, origin, here, batches=40)
    assert set(written.values()) == {60}
    return store_url
