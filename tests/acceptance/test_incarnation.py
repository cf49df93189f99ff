"""A region that lost its store, or was put back to an older one, comes back from its standby, and one that lost its Kafka in its own store: nothing that anybody holds is lost, doubled, or in two orders."""

import asyncio
import contextlib
import json
import shutil
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from chaos.federation import CommandError, Federation
from chaos.people import Person
from infra.local import homes, toolchain
from infra.local.topology import lay_out
from tests.acceptance.test_failover import (
    DECIDES,
    PATIENCE_SECONDS,
    READY_SECONDS,
    SHOWN_SECONDS,
    WRITE_SECONDS,
    arrived,
    check_screen,
    command,
    history,
    is_there,
    ready,
    say_and_leave,
)
from tests.acceptance.writers import Writer, person, standing

pytestmark = pytest.mark.timeout(1500)
LOST = ("--why", "a test", "--confirm", "us")


def services_of(stood_by: Federation) -> list[str]:
    """Return the processes of us that serve, or stand by for others."""
    parts = stood_by.status().parts()
    return [name for name, part in parts.items() if name.startswith("us/") and "admin" in part.ports]


def store_of(stood_by: Federation) -> Path:
    """Return where the server of the store of us keeps everything."""
    layout = lay_out(homes.read_federation(Path(stood_by.status().home)), toolchain.find())
    return layout.parts["us/postgres"].directory


async def start(stood_by: Federation, *parts: str) -> None:
    """Start parts that are down, and wait until they are well; what stands by may count as not well while it hears of that."""
    with contextlib.suppress(CommandError):
        await stood_by.act("local", "heal", *parts)


async def begin(stood_by: Federation, *parts: str) -> None:
    """Start parts that are down; services that have lost what they stand on are not well before that is mended, so nobody waits for it."""
    await stood_by.act("local", "heal", "--no-wait", *parts)


async def answer(stood_by: Federation, services: list[str]) -> None:
    """Wait until each of us's processes tells how it is."""
    admins = admins_of(stood_by)
    async with asyncio.timeout(READY_SECONDS):
        while len(await looked(admins)) < len(services):  # noqa: ASYNC110  # other processes
            await asyncio.sleep(1)


async def says(stood_by: Federation, what: str) -> None:
    """Wait until a part of us says so of its health."""
    admins = admins_of(stood_by)
    async with asyncio.timeout(READY_SECONDS):
        while what not in json.dumps(await looked(admins)):  # noqa: ASYNC110  # another process
            await asyncio.sleep(1)


def admins_of(stood_by: Federation) -> list[int]:
    """Return the ports at which processes of us tell how they are."""
    parts = stood_by.status().parts()
    return [part.ports["admin"] for name, part in parts.items() if name.startswith("us/") and "admin" in part.ports]


async def looked(admins: list[int]) -> Any:
    """Return what an operator is told of us; that something is not well is no failure here."""
    async with httpx.AsyncClient(timeout=5) as client:
        found = []
        for port in admins:
            with contextlib.suppress(httpx.HTTPError):
                found.append((await client.get(f"http://127.0.0.1:{port}/health")).json())
    return found


async def taken_over(stood_by: Federation, mine: list[str]) -> None:
    """Let nobody of us serve any more, and have eu take over: an operator declares it dead, whose name is to be typed; once more does nothing."""
    await stood_by.act("local", "kill", "--stay-down", *mine)
    with pytest.raises(CommandError, match="is to be confirmed"):
        await asyncio.to_thread(command, stood_by, "fail", "--why", "a test", "--confirm", "eu")
    failed = await asyncio.to_thread(command, stood_by, "fail", *LOST)
    assert failed["holder"] == "eu", failed
    assert any("restore us" in step for step in failed["next"]), failed
    again = await asyncio.to_thread(command, stood_by, "fail", *LOST)
    assert again["holder"] == "eu", "it is done"


