"""What tests of the store's repositories share."""

from collections.abc import AsyncIterator

import pytest

from infra.postgres import Connection, make_pool
from region.store.repository.setup import prepare


@pytest.fixture
async def connection(store_url: str) -> AsyncIterator[Connection]:
    """A connection to a prepared store."""
    async with make_pool(store_url, size=1, name="test") as pool:
        await prepare(pool, region="us", partitions=2)
        async with pool.connection() as made:
            yield made
