"""Presence through the real gateway, store and Redis: told to friends alone, and unknown when nothing can be told."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.integration

Register = Callable[..., Awaitable[Any]]
Eventually = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]
UNKNOWN = ("unknown", False)
ONLINE = ("online", False)


async def befriend(one: Any, other: Any) -> None:
    """Make friends."""
    await one.call("POST", "/friends", json={"user_id": other.id})
    accepted = await other.call("POST", f"/friends/{one.id}/accept", json={})
    assert accepted.status_code == 201, accepted.text


async def seen(viewer: Any, other: Any) -> tuple[str, bool]:
    """How somebody is there for somebody, and whether it is known since when."""
    answer = await viewer.call("GET", "/presence", params={"user_id": other.id})
    assert answer.status_code == 200, answer.text
    (one,) = answer.json()["presences"]
    assert one["user_id"] == other.id
    return one["presence"], one["last_seen"] is not None


async def becomes(eventually: Eventually, viewer: Any, other: Any, wanted: tuple[str, bool]) -> None:
    """Wait until somebody is there so for somebody."""

    async def so() -> bool:
        return await seen(viewer, other) == wanted

    await eventually(so)


async def test_a_friend_is_online_while_a_device_is_connected(person: Register, eventually: Eventually) -> None:
    """Then offline, with when that was; the list of friends says the same."""
    alice, bob = await person(), await person()
    await befriend(alice, bob)
    assert await seen(alice, bob) == ("offline", False)
    async with bob.device() as first, bob.device() as second:
        await first.until("welcome")
        await second.until("welcome")
        assert await seen(alice, bob) == ONLINE
        (friend,) = (await alice.call("GET", "/friends")).json()["friends"]
        assert (friend["presence"], friend["last_seen"]) == ("online", None)
        await first.socket.close()
        assert await seen(alice, bob) == ONLINE
    await becomes(eventually, alice, bob, ("offline", True))
    (friend,) = (await alice.call("GET", "/friends")).json()["friends"]
    assert friend["presence"] == "offline"
    assert friend["last_seen"].endswith(":00.000Z")


async def test_nobody_but_a_friend_learns_anything(person: Register) -> None:
    """Not a stranger, not who has asked, not who is blocked, not who blocks: as if nothing could be told."""
    alice, bob = await person(), await person()
    async with bob.device() as device:
        await device.until("welcome")
        assert await seen(alice, bob) == UNKNOWN
        await alice.call("POST", "/friends", json={"user_id": bob.id})
        assert await seen(alice, bob) == UNKNOWN
        (asked,) = (await alice.call("GET", "/friends")).json()["outgoing"]
        assert asked["presence"] == "unknown"
        await bob.call("POST", f"/friends/{alice.id}/accept", json={})
        assert await seen(alice, bob) == ONLINE
        await bob.call("PUT", f"/blocks/{alice.id}")
        assert await seen(alice, bob) == UNKNOWN
        (listed,) = (await alice.call("GET", "/friends")).json()["friends"]
        assert (listed["presence"], listed["last_seen"]) == ("unknown", None)
        assert await seen(bob, alice) == UNKNOWN
        await bob.call("DELETE", f"/blocks/{alice.id}")
        assert await seen(alice, bob) == ONLINE
        await alice.call("DELETE", f"/friends/{bob.id}")
        assert await seen(alice, bob) == UNKNOWN


async def test_what_is_asked_for_must_be_users_and_not_too_many(person: Register) -> None:
    """One at least; each is answered once; oneself is nobody's friend."""
    alice = await person()
    for users in ([], ["somebody"], [alice.id] * 101):
        assert (await alice.call("GET", "/presence", params={"user_id": users})).status_code == 422
    answer = await alice.call("GET", "/presence", params={"user_id": [alice.id] * 2})
    assert answer.json() == {"presences": [{"user_id": alice.id, "presence": "unknown", "last_seen": None}]}


async def test_a_region_may_ask_for_its_own_users_alone(person: Register, region: Any, http: httpx.AsyncClient) -> None:
    """Whatever it says; a device that asks at the internal path is told nothing."""
    alice, bob = await person(), await person()
    await befriend(alice, bob)
    asked = {"viewer": alice.id, "users": bob.id}
    for headers, status in (
        ({"causeway-region": "eu"}, 404),
        ({}, 404),
        ({"causeway-region": "us", "causeway-bridged": "1"}, 404),
        ({"causeway-region": "us"}, 200),
    ):
        answer = await http.get("/internal/presence", params=asked, headers=headers)
        assert answer.status_code == status, (headers, answer.text)
    assert answer.json() == {bob.id: ["offline", 0]}
    for wrong in ({"viewer": "x", "users": bob.id}, {"viewer": alice.id, "users": "y"}, {"viewer": alice.id}):
        answer = await http.get("/internal/presence", params=wrong, headers={"causeway-region": "us"})
        assert answer.status_code == 400, answer.text
    assert region.url


async def test_without_redis_everybody_is_unknown_and_it_heals(
    person: Register, region: Any, eventually: Eventually
) -> None:
    """Lists are given all the same; what Redis forgot is known again once the gateway has told it."""
    alice, bob = await person(), await person()
    await befriend(alice, bob)
    async with bob.device() as device:
        await device.until("welcome")
        assert await seen(alice, bob) == ONLINE
        region.kill("redis")
        (friend,) = (await alice.call("GET", "/friends")).json()["friends"]
        assert (friend["user_id"], friend["presence"]) == (bob.id, "unknown")
        assert await seen(alice, bob) == UNKNOWN
        await asyncio.to_thread(region.start, "redis")
        await becomes(eventually, alice, bob, ONLINE)


async def test_who_watches_friends_is_told_when_they_come_and_go(person: Register) -> None:
    """At first, and when it has changed; of a stranger it stays unknown."""
    alice, bob, eve = await person(), await person(), await person()
    await befriend(alice, bob)
    async with alice.device() as device, eve.device() as stranger:
        await device.until("welcome")
        await stranger.until("welcome")
        for watching in (device, stranger):
            await watching.say({"type": "watch", "user_ids": [bob.id]})
        assert (await device.until("presence"))["presence"] == "offline"
        async with bob.device() as there:
            await there.until("welcome")
            frame = await device.until("presence")
            assert (frame["user_id"], frame["presence"], frame["last_seen"]) == (bob.id, "online", None)
        frame = await device.until("presence")
        assert frame["presence"] == "offline"
        assert frame["last_seen"]
        await device.say({"type": "watch", "user_ids": ["somebody"]})
        assert (await device.until("error"))["code"] == "invalid-field"
        await stranger.say({"type": "ping", "nonce": "the last"})
        await stranger.until("pong")
        assert [one["presence"] for one in stranger.frames if one["type"] == "presence"] == ["unknown"]
