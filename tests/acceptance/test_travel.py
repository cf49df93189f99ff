"""Travelling: a device in ap, its user's home in eu, a friend in us; over HTTP and the WebSocket."""

import asyncio
from collections.abc import Callable

import httpx

from chaos.people import Person
from region.client import Online, Stage

MakePerson = Callable[..., "asyncio.Future[Person]"]
As = Callable[[Person], dict[str, str]]


async def test_a_traveller_is_served_by_the_home_region(make_person: MakePerson) -> None:
    """Connected to ap, served by eu, friends with us: both ways, with statuses."""
    boris, alice = await make_person("eu", via="ap"), await make_person("us")
    assert await boris.client.online() == "eu"

    there = await boris.write("Greetings from far away.", alice)
    await alice.sees("Greetings from far away.")
    await there.reach(Stage.READ)
    back = await alice.write("Have a good trip.", boris)
    await boris.sees("Have a good trip.")
    await back.reach(Stage.READ)


async def test_a_traveller_uses_http_as_at_home(
    make_person: MakePerson, http: httpx.AsyncClient, urls: dict[str, str], as_: As
) -> None:
    """Every call is bridged home."""
    boris, alice = await make_person("eu"), await make_person("us")
    ap = urls["ap"]

    sent = await http.post(f"{ap}/messages", headers=as_(boris), json={"recipient_id": alice.id, "text": "by HTTP"})
    assert sent.status_code == 201, sent.text
    await alice.sees("by HTTP")
    page = (await http.get(f"{ap}/messages", headers=as_(boris), params={"peer_id": alice.id})).json()
    assert [message["text"] for message in page["messages"]] == ["by HTTP"]
    listed = (await http.get(f"{ap}/conversations", headers=as_(boris))).json()["conversations"]
    assert [one["peer_id"] for one in listed] == [alice.id]
    assert len((await http.get(f"{ap}/devices", headers=as_(boris))).json()["devices"]) == 1


async def test_a_device_moves_from_region_to_region_and_misses_nothing(make_person: MakePerson) -> None:
    """Another device of the same user connects elsewhere; both show everything, and what one sends comes to the other."""
    home, alice = await make_person("eu"), await make_person("us")
    away = await make_person("eu", via="ap", like=home)

    await alice.write("to both devices", home)
    assert (await home.sees("to both devices")).seq == (await away.sees("to both devices")).seq == 1
    await away.write("from the one far away", alice)
    assert (await home.sees("from the one far away")).sender_id == home.id


async def test_the_next_endpoint_is_used_when_one_does_not_answer(
    make_person: MakePerson, urls: dict[str, str]
) -> None:
    """Fail-over by the client: nobody listens at the first address."""
    urls["nowhere"] = "http://127.0.0.1:9"
    try:
        alice = await make_person("us", via="nowhere", others=("ap",))
    finally:
        del urls["nowhere"]
    boris = await make_person("eu")

    await alice.write("still here", boris)
    await boris.sees("still here")
    assert [event.endpoint for event in alice.events if isinstance(event, Online)][-1] == urls["ap"]
