"""Parts with children of their own: pausing and killing PostgreSQL means its backends, too."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import psycopg
import pytest

from infra.local import ports, postgres
from infra.local.control import Act
from infra.local.federation import Federation
from infra.local.process import Identity
from infra.local.supervisor import Supervisor
from infra.local.tools import Tools, stage_of
from infra.local.topology import Topology

PATIENCE = 30


@pytest.fixture
async def supervisor(tmp_path: Path, tools: Tools) -> AsyncIterator[Supervisor]:
    """A running supervisor of one PostgreSQL."""
    data = tools.cluster(tmp_path, "us")
    part = postgres.postgres_part(
        "us/postgres", bin_directory=tools.postgres, data=data, log=tmp_path / "log", port=ports.some_free(1)[0]
    )
    one = Supervisor(Topology(Federation(str(tmp_path), ()), {part.name: part}, (), {}), tools)
    running = asyncio.create_task(one.run())
    async with asyncio.timeout(PATIENCE):
        await one.children[part.name].wait_well()
    yield one
    await one.stop()
    await running
    shutil.rmtree(data, ignore_errors=True)
    if tools.stage is not None:
        shutil.rmtree(stage_of(tools.stage, tmp_path), ignore_errors=True)


async def connected(supervisor: Supervisor) -> psycopg.AsyncConnection:
    """A connection to it."""
    port = supervisor.children["us/postgres"].part.ports["postgres"]
    return await psycopg.AsyncConnection.connect(postgres.url(port), autocommit=True)


async def test_a_paused_postgres_answers_nobody_until_it_is_resumed(supervisor: Supervisor) -> None:
    """Not on connections that it has, either: their backends have sessions of their own."""
    async with await connected(supervisor) as connection:
        await supervisor.act(Act("pause", ("us/postgres",)))
        states = {psutil.Process(connection.info.backend_pid).status()}
        asked = asyncio.create_task(connection.execute("SELECT 1"))
        done, _ = await asyncio.wait({asked}, timeout=0.5)

        assert states == {psutil.STATUS_STOPPED}
        assert not done

        await supervisor.act(Act("resume", ("us/postgres",)))
        async with asyncio.timeout(PATIENCE):
            answer = await (await asked).fetchone()

        assert answer == (1,)


async def test_a_paused_postgres_that_is_killed_leaves_no_backend(supervisor: Supervisor) -> None:
    """A backend that stands still would hold the memory without which its successor does not start."""
    child = supervisor.children["us/postgres"]
    async with await connected(supervisor) as connection:
        backend = Identity.of(connection.info.backend_pid)
        await supervisor.act(Act("pause", ("us/postgres",)))
        await supervisor.act(Act("kill", ("us/postgres",)))
        async with asyncio.timeout(PATIENCE):
            await child.wait_well()

        assert backend is not None
        assert not backend.alive()
        assert child.condition.crashes == 1, "its first successor starts"
