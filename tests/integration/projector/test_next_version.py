"""A projector in processes of its own, from one version to the next and back, while its store is expanded, filled in and contracted."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.administration import ensure_topics
from infra.local.ports import some_free
from infra.tls import public
from region.projector.rehearsal import message
from replication.codec import NEWEST, encode
from replication.ids import direct_conversation_id, partition_of
from replication.records import Journaled
from replication.topics import JOURNAL

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

BUILDS = Path(__file__).parents[2] / "builds"
PRESENT, NEXT, AFTER_NEXT = (
    ("-m", "infra.serve"),
    (str(BUILDS / "next_version.py"),),
    (str(BUILDS / "version_after_next.py"),),
)
PARTITIONS = 4
STEP_SECONDS = 60.0

Until = Callable[[str, Callable[[], Awaitable[bool]]], Awaitable[None]]


class Versions:
    """Runs a projector as any version, and the next version's command line, on one region."""

    def __init__(self, region: Any, log: Path) -> None:
        """Take the region."""
        self.admin = some_free(1)[0]
        self._log = log
        settings = {
            name: getattr(region.settings, name) for name in ("regions", "kafka", "store", "redis", "directory")
        }
        settings |= {"region": "us", "instance": "us/projector", "partitions": PARTITIONS, "admin_port": self.admin}
        self._environment = os.environ | {f"CAUSEWAY_{name.upper()}": str(value) for name, value in settings.items()}

    @contextlib.asynccontextmanager
    async def projecting(self, version: tuple[str, ...]) -> AsyncIterator[None]:
        """Run a projector as that version, and end it as an operator does."""
        with self._log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, *version, "projector", env=self._environment, stdout=log, stderr=log
            )
        try:
            yield
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), STEP_SECONDS) == 0, self._log.read_text()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    async def causeway(self, *arguments: str) -> str:
        """Run the next version's `causeway`, and return what it said."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, *NEXT, "causeway", *arguments,
            env=self._environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await asyncio.wait_for(process.communicate(), STEP_SECONDS)
        return said.decode()

    async def complaint(self) -> str:
        """Return why the projector does not take the schema; nothing if it does, or does not answer yet."""
        with contextlib.suppress(httpx.HTTPError):
            async with httpx.AsyncClient(verify=public()) as client:
                return str((await client.get(f"http://127.0.0.1:{self.admin}/health")).text)
        return ""


async def test_a_projector_goes_from_one_version_to_the_next(
    region: Any, until: Until, kafka: str, tmp_path: Path
) -> None:
    """The next one waits for its columns; the present one works on them, until they are contracted; both read what the other wrote."""
    await ensure_topics(kafka, {JOURNAL: PARTITIONS})
    region.topic = JOURNAL
    versions = Versions(region, tmp_path / "log")
    alice, bob = await region.user(), await region.user()
    conversation = direct_conversation_id(alice, bob)
    written = 0

    async def one_more() -> None:
        nonlocal written
        written += 1
        await region.append(message(alice, bob, f"message {written}"))

    async def all_numbered() -> bool:
        rows = await region.execute("SELECT count(*) FROM entries WHERE conversation_id = %s", conversation)
        return bool(rows == [(written,)])

    def complains(of: str) -> Callable[[], Awaitable[bool]]:
        async def does() -> bool:
            return of in await versions.complaint()

        return does

    async with versions.projecting(PRESENT):
        await one_more()
        await until("the present version numbers", all_numbered)
    async with versions.projecting(NEXT):
        await until("the next version waits", complains("causeway schema expand"))
        assert "expand" in await versions.causeway("schema", "expand", "--store", "region")
        await one_more()
        await until("the next version numbers", all_numbered)
    async with versions.projecting(PRESENT):
        await one_more()
        await until("the present version numbers on the expanded store", all_numbered)
        refused = await versions.causeway("schema", "migrate", "--store", "region")
        assert "Services of an older version are alive: us/projector (projector)" in refused
    async with versions.projecting(NEXT):
        assert "3 of 3 rows" in await versions.causeway("schema", "migrate", "--store", "region")
        assert "nothing is left to do" in await versions.causeway("schema", "contract", "--store", "region")
        await one_more()
        await until("the next version numbers on the contracted store", all_numbered)
        newer = encode(Journaled(record=message(alice, bob, "from a gateway of the version after it")))[1:]
        await region.append_bytes(partition_of(conversation, PARTITIONS), bytes((NEWEST + 1,)) + newer)
        written += 1
        await until("the next version reads what the one after it writes", all_numbered)
    async with versions.projecting(AFTER_NEXT):
        await one_more()
        await until("the version after it numbers", all_numbered)
    counted = "SELECT count(*) FROM entries WHERE characters = char_length(text) AND conversation_id = %s"
    assert await region.execute(counted, conversation) == [(written,)]
    assert {output.version for output in await region.outputs()} == {1, NEWEST + 1}
    async with versions.projecting(PRESENT):
        await until("the present version refuses", complains("was contracted by schema revision"))
