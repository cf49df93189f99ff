"""People who write to each other all the while duties of their region move, and what an operator is told of that."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from chaos.federation import Federation
from chaos.people import Person
from region.client import Client, SqliteStore

STATUS_SECONDS = 240.0


class Writer:
    """Writes to somebody, again and again, until told to stop, and remembers what."""

    def __init__(self, author: Person, reader: Person, *, seconds: float) -> None:
        """Begin, with a pause of so many seconds after each message."""
        self.author = author
        self.reader = reader
        self.texts: list[str] = []
        self._seconds = seconds
        self._stop = asyncio.Event()
        self._wrote = asyncio.Event()
        self._task = asyncio.create_task(self._write())

    async def _write(self) -> None:
        while not self._stop.is_set():
            self.texts.append(f"{self.author.id[:6]} to {self.reader.id[:6]}: {len(self.texts)}")
            await self.author.write(self.texts[-1], self.reader)
            self._wrote.set()
            await asyncio.sleep(self._seconds)

    async def goes_on(self) -> str:
        """Wait until one more is written; return it."""
        self._wrote.clear()
        await self._wrote.wait()
        return self.texts[-1]

    async def is_heard(self, *, within: float) -> None:
        """Wait until something that is written from now on is seen, for so many seconds at most."""
        await self.reader.sees(await self.goes_on(), within=within)

    def give_up(self) -> None:
        """Write no more, whatever has come of it: nobody writes on at a device that is put away."""
        self._task.cancel()

    async def stop(self) -> None:
        """Stop writing."""
        self._stop.set()
        await self._task


@asynccontextmanager
async def person(urls: list[str], home: str, store: Path, *, patience: float = 60) -> AsyncIterator[Person]:
    """Somebody with an account in a region, and a device that knows those addresses and repeats a call for so many seconds."""
    async with Client(urls, store=SqliteStore(store), patience=patience) as client:
        await client.register(f"{home}-{secrets.token_hex(6)}", "a good password", home_region=home)
        await client.online()
        async with Person(client) as somebody:
            yield somebody


async def standing(federation: Federation, region: str = "us") -> dict[str, Any]:
    """Return what an operator is told of a region, as soon as the directory answers."""
    async with asyncio.timeout(STATUS_SECONDS):
        while True:
            found = json.loads(await federation.act("region", "status", "--json"))["regions"]
            told = next((one for one in found if one["region"] == region), None)
            if told is not None and told["holder"] is not None:  # else the regions alone have told of themselves
                return dict(told)
            await asyncio.sleep(2)
