"""Live connections that break: nothing is lost, nothing comes twice, whatever is cut or killed."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import aiohttp
import httpx
import msgspec
import pytest

from chaos.federation import Federation
from chaos.people import Person
from region.client import MemoryStore, Online, Stage

MakePerson = Callable[..., "asyncio.Future[Person]"]
As = Callable[[Person], dict[str, str]]


async def break_connection(person: Person) -> None:
    """Close a device's WebSocket under it, as a network does."""
    before = sum(isinstance(event, Online) for event in person.events)
    socket = person.client._link.socket  # noqa: SLF001  # no user does this
    assert socket is not None
    await socket.close(code=aiohttp.WSCloseCode.GOING_AWAY)
    await person.until(lambda: sum(isinstance(event, Online) for event in person.events) > before)


@pytest.mark.parametrize(("home", "via"), [("us", "us"), ("us", "eu")])
async def test_a_connection_that_breaks_again_and_again_loses_nothing(
    make_person: MakePerson, home: str, via: str
) -> None:
    """Traffic goes on while the receiver's connection breaks five times."""
    alice, boris = await make_person("ap"), await make_person(home, via=via)
    done = asyncio.Event()

    async def write() -> None:
        number = 0
        while not done.is_set():
            handle = await alice.write(f"message {number}", boris)
            await handle.reach(Stage.ACCEPTED)
            number += 1
        await (await alice.write("the last", boris)).outcome()

    writing = asyncio.create_task(write())
    for _ in range(5):
        await boris.shows_more(4)
        await break_connection(boris)
    done.set()
    await writing
    last = await boris.sees("the last")

    conversation = last.conversation_id
    assert boris.texts(conversation) == [*(f"message {n}" for n in range(len(alice.handles) - 1)), "the last"]
    assert boris.seqs(conversation) == list(range(1, len(alice.handles) + 1))


async def test_a_device_that_was_off_is_told_what_it_missed(make_person: MakePerson, tmp_path: Path) -> None:
    """Its store keeps session and positions; a new process takes them up, in another region, too."""
    alice = await make_person("us")
    boris = await make_person("eu", store=tmp_path / "boris.sqlite")
    await alice.write("first", boris)
    message = await boris.sees("first")
    await alice.handles[0].reach(Stage.READ)
    await boris.__aexit__(None, None, None)
    await boris.client.__aexit__(None, None, None)
    for number in range(10):
        await (await alice.write(f"missed {number}", boris)).outcome()

    again = await make_person("eu", via="ap", store=tmp_path / "boris.sqlite")

    await again.sees("missed 9")
    assert again.texts(message.conversation_id) == [f"missed {number}" for number in range(10)]


async def test_what_was_typed_while_off_line_goes_out_once(make_person: MakePerson, urls: dict[str, str]) -> None:
    """The outbox outlives the process that typed into it; order and number are kept."""
    boris = await make_person("eu")
    store = MemoryStore()
    alice = await make_person("us", store=store)
    await alice.client._link.stop()  # noqa: SLF001  # the network is gone
    for number in range(5):
        await alice.write(f"typed {number}", boris)
    await alice.__aexit__(None, None, None)

    again = await make_person("us", via="ap", store=store)

    assert len(again.client.unsettled) <= 5
    last = await boris.sees("typed 4")
    assert boris.texts(last.conversation_id) == [f"typed {number}" for number in range(5)]
    await again.until(lambda: not again.client.unsettled)


async def test_a_gateway_killed_in_full_flight_loses_and_doubles_nothing(
    make_person: MakePerson, whole: Federation
) -> None:
    """Sends that were under way are repeated under the same names; the screen shows each once, in order."""
    alice, boris = await make_person("us"), await make_person("us", via="eu")
    for number in range(30):
        await alice.write(f"before {number}", boris)

    await whole.act("local", "kill", "us/front")
    for number in range(30):
        await alice.write(f"after {number}", boris)
    last = await boris.sees("after 29", within=120)
    for handle in alice.handles:
        await asyncio.wait_for(handle.reach(Stage.READ), 60)

    expected = [*(f"before {n}" for n in range(30)), *(f"after {n}" for n in range(30))]
    assert boris.texts(last.conversation_id) == expected
    assert alice.texts(last.conversation_id) == expected


async def test_a_repeated_send_over_any_connection_is_answered_with_what_is_known(
    make_person: MakePerson, http: httpx.AsyncClient, urls: dict[str, str], as_: As
) -> None:
    """The same client message id by WebSocket through two regions and by HTTP: one message; other content: refused."""
    alice, boris = await make_person("us"), await make_person("eu")
    further = await make_person("us", via="ap", like=alice)

    first = await alice.client.send("one", to=boris.id, client_message_id="same")
    message = await first.outcome()
    second = await further.client.send("one", to=boris.id, client_message_id="same")
    assert (await second.outcome()).message_id == message.message_id
    body = {"recipient_id": boris.id, "text": "one", "client_message_id": "same"}
    third = await http.post(f"{urls['eu']}/messages", headers=as_(alice), json=body)
    assert (third.status_code, third.json()["message_id"]) == (200, message.message_id)

    other = await alice.client.send("two", to=boris.id, client_message_id="same")
    with pytest.raises(Exception, match="content-conflict"):
        await asyncio.wait_for(other.reach(Stage.NUMBERED), 60)
    await (await alice.write("the last", boris)).reach(Stage.READ)
    assert boris.texts(message.conversation_id) == ["one", "the last"]


async def test_every_hop_is_stamped(make_person: MakePerson, urls: dict[str, str], as_: As) -> None:
    """An entry tells where it has been, in order of time."""
    alice, boris = await make_person("us"), await make_person("eu")
    await (await alice.write("to open the conversation", boris)).reach(Stage.READ)
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(urls["eu"] + "/ws", headers=as_(boris)) as socket,
    ):
        await socket.send_json({"type": "hello", "resume": None, "held": None})
        await alice.write("with stamps", boris)
        async with asyncio.timeout(60):
            async for raw in socket:
                frame = msgspec.json.decode(raw.data)
                if frame["type"] == "entry" and frame["message"]["text"] == "with stamps":
                    break

    stages, times = zip(*frame["hops"], strict=True)
    assert stages[0] == "us.gateway"
    assert {stage.partition(".")[0] for stage in stages} == {"us", "eu"}
    assert list(times) == sorted(times)
