"""Revisions on a real store: made once however many start at once, filled in batches that go on, contracted when nobody older is there."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psycopg
import pytest

from infra.health import Health
from infra.postgres import make_pool
from infra.schema import repository
from infra.schema.guard import CONDITION, Guard
from infra.schema.revisions import (
    Kind,
    OlderServicesError,
    OutOfTurnError,
    Schema,
    SchemaError,
    State,
    StoreContractedError,
)
from infra.schema.worker import BusyError, LostWorkError, create, working
from region.store.repository.setup import prepare
from region.store.revisions import SCHEMA

pytestmark = pytest.mark.integration
LIMIT = 60.0

TEMPLATE = '''"""{about}"""
from alembic import op
from sqlalchemy import text
from infra.schema.operations import execute
from infra.schema.revisions import Kind
revision = "{number:04d}"
down_revision = {before!r}
KIND = Kind.{kind}
{body}
'''
FILL_IN = """
def count(connection):
    return connection.execute(text("SELECT count(*) FROM things")).scalar_one()
def fill_in(connection, cursor, most):
    most = 3
    ids = [row[0] for row in connection.execute(
        text("SELECT id FROM things WHERE id > :after ORDER BY id LIMIT :most"), {"after": int(cursor or 0), "most": most})]
    connection.execute(text("UPDATE things SET size = length(name) WHERE id = ANY(:ids) AND size IS NULL"), {"ids": ids})
    return len(ids), str(ids[-1]) if len(ids) == most else None
def upgrade():
    pass
"""


def write(directory: Path, number: int, kind: Kind, body: str) -> None:
    """Write a revision's file."""
    before = f"{number - 1:04d}" if number > 1 else None
    path = directory / f"r{number:04d}_{kind}.py"
    path.write_text(
        TEMPLATE.format(about=f"revision {number}", number=number, before=before, kind=kind.name, body=body)
    )


def up(*statements: str) -> str:
    """The body of a revision that runs statements."""
    return f"def upgrade():\n    execute(*{statements!r})"


@pytest.fixture
def old(tmp_path: Path) -> Schema:
    """What the version before knows: one table with ten things."""
    directory = tmp_path / "old"
    directory.mkdir()
    write(
        directory,
        1,
        Kind.EXPAND,
        up(
            "CREATE TABLE IF NOT EXISTS things (id INT PRIMARY KEY, name TEXT NOT NULL, old INT)",
            "INSERT INTO things SELECT n, repeat('x', n) FROM generate_series(1, 10) AS n ON CONFLICT DO NOTHING",
        ),
    )
    return Schema("test", (directory,), knows=1, needs=1)


@pytest.fixture
def new(old: Schema, tmp_path: Path) -> Schema:
    """What the next version knows: a size for each thing, and no `old`."""
    directory = tmp_path / "new"
    directory.mkdir()
    write(directory, 2, Kind.EXPAND, up("ALTER TABLE things ADD COLUMN IF NOT EXISTS size INT"))
    write(directory, 3, Kind.MIGRATE, FILL_IN)
    write(
        directory,
        4,
        Kind.CONTRACT,
        up(
            "ALTER TABLE things ALTER COLUMN size SET NOT NULL",
            "ALTER TABLE things DROP COLUMN IF EXISTS old",
        ),
    )
    return Schema("test", (*old.directories, directory), knows=4, needs=2)


@pytest.fixture
async def connection(postgres_url: str) -> AsyncIterator[psycopg.AsyncConnection]:
    """A look at the store."""
    async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as made:
        yield made


