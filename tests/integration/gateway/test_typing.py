"""Typing through the real gateway, store and Redis: told to members who are connected, shed without a word when it cannot be."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from infra.tls import public

pytestmark = pytest.mark.integration

Register = Callable[..., Awaitable[Any]]
SHED = "causeway_gateway_signs_shed_total"


async def shed(region: Any, why: str) -> float:
    """How many typing signs the gateway has given up for that."""
    async with httpx.AsyncClient(verify=public()) as client:
        page = (await client.get(f"http://127.0.0.1:{region.parts['gateway'].ports['admin']}/metrics")).text
    (found,) = (
        sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name == SHED and sample.labels == {"what": "typing", "why": why}
    )
    return found


async def conversation_of(one: Any, other: Any) -> str:
    """Begin to talk."""
    sent = await one.send(other, "hello")
    assert sent.status_code == 201, sent.text
    return str(sent.json()["conversation_id"])


async def silence(device: Any) -> None:
    """Whatever was on its way to a device has come; nobody was said to type."""
    nonce = secrets.token_hex(4)
    await device.say({"type": "ping", "nonce": nonce})
    await device.until("pong", nonce=nonce)
    assert [frame for frame in device.frames if frame["type"] == "typist"] == []


async def test_the_others_of_a_conversation_are_told_on_every_device(person: Register) -> None:
    """Not who types, nor anybody who is no member; and again after a while."""
    alice, bob, eve = await person(), await person(), await person()
    conversation = await conversation_of(alice, bob)
    async with alice.device() as typing, bob.device() as first, bob.device() as second, eve.device() as stranger:
        for device in (typing, first, second, stranger):
            await device.until("welcome")
        await stranger.say({"type": "typing", "conversation_id": conversation})
        await typing.say({"type": "typing", "conversation_id": conversation})
        for device in (first, second):
            frame = await device.until("typist")
            assert (frame["conversation_id"], frame["user_id"]) == (conversation, alice.id)
        async with asyncio.timeout(60):
            told = asyncio.create_task(first.until("typist"))
            while not told.done():
                await typing.say({"type": "typing", "conversation_id": conversation})
                await asyncio.wait({told}, timeout=0.5)
        await silence(typing)
        await silence(stranger)


async def test_members_of_a_group_are_told_and_subscribers_of_a_channel_are_not(person: Register) -> None:
    """Nor whoever has left."""
    alice, bob, carol = await person(), await person(), await person()
    made = await alice.call("POST", "/groups", json={"name": "Us", "member_ids": [bob.id, carol.id]})
    assert made.status_code == 201, made.text
    group = made.json()["group_id"]
    channel = (await alice.call("POST", "/channels", json={"name": "News"})).json()["channel_id"]
    left = await carol.call("DELETE", f"/groups/{group}/members/{carol.id}")
    assert left.status_code == 201, left.text
    async with alice.device() as typing, bob.device() as member, carol.device() as former:
        for device in (typing, member, former):
            await device.until("welcome")
        for conversation in (channel, group):
            await typing.say({"type": "typing", "conversation_id": conversation})
        assert (await member.until("typist"))["conversation_id"] == group
        await silence(former)
        await typing.say({"type": "typing", "conversation_id": "nowhere"})
        assert (await typing.until("error"))["code"] == "invalid-field"


async def test_of_two_of_whom_one_blocks_the_other_neither_sees_the_other_type(person: Register) -> None:
    """In groups, too; the others see both."""
    alice, bob, carol = await person(), await person(), await person()
    made = await alice.call("POST", "/groups", json={"name": "Us", "member_ids": [bob.id, carol.id]})
    group = made.json()["group_id"]
    assert (await bob.call("PUT", f"/blocks/{alice.id}")).status_code == 204
    async with alice.device() as one, bob.device() as other, carol.device() as third:
        for device in (one, other, third):
            await device.until("welcome")
        for device, author in ((one, alice), (other, bob)):
            await device.say({"type": "typing", "conversation_id": group})
            await third.until("typist", user_id=author.id)
        await silence(one)
        await silence(other)


async def test_another_region_tells_of_its_own_users_and_is_told_of_ours(
    person: Register, region: Any, http: httpx.AsyncClient
) -> None:
    """As far as they are members by this region's copy of the conversation; nobody else may say anything."""
    alice, bob = await person(), await person()
    conversation = await conversation_of(alice, bob)
    eva = f"u{secrets.token_hex(12)}-eu"
    async with await psycopg.AsyncConnection.connect(
        region.parts["gateway"].env["CAUSEWAY_STORE"], autocommit=True
    ) as store:
        await store.execute(
            "UPDATE members SET user_id = %s, home = 'eu' WHERE conversation_id = %s AND user_id = %s",
            (eva, conversation, bob.id),
        )
    async with alice.device() as device:
        await device.until("welcome")
        said = [[conversation, eva], [conversation, bob.id]]
        for headers, status in (
            ({"causeway-region": "eu", "causeway-bridged": "1"}, 404),
            ({}, 404),
            ({"causeway-region": "us"}, 404),
            ({"causeway-region": "ap"}, 200),
        ):
            answer = await http.post("/internal/typing", json=said, headers=headers)
            assert answer.status_code == status, (headers, answer.text)
        assert (await http.post("/internal/typing", content=b"{", headers={"causeway-region": "eu"})).status_code == 400
        await silence(device)
        async with asyncio.timeout(60):
            told = asyncio.create_task(device.until("typist"))
            while not told.done():
                await http.post("/internal/typing", json=said, headers={"causeway-region": "eu"})
                await asyncio.wait({told}, timeout=0.5)
        assert told.result()["user_id"] == eva
        before = await shed(region, "region")
        await device.say({"type": "typing", "conversation_id": conversation})
        async with asyncio.timeout(60):
            while await shed(region, "region") == before:  # noqa: ASYNC110 — a metric raises no event
                await asyncio.sleep(0.05)


async def test_without_redis_typing_is_shed_and_everything_else_goes_on(person: Register, region: Any) -> None:
    """It is counted; messages come by the store; once Redis is back typing is told again."""
    alice, bob = await person(), await person()
    conversation = await conversation_of(alice, bob)
    async with alice.device() as typing, bob.device() as device:
        await typing.until("welcome")
        await device.until("welcome")
        before = await shed(region, "redis")
        region.kill("redis")
        await typing.say({"type": "typing", "conversation_id": conversation})
        async with asyncio.timeout(60):
            while await shed(region, "redis") == before:  # noqa: ASYNC110 — a metric raises no event
                await asyncio.sleep(0.05)
        name = await typing.send(bob, "still here")
        await typing.until("accepted", client_message_id=name)
        while device.messages[-1:] == [] or device.messages[-1]["text"] != "still here":
            await device.read()
        await silence(device)
        await asyncio.to_thread(region.start, "redis")
        async with asyncio.timeout(60):
            told = asyncio.create_task(device.until("typist"))
            while not told.done():
                await typing.say({"type": "typing", "conversation_id": conversation})
                await asyncio.wait({told}, timeout=0.5)
