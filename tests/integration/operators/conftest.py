"""A directory with operators on a real store, over real HTTP, at a time that tests choose."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from global_directory import repository
from global_directory.app import make_app
from global_directory.client import Announcement
from global_directory.directory import Directory
from global_directory.operators import session
from global_directory.operators.client import OperatorsClient
from global_directory.operators.desk import Desk
from global_directory.operators.passes import Seal
from global_directory.operators.schemas import Asked, Granted, OperationRequest, OperationView
from global_directory.operators.session import new_operation_id
from global_directory.operators.verbs import DEPLOYMENT
from global_directory.transactions import Transactions, make_engine
from infra.local import ports
from infra.local.keys import new_signing_key
from infra.passwords import Cost, Passwords
from infra.web import serve_app

PASSWORD = "a good password"


class Clock:
    """A clock that tests move, and that goes on at each look; microseconds since the epoch."""

    now = 1_000_000_000_000_000

    def __call__(self) -> int:
        """Return the time."""
        self.now += 1
        return self.now


class Counting(Passwords):
    """Counts what is hashed."""

    hashed = 0

    async def hash(self, password: str) -> str:
        """Hash."""
        self.hashed += 1
        return await super().hash(password)

    async def verify(self, password: str, known: str | None) -> bool:
        """Hash, and compare."""
        self.hashed += 1
        return await super().verify(password, known)


@dataclass
class World:
    """A directory with operators, and its key."""

    url: str
    seal: Seal
    clock: Clock
    desk: Desk
    passwords: Counting

    def client(self, token: str = "") -> OperatorsClient:
        """Ask it, as who shows that."""
        return OperatorsClient(self.url, token=token)

    def deployment(self) -> OperatorsClient:
        """Ask it as who has the key."""
        return self.client(self.seal.session(DEPLOYMENT, 0, seconds=300, now=self.clock.now / 1e6))

    async def add(self, name: str, role: str) -> None:
        """Make an operator."""
        async with self.deployment() as client:
            await client.add(name, role, PASSWORD)

    async def login(self, name: str, password: str = PASSWORD) -> str:
        """Return a session."""
        async with self.client() as client:
            return (await client.login(name, password)).session

    async def begin(
        self, shown: str, verb: str, target: str = "us", *, why: str = "a test", confirmed: str = "us"
    ) -> Granted:
        """Ask whether something may be done."""
        async with self.client(shown) as client:
            return await client.begin(OperationRequest(new_operation_id(), verb, target, why, confirmed))

    async def generation(self, name: str) -> int:
        """Return which generation of an operator's sessions is good."""
        async with self.deployment() as client:
            return next(one.generation for one in await client.operators() if one.name == name)

    async def trace(self, **asked: str | int) -> list[OperationView]:
        """Return the trace."""
        async with self.deployment() as client:
            return list(await client.trace(Asked(**asked)))  # type: ignore[arg-type]  # tests choose


@pytest.fixture
async def engine(directory_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine on a database with the directory's tables."""
    made = make_engine(directory_url, size=8)
    await repository.prepare(made, {})
    yield made
    await made.dispose()


@pytest.fixture
async def world(engine: AsyncEngine) -> AsyncIterator[World]:
    """A served directory that knows us and eu."""
    clock, seal = Clock(), Seal(new_signing_key())
    transactions, passwords = Transactions(engine), Counting(Cost(memory=8, passes=1, lanes=1))
    directory = Directory(transactions, clock=clock)
    for region in ("us", "eu"):
        url = f"http://{region}.example"
        await directory.announce(region, Announcement(region, 1, 1, url, url))
    desk = Desk.on(transactions, seal, passwords, clock=clock)
    port, started = ports.some_free(1)[0], asyncio.Event()
    app = make_app(directory, operators=desk)
    serving = asyncio.create_task(serve_app(app, host="127.0.0.1", port=port, started=started))
    await asyncio.wait_for(started.wait(), 20)
    yield World(f"http://127.0.0.1:{port}", seal, clock, desk, passwords)
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving
    passwords.close()


@pytest.fixture
def at_the_terminal(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Awaitable[None]]:
    """How to log in as a command does."""
    world.clock.now = time.time_ns() // 1000
    monkeypatch.setenv("CAUSEWAY_DIRECTORY", world.url)
    monkeypatch.setenv("CAUSEWAY_INSTANCE", "test")
    monkeypatch.setenv("CAUSEWAY_ADMIN_PORT", "0")
    monkeypatch.setenv("CAUSEWAY_OPERATOR_SESSION", str(tmp_path / "session"))
    for name in ("CERTIFICATE", "KEY", "AUTHORITIES"):
        monkeypatch.delenv(f"CAUSEWAY_TLS_{name}", raising=False)

    async def log_in(name: str) -> None:
        await session.login(name, PASSWORD)

    return log_in
