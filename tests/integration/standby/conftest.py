"""A real pair of PostgreSQL servers, and a store on one of them that the other one may copy."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from infra.local import ports, postgres
from infra.local.certificates import Files, ensure
from infra.local.parts import Part
from infra.local.tools import Tools, stage_of
from infra.postgres import elsewhere, make_pool
from infra.schema.worker import create
from infra.tasks import beside
from infra.tls import MutualTls
from region.standby.approach import Approach
from region.standby.gate import Gate
from region.standby.publisher import Publisher
from region.store.repository.setup import prepare
from region.store.revisions import SCHEMA
from tests.integration.standby.pairs import KEEPS, Pair


def make_anew(port: int) -> None:
    """Make a server's store as it was when nobody had it yet: copied from what has its tables."""
    with psycopg.connect(postgres.url(port, "template1"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {postgres.DATABASE} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {postgres.DATABASE} TEMPLATE postgres STRATEGY file_copy")


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
            keeps=KEEPS,
        )
        for name, port, publishes in (("us", us, True), ("eu", eu, False))
    ]
    with running(parts[0], tools), running(parts[1], tools):
        for port in (us, eu):
            asyncio.run(create(SCHEMA, postgres.url(port, "postgres")))
            make_anew(port)
        yield us, eu
    for part in parts:
        shutil.rmtree(part.directory, ignore_errors=True)
    if tools.stage is not None:
        shutil.rmtree(stage_of(tools.stage, home), ignore_errors=True)


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
            Gate(made.store, made.door).serve("127.0.0.1", gate, tls["us"]),
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
    for port in servers:
        make_anew(port)
