"""A region is evacuated while people write to each other, and comes back: everything arrives once, in order, and nobody logs in anew."""

import asyncio
import contextlib
import json
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from chaos.federation import CommandError, Federation
from chaos.people import Person
from region.client import Client, SqliteStore, Stage

pytestmark = pytest.mark.timeout(900)

COMMAND_SECONDS = 240.0
WRITE_SECONDS = 0.2
READY_SECONDS = 60.0


@pytest.fixture(scope="module")
def movable(start_federation: Callable[..., AbstractContextManager[Federation]]) -> Iterator[Federation]:
    """A federation in which eu may hold us's duties."""
    with start_federation("--standby", "us=eu") as made:
        yield made


class Writer:
    """Writes to somebody, again and again, until told to stop."""

    def __init__(self, author: Person, reader: Person) -> None:
        """Begin."""
        self.author = author
        self.reader = reader
        self.texts: list[str] = []
        self._stop = asyncio.Event()
        self._wrote = asyncio.Event()
        self._task = asyncio.create_task(self._write())

    async def _write(self) -> None:
        while not self._stop.is_set():
            self.texts.append(f"{self.author.id[:6]} writes {len(self.texts)}")
            await self.author.write(self.texts[-1], self.reader)
            self._wrote.set()
            await asyncio.sleep(WRITE_SECONDS)

    async def goes_on(self) -> str:
        """Wait until one more is written; return it."""
        self._wrote.clear()
        await self._wrote.wait()
        return self.texts[-1]

    def give_up(self) -> None:
        """Write no more, whatever has come of it: nobody writes on at a device that is put away."""
        self._task.cancel()

    async def stop(self) -> None:
        """Stop writing, and wait until the reader was shown all."""
        self._stop.set()
        await self._task
        await self.reader.sees(self.texts[-1])
        shown = [
            one.text for messages in self.reader.screen.values() for one in messages if one.text in set(self.texts)
        ]
        assert shown == self.texts, "each of them once, in order"


@asynccontextmanager
async def person(urls: list[str], home: str, store: Path) -> AsyncIterator[Person]:
    """Somebody with an account in a region, and a device that knows those addresses."""
    async with Client(urls, store=SqliteStore(store), patience=60) as client:
        await client.register(f"{home}-{secrets.token_hex(6)}", "a good password", home_region=home)
        await client.online()
        async with Person(client) as somebody:
            yield somebody


async def standing(federation: Federation, region: str = "us") -> dict[str, Any]:
    """Return what an operator is told of a region."""
    found = json.loads(await federation.act("region", "status", "--json"))["regions"]
    return dict(next(one for one in found if one["region"] == region))


def command(federation: Federation, *options: str) -> Any:
    """Evacuate us, or rehearse it; return what a script is told."""
    return json.loads(federation.run("region", "evacuate", "us", "--json", *options, patience=COMMAND_SECONDS))


async def rehearsed_well(federation: Federation) -> Any:
    """Wait until nothing is in the way any more, as the copy that eu makes after a start, and after each return; return what was found."""
    async with asyncio.timeout(READY_SECONDS):
        while True:
            with contextlib.suppress(CommandError):  # whose exit status says that something is
                return await asyncio.to_thread(command, federation, "--rehearse")
            await asyncio.sleep(1)


async def test_a_region_is_evacuated_and_comes_back_while_people_write(
    movable: Federation, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    """Between all three regions, in both directions; devices stay logged in, and history is whole wherever it is read."""
    urls = {name: there.public_url for name, there in movable.status().regions.items()}
    rehearsed = await rehearsed_well(movable)
    assert rehearsed["ok"], rehearsed
    assert (rehearsed["source"], rehearsed["target"]) == ("us", "eu")
    assert (await standing(movable))["epoch"] == 1, "nothing was changed"
    async with AsyncExitStack() as stack:
        people = [
            await stack.enter_async_context(person([urls[via], urls["ap"]], home, tmp_path / f"{place}"))
            for place, (home, via) in enumerate((("us", "us"), ("us", "eu"), ("eu", "eu"), ("ap", "ap")))
        ]
        alice, abe, eva, aki = people
        pairs = ((alice, abe), (abe, alice), (alice, eva), (eva, alice), (alice, aki), (aki, abe), (eva, aki))
        writers = [Writer(*pair) for pair in pairs]
        for writer in writers:
            stack.callback(writer.give_up)
        for writer in writers:
            await writer.goes_on()

        for epoch, (source, target) in enumerate((("us", "eu"), ("eu", "us")), start=2):
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
                await writer.reader.sees(await writer.goes_on(), within=60)
            assert source != target
        await rehearsed_well(movable)  # the copy at eu was made anew
        for writer in writers:
            await writer.stop()

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
        await movable.act("local", "pause", "us/projector")
        try:
            await (await alice.write("nobody decides", aki)).reach(Stage.ACCEPTED)
            with pytest.raises(CommandError, match="not decided yet"):
                await asyncio.to_thread(command, movable, "--why", "a test", "--confirm", "us")
        finally:
            await movable.act("local", "resume", "us/projector")
        await aki.sees("nobody decides")
        await aki.write("still there?", alice)
        await alice.sees("still there?")
        await alice.write("still here", aki)
        await aki.sees("still here")
    after = await standing(movable)
    assert (after["holder"], after["epoch"]) == (before["holder"], before["epoch"])
