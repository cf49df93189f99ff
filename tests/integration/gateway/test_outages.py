"""What a gateway does when something that it stands on is away."""

import asyncio
import contextlib
import secrets
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from infra.tasks import beside, heed_cancellation
from infra.tls import public

pytestmark = pytest.mark.integration

Register = Callable[..., Awaitable[Any]]
Eventually = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]


async def until_text(device: Any, text: str) -> None:
    """Read until a message with that text has come."""
    while text not in [message["text"] for message in device.messages]:
        await device.read()


@contextlib.asynccontextmanager
async def unheard(region: Any) -> AsyncIterator[None]:
    """Cut what the gateway hears of Redis, over and over, so that what is published goes past it."""
    # No socket_timeout: redis keeps it with asyncio.wait_for, which before Python 3.12 may swallow a request to end.
    redis = Redis(port=region.parts["redis"].ports["redis"], socket_timeout=None)

    async def cut() -> None:
        while True:
            heed_cancellation()
            await redis.client_kill_filter(_type="pubsub")
            await asyncio.sleep(0.01)

    async with redis, beside(cut()):
        yield


async def test_without_fanout_messages_are_late_not_lost(region: Any, person: Register) -> None:
    """Requests are answered from the store; devices look there until fan-out is back, and get everything once."""
    ada, bob = await person(), await person()
    async with bob.device() as device:
        await device.until("welcome")
        await ada.send(bob, "1")
        await device.until_entries(1)
        region.kill("fanout")
        answers = [await ada.send(bob, text) for text in ("2", "3")]
        assert [answer.status_code for answer in answers] == [201, 201]
        assert [answer.json()["seq"] for answer in answers] == [2, 3]
        again = await ada.send(bob, "3", answers[1].json()["client_message_id"])
        assert again.status_code == 200
        await device.until_entries(3)
        await asyncio.to_thread(region.start, "fanout")
        await ada.send(bob, "4")
        messages = await device.until_entries(4)
    assert [message["seq"] for message in messages] == [1, 2, 3, 4]


async def test_an_emptied_redis_loses_nothing(region: Any, person: Register) -> None:
    """It is killed, comes back empty, and devices get what they missed without reconnecting."""
    ada, bob = await person(), await person()
    async with bob.device() as device:
        await device.until("welcome")
        await ada.send(bob, "1")
        await device.until_entries(1)
        region.kill("redis")
        await ada.send(bob, "2")
        await asyncio.to_thread(region.start, "redis")
        await ada.send(bob, "3")
        messages = await device.until_entries(3)
        assert [message["seq"] for message in messages] == [1, 2, 3]
        assert not device.socket.closed


@pytest.mark.timeout(300)
async def test_who_came_and_went_while_outputs_were_missed_is_known_afterwards(
    region: Any, person: Register, eventually: Eventually
) -> None:
    """Who subscribed is told what is posted since, and who left is not: no entry told the gateway of either."""
    ada, bob, eve = await person(), await person(), await person()
    made = await ada.call("POST", "/channels", json={"name": "News"})
    channel = f"/channels/{made.json()['channel_id']}"
    admin = f"http://127.0.0.1:{region.parts['gateway'].ports['admin']}"

    async def is_told() -> bool:
        async with httpx.AsyncClient(verify=public(), timeout=10) as client:
            conditions = (await client.get(f"{admin}/health")).json()["conditions"]
        return bool(conditions["redis"]["ok"] and conditions["fanout"]["ok"])

    assert (await eve.call("POST", f"{channel}/subscribers", json={"token": ""})).status_code == 201
    async with bob.device() as his, eve.device() as hers:
        await his.until("welcome")
        await hers.until("welcome")
        async with unheard(region):
            assert (await bob.call("POST", f"{channel}/subscribers", json={"token": ""})).status_code == 201
            assert (await eve.call("DELETE", f"{channel}/subscribers/{eve.id}")).status_code == 201
        await eventually(is_told)

        assert (await ada.call("POST", f"{channel}/message", json={"text": "since"})).status_code == 201
        await until_text(his, "since")
        await eve.send(bob, "a sign that nothing came before it")
        await until_text(hers, "a sign that nothing came before it")

    assert "since" not in [message["text"] for message in hers.messages]