async def test_a_lost_store_comes_back_from_the_standby(
    stood_by: Federation, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    """Its services begin nothing in an empty one; what is given up is listed, and only then; the rest is as if nothing had been."""
    urls = {name: there.public_url for name, there in stood_by.status().regions.items()}
    services = services_of(stood_by)
    await ready(stood_by)
    epoch = (await standing(stood_by))["epoch"]
    async with AsyncExitStack() as stack:
        alice, eva = await people(stack, urls, tmp_path)
        writers = writers_between(alice, eva)
        for writer in writers:
            stack.callback(writer.give_up)
        for writer in writers:
            await writer.is_heard(within=SHOWN_SECONDS)
        parting = await say_and_leave(stood_by, urls["us"], tmp_path / "parting", eva)

        await stood_by.act("local", "kill", "--stay-down", *(set(services) - {DECIDES}), "us/postgres")
        await asyncio.to_thread(shutil.rmtree, store_of(stood_by))
        await begin(stood_by, "us/postgres", *services)
        await answer(stood_by, services)
        await says(stood_by, "us has lived")
        assert (await standing(stood_by))["epoch"] == epoch, "nothing was begun in it"

        assert (await standing(stood_by))["epoch"] == epoch, "nor after a while"
        await taken_over(stood_by, services)
        for writer in writers:
            await writer.is_heard(within=SHOWN_SECONDS)
        await begin(stood_by, *services)
        await answer(stood_by, services)
        with pytest.raises(
            CommandError, match=r"(?m)failed: \}$"
        ):  # all is told, and its status says that something is lost
            await asyncio.to_thread(command, stood_by, "restore", "--rehearse")
        with pytest.raises(CommandError, match="--store-lost"):
            await asyncio.to_thread(command, stood_by, "restore", *LOST)
        restored = await asyncio.to_thread(command, stood_by, "restore", "--store-lost", *LOST)
        assert restored["holder"] == "us", restored
        assert restored["handed_in"].get("handed in", 0) >= len(parting), restored
        for writer in writers:
            await writer.is_heard(within=SHOWN_SECONDS)
        for writer in writers:
            await writer.stop()
        await same_everywhere(http, urls, writers, parting)
    await ready(stood_by)


async def people(stack: AsyncExitStack, urls: dict[str, str], tmp_path: Path) -> tuple[Person, Person]:
    """Return somebody of us and somebody of eu."""
    alice, eva = [
        await stack.enter_async_context(
            person([urls[home], urls[other]], home, tmp_path / home, patience=PATIENCE_SECONDS)
        )
        for home, other in (("us", "eu"), ("eu", "us"))
    ]
    return alice, eva


def writers_between(alice: Person, eva: Person) -> list[Writer]:
    """Let both write to each other."""
    return [Writer(alice, eva, seconds=WRITE_SECONDS), Writer(eva, alice, seconds=WRITE_SECONDS)]


async def same_everywhere(
    http: httpx.AsyncClient, urls: dict[str, str], writers: list[Writer], parting: list[str]
) -> None:
    """See that each text stands once on both screens, and in one order in both regions."""
    for writer in writers:
        await arrived(writer)
    alice, eva = writers[0].author, writers[0].reader
    await eva.until(lambda: is_there(eva, set(parting)), within=SHOWN_SECONDS)
    for somebody in (alice, eva):
        check_screen(somebody)
    here = await history(http, urls["us"], alice, eva)
    assert here == await history(http, urls["eu"], eva, alice), "one order in both regions"
    assert sorted(text for _, _, text in here if text) == sorted(text for one in writers for text in one.texts)


async def test_an_older_store_is_known_and_replaced(
    stood_by: Federation, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    """Somebody put an older disk in its place: nothing is decided in it, and the region comes back from the standby."""
    urls = {name: there.public_url for name, there in stood_by.status().regions.items()}
    services = services_of(stood_by)
    await ready(stood_by)
    async with AsyncExitStack() as stack:
        alice, eva = await people(stack, urls, tmp_path)
        writers = writers_between(alice, eva)
        for writer in writers:
            stack.callback(writer.give_up)
        for writer in writers:
            await writer.is_heard(within=SHOWN_SECONDS)
        await stood_by.act("local", "kill", "--stay-down", *services, "us/postgres")
        store, older = store_of(stood_by), tmp_path / "older"
        await asyncio.to_thread(shutil.copytree, store, older, symlinks=True)
        owner = store.stat()
        await start(stood_by, "us/postgres", *services)
        for writer in writers:
            await writer.is_heard(within=SHOWN_SECONDS)
        await ready(stood_by)

        await stood_by.act("local", "kill", "--stay-down", *services, "us/postgres")
        await asyncio.to_thread(shutil.rmtree, store)
        await asyncio.to_thread(shutil.copytree, older, store, symlinks=True)
        for place in (store, *store.rglob("*")):
            shutil.chown(place, owner.st_uid, owner.st_gid)
        await begin(stood_by, "us/postgres", *services)
        await says(stood_by, "an older store was put in its place")

        epoch = (await standing(stood_by))["epoch"]
        await taken_over(stood_by, services)
        await start(stood_by, *services)
        restored = await asyncio.to_thread(command, stood_by, "restore", *LOST)
        assert restored["holder"] == "us", restored
        assert (await standing(stood_by))["epoch"] == epoch + 2
        for writer in writers:
            await writer.is_heard(within=SHOWN_SECONDS)
        for writer in writers:
            await writer.stop()
        await same_everywhere(http, urls, writers, [])


async def test_a_lost_kafka_begins_anew_in_the_regions_own_store(
    stood_by: Federation, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    """Its disk is gone while all is decided: nothing is lost, nothing numbered anew, and eu, which still stands by, takes nothing over."""
    urls = {name: there.public_url for name, there in stood_by.status().regions.items()}
    services = services_of(stood_by)
    await ready(stood_by)
    epoch = (await standing(stood_by))["epoch"]
    async with AsyncExitStack() as stack:
        alice, eva = await people(stack, urls, tmp_path)
        before = writers_between(alice, eva)
        for writer in before:
            stack.callback(writer.give_up)
            await writer.is_heard(within=SHOWN_SECONDS)
        for writer in before:
            await writer.stop()
        for writer in before:
            await arrived(writer)
        first = await history(http, urls["eu"], eva, alice)

        await stood_by.act("local", "kill", "--stay-down", *services, "us/mirror", "us/kafka")
        layout = lay_out(homes.read_federation(Path(stood_by.status().home)), toolchain.find())
        await asyncio.to_thread(shutil.rmtree, layout.parts["us/kafka"].directory)
        await begin(stood_by, "us/kafka", "us/mirror", *services)
        await says(stood_by, "it is another journal than the one that was there")
        with pytest.raises(CommandError, match="end them"):
            await asyncio.to_thread(command, stood_by, "reincarnate", *LOST)
        await stood_by.act("local", "kill", "--stay-down", *services)
        async with asyncio.timeout(READY_SECONDS):
            while True:
                with contextlib.suppress(CommandError):  # who was killed counts as alive for a while
                    renewed = await asyncio.to_thread(command, stood_by, "reincarnate", *LOST)
                    break
                await asyncio.sleep(1)
        assert renewed["epoch"] == epoch + 1
        await start(stood_by, *services)

        after = writers_between(alice, eva)
        for writer, former in zip(after, before, strict=True):
            writer.texts.extend(former.texts)  # so that no text is written twice
            stack.callback(writer.give_up)
            await writer.is_heard(within=SHOWN_SECONDS)
        for writer in after:
            await writer.stop()
        for writer in after:
            await arrived(writer)
        here = await history(http, urls["us"], alice, eva)
        assert here == await history(http, urls["eu"], eva, alice), "one order in both regions"
        assert here[-len(first) :] == first, "what was numbered stands where it stood"
    held = await standing(stood_by)
    assert (held["holder"], held["epoch"]) == ("us", epoch + 1)
    await ready(stood_by)
