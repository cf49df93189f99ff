"""Operators ask where one message has been."""

import asyncio
import json
from collections.abc import Callable

import pytest

from chaos.federation import CommandError, Federation
from chaos.people import Person

MakePerson = Callable[..., "asyncio.Future[Person]"]


async def test_the_way_of_a_message_is_told_device_to_device(make_person: MakePerson, federation: Federation) -> None:
    """Through two regions: every stage is there, until the recipient's device has it; its text is not."""
    alice, boris = await make_person("us"), await make_person("eu")
    await alice.write("a secret of two people", boris)
    message_id = (await boris.sees("a secret of two people")).message_id
    await alice.until(lambda: any(received for (_, user), (received, _) in alice.marks.items() if user == boris.id))

    told = await federation.act("trace", message_id, "--json")
    way = json.loads(told)

    assert way["state"] == "delivered"
    reached = {step["to"] for step in way["steps"]}
    assert {"us.journal", "us.projector", "us.forwarder", "eu.ingester", "eu.projector", "eu.delivery"} <= reached
    assert "eu.device" in reached
    assert not way["warnings"]
    shown = await federation.act("trace", message_id)
    assert all(stage in shown for stage in reached)
    assert "secret" not in told + shown


async def test_a_message_of_a_group_is_traced_to_each_region(make_person: MakePerson, federation: Federation) -> None:
    """Of three regions; each hop says who tells it, and what nobody knows is said to be unknown."""
    alice, eva, aki = [await make_person(region) for region in ("us", "eu", "ap")]
    group = (await alice.client.groups.create("Three", eva.id, aki.id)).group_id
    for one in (eva, aki):
        await one.shows(group, 1)
    handle = await alice.client.send("a secret of three", conversation=group)
    message_id = (await handle.outcome()).message_id
    for one in (eva, aki):
        await one.sees("a secret of three")
    await alice.until(lambda: all(alice.marks.get((group, one.id), (0, 0))[0] >= 2 for one in (eva, aki)))

    way = json.loads(await federation.act("trace", message_id, "--json"))

    assert way["state"] == "delivered"
    assert "of 2 other members 2 have it" in way["sentence"]
    known = {step["to"] for step in way["steps"] if step["milliseconds"] is not None}
    assert {"us.journal", "eu.projector", "eu.device", "ap.projector", "ap.device"} <= known
    first = way["steps"][0]
    assert (first["from"], first["milliseconds"], first["told_by"]) == ("author.device", None, "nobody")
    assert "secret" not in json.dumps(way)


async def test_unknown_messages_are_told_by_a_sentence(federation: Federation) -> None:
    """With a status that scripts see; and what is no message id is refused."""
    with pytest.raises(CommandError, match="trace"):
        await federation.act("trace", "m" + "0" * 35 + "-us")
    with pytest.raises(CommandError, match="is no message id"):
        await federation.act("trace", "nonsense")
