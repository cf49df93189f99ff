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
    assert (friend["home_region"], friend["presence"]) == ("us", "unknown")

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
