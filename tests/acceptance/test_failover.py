"""Everything of a region is killed while people write to each other: who stands by takes over; and when it is back, nothing is lost, doubled, or in two orders."""

import asyncio
import contextlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from chaos.federation import CommandError, Federation
from chaos.people import Person
from region.client import Arrived, Message, Stage, Withdrawn
from tests.acceptance.writers import Writer, person, standing

pytestmark = pytest.mark.timeout(1200)

COMMAND_SECONDS = 400.0
WRITE_SECONDS = 0.4
PATIENCE_SECONDS = 120.0
READY_SECONDS = 120.0
SHOWN_SECONDS = 120.0
PARTING = 5
"""Messages of a device that is gone before anybody has decided them."""


@pytest.fixture(scope="module")
def mortal(start_federation: Callable[..., AbstractContextManager[Federation]]) -> Iterator[Federation]:
    """A federation in which eu may take us's duties over."""
    with start_federation("--standby", "us=eu") as made:
        yield made


def on_screen(somebody: Person) -> dict[str, list[Message]]:
    """Return what stands on somebody's screen, by conversation: what was withdrawn is gone from it."""
    screen: dict[str, list[Message]] = defaultdict(list)
    for event in somebody.events:
        if isinstance(event, Arrived):
            screen[event.message.conversation_id].append(event.message)
        elif isinstance(event, Withdrawn):
            kept = [one for one in screen[event.conversation_id] if (one.seq or 0) <= event.seq]
            screen[event.conversation_id] = kept
    return screen


async def say_and_leave(federation: Federation, url: str, store: Path, reader: Person) -> list[str]:
    """Say something by a device of us that is gone for good once all of it is accepted, and decided by nobody; return the texts.

    No device sends them again: they come to the reader by what the region itself had kept, or never. Afterwards us has no projector.
    """
    texts = [f"farewell {count}" for count in range(PARTING)]
    async with person([url], "us", store, patience=PATIENCE_SECONDS) as gone:
        await gone.write("hello", reader)
        await reader.sees("hello", within=SHOWN_SECONDS)
        await federation.act("local", "kill", "--stay-down", "us/projector")
        handles = [await gone.write(text, reader) for text in texts]
        async with asyncio.timeout(SHOWN_SECONDS):
            for handle in handles:
                await handle.reach(Stage.ACCEPTED)
        assert all(handle.seq is None for handle in handles), "nobody has decided them"
    return texts


def command(federation: Federation, verb: str, *options: str) -> Any:
    """Fail or restore us, or rehearse it; return what a script is told."""
    return json.loads(federation.run("region", verb, "us", "--json", *options, patience=COMMAND_SECONDS))


async def ready(federation: Federation) -> Any:
    """Wait until us could be taken over: eu has a whole copy, and the directory knows that it has everything."""
    async with asyncio.timeout(READY_SECONDS):
        while True:
            with contextlib.suppress(CommandError):  # whose exit status says that something is missing
                return await asyncio.to_thread(command, federation, "fail", "--rehearse")
            await asyncio.sleep(1)


async def history(http: httpx.AsyncClient, url: str, reader: Person, peer: Person) -> list[tuple[int, str, str]]:
    """Return a conversation as a region shows it: seq, id and text, the newest first."""
    bearer = {"Authorization": f"Bearer {reader.client.tokens.access_token}"}
    found: list[tuple[int, str, str]] = []
    query: dict[str, str] = {"peer_id": peer.id, "limit": "200"}
    while True:
        page = (await http.get(f"{url}/messages", params=query, headers=bearer)).raise_for_status().json()
        found += [(one["seq"], one["message_id"], one["text"]) for one in page["messages"] if one["kind"] != "hidden"]
        if page["next"] is None:
            return found
        query["before"] = page["next"]


async def arrived(writer: Writer) -> None:
    """Wait until all that somebody wrote stands on both screens."""
    async with asyncio.timeout(SHOWN_SECONDS):
        for somebody in (writer.reader, writer.author):
            assert not somebody.refused, somebody.refused
            await somebody.until(lambda: is_there(somebody, set(writer.texts)), within=SHOWN_SECONDS)  # noqa: B023  # awaited here


