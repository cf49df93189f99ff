"""A service that starts before its store's schema is there says so once, and goes to work when it is."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from infra.health import Health
from infra.schema import guard as module
from infra.schema.guard import Guard
from infra.schema.revisions import Alive, Schema, State

NEW = Schema("region", (), knows=4, needs=4)


class Climbing:
    """A store whose schema climbs a revision with each look."""

    def __init__(self) -> None:
        self.revision = 0

    async def connect(self, _url: str, *, name: str) -> contextlib.AbstractAsyncContextManager["Climbing"]:
        """Lend itself."""
        del name

        @contextlib.asynccontextmanager
        async def lent() -> AsyncIterator[Climbing]:
            yield self

        return lent()

    async def state(self, _connection: object) -> State:
        """Tell how far it is."""
        self.revision += 1
        return State(self.revision // 2)

    async def tell_alive(self, _connection: object, _service: Alive) -> None:
        """Note nobody."""

    async def take_leave(self, _connection: object, _service: Alive) -> None:
        """Forget nobody."""


async def test_a_service_says_once_that_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many revisions are carried out meanwhile; that is no error, and its health tells what it lacks."""
    monkeypatch.setattr(module, "repository", Climbing())
    worked = asyncio.Event()

    async def work() -> None:
        worked.set()

    guard = Guard(NEW, "postgresql://unused", instance="us/gateway 0", service="gateway", health=Health())
    with capture_logs() as logs:
        watching = asyncio.create_task(guard.watch_over(work))
        async with asyncio.timeout(60):
            await worked.wait()
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)

    told = [(one["log_level"], one["event"]) for one in logs]
    assert told == [("info", "waiting for the schema")]
    assert guard.understands
