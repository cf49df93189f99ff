"""Everything of a region is killed while people write to each other: who stands by takes over by itself, as the policy is; and when it is back, nothing is lost, doubled, or in two orders."""

import asyncio
import contextlib
import json
import re
import time
from collections import defaultdict
from contextlib import AsyncExitStack
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
WRITE_SECONDS = 1.0
PATIENCE_SECONDS = 240.0
READY_SECONDS = 240.0
SHOWN_SECONDS = 240.0
LOOK_SECONDS = 2.0
"""How often a command is run to see whether something has happened: it costs more than a second of a core."""
DECIDES = "us/back"
"""The process in which us's projector runs: services share two a region, so that fewer have to be started."""
PARTING = 5
"""Messages of a device that is gone before anybody has decided them."""


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
        await federation.act("local", "kill", "--stay-down", DECIDES)
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
            await asyncio.sleep(LOOK_SECONDS)


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


async def dies_and_comes_back(mortal: Federation, http: httpx.AsyncClient, place_for: Path) -> float:
    """Kill everything of us under writers of all regions, wait until eu has taken it over, and restore it; each text stands once afterwards, in one order everywhere.

    Args:
        mortal: A federation in which eu takes us's duties over by itself.
        http: Asks for histories.
        place_for: Where devices keep what they have.

    Returns:
        When it was killed, in seconds since 1970.
    """
    urls = {name: there.public_url for name, there in mortal.status().regions.items()}
    rehearsed = await ready(mortal)
    assert rehearsed["ok"], rehearsed
    assert (await standing(mortal))["epoch"] == 1, "nothing was changed"
    mine = [name for name in mortal.status().parts() if name.startswith("us/")]
    async with AsyncExitStack() as stack:
        people = [
            await stack.enter_async_context(
                person([urls[via], urls["eu"], urls["ap"]], home, place_for / f"{place}", patience=PATIENCE_SECONDS)
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

        parting = await say_and_leave(mortal, urls["us"], place_for / "parting", abe)
        await mortal.act("local", "kill", "--stay-down", *(name for name in mine if name != DECIDES))
        killed = time.time()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (held := await standing(mortal))["holder"] != "eu":  # noqa: ASYNC110  # another process
                await asyncio.sleep(LOOK_SECONDS)
        assert held["epoch"] == 2
        for writer in writers:
            await writer.is_heard(within=SHOWN_SECONDS)
        print(f"everybody is heard again {time.time() - killed:.1f} s after the kill")  # noqa: T201  # a figure

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
    return killed


async def test_a_region_that_dies_is_taken_over_by_itself_where_that_is_the_policy(
    automatic: Federation, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    """Nobody types anything until it is restored; the trace says who saw it down, and what was done by whom; once restored it is left alone."""
    began = await dies_and_comes_back(automatic, http, tmp_path)
    trace = json.loads(await automatic.act("audit", "list", "--target", "us", "--json"))["operations"]
    assert [(one["verb"], one["result"]) for one in trace] == [("restore", "done"), ("fail", "done")], trace
    taken = trace[1]
    assert (taken["who"], taken["came_by"]) == ("detector", "eu")
    assert re.match(r"taken for down by ap and eu for [\d.]+ s, in epoch 1", taken["why"]), taken
    told = json.loads(await automatic.act("region", "status", "--json"))
    assert told["takeover"] == "automatic"
    assert not any(one["taken_for_down"] for one in told["regions"])
    proposed = float(taken["why"].split(" for ")[2].split()[0])
    print(  # noqa: T201  # figures
        f"after the kill: taken for down {taken['at'] / 1e6 - proposed - began:.1f} s, decided {taken['at'] / 1e6 - began:.1f} s,"
        f" done {taken['ended_at'] / 1e6 - began:.1f} s ({taken['detail']})"
    )
