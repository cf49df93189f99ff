"""A directory on a real PostgreSQL, through the CockroachDB dialect."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from global_directory import repository
from global_directory.app import make_app
from global_directory.client import Announcement, DirectoryClient
from global_directory.directory import Directory
from global_directory.transactions import BeforeCommit, Transactions, make_engine
from infra.local import ports
from infra.web import serve_app


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect what needs a real CockroachDB unless one is named; a skip would look like a pass."""
    if "CAUSEWAY_COCKROACH_URL" in os.environ:
        return
    live = [item for item in items if item.path.name == "test_live_cockroachdb.py"]
    if live:
        config.hook.pytest_deselected(items=live)
        items[:] = [item for item in items if item not in live]


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        """Begin at a second that is easy to read."""
        self.now = 1_000_000_000_000_000

    def __call__(self) -> int:
        """Return microseconds since the epoch."""
        return self.now

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self.now += int(seconds * 1_000_000)


def _announcement(region: str, **changes: object) -> Announcement:
    fields: dict[str, object] = {
        "holder": region,
        "epoch": 1,
        "incarnation": 1,
        "public_url": f"http://{region}.example",
        "gateway_url": f"http://gateway.{region}.example",
        **changes,
    }
    return Announcement(**fields)  # type: ignore[arg-type]  # tests choose the fields


@pytest.fixture
def announcement() -> Callable[..., Announcement]:
    """What a healthy region says of itself: called with its name, and with fields to change."""
    return _announcement


@pytest.fixture
def clock() -> Clock:
    """The directory's clock."""
    return Clock()


MakeDirectory = Callable[..., Directory]


@pytest.fixture
async def engine(directory_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine on a database with the directory's tables."""
    made = make_engine(directory_url, size=12)
    await repository.prepare(made, {})
    yield made
    await made.dispose()


@pytest.fixture
def make_directory(engine: AsyncEngine, clock: Clock) -> MakeDirectory:
    """How to make one more directory on the same store, with a hook before each commit."""

    def make(before_commit: BeforeCommit | None = None, *, attempts: int = 15) -> Directory:
        return Directory(Transactions(engine, attempts=attempts, before_commit=before_commit), clock=clock)

    return make


@pytest.fixture
async def directory(make_directory: MakeDirectory) -> Directory:
    """A directory that knows the regions us, eu and ap."""
    made = make_directory()
    for region in ("us", "eu", "ap"):
        await made.announce(region, _announcement(region))
    return made


@pytest.fixture
async def serve() -> AsyncIterator[Callable[[Directory], Awaitable[str]]]:
    """How to serve a directory over real HTTP; returns its URL."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(served: Directory) -> str:
            port, started = ports.some_free(1)[0], asyncio.Event()
            task = asyncio.create_task(serve_app(make_app(served), host="127.0.0.1", port=port, started=started))

            async def stop() -> None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

            stack.push_async_callback(stop)
            await asyncio.wait_for(started.wait(), 20)
            return f"http://127.0.0.1:{port}"

        yield start


@pytest.fixture
async def clients(
    directory: Directory, make_directory: MakeDirectory, serve: Callable[[Directory], Awaitable[str]]
) -> AsyncIterator[tuple[DirectoryClient, ...]]:
    """Three regions' clients, each of a directory process of its own on the one store."""
    async with contextlib.AsyncExitStack() as stack:
        urls = [await serve(each) for each in (directory, make_directory(), make_directory())]
        yield tuple([await stack.enter_async_context(DirectoryClient(url)) for url in urls])