def silent(doing: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


async def rows(connection: psycopg.AsyncConnection, query: bytes) -> list[tuple[object, ...]]:
    """Return what a query finds."""
    return await (await connection.execute(query)).fetchall()


class Running:
    """A service's guard, running."""

    def __init__(self, schema: Schema, url: str, name: str) -> None:
        """Start it."""
        self.health = Health()
        self.guard = Guard(schema, url, instance=name, service="s", health=self.health)
        self.task = asyncio.create_task(self.guard.run())

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for a condition."""
        async with asyncio.timeout(LIMIT):
            while not holds():  # noqa: ASYNC110 — health has no event
                await asyncio.sleep(0.01)

    async def end(self) -> None:
        """Stop it as a process that ends cleanly does."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


async def test_ten_who_start_at_once_make_one_store(old: Schema, postgres_url: str) -> None:
    """One makes the tables, the others wait for it; the same revision for all."""
    states = await asyncio.gather(*(create(old, postgres_url) for _ in range(10)))

    assert states == [State(1)] * 10


async def test_a_store_that_is_older_than_revisions_is_adopted(
    postgres_url: str, connection: psycopg.AsyncConnection
) -> None:
    """As it was made by the version before there were any: its rows stay, and it has all that this version knows."""
    async with make_pool(postgres_url, size=2, name="test") as pool:
        known = await prepare(pool, region="us", partitions=2)
        await connection.execute("UPDATE journal_partitions SET next_offset = 7")
        for table in ("schema_work", "schema_services", "schema_revision"):
            await connection.execute(f"DROP TABLE {table}".encode())

        assert await prepare(pool, region="us", partitions=2) == known

    assert await rows(connection, b"SELECT DISTINCT next_offset FROM journal_partitions") == [(7,)]
    assert await rows(connection, b"SELECT version_num::int FROM schema_revision") == [(SCHEMA.knows,)]


async def test_expand_migrate_contract(
    old: Schema, new: Schema, postgres_url: str, connection: psycopg.AsyncConnection
) -> None:
    """The whole way of a change, each kind at its moment, and every row filled in."""
    await create(old, postgres_url)
    async with working(new, postgres_url) as worker:
        with pytest.raises(OutOfTurnError, match="causeway schema expand"):
            await worker.migrate(silent)
        assert [step.number for step in await worker.expand(silent)] == [2]
        told: list[tuple[int, int]] = []
        assert [step.number for step in await worker.migrate(lambda _, done, of: told.append((done, of)))] == [3]
        assert told == [(0, 0), (3, 10), (6, 10), (9, 10), (10, 10)]
        assert [step.number for step in await worker.contract(silent)] == [4]
        assert await worker.contract(silent) == []
        assert await worker.state() == State(4, contracted=4)

    assert await rows(connection, b"SELECT id, size FROM things ORDER BY id") == [(n, n) for n in range(1, 11)]


async def test_a_migration_goes_on_where_it_was_interrupted(
    old: Schema, new: Schema, postgres_url: str, connection: psycopg.AsyncConnection
) -> None:
    """What was done is not done again: its place is kept with each batch."""
    await create(old, postgres_url)

    def stop(_: str, done: int, of: int) -> None:
        if done == 6:
            raise InterruptedError

    async with working(new, postgres_url) as worker:
        await worker.expand(silent)
        with pytest.raises(InterruptedError):
            await worker.migrate(stop)
    assert await rows(connection, b"SELECT count(*) FROM things WHERE size IS NOT NULL") == [(6,)]

    told: list[int] = []
    async with working(new, postgres_url) as worker:
        assert (await worker.state()).cursor == "3"
        await worker.migrate(lambda _, done, of: told.append(done))
    assert told == [0, 3, 6, 7]  # ids 4 to 10: the batch whose place was not kept comes again
    assert await rows(connection, b"SELECT count(*) FROM things WHERE size IS NULL") == [(0,)]


async def test_only_one_works_at_a_time(old: Schema, postgres_url: str, connection: psycopg.AsyncConnection) -> None:
    """Another is told so, until the claim of the first has run out."""
    await create(old, postgres_url)
    async with working(old, postgres_url):
        with pytest.raises(BusyError):
            async with working(old, postgres_url):
                pass
        await connection.execute("UPDATE schema_work SET worker_until = 0")
        async with working(old, postgres_url):
            pass


async def test_a_worker_that_was_taken_for_dead_changes_nothing_more(
    old: Schema, new: Schema, postgres_url: str, connection: psycopg.AsyncConnection
) -> None:
    """Its claim is gone, and every step compares it."""
    await create(old, postgres_url)
    async with working(new, postgres_url) as zombie:
        await zombie.expand(silent)
        await connection.execute("UPDATE schema_work SET worker = 'another'")
        with pytest.raises(LostWorkError):
            await zombie.migrate(silent)
    assert await rows(connection, b"SELECT worker, migration_cursor FROM schema_work") == [("another", "")]


async def test_nothing_is_taken_away_while_somebody_older_is_alive(old: Schema, new: Schema, postgres_url: str) -> None:
    """It is named; when it has ended, the way is free; and what is older cannot start any more, and says why."""
    await create(old, postgres_url)
    before = Running(old, postgres_url, "us/projector")
    await before.until(lambda: before.guard.understands)
    async with working(new, postgres_url) as worker:
        await worker.expand(silent)
        with pytest.raises(OlderServicesError, match=r"us/projector \(s\)"):
            await worker.migrate(silent)
        await before.end()
        await worker.migrate(silent)

        again = Running(old, postgres_url, "us/gateway")
        await again.until(lambda: again.guard.understands)
        with pytest.raises(OlderServicesError, match=r"us/gateway \(s\)"):
            await worker.contract(silent)
        assert (await worker.state()).contracted == 0
        await again.end()
        after = Running(new, postgres_url, "us/projector")
        await after.until(lambda: after.guard.understands)
        await worker.contract(silent)

    late = Running(old, postgres_url, "us/fanout")
    await late.until(lambda: "contracted" in late.health.conditions[CONDITION].detail)
    assert "knows 1 only" in late.health.conditions[CONDITION].detail
    assert not late.guard.understands
    for one in (late, after):
        await one.end()


async def test_the_next_version_does_not_start_before_the_store_was_expanded(
    old: Schema, new: Schema, postgres_url: str
) -> None:
    """It waits, says what to run, and starts by itself once that was done."""
    await create(old, postgres_url)
    early = Running(new, postgres_url, "us/projector")
    await early.until(lambda: "causeway schema expand" in early.health.conditions[CONDITION].detail)
    assert not early.guard.understands

    async with working(new, postgres_url) as worker:
        await worker.expand(silent)
    await early.until(lambda: early.guard.understands)
    assert early.health.ok
    await early.end()


async def test_a_service_under_which_the_store_was_contracted_ends(
    old: Schema, new: Schema, postgres_url: str, connection: psycopg.AsyncConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was paused for so long that it counted as dead; when it goes on, it finds out and ends."""
    monkeypatch.setattr("infra.schema.guard.BEAT_SECONDS", 0.05)
    await create(old, postgres_url)
    zombie = Running(old, postgres_url, "us/projector")
    await zombie.until(lambda: zombie.guard.understands)

    await connection.execute("UPDATE schema_work SET contracted = 4")

    with pytest.raises(StoreContractedError):
        await asyncio.wait_for(zombie.task, LIMIT)
    assert await rows(connection, b"SELECT * FROM schema_services") == []


async def test_a_store_of_a_schema_that_is_not_understood_is_not_prepared(
    postgres_url: str, connection: psycopg.AsyncConnection
) -> None:
    """A projector refuses, too."""
    async with make_pool(postgres_url, size=2, name="test") as pool:
        await prepare(pool, region="us", partitions=2)
        await connection.execute("UPDATE schema_work SET contracted = 99")

        with pytest.raises(SchemaError, match="contracted by schema revision 99"):
            await prepare(pool, region="us", partitions=2)


async def test_the_urls_of_both_stores_are_understood() -> None:
    """SQLAlchemy's and CockroachDB's forms too."""
    for url in ("postgresql://a@b:1/c", "postgres://a@b:1/c", "cockroachdb://a@b:1/c", "cockroachdb+psycopg://a@b:1/c"):
        assert repository.plain_url(url) == "postgresql://a@b:1/c"


async def test_a_copy_goes_before_its_leader_in_what_adds_and_after_it_in_all_else(
    old: Schema, new: Schema, postgres_url: str, connection: psycopg.AsyncConnection
) -> None:
    """A column is there before a row has it, and goes when none has it any more; rows are the leader's to fill in."""
    await create(old, postgres_url)
    async with working(new, postgres_url) as worker:
        assert [step.number for step in await worker.follow(leader=1)] == [2]
        assert await worker.follow(leader=2) == []
        assert [step.number for step in await worker.follow(leader=3)] == [3]
        assert await rows(connection, b"SELECT count(*) FROM things WHERE size IS NOT NULL") == [(0,)]
        await connection.execute("UPDATE things SET size = 1")  # as it comes from the leader
        assert [step.number for step in await worker.follow(leader=4)] == [4]
        assert await worker.state() == State(4, contracted=4)
        assert await worker.follow(leader=9) == []


async def test_an_empty_copy_gets_the_tables_that_its_leader_has(new: Schema, postgres_url: str) -> None:
    """Not fewer columns than the leader still writes, though its own software needs them no more."""
    async with working(new, postgres_url) as worker:
        assert [step.number for step in await worker.follow(leader=2)] == [1, 2]
