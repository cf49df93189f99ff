"""A store that stands still is copied whole, and takes the place of what was there; a copy that is not complete never does."""

import asyncio
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from infra.local.tools import Tools
from infra.postgres import Connection, NoAnswerError, make_pool
from infra.schema.repository import connect
from region.evacuation import copying, repository
from region.evacuation.answering import while_they_answer
from region.evacuation.copying import CopyDiffersError, CopyFailedError, compare, copy_store
from region.store.repository.setup import prepare
from replication.turns.records import Phase
from replication.turns.repository import drain, hand_over, read_turn, set_offsets

pytestmark = pytest.mark.integration


async def nothing(_: Connection) -> None:
    """Change nothing in the copy."""


@pytest.fixture
async def source(new_store: Callable[[], str]) -> str:
    """URL of a store of us with something in it, which is handed over."""
    url = new_store()
    async with make_pool(url, size=1, name="test") as pool:
        await prepare(pool, region="us", partitions=2)
        async with pool.connection() as connection:
            await connection.execute(
                "INSERT INTO followers (name, partition, position, updated_at) SELECT 'x' || n, 0, n, n FROM generate_series(1, 1000) n"
            )
            await drain(connection, epoch=1)
            await hand_over(connection, epoch=1, to="eu")
    return url


def beside(url: str, name: str) -> str:
    """Return the URL of another database of the same server."""
    return f"{url.rpartition('/')[0]}/{name}"


async def count(url: str) -> int:
    """Return how many followers a store has."""
    async with await connect(url, name="test") as connection:
        row = await (await connection.execute("SELECT count(*) FROM followers")).fetchone()
    assert row is not None
    return int(row[0])


async def test_a_copy_has_everything_and_is_of_the_same_handing_over(source: str, tools: Tools) -> None:
    """Made where nothing was, then in place of an older one, while somebody looks at that again and again."""
    target = beside(source, "held_us_1")
    counts = await copy_store(source, target, tools.postgres, prepare=partial(set_offsets, offsets={0: 7, 1: 8}))

    assert counts["followers"] == 1000
    async with await connect(source, name="test") as one, await connect(target, name="test") as other:
        turn = await read_turn(other)
        assert turn == await read_turn(one)
        assert turn is not None
        assert turn.phase is Phase.HANDED
        offsets = await other.execute("SELECT partition, next_offset FROM journal_partitions ORDER BY partition")
        assert await offsets.fetchall() == [(0, 7), (1, 8)]
        await one.execute("DELETE FROM followers WHERE position > 10")

    async def look() -> None:
        while True:
            try:
                await count(target)
            except psycopg.Error:
                await asyncio.sleep(0.01)

    looking = asyncio.create_task(look())
    await copy_store(source, target, tools.postgres, prepare=nothing)
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)
    assert await count(target) == 10


async def test_a_copy_that_fails_or_differs_takes_nobodys_place(
    source: str, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was there stays as it was, and the next attempt is not in the way of this one."""
    target = beside(source, "held_us_2")
    await copy_store(source, target, tools.postgres, prepare=nothing)
    async with await connect(source, name="test") as connection:
        await connection.execute("DELETE FROM followers WHERE position > 10")
    said: list[str] = []
    with pytest.raises(CopyFailedError):
        await copy_store(source, target, Path("/nonexistent"), prepare=nothing, say=said.append)
    assert said == ["the copy that was not completed is thrown away"]
    run = copying.run_program

    async def write_meanwhile(*given: Any, **named: Any) -> None:
        await run(*given, **named)
        async with await connect(source, name="test") as connection:
            await connection.execute("DELETE FROM followers WHERE position = 1")

    monkeypatch.setattr(copying, "run_program", write_meanwhile)
    with pytest.raises(CopyDiffersError, match="followers has 9 rows, and 10 in the copy"):
        await copy_store(source, target, tools.postgres, prepare=nothing)
    monkeypatch.undo()

    async with await connect(beside(source, "postgres"), name="test") as server:
        assert await repository.size_of(server, "held_us_2_new") == 0, "nothing of it takes room"
        await repository.make_database(server, "held_us_2_new")  # as a run leaves it that was killed
        assert await repository.size_of(server, "held_us_2_new") > 0
    assert await count(target) == 1000
    with pytest.raises(CopyDiffersError):
        await compare(source, target)
    said.clear()

    async def begin_another(_: Connection) -> None:
        async with await connect(beside(source, "postgres"), name="test") as server:
            await repository.make_database(server, "held_us_2_new_theirs")
        raise CopyDiffersError(what="entries")

    with pytest.raises(CopyDiffersError, match="entries"):
        await copy_store(source, target, tools.postgres, prepare=begin_another, say=said.append)
    async with await connect(beside(source, "postgres"), name="test") as server:
        assert await repository.drafts(server, "held_us_2_new") == ["held_us_2_new_theirs"], "it is another run's"
    assert said[0] == "a copy that was not completed (held_us_2_new) is thrown away first"
    said.clear()
    await copy_store(source, target, tools.postgres, prepare=nothing, say=said.append)
    assert said == [
        "a copy that was not completed (held_us_2_new_theirs) is thrown away first",
        "what was there before is thrown away",
    ]
    async with await connect(beside(source, "postgres"), name="test") as server:
        assert await repository.drafts(server, "held_us_2_new") == []
    assert await count(target) == 9


async def test_what_was_there_is_gone_only_once_the_copy_is_in_its_place(source: str) -> None:
    """It alone says where the journal of that site goes on: a copy that cannot take its place, or whoever dies at that, leaves it where it was."""
    place = beside(source, "held_us_4")
    async with await connect(beside(source, "postgres"), name="test") as server:
        await repository.make_database(server, "held_us_4")
        with pytest.raises(psycopg.errors.InvalidCatalogName):
            await repository.put_in_place(server, "held_us_4_new_absent", "held_us_4", "held_us_4_new_old")
        assert "held_us_4" in await repository.databases(server)
        await repository.make_database(server, "held_us_4_new_x")
        async with await connect(place, name="test"):
            assert await repository.put_in_place(server, "held_us_4_new_x", "held_us_4", "held_us_4_new_x_old")
        assert {"held_us_4", "held_us_4_new_x_old"} <= await repository.databases(server)
        assert await repository.drafts(server, "held_us_4_new") == ["held_us_4_new_x_old"], (
            "the next run throws it away"
        )
        await repository.drop_database(server, "held_us_4_new_x_old")
        await repository.make_database(server, "held_us_4_new_y")
        await repository.drop_database(server, "held_us_4")
        assert not await repository.put_in_place(server, "held_us_4_new_y", "held_us_4", "held_us_4_new_y_old")


async def test_what_takes_long_is_given_up_when_a_server_stands_still(
    source: str, tools: Tools, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A program that waits for it would wait for ever, and so would people: it is said which server that is."""
    waits = tmp_path / "pg_dump"
    waits.write_text("#!/bin/sh\ntrap '' TERM\nexec sleep 600\n")
    waits.chmod(0o755)
    monkeypatch.setattr(copying, "END_SECONDS", 0.1)
    monkeypatch.setattr(copying, "while_they_answer", partial(while_they_answer, patience=0.5))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(NoAnswerError, match=r"has not answered for 0\.5 s") as raised:
            await copy_store(
                f"postgresql://us:secret@127.0.0.1:{port}/us", beside(source, "held_us_3"), tmp_path, prepare=nothing
            )
    assert raised.value.server == f"127.0.0.1:{port}, database us"
    assert await while_they_answer(asyncio.sleep(0, "done"), source) == "done"
