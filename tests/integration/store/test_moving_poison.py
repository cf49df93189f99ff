"""What was put aside before there was a table `aside`: it is moved after the roll, not copied before it, when it may still be written."""

from collections.abc import AsyncIterator
from dataclasses import replace

import psycopg
import pytest

from infra.postgres import make_pool
from infra.schema.worker import working
from region.store.repository.setup import prepare
from region.store.revisions import SCHEMA

pytestmark = pytest.mark.integration
BEFORE = replace(SCHEMA, knows=2, needs=2)
"""What the version before there was a table `aside` knows."""


def silent(doing: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


@pytest.fixture
async def connection(store_url: str) -> AsyncIterator[psycopg.AsyncConnection]:
    """A store as that version left it, and whoever writes to it as that version does."""
    async with make_pool(store_url, size=2, name="test") as pool:
        await prepare(pool, region="us", partitions=2)
    async with await psycopg.AsyncConnection.connect(store_url, autocommit=True) as made:
        await made.execute("DROP TABLE aside")
        await made.execute(f"UPDATE schema_revision SET version_num = '{BEFORE.knows:04d}'".encode())
        yield made


async def put_into_poison(connection: psycopg.AsyncConnection, *offsets: int) -> None:
    """Put records aside as the version before does."""
    for offset in offsets:
        await connection.execute("INSERT INTO poison VALUES (1, %s, 'damaged', 'x', 7)", (offset,))


async def aside(connection: psycopg.AsyncConnection) -> list[tuple[object, ...]]:
    """Return what is aside, in the columns that revision 3 made."""
    cursor = await connection.execute(
        "SELECT source, partition, place, kind, reason, value, found_at FROM aside ORDER BY place"
    )
    return await cursor.fetchall()


async def test_what_was_put_aside_until_the_last_moment_is_moved(
    connection: psycopg.AsyncConnection, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between expand and migrate the version before still runs, and still puts aside where it always did."""
    monkeypatch.setattr("infra.schema.worker.ROWS", 2)
    await put_into_poison(connection, 1, 2)
    async with working(SCHEMA, store_url) as worker:
        await worker.expand(silent)
        assert await aside(connection) == []

        await put_into_poison(connection, 3, 4, 5)
        await worker.migrate(silent)

    assert await aside(connection) == [
        ("journal", 1, offset, "impossible", "damaged", b"x", 7) for offset in range(1, 6)
    ]
    assert await (await connection.execute("SELECT count(*) FROM poison")).fetchone() == (0,)
