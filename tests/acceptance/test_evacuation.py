"""A region is evacuated while people write to each other, and comes back: everything arrives once, in order, and nobody logs in anew."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from chaos.federation import CommandError, Federation
from infra.local import postgres
from region.client import Stage
from tests.acceptance.writers import Writer, person, standing

pytestmark = pytest.mark.timeout(1200)

COMMAND_SECONDS = 400.0
WRITE_SECONDS = 1.0
READY_SECONDS = 240.0
PATIENCE_SECONDS = 240.0
"""How long a device repeats what it asks for, and how long one waits for what is written."""
LOOK_SECONDS = 2.0


async def ended(writer: Writer) -> None:
    """Let somebody stop writing, and wait until the reader was shown all."""
    await writer.stop()
    await writer.reader.sees(writer.texts[-1], within=PATIENCE_SECONDS)
    shown = [
        one.text for messages in writer.reader.screen.values() for one in messages if one.text in set(writer.texts)
    ]
    assert shown == writer.texts, "each of them once, in order"


def command(federation: Federation, *options: str) -> Any:
    """Evacuate us, or rehearse it; return what a script is told."""
    return json.loads(federation.run("region", "evacuate", "us", "--json", *options, patience=COMMAND_SECONDS))


async def rehearsed_well(federation: Federation) -> Any:
    """Wait until nothing is in the way any more, as the copy that eu makes after a start, and after each return; return what was found."""
    async with asyncio.timeout(READY_SECONDS):
        while True:
            with contextlib.suppress(CommandError):  # whose exit status says that something is
                return await asyncio.to_thread(command, federation, "--rehearse")
            await asyncio.sleep(LOOK_SECONDS)


async def test_a_region_is_evacuated_and_comes_back_while_people_write(
    movable: Federation, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    """Between all three regions, in both directions; devices stay logged in, and history is whole wherever it is read."""
    urls = {name: there.public_url for name, there in movable.status().regions.items()}
    began = (await standing(movable))["epoch"]
    rehearsed = await rehearsed_well(movable)
    assert rehearsed["ok"], rehearsed
    assert (rehearsed["source"], rehearsed["target"]) == ("us", "eu")
    assert (await standing(movable))["epoch"] == began, "nothing was changed"
    async with AsyncExitStack() as stack:
        people = [
            await stack.enter_async_context(
                person([urls[via], urls["ap"]], home, tmp_path / f"{place}", patience=PATIENCE_SECONDS)
            )
            for place, (home, via) in enumerate((("us", "us"), ("us", "eu"), ("eu", "eu"), ("ap", "ap")))
        ]
        alice, abe, eva, aki = people
        pairs = ((alice, abe), (abe, alice), (alice, eva), (eva, alice), (alice, aki), (aki, abe), (eva, aki))
        writers = [Writer(*pair, seconds=WRITE_SECONDS) for pair in pairs]
        for writer in writers:
            stack.callback(writer.give_up)
        for writer in writers:
            await writer.goes_on()

        for epoch, (source, target) in enumerate((("us", "eu"), ("eu", "us")), start=began + 1):
            done = await asyncio.to_thread(command, movable, "--why", "a test", "--confirm", "us")
            assert done["holder"] == target, done
            held = await standing(movable)
            assert (held["holder"], held["epoch"]) == (target, epoch)
            told = [one["what"] for one in done["log"]]
            assert ("the copy that follows has everything, and is the same" in told) is (target == "eu"), told
            assert ("the copy is complete" in told) is (target == "us"), told
            if target == "eu":
                assert held["copy"]["state"] == "hold"
                parts = movable.status().parts()
                assert {parts[f"{site}/standby"].state for site in ("us", "eu")} == {"healthy"}
            for writer in writers:
                await writer.is_heard(within=PATIENCE_SECONDS)
            assert source != target
        await rehearsed_well(movable)  # the copy at eu was made anew
        for writer in writers:
            await ended(writer)

        assert not [refused for somebody in people for refused in somebody.refused]
        for somebody in people:
            for conversation, messages in somebody.screen.items():
                seqs = [one.seq for one in messages if one.seq is not None]
                assert len(seqs) == len(set(seqs)), conversation
        bearer = {"Authorization": f"Bearer {alice.client.tokens.access_token}"}
        page = await http.get(f"{urls['us']}/messages", params={"peer_id": aki.id, "limit": 200}, headers=bearer)
        wanted = [
            text for writer in writers if writer.author is alice and writer.reader is aki for text in writer.texts
        ]
        assert [one["text"] for one in page.json()["messages"] if one["kind"] != "hidden"][::-1][-50:] == wanted[-50:]


@contextlib.asynccontextmanager
async def nobody_decides(movable: Federation) -> AsyncIterator[None]:
    """Let the projector of us note nothing as decided meanwhile: what it writes in waits for a lock."""
    url = postgres.url(movable.status().parts()["us/postgres"].ports["postgres"])
    async with await psycopg.AsyncConnection.connect(url) as store:
        await store.execute("LOCK TABLE journal_partitions IN EXCLUSIVE MODE")
        yield
        await store.rollback()


async def test_an_evacuation_that_cannot_end_lets_the_region_go_on(movable: Federation, tmp_path: Path) -> None:
    """What was accepted is not decided in time: what was begun is handed back, and people go on as if nothing had been. Without a reason, or the name once more, nothing is begun."""
    urls = {name: there.public_url for name, there in movable.status().regions.items()}
    with pytest.raises(CommandError, match="--why"):
        await asyncio.to_thread(command, movable)
    with pytest.raises(CommandError, match="--confirm us"):
        await asyncio.to_thread(command, movable, "--why", "a test")
    await rehearsed_well(movable)
    before = await standing(movable)
    assert before["holder"] == "us"
    async with person([urls["us"]], "us", tmp_path / "1") as alice, person([urls["ap"]], "ap", tmp_path / "2") as aki:
        await alice.write("hello", aki)
        await aki.sees("hello")
        async with nobody_decides(movable):
            await (await alice.write("nobody decides", aki)).reach(Stage.ACCEPTED)
            with pytest.raises(CommandError, match="not decided yet"):
                await asyncio.to_thread(command, movable, "--why", "a test", "--confirm", "us")
        await aki.sees("nobody decides", within=PATIENCE_SECONDS)
        await aki.write("still there?", alice)
        await alice.sees("still there?")
        await alice.write("still here", aki)
        await aki.sees("still here")
    after = await standing(movable)
    assert (after["holder"], after["epoch"]) == (before["holder"], before["epoch"])