def is_there(somebody: Person, texts: set[str]) -> bool:
    """Whether all those texts stand on a screen."""
    return texts <= {one.text for shown in on_screen(somebody).values() for one in shown}


def check_screen(somebody: Person) -> None:
    """See that everything stands on a screen once, in order of its numbers."""
    for conversation, messages in on_screen(somebody).items():
        seqs = [one.seq for one in messages if one.seq is not None]
        assert seqs == sorted(set(seqs)), conversation
        texts = [one.text for one in messages if one.text]
        assert len(texts) == len(set(texts)), "each of them once"


async def test_a_region_dies_and_comes_back_and_nothing_is_lost_or_doubled(
    mortal: Federation, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    """Everything of it is killed under writers of all regions; its name is to be typed; afterwards each text stands once, in one order everywhere."""
    urls = {name: there.public_url for name, there in mortal.status().regions.items()}
    rehearsed = await ready(mortal)
    assert rehearsed["ok"], rehearsed
    assert (await standing(mortal))["epoch"] == 1, "nothing was changed"
    mine = [name for name in mortal.status().parts() if name.startswith("us/")]
    async with AsyncExitStack() as stack:
        people = [
            await stack.enter_async_context(
                person([urls[via], urls["eu"], urls["ap"]], home, tmp_path / f"{place}", patience=PATIENCE_SECONDS)
            )
            for place, (home, via) in enumerate((("us", "us"), ("us", "eu"), ("eu", "eu"), ("ap", "ap")))
        ]
        alice, abe, eva, aki = people
        pairs = ((alice, abe), (abe, alice), (alice, eva), (eva, alice), (alice, aki), (aki, abe), (eva, aki))
        writers = [Writer(*pair, seconds=WRITE_SECONDS) for pair in pairs]
        for writer in writers:
            stack.callback(writer.give_up)
        for writer in writers:
            await writer.is_heard(within=SHOWN_SECONDS)

        parting = await say_and_leave(mortal, urls["us"], tmp_path / "parting", abe)
        await mortal.act("local", "kill", "--stay-down", *(name for name in mine if name != "us/projector"))
        with pytest.raises(CommandError, match="is to be confirmed"):
            await asyncio.to_thread(command, mortal, "fail", "--why", "a test", "--confirm", "eu")
        failed = await asyncio.to_thread(command, mortal, "fail", "--why", "a test", "--confirm", "us")
        assert failed["holder"] == "eu", failed
        assert any("restore us" in step for step in failed["next"]), failed
        held = await standing(mortal)
        assert (held["holder"], held["epoch"]) == ("eu", 2)
        for writer in writers:
            await writer.is_heard(within=SHOWN_SECONDS)
        again = await asyncio.to_thread(command, mortal, "fail", "--why", "a test", "--confirm", "us")
        assert again["holder"] == "eu", "it is done"

        with contextlib.suppress(CommandError):  # what stands by may count as not well while it hears of that
            await mortal.act("local", "heal", *mine)
        restored = await asyncio.to_thread(command, mortal, "restore", "--why", "a test", "--confirm", "us")
        assert restored["holder"] == "us", restored
        assert restored["handed_in"].get("handed in", 0) >= len(parting), restored
        held = await standing(mortal)
        assert (held["holder"], held["epoch"]) == ("us", 3)
        for writer in writers:
            await writer.is_heard(within=SHOWN_SECONDS)
        for writer in writers:
            await writer.stop()

        for writer in writers:
            await arrived(writer)
        await abe.until(lambda: is_there(abe, set(parting)), within=SHOWN_SECONDS)
        for somebody in people:
            check_screen(somebody)
        for one, other in ((alice, abe), (alice, eva), (alice, aki), (eva, aki)):
            here = await history(http, urls[one.id.rpartition("-")[2]], one, other)
            there = await history(http, urls[other.id.rpartition("-")[2]], other, one)
            assert here == there, "one order in both regions"
            written = [
                text for writer in writers if {writer.author, writer.reader} == {one, other} for text in writer.texts
            ]
            assert sorted(text for _, _, text in here if text) == sorted(written)
