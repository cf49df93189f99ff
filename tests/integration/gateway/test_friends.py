"""Friends through the real gateway, journal, projector and store."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

pytestmark = pytest.mark.integration

Register = Callable[..., Awaitable[Any]]


async def listed(person: Any) -> dict[str, list[str]]:
    """Return with whom one is friends and what is open, by user id."""
    response = await person.call("GET", "/friends")
    assert response.status_code == 200, response.text
    return {name: [one["user_id"] for one in users] for name, users in response.json().items()}


async def test_a_friendship_is_made_listed_and_ended(person: Register) -> None:
    """Both see the same at each step; what is repeated happens once; what may not be says why."""
    alice, bob = await person(), await person()
    ask = {"user_id": bob.id, "client_message_id": "ask"}

    asked = [await alice.call("POST", "/friends", json=ask) for _ in range(2)]
    assert [answer.status_code for answer in asked] == [201, 200], asked[0].text
    assert {answer.json()["message_id"] for answer in asked} == {asked[0].json()["message_id"]}
    assert (await listed(alice), await listed(bob)) == (
        {"friends": [], "incoming": [], "outgoing": [bob.id]},
        {"friends": [], "incoming": [alice.id], "outgoing": []},
    )
    own = await alice.call("POST", f"/friends/{bob.id}/accept", json={})
    assert (own.status_code, own.json()["code"]) == (409, "no-friend-request")
    accepted = await bob.call("POST", f"/friends/{alice.id}/accept", json={})
    assert (accepted.status_code, accepted.json()["kind"]) == (201, "friend_accepted"), accepted.text
    assert (await listed(alice))["friends"] == [bob.id]
    assert (await listed(bob))["friends"] == [alice.id]
    (friend,) = (await bob.call("GET", "/friends")).json()["friends"]
    assert (friend["home_region"], friend["presence"]) == ("us", "offline")

    ended = await alice.call("DELETE", f"/friends/{bob.id}", params={"client_message_id": "end"})
    late = await alice.call("POST", "/friends", json=ask)
    assert (ended.status_code, late.status_code) == (201, 200)
    assert await listed(alice) == await listed(bob) == {"friends": [], "incoming": [], "outgoing": []}
    page = await bob.page(alice)
    assert [message["kind"] for message in page["messages"]] == [
        "friend_removed",
        "friend_accepted",
        "friend_requested",
    ]
    overview = (await bob.call("GET", "/conversations")).json()["conversations"]
    assert [conversation["unread"] for conversation in overview] == [0]


async def test_requests_at_once_become_a_friendship(person: Register) -> None:
    """Neither is refused."""
    alice, bob = await person(), await person()
    answers = await asyncio.gather(
        alice.call("POST", "/friends", json={"user_id": bob.id}),
        bob.call("POST", "/friends", json={"user_id": alice.id}),
    )

    assert {answer.json()["kind"] for answer in answers} == {"friend_requested", "friend_accepted"}
    assert (await listed(alice))["friends"] == [bob.id]


async def test_every_device_is_told_live_and_after_resuming(person: Register) -> None:
    """By the frames by which entries come."""
    alice, bob = await person(), await person()
    async with bob.device() as first:
        await first.until("welcome")
        await alice.call("POST", "/friends", json={"user_id": bob.id})
        (told,) = await first.until_entries(1)
        assert (told["kind"], told["sender_id"], told["recipient_id"]) == ("friend_requested", alice.id, bob.id)
        token = first.token
    await bob.call("POST", f"/friends/{alice.id}/decline", json={})
    async with bob.device(resume=token) as again:
        assert [message["kind"] for message in await again.until_entries(1)][-1] in {
            "friend_requested",
            "friend_declined",
        }
        await again.until("welcome")
        assert again.messages[-1]["kind"] == "friend_declined"


@pytest.mark.parametrize(("user", "status"), [("nobody", 404), ("u000000000000000000000000-us", 404), ("", 404)])
async def test_nobody_is_asked_who_does_not_exist(person: Register, user: str, status: int) -> None:
    """Nor oneself."""
    alice = await person()
    answer = await alice.call("POST", "/friends", json={"user_id": user})
    assert answer.status_code == status, answer.text
    assert (await alice.call("POST", "/friends", json={"user_id": alice.id})).status_code == 422


async def test_what_somebody_blocked_sends_is_never_shown_or_counted(person: Register) -> None:
    """Not live, not in pages, not in the list, not after it is lifted; its author sees it sent and unread."""
    alice, bob = await person(), await person()
    await alice.send(bob, "before")
    async with bob.device() as device:
        await device.until("welcome")
        assert (await bob.call("PUT", f"/blocks/{alice.id}")).status_code == 204
        stopped = await alice.send(bob, "stopped")
        asked = await alice.call("POST", "/friends", json={"user_id": bob.id})
        assert (stopped.status_code, asked.status_code) == (201, 201)
        (listed_one,) = (await bob.call("GET", "/conversations")).json()["conversations"]
        assert (listed_one["unread"], listed_one["last_message"]["text"]) == (1, "before")
        assert [one["text"] for one in (await bob.page(alice))["messages"] if one["kind"] != "hidden"] == ["before"]
        assert (await bob.call("GET", f"/messages/{stopped.json()['message_id']}")).status_code == 404
        assert await listed(bob) == {"friends": [], "incoming": [], "outgoing": []}
        refused = await bob.send(alice, "while I block you")
        assert (refused.status_code, refused.json()["code"]) == (409, "you-blocked-them")
        assert [one["user_id"] for one in (await bob.call("GET", "/blocks")).json()["blocks"]] == [alice.id]

        assert [(await bob.call("DELETE", f"/blocks/{alice.id}")).status_code for _ in range(2)] == [204, 204]
        mine = (await alice.call("GET", f"/messages/{stopped.json()['message_id']}")).json()
        assert (mine["text"], mine["status"]) == ("stopped", "unread")
        await alice.send(bob, "after")
        assert (await device.until_entries(1))[-1]["text"] == "after"
    page = (await bob.page(alice))["messages"]
    assert [(one["kind"], one["text"]) for one in page] == [
        ("message_sent", "after"),
        ("hidden", ""),
        ("message_sent", "before"),
    ]
    (listed_one,) = (await bob.call("GET", "/conversations")).json()["conversations"]
    assert listed_one["unread"] == 2
    read = await bob.call("POST", f"/messages/{page[0]['message_id']}/read")
    assert read.status_code in {200, 204}, read.text
    (listed_one,) = (await bob.call("GET", "/conversations")).json()["conversations"]
    assert listed_one["unread"] == 0


async def test_a_conversation_that_holds_nothing_but_what_was_stopped_is_not_listed(person: Register) -> None:
    """Who blocks a stranger sees nothing of them; and cannot be added to a group by them."""
    alice, bob = await person(), await person()
    await bob.call("PUT", f"/blocks/{alice.id}")
    assert (await alice.send(bob, "hello")).status_code == 201
    assert (await bob.call("GET", "/conversations")).json()["conversations"] == []

    made = await alice.call("POST", "/groups", json={"name": "Us", "member_ids": [bob.id]})
    assert (made.status_code, made.json()["code"]) == (403, "not-addable")
    assert (await bob.call("PUT", f"/blocks/{bob.id}")).status_code == 422


async def test_only_friends_may_begin_to_write(person: Register) -> None:
    """A stranger is told so; a friend may, and goes on afterwards."""
    alice, bob = await person(), await person()
    assert (await bob.call("GET", "/settings/writers")).json() == {"who": "everyone"}
    chosen = [await bob.call("PUT", "/settings/writers", json={"who": "friends"}) for _ in range(2)]
    assert [one.json() for one in chosen] == [{"who": "friends"}] * 2, chosen[0].text
    assert (await bob.call("PUT", "/settings/writers", json={"who": "nobody"})).status_code == 422
    refused = await alice.send(bob, "hello")
    assert (refused.status_code, refused.json()["code"], refused.json()["definite"]) == (403, "friends-only", True)

    await alice.call("POST", "/friends", json={"user_id": bob.id})
    assert (await alice.send(bob, "asked")).json()["code"] == "friends-only"
    await bob.call("POST", f"/friends/{alice.id}/accept", json={})
    assert (await alice.send(bob, "friends")).status_code == 201
    await bob.call("DELETE", f"/friends/{alice.id}")
    assert (await alice.send(bob, "still")).status_code == 201
