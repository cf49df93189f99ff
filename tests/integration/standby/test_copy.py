"""The copy of a store on a real pair of PostgreSQL servers: made, followed, cut, lost and made anew, and never replaced by less."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from infra.health import Health
from infra.identity import Door
from infra.local import ports, postgres
from infra.local.certificates import Files, ensure
from infra.local.parts import Part
from infra.local.tools import Tools, stage_of
from infra.postgres import make_pool
from infra.tasks import beside
from infra.tls import MutualTls
from region.standby.approach import Approach
from region.standby.copy import Copy, elsewhere
from region.standby.gate import Gate
from region.standby.judging import Step
from region.standby.publisher import Publisher
from region.standby.repository.digests import digests
from region.store.repository.setup import prepare

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]
SECONDS = 60.0
KEPT = "64MB"


@pytest.fixture(scope="module")
def servers(
    tools: Tools,
    tmp_path_factory: pytest.TempPathFactory,
    running: Callable[[Part, Tools], contextlib.AbstractContextManager[Part]],
) -> Iterator[tuple[int, int]]:
    """Ports of the region's server, which publishes, and of the standby's, which subscribes."""
    home = tmp_path_factory.mktemp("pair")
    us, eu = ports.some_free(2)
    parts = [
        postgres.postgres_part(
            f"{name}/postgres",
            bin_directory=tools.postgres,
            data=tools.cluster(home, name),
            log=home / f"{name}.log",
            port=port,
            publishes=publishes,
            subscribes=not publishes,
            keeps=KEPT,
        )
        for name, port, publishes in (("us", us, True), ("eu", eu, False))
    ]
    with running(parts[0], tools), running(parts[1], tools):
        yield us, eu
    for part in parts:
        shutil.rmtree(part.directory, ignore_errors=True)
    if tools.stage is not None:
        shutil.rmtree(stage_of(tools.stage, home), ignore_errors=True)


class Pair:
    """A store and the copy of it, with the way between them.

    Attributes:
        store: URL of the store.
        server: URL of the standby's own store.
        copy: What sees to the copy.
        health: What is told of it.
    """

    def __init__(self, us: int, eu: int, way: int, gate: int) -> None:
        """Put addresses together."""
        self.store, self.server = postgres.url(us), postgres.url(eu)
        self.health = Health()
        self.gate = gate
        source = f"host=127.0.0.1 port={way} dbname=causeway"
        self.copy = Copy("us", here="eu", server=self.server, source=source, health=self.health)

    @property
    def held(self) -> str:
        """URL of the copy."""
        return elsewhere(self.server, "held_us")

    def run(self, url: str, statement: str) -> list[tuple[object, ...]]:
        """Run a statement in one of the databases."""
        with psycopg.connect(url, autocommit=True) as connection:
            cursor = connection.execute(statement)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else []

    async def look(self) -> Step | None:
        """Look once."""
        async with await psycopg.AsyncConnection.connect(self.server, autocommit=True) as connection:
            return await self.copy.look(connection)

    async def until(self, step: Step | None) -> None:
        """Look until that is what is to be done."""
        seen: list[Step | None] = []
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SECONDS):
                while not seen or seen[-1] is not step:
                    seen.append(await self.look())
                    await asyncio.sleep(0.1)
        assert seen[-1] is step, (seen[-5:], self.health.conditions)

    async def same(self, tries: int = 50) -> dict[str, object]:
        """Return what differs in the end: table to both digests; nothing if all are the same."""
        different: dict[str, object] = {}
        for _ in range(tries):
            async with await psycopg.AsyncConnection.connect(self.store, autocommit=True) as connection:
                there = await digests(connection)
            async with await psycopg.AsyncConnection.connect(self.held, autocommit=True) as connection:
                here = await digests(connection)
            different = {
                table: (there.get(table), here.get(table))
                for table in {*there, *here}
                if there.get(table) != here.get(table)
            }
            if not different:
                assert len(there) > 25
                break
            await asyncio.sleep(0.1)
        return different


@pytest.fixture
async def pair(servers: tuple[int, int], tmp_path: Path) -> AsyncIterator[Pair]:
    """A store with a little in it, published through a gate over mutual TLS; emptied afterwards."""
    us, eu = servers
    way, gate = ports.some_free(2)
    ensure(tmp_path, ["us", "eu"])
    tls = {}
    for name in ("us", "eu"):
        files = Files.of(tmp_path, name)
        tls[name] = MutualTls(files.certificate, files.key, files.authorities)
    made = Pair(us, eu, way, gate)
    async with make_pool(made.store, size=2, name="test") as pool, make_pool(made.server, size=2, name="test") as own:
        await prepare(pool, region="us", partitions=4)
        await prepare(own, region="eu", partitions=4)
        made.run(made.store, "INSERT INTO followers SELECT 'f', p, 1, 1 FROM generate_series(1, 500) p")
        publisher = Publisher("eu", made.health)
        approach = Approach("us", ("127.0.0.1", gate), made.copy.may_follow)
        async with beside(
            Gate(made.store, Door(["eu"])).serve("127.0.0.1", gate, tls["us"]),
            approach.serve("127.0.0.1", way, tls["eu"]),
            publisher.run(pool),
        ):
            yield made
    for name in ("held_us", "held_us_new", "held_us_old"):
        with contextlib.suppress(psycopg.errors.InvalidCatalogName, psycopg.OperationalError):
            url = elsewhere(made.server, name)
            for verb in ("DISABLE", "SET (slot_name = NONE)"):
                with contextlib.suppress(psycopg.errors.UndefinedObject):
                    made.run(url, f"ALTER SUBSCRIPTION held {verb}")
            made.run(url, "DROP SUBSCRIPTION IF EXISTS held")
            made.run(made.server, f"DROP DATABASE {name} WITH (FORCE)")
    made.run(made.store, "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active")
    for _ in range(50):
        with contextlib.suppress(psycopg.errors.ObjectInUse):
            made.run(made.store, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots")
            break
        await asyncio.sleep(0.1)
    for url in (made.store, made.server):
        made.run(url, "DROP SCHEMA public CASCADE")
        made.run(url, "CREATE SCHEMA public")
    made.run(made.store, "DROP PUBLICATION IF EXISTS standby")


Moment = Callable[[], Awaitable[object]]


async def test_a_copy_is_made_and_follows_and_is_the_same(pair: Pair) -> None:
    """All tables, what was there and what comes; and a difference of one row is seen."""
    await pair.until(Step.FOLLOW)
    pair.run(pair.store, "INSERT INTO followers VALUES ('later', 1, 2, 3)")
    pair.run(pair.store, "UPDATE journal_partitions SET next_offset = 7")
    pair.run(pair.store, "DELETE FROM followers WHERE partition < 100")

    assert await pair.same() == {}
    pair.run(pair.held, "UPDATE followers SET position = 2 WHERE partition = 200")
    assert list(await pair.same(5)) == ["followers"]


async def test_a_copy_that_was_away_for_too_long_is_made_anew(pair: Pair) -> None:
    """The old one stays, whole as it was, until the new one is whole."""
    await pair.until(Step.FOLLOW)
    pair.run(pair.held, "ALTER SUBSCRIPTION held DISABLE")
    await asyncio.sleep(0.5)
    pair.run(pair.store, "INSERT INTO followers VALUES ('late', 1, 2, 3)")
    pair.run(pair.store, "CREATE TABLE bulk (k INT, t TEXT)")
    for _ in range(12):
        pair.run(pair.store, "INSERT INTO bulk SELECT g, repeat(md5(g::text), 60) FROM generate_series(1, 10000) g")
        pair.run(pair.store, "CHECKPOINT")
    pair.run(pair.store, "DROP TABLE bulk")

    assert await pair.look() is Step.LEAVE
    assert pair.run(pair.held, "SELECT count(*) FROM followers") == [(500,)]
    await pair.until(Step.EXCHANGE)
    await pair.until(Step.FOLLOW)
    assert await pair.same() == {}
    assert pair.run(pair.server, "SELECT datname FROM pg_database WHERE datname LIKE 'held%'") == [("held_us",)]
    assert len(pair.run(pair.store, "SELECT 1 FROM pg_replication_slots")) == 1


async def test_the_copy_of_a_store_that_was_lost_is_left_alone(pair: Pair) -> None:
    """An empty store of another life is not followed, whatever stands in it: the copy may be all that is left."""
    await pair.until(Step.FOLLOW)
    pair.run(pair.store, "UPDATE store_life SET life = 'another'")
    pair.run(pair.store, "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active")
    pair.run(pair.store, "DELETE FROM followers")

    await asyncio.sleep(3)
    assert await pair.look() is Step.STOP
    assert await pair.look() is Step.STOP
    assert pair.run(pair.held, "SELECT count(*) FROM followers") == [(500,)]
    assert not pair.health.conditions["copy of us"].ok
    assert "another one" in pair.health.conditions["copy of us"].detail


async def test_emptying_a_table_at_once_is_not_passed_on(pair: Pair) -> None:
    """TRUNCATE leaves no rows to be told of, and nothing of ours uses it."""
    await pair.until(Step.FOLLOW)
    pair.run(pair.store, "TRUNCATE followers")
    pair.run(pair.store, "UPDATE journal_partitions SET next_offset = 9")
    await asyncio.sleep(1)

    assert list(await pair.same(5)) == ["followers"]
    assert pair.run(pair.held, "SELECT count(*) FROM followers") == [(500,)]


async def test_the_copy_is_fit_for_what_the_store_writes_next(pair: Pair) -> None:
    """A table and a column that the store has anew stop it for as long as its own schema lacks them, and no longer."""
    await pair.until(Step.FOLLOW)
    pair.run(pair.store, "CREATE TABLE fresh (k INT PRIMARY KEY)")
    pair.run(pair.store, "INSERT INTO fresh VALUES (1)")
    pair.run(pair.store, "ALTER TABLE followers ADD COLUMN more INT NOT NULL DEFAULT 5")
    pair.run(pair.store, "INSERT INTO followers VALUES ('more', 1, 2, 3, 4)")
    await asyncio.sleep(1)
    pair.run(pair.held, "CREATE TABLE fresh (k INT PRIMARY KEY)")
    pair.run(pair.held, "ALTER TABLE followers ADD COLUMN more INT NOT NULL DEFAULT 5")
    for _ in range(12):
        await pair.look()
        await asyncio.sleep(1)

    assert await pair.same() == {}
    assert pair.run(pair.held, "SELECT k FROM fresh") == [(1,)]
