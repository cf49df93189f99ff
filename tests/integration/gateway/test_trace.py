"""Asking a gateway's admin port where a message has been."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from infra.observability.trace.answers import ask
from infra.observability.trace.way import way_of
from infra.tls import public

pytestmark = pytest.mark.integration

Register = Callable[..., Awaitable[Any]]
Eventually = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]


async def test_a_message_is_traced_from_gateway_to_device(
    region: Any, person: Register, eventually: Eventually
) -> None:
    """Its stored hops, and what the gateway saw; never its text."""
    admin = f"http://127.0.0.1:{region.parts['gateway'].ports['admin']}"
    ada, bob = await person(), await person()
    async with ada.device() as sender, bob.device() as receiver:
        await sender.until("welcome")
        await receiver.until("welcome")
        await sender.send(bob, "a secret")
        entry = await receiver.until("entry")
        message: dict[str, Any] = entry["message"]
        await receiver.say({"type": "received", "conversation_id": message["conversation_id"], "seq": 1, "epoch": 1})

        async def is_there() -> bool:
            way = way_of(message["message_id"], await ask(message["message_id"], {"us": [admin]}))
            return (
                [step.target for step in way.steps]
                == ["us.gateway", "us.journal", "us.projector", "us.fanout", "us.delivery", "us.device"]
                and not way.warnings
                and way.state == "delivered"
            )

        await eventually(is_there)
    async with httpx.AsyncClient(verify=public(), base_url=admin) as http:
        assert "secret" not in (await http.get(f"/trace/{message['message_id']}")).text


async def test_a_message_of_a_group_is_traced_to_its_members(
    region: Any, person: Register, eventually: Eventually
) -> None:
    """How many have it, and when the first device that is not the author's did."""
    admin = f"http://127.0.0.1:{region.parts['gateway'].ports['admin']}"
    ada, bob, cleo = await person(), await person(), await person()
    made = await ada.call("POST", "/groups", json={"name": "Three", "member_ids": [bob.id, cleo.id]})
    assert made.status_code == 201, made.text
    group = made.json()["group_id"]
    async with bob.device() as receiver:
        await receiver.until("welcome")
        sent = await ada.call("POST", "/messages", json={"conversation_id": group, "text": "a secret"})
        assert sent.status_code == 201, sent.text
        message = sent.json()
        await receiver.say(
            {"type": "received", "conversation_id": group, "seq": message["seq"], "epoch": message["epoch"]}
        )

        async def is_there() -> bool:
            way = way_of(message["message_id"], await ask(message["message_id"], {"us": [admin]}))
            return (
                "of 2 other members 1 have it on a device, 0 have read it" in way.sentence
                and [step.target for step in way.steps if step.is_known][-1] == "us.device"
            )

        await eventually(is_there)


async def test_what_is_unknown_is_told_so(region: Any) -> None:
    """By a state, a problem, or what there is instead."""
    async with httpx.AsyncClient(
        verify=public(), base_url=f"http://127.0.0.1:{region.parts['gateway'].ports['admin']}"
    ) as http:
        unknown = await http.get("/trace/m" + "0" * 35 + "-us")
        malformed = await http.get("/trace/nonsense")
        elsewhere = await http.get("/nothing")

    assert unknown.json() == {"region": "us", "instance": "us/gateway"}
    assert (malformed.status_code, malformed.json()["code"]) == (400, "malformed-request")
    assert (elsewhere.status_code, "/trace/NAME" in elsewhere.text) == (404, True)