async def test_without_a_projector_the_outcome_is_unknown(region: Any, person: Register) -> None:
    """503, not definite, with the message id; and the same request later tells."""
    ada, bob = await person(), await person()
    await ada.send(bob, "1")
    region.kill("projector")
    unknown = await ada.send(bob, "2", "second")
    assert unknown.status_code == 503
    assert (unknown.json()["code"], unknown.json()["definite"]) == ("outcome-unknown", False)
    async with ada.device() as device:
        await device.until("welcome")
        await device.send(bob, "3")
        await device.until("accepted")
        await asyncio.to_thread(region.start, "projector")
        await device.until_entries(2)

    known = await ada.send(bob, "2", "second")
    assert known.status_code == 200
    assert (known.json()["message_id"], known.json()["seq"]) == (unknown.json()["message_id"], 2)


async def test_a_killed_gateway_comes_back(region: Any, person: Register, eventually: Eventually) -> None:
    """Its devices resume where they were; tokens are still good."""
    ada, bob = await person(), await person()
    async with bob.device() as device:
        await device.until("welcome")
        await ada.send(bob, "1")
        await device.until_entries(1)
        token = device.token
        region.kill("gateway")
    await asyncio.to_thread(region.start, "gateway")

    async def is_sent() -> bool:
        try:
            return (await ada.send(bob, "2", "second")).status_code in {200, 201}
        except httpx.TransportError:
            return False

    await eventually(is_sent)
    async with bob.device(resume=token) as device:
        await device.until("welcome")
        assert [message["text"] for message in device.messages] in (["2"], ["1", "2"])


async def test_without_kafka_nothing_is_sent(
    region: Any, http: httpx.AsyncClient, person: Register, eventually: Eventually
) -> None:
    """Definitely, as soon as that is known; whether somebody is registered is not; and when it is back, everything goes on."""
    ada, bob = await person(), await person()
    await ada.send(bob, "1")
    region.kill("kafka")
    async with asyncio.timeout(60):
        while not (answer := await ada.send(bob, "2", "second")).json()["definite"]:
            assert answer.status_code == 503
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    wanted = {"handle": f"u{secrets.token_hex(8)}", "password": "a good password"}
    registered = await http.post("/register", json=wanted)
    assert (registered.status_code, registered.json()["code"]) == (503, "outcome-unknown")
    assert registered.json()["definite"] is False
    async with ada.device() as device:
        await device.until("welcome")
        await device.send(bob, "3", "third")
        await device.until("error", code="unavailable", client_message_id="third", definite=True)

    await asyncio.to_thread(region.start, "kafka")

    async def is_sent() -> bool:
        return (await ada.send(bob, "2", "second")).status_code in {200, 201}

    await eventually(is_sent)
    assert (await http.post("/register", json=wanted)).status_code == 201


@pytest.mark.parametrize("part", ["redis", "kafka"])
async def test_no_request_hangs_when_something_is_frozen(
    region: Any, http: httpx.AsyncClient, person: Register, eventually: Eventually, part: str
) -> None:
    """Each is served, or told that it was not, before a device would give up; and all goes on when the part does."""
    ada, bob = await person(), await person()
    await ada.send(bob, "1")
    account = {"handle": f"u{secrets.token_hex(8)}", "password": "a good password"}
    region.children[part].send_signal(signal.SIGSTOP)
    try:
        async with asyncio.timeout(60):
            answers = await asyncio.gather(
                ada.send(bob, "2", "second"),
                ada.call("GET", "/conversations"),
                ada.call("GET", "/messages", params={"peer_id": bob.id}),
                http.post("/login", json=account),
                http.post("/register", json=account),
            )
    finally:
        region.children[part].send_signal(signal.SIGCONT)
    assert {answer.status_code for answer in answers} <= {200, 201, 401, 503}
    assert [answer.status_code for answer in answers[1:3]] == [200, 200], "what is read needs neither"

    async def is_sent() -> bool:
        return (await ada.send(bob, "2", "second")).status_code in {200, 201}

    await eventually(is_sent)
