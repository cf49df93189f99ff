"""Real parts for integration tests: a Kafka, a PostgreSQL and a Valkey of the session, on free ports, gone afterwards.

Each is started when the first test asks for it and takes a second or two. Under pytest-xdist every worker has its own.

    async def test_something(kafka, make_topic, make_database, new_store, redis_url):
        topic = await make_topic(partitions=4)   # a name that nobody else uses
        url = make_database()                    # an empty database, postgresql://causeway@127.0.0.1:PORT/NAME
        store = new_store()                      # one with the tables of a region's store, lent to this test
"""

import asyncio
import contextlib
import shutil
import uuid
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from global_directory.revisions import SCHEMA as DIRECTORY
from infra.administration import ensure_topics
from infra.blobs import Place
from infra.local import keys, ports, postgres, probe, process, toolchain
from infra.local.kafka import kafka_part
from infra.local.parts import Part
from infra.local.seaweed import blobs_part
from infra.local.tools import Tools, stage_of
from infra.local.valkey import redis_part
from infra.schema.revisions import Schema
from infra.schema.worker import create
from region.store.revisions import SCHEMA
from tests.integration.lending import Lender

START_SECONDS = 60.0
UNSYNCED = ("-c", "fsync=off", "-c", "full_page_writes=off")
"""A test's PostgreSQL need not outlive the machine, so it does not wait for the disk: else each new database waits for three hundred files, and each table of a copy for several. Who is only killed loses nothing all the same."""
BLOB_ROLES = ("master", "master-grpc", "volume", "volume-grpc", "filer", "filer-grpc", "s3", "s3-grpc")


@contextlib.contextmanager
def run(part: Part, tools: Tools) -> Iterator[Part]:
    """Run a part for as long as the context lasts."""
    if part.kind == "postgres":
        part = replace(part, argv=(*part.argv, *UNSYNCED))
    process.prepare(part, tools)
    child = process.spawn(part)
    try:
        if not process.wait_for(lambda: child.poll() is not None or asyncio.run(probe.well(part)), START_SECONDS):
            pytest.fail(f"{part.name} was not well after {START_SECONDS} s: {part.log.read_text()[-2000:]}")
        if child.poll() is not None:
            pytest.fail(f"{part.name} ended at once: {part.log.read_text()[-2000:]}")
        yield part
    finally:
        process.stop(child, part.stop_signal)


@pytest.fixture(scope="session")
def running() -> Callable[[Part, Tools], contextlib.AbstractContextManager[Part]]:
    """How to run a part of a test's own, for as long as a context lasts."""
    return run


@pytest.fixture(scope="session")
def tools() -> Tools:
    """The installed programs; they are brought here first when they are missing."""
    return toolchain.ensure(print)


@pytest.fixture(scope="session")
def kafka(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Bootstrap servers of a Kafka of this session."""
    directory = tmp_path_factory.mktemp("kafka")
    port, controller = ports.some_free(2)
    part = kafka_part(
        "test/kafka",
        java=tools.java,
        directory=directory,
        log=directory / "log",
        port=port,
        controller=controller,
        peers={},
        topics={},
    )
    with run(part, tools):
        yield f"127.0.0.1:{port}"
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def make_topic(kafka: str) -> Callable[..., Awaitable[str]]:
    """How to make a topic: awaited with `partitions` and `name` (both optional), it returns the name."""

    async def make(partitions: int = 4, name: str | None = None) -> str:
        chosen = name or f"test-{uuid.uuid4().hex}"
        await ensure_topics(kafka, {chosen: partitions})
        return chosen

    return make


@pytest.fixture(scope="session")
def postgres_server(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Port of a PostgreSQL of this session."""
    home = tmp_path_factory.mktemp("postgres")
    data = tools.cluster(home, "test")
    port = ports.some_free(1)[0]
    part = postgres.postgres_part("test/postgres", bin_directory=tools.postgres, data=data, log=home / "log", port=port)
    with run(part, tools):
        yield port
    shutil.rmtree(data, ignore_errors=True)
    if tools.stage is not None:
        shutil.rmtree(stage_of(tools.stage, home), ignore_errors=True)


@pytest.fixture
def postgres_log(postgres_server: int, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], str]:
    """A function that reads what that PostgreSQL has logged since the test began."""
    assert postgres_server

    def logs() -> dict[Path, str]:
        found = {path.resolve() for path in tmp_path_factory.getbasetemp().glob("postgres*/log")}  # pytest adds a link
        return {path: path.read_text() for path in found}

    before = logs()
    return lambda: "".join(said.removeprefix(before.get(path, "")) for path, said in logs().items())


