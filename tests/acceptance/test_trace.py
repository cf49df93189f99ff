"""Operators ask where one message has been."""

import asyncio
import json
import secrets
from collections.abc import Callable

import pytest

from chaos.federation import CommandError, Federation
from chaos.fuzz.places import Places
from chaos.fuzz.wire import Answer, Port, connected
from chaos.people import Person
from infra.administration import count_partitions
from infra.kafka import Consumer, Record
from replication.topics import mirrored_topic

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


async def post(port: Port, content: dict[str, str], **headers: str) -> Answer:
    """Post a message at a port between regions."""
    body = json.dumps(content).encode()
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head = ("POST /messages HTTP/1.1", f"Host: {port.authority}", f"Content-Length: {len(body)}", *lines, "", "")
    async with connected(port) as wire:
        await wire.send("\r\n".join(head).encode() + body)
        return await wire.answer()


async def test_the_context_of_a_trace_crosses_the_sea_with_its_message(
    make_person: MakePerson, federation: Federation
) -> None:
    """Another region's edge may name one: real MirrorMaker keeps it in the headers of what it copies."""
    alice, boris = await make_person("us"), await make_person("eu")
    status = federation.status()
    gateway = dict(zip(sorted(status.regions), Places.of(status).gateways, strict=True))["us"]
    kafka, topic = f"127.0.0.1:{status.parts()['eu/kafka'].ports['kafka']}", mirrored_topic("us", "eu")
    trace = secrets.token_hex(16)
    token = alice.client.tokens.access_token

    async with Consumer(kafka, topic, client="test") as consumer:
        consumer.assign(await consumer.ends(range(await count_partitions(kafka, topic))))
        answer = await post(
            gateway,
            {"recipient_id": boris.id, "text": "a secret across the sea", "client_message_id": "c"},
            authorization=f"Bearer {token}",
            content_type="application/json",
            traceparent=f"00-{trace}-{secrets.token_hex(8)}-01",
        )
        assert answer.status == 201, answer
        traced: list[Record] = []
        while not traced:
            read = await consumer.read(wait_ms=1000, most=500)
            traced = [record for records in read.values() for record in records if record.trace]

    assert {record.trace.split("-")[1] for record in traced} == {trace}
    await boris.sees("a secret across the sea")
