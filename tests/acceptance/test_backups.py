"""A region's store is backed up while people write, and put back after it went wrong: at once where nothing has gone beyond it, and never otherwise."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from chaos.federation import CommandError, Federation
from chaos.people import Person
from infra.kafka import Consumer
from infra.local import postgres
from region.client import Client, SqliteStore
from tests.acceptance.conftest import PLAIN

pytestmark = pytest.mark.timeout(900)
SURE = ("--why", "a test", "--confirm", "us")
ALIVE_SECONDS = 240


@asynccontextmanager
async def person(url: str, name: str, store: Path) -> AsyncIterator[Person]:
    """Somebody with an account in us, at a device."""
    async with Client([url], store=SqliteStore(store), patience=60) as client:
        await client.register(name, "a good password", home_region="us")
        await client.online()
        async with Person(client) as somebody:
            yield somebody


async def told(federation: Federation, *words: str) -> Any:
    """Run a command; return what a script is told."""
    return json.loads(await federation.act(*words, "--json"))


async def restored(federation: Federation) -> Any:
    """Restore the newest backup, as soon as nobody counts as alive any more."""
    async with asyncio.timeout(ALIVE_SECONDS):
        while True:
            with contextlib.suppress(CommandError):
                return await told(federation, "region", "restore-backup", "us", *SURE)
            await asyncio.sleep(3)


async def all_is_decided(federation: Federation) -> None:
    """Wait until the projector of us has come to the end of its journal; nobody writes to it any more."""
    parts = federation.status().parts()
    store = postgres.url(parts["us/postgres"].ports["postgres"])
    kafka = f"127.0.0.1:{parts['us/kafka'].ports['kafka']}"
    async with asyncio.timeout(ALIVE_SECONDS), Consumer(kafka, "journal", client="test") as journal:
        while True:
            with psycopg.connect(store, autocommit=True) as connection:
                decided: dict[int, int] = dict(
                    connection.execute("SELECT partition, next_offset FROM journal_partitions").fetchall()
                )
            if await journal.ends(decided) == decided:
                return
            await asyncio.sleep(0.2)


async def test_a_store_comes_back_from_its_backup(plain: Federation, tmp_path: Path) -> None:
    """Refused while the region serves, and after it has accepted more; done when it stood still, whatever its store has become; people go on where they were."""
    status = plain.status()
    url = status.regions["us"].public_url
    async with person(url, "ada", tmp_path / "1") as ada, person(url, "bob", tmp_path / "2") as bob:
        await ada.write("before the first backup", bob)
        await bob.sees("before the first backup")
        first = await told(plain, "region", "backup", "us")
        with pytest.raises(CommandError, match="--confirm us"):
            await plain.act("region", "restore-backup", "us", "--why", "a test")
        with pytest.raises(CommandError, match="services work on the store"):
            await plain.act("region", "restore-backup", "us", *SURE)
        await bob.write("after it", ada)
        await ada.sees("after it")
        with pytest.raises(CommandError, match="records were accepted after it"):
            await plain.act("region", "restore-backup", "us", *SURE)
    await plain.act("local", "kill", "us/front", "--stay-down")
    await all_is_decided(plain)  # marks may have been under way
    await plain.act("local", "kill", "us/back", "--stay-down")
    second = await told(plain, "region", "backup", "us")
    listed = await told(plain, "backup", "list", "us")
    assert [one["backup_id"] for one in listed["backups"]] == [second["backup_id"], first["backup_id"]]
    assert (await told(plain, "backup", "verify", "us"))["missing"] == []
    store = postgres.url(status.parts()["us/postgres"].ports["postgres"])
    with psycopg.connect(store, autocommit=True) as connection:
        connection.execute("DELETE FROM entries")
    done = await restored(plain)
    assert (done["backup_id"], done["rows"]) == (second["backup_id"], sum(second["rows"].values()))
    with contextlib.suppress(CommandError):  # it may take longer than the command waits; what follows waits, too
        await plain.act("local", "heal")
    await plain.act("up", "--detach", "--no-demo", *PLAIN)

    async with (
        Client([url], store=SqliteStore(tmp_path / "3"), patience=60) as anew,
        Client([url], store=SqliteStore(tmp_path / "2"), patience=60) as kept,
    ):
        await anew.log_in("ada", "a good password")
        await anew.online()
        await kept.online()
        async with Person(anew) as ada, Person(kept) as bob:
            await ada.write("after all that", bob)
            await bob.sees("after all that")
            assert ada.refused == bob.refused == []
    found = await told(plain, "audit", "list", "--verb", "restore-backup")
    results = [one["result"] for one in found["operations"]]
    assert results[0] == "done"
    assert results.count("refused") == 1
    assert results.count("failed") >= 2