@pytest.fixture(scope="session")
def make_database(postgres_server: int) -> Callable[[], str]:
    """A function that makes an empty database and returns its URL; what it made goes with the server."""
    return partial(_make_database, postgres_server, like="template1")


def _make_database(port: int, *, like: str) -> str:
    name = f"test_{uuid.uuid4().hex}"
    made = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
    with psycopg.connect(postgres.url(port), autocommit=True) as connection:
        connection.execute(made.format(sql.Identifier(name), sql.Identifier(like)))
    return postgres.url(port, name)


@pytest.fixture(scope="session")
def empties(postgres_server: int) -> Lender:
    """Who lends empty databases."""
    return Lender(postgres_server, like="template1")


@pytest.fixture(scope="session")
def stores(postgres_server: int, make_database: Callable[[], str]) -> Lender:
    """Who lends databases with all tables of a region's store, which are nobody's yet."""
    return _lender_of(SCHEMA, postgres_server, make_database())


@pytest.fixture(scope="session")
def directories(postgres_server: int, make_database: Callable[[], str]) -> Lender:
    """Who lends databases with all tables of a directory."""
    return _lender_of(DIRECTORY, postgres_server, make_database())


def _lender_of(schema: Schema, port: int, first: str) -> Lender:
    asyncio.run(create(schema, first))
    return Lender(port, like=first.rpartition("/")[2])


@contextlib.contextmanager
def _lent(lender: Lender) -> Iterator[Callable[[], str]]:
    lent: list[str] = []

    def lend() -> str:
        lent.append(lender.lend())
        return lent[-1]

    yield lend
    for url in lent:
        lender.give_back(url)


@pytest.fixture
def postgres_url(empties: Lender) -> Iterator[str]:
    """URL of an empty database of this test's own."""
    with _lent(empties) as lend:
        yield lend()


@pytest.fixture
def directory_url(directories: Lender) -> Iterator[str]:
    """URL of a database of this test's own with all tables of a directory."""
    with _lent(directories) as lend:
        yield lend()


@pytest.fixture
def new_store(stores: Lender) -> Iterator[Callable[[], str]]:
    """How to get a database of this test's own with all tables of a region's store, which is nobody's yet; returns its URL."""
    with _lent(stores) as lend:
        yield lend


@pytest.fixture
def store_url(new_store: Callable[[], str]) -> str:
    """URL of a database of this test's own with all tables of a region's store, which is nobody's yet."""
    return new_store()


@pytest.fixture(scope="session")
def redis_url(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a Valkey of this session; tests share it, so they choose their own key prefixes or databases."""
    directory: Path = tmp_path_factory.mktemp("redis")
    port = ports.some_free(1)[0]
    with run(
        redis_part("test/redis", program=tools.valkey, directory=directory, log=directory / "log", port=port), tools
    ):
        yield f"redis://127.0.0.1:{port}/0"


@pytest.fixture(scope="session")
def seaweed(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A blob store of this session; each region takes a bucket of its own."""
    directory = tmp_path_factory.mktemp("blobs")
    found = directory / "keys.json"
    keys.make_blob_keys(found, directory / "data")
    numbers = dict(zip(BLOB_ROLES, ports.some_free(len(BLOB_ROLES)), strict=True))
    part = blobs_part(
        "test/blobs", program=tools.weed, directory=directory / "data", log=directory / "log", ports=numbers
    )
    url = f"http://127.0.0.1:{numbers['s3']}"
    with run(part, tools):
        yield Place(url, url, "unused", credentials=found)
