"""The directory's process outlives its store: away at the start, gone for a while, back again."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import psycopg
import pytest

from global_directory.client import Announcement, DirectoryClient
from global_directory.service import STORE, service
from infra.errors import UnavailableError
from infra.local import ports
from infra.serve import Host

pytestmark = pytest.mark.integration
LIMIT = 30.0


async def until(holds: Callable[[], bool]) -> None:
    """Wait for a condition of this process."""
    async with asyncio.timeout(LIMIT):
        while not holds():  # noqa: ASYNC110 — health has no event
            await asyncio.sleep(0.01)


class Door:
    """A TCP port before the store that can be shut; connections through it are cut when it is."""

    def __init__(self, target: int) -> None:
        """Stand before that port of this machine."""
        self.port = ports.some_free(1)[0]
        self._target = target
        self._server: asyncio.Server | None = None
        self._through: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        """Let connections through."""
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", self.port)

    async def shut(self) -> None:
        """Cut all connections, and refuse new ones."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._through):
            writer.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer):
            store_reader, store_writer = await asyncio.open_connection("127.0.0.1", self._target)
            with contextlib.closing(store_writer):
                self._through |= {writer, store_writer}
                await asyncio.gather(_pump(reader, store_writer), _pump(store_reader, writer))
                self._through -= {writer, store_writer}


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    sink.close()


@pytest.fixture
async def door(postgres_server: int) -> AsyncIterator[Door]:
    """The way to the store, shut at first."""
    made = Door(postgres_server)
    yield made
    await made.shut()


@pytest.fixture
async def host(
    door: Door, postgres_url: str, postgres_server: int, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Host, DirectoryClient]]:
    """A running directory service behind the door, and a client of it."""
    port = ports.some_free(1)[0]
    monkeypatch.setenv("CAUSEWAY_INSTANCE", "directory")
    monkeypatch.setenv("CAUSEWAY_ADMIN_PORT", "0")
    monkeypatch.setenv("CAUSEWAY_DIRECTORY_PORT", str(port))
    monkeypatch.setenv("CAUSEWAY_DIRECTORY_STORE", postgres_url.replace(f":{postgres_server}/", f":{door.port}/"))
    made = Host(("directory",))
    running = asyncio.create_task(_run(service(made)))
    async with DirectoryClient(f"http://127.0.0.1:{port}") as client:
        yield made, client
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def _run(running: Awaitable[None]) -> None:
    await running


async def test_it_outlives_its_store(
    door: Door, host: tuple[Host, DirectoryClient], announcement: Callable[..., Announcement]
) -> None:
    """Unhealthy and honest while the store is away, well again when it is back, without a restart; nothing is lost."""
    process, client = host
    await until(lambda: bool(process.health.conditions) and process.health.conditions["directory-http"].ok)
    with pytest.raises(UnavailableError) as refusal:
        await client.announce("us", announcement("us"))
    assert refusal.value.definite
    assert not process.health.ok

    await door.open()
    await until(lambda: process.health.ok)
    await client.announce("us", announcement("us"))
    reserved = await client.reserve("ada", home_region="us", idempotency_key="k")

    await door.shut()
    with pytest.raises(UnavailableError):
        await client.find_handle("ada")
    await until(lambda: not process.health.conditions[STORE].ok)

    await door.open()
    await until(lambda: process.health.ok)
    assert (await client.confirm("ada", reserved.token)).user_id == reserved.user_id


async def test_the_tables_are_there_when_it_is_healthy(
    door: Door, host: tuple[Host, DirectoryClient], postgres_url: str
) -> None:
    """Health means that it can serve."""
    await door.open()
    await until(lambda: host[0].health.ok)

    async with await psycopg.AsyncConnection.connect(postgres_url) as connection:
        cursor = await connection.execute("SELECT count(*) FROM handles")
        assert await cursor.fetchone() == (0,)
