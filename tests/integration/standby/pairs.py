"""A store, and the copy of it that a standby keeps, with the way between them: what tests of both do with them."""

import asyncio
import contextlib
from typing import Final

import psycopg

from infra.health import Health
from infra.identity import Door
from infra.local import postgres
from infra.postgres import elsewhere
from region.standby.cli import compare
from region.standby.comparing import Verdict
from region.standby.copy import Copy
from region.standby.judging import Step

SECONDS: Final = 60.0
LOOK_SECONDS: Final = 0.4
"""A look takes four connections; looking more often than this makes what is waited for slower."""
READING: Final = "SELECT count(*) FROM pg_replication_slots WHERE active"
KEEPS: Final = "64MB"


class Pair:
    """A store and the copy of it, with the way between them.

    Attributes:
        store: URL of the store.
        server: URL of the standby's own store.
        copy: What sees to the copy.
        health: What is told of it.
        gate: Port of the gate at the store.
        source: The way to it, as the standby's server enters it.
        door: Who may come in there.
    """

    def __init__(self, us: int, eu: int, way: int, gate: int) -> None:
        """Put addresses together."""
        self.store, self.server = postgres.url(us), postgres.url(eu)
        self.health = Health()
        self.door = Door(["eu"])
        self.gate = gate
        self.source = source = f"host=127.0.0.1 port={way} dbname=causeway"
        self.copy = Copy("us", here="eu", server=self.server, source=source, health=self.health)

    @property
    def held(self) -> str:
        """URL of the copy."""
        return elsewhere(self.server, "held_us")

    def run(self, url: str, statement: str) -> list[tuple[object, ...]]:
        """Run a statement in one of the databases."""
        with psycopg.connect(url, autocommit=True) as connection:
            cursor = connection.execute(statement)
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
                    await asyncio.sleep(LOOK_SECONDS)
        assert seen[-1] is step, (seen[-5:], self.health.conditions)

    async def pause(self) -> None:
        """Let the copy follow no more, and wait until nothing of it reads or writes."""
        self.run(self.held, "ALTER SUBSCRIPTION held DISABLE")
        busy = "SELECT count(*) FROM pg_stat_subscription WHERE pid IS NOT NULL"
        async with asyncio.timeout(SECONDS):
            while self.run(self.held, busy) != [(0,)] or self.run(self.store, READING) != [(0,)]:  # noqa: ASYNC110 — other servers
                await asyncio.sleep(0.1)

    async def has(self, statement: str, rows: list[tuple[object, ...]]) -> None:
        """Wait until the copy answers so."""
        async with asyncio.timeout(SECONDS):
            while self.run(self.held, statement) != rows:  # noqa: ASYNC110 — another server
                await asyncio.sleep(0.1)

    async def differs(self) -> list[str]:
        """Return the tables that differ, while nobody writes."""
        found = await compare(self.store, self.held)
        assert Verdict.BUSY not in found.values()
        return sorted(found)
