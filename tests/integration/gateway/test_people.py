"""Profiles and searches through the real gateway, journal, projector and store."""

import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

pytestmark = pytest.mark.integration

Register = Callable[..., Awaitable[Any]]


async def search(person: Any, query: str, **more: object) -> dict[str, Any]:
    """Return a page of those who are found."""
    response = await person.call("GET", "/users", params={"query": query, **more})
    assert response.status_code == 200, response.text
    page: dict[str, Any] = response.json()
    assert page["incomplete"] == []
    return page


async def test_a_profile_is_changed_and_shown(person: Register) -> None:
    """What is not named stays; others see all but the settings; and the same again is no change."""
    alice, bob = await person(display_name="Alice"), await person()
    status = {"status_text": "  At   sea "}

    changed = [await alice.call("PATCH", "/users/me", json=status) for _ in range(2)]
    renamed = await alice.call("PATCH", "/users/me", json={"display_name": "Ali\u0301ce", "status_text": None})
    own = (await alice.call("GET", "/users/me")).json()
    shown = (await bob.call("GET", f"/users/{alice.id}")).json()

    assert [answer.status_code for answer in (*changed, renamed)] == [200, 200, 200], renamed.text
    assert changed[0].json() == changed[1].json()
    assert (changed[0].json()["display_name"], changed[0].json()["status_text"]) == ("Alice", "At sea")
    assert own == renamed.json() == {**shown, "findable": True}
    assert (shown["display_name"], shown["status_text"]) == ("Al\u00edce", "At sea")
    emptied = await alice.call("PATCH", "/users/me", json={"display_name": "", "status_text": ""})
    assert (emptied.json()["display_name"], emptied.json()["status_text"]) == (own["handle"], "")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("display_name", "x" * 65),
        ("display_name", "a\x00b"),
        ("display_name", 7),
        ("status_text", "x" * 141),
        ("status_text", "a\x07b"),
        ("findable", "yes"),
    ],
)
async def test_a_field_that_is_not_acceptable_is_named(person: Register, field: str, value: object) -> None:
    """And nothing is changed, not even what was acceptable."""
    alice = await person(display_name="Alice")

    answer = await alice.call("PATCH", "/users/me", json={"display_name": "Bob", "status_text": "Hi", field: value})

    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert (await alice.call("GET", "/users/me")).json()["display_name"] == "Alice"


async def test_people_are_found_by_what_they_are_called_now(person: Register) -> None:
    """By handle and by any word of the name; and no more once they do not want to be, but by the exact handle."""
    word = f"q{secrets.token_hex(6)}"
    alice = await person(handle=f"{word}-alice", display_name="Alice")
    bob = await person(display_name=f"Dr. {word.upper()} B")
    eve = await person(display_name="Eve")

    assert [user["user_id"] for user in (await search(eve, word[:8]))["users"]] == [alice.id, bob.id]
    await eve.call("PATCH", "/users/me", json={"display_name": f"E {word}"})
    assert [user["user_id"] for user in (await search(bob, word))["users"]] == [alice.id, eve.id, bob.id]
    first = await search(eve, word, limit=2)
    rest = await search(eve, word, limit=2, cursor=first["next"])
    assert [user["user_id"] for user in (*first["users"], *rest["users"])] == [alice.id, eve.id, bob.id]
    assert rest["next"] is None
    hidden = await alice.call("PATCH", "/users/me", json={"findable": False})
    assert hidden.json()["findable"] is False
    assert [user["user_id"] for user in (await search(eve, word))["users"]] == [eve.id, bob.id]
    assert [user["user_id"] for user in (await search(eve, f"{word}-ALICE"))["users"]] == [alice.id]
    assert (await eve.call("GET", "/users", params={"handle": f"{word}-alice"})).json()["user_id"] == alice.id
    assert (await eve.call("GET", f"/users/{alice.id}")).status_code == 200


@pytest.mark.parametrize(
    ("params", "status", "told"),
    [
        ({}, 422, {"field": "handle"}),
        ({"handle": "a", "query": "a"}, 422, {"field": "handle"}),
        ({"query": "🙂"}, 422, {"field": "query"}),
        ({"query": "a", "limit": 0}, 422, {"field": "limit"}),
        ({"query": "a", "cursor": "???"}, 400, {"code": "broken-cursor"}),
    ],
)
async def test_a_search_that_makes_no_sense_is_refused(
    person: Register, params: dict[str, object], status: int, told: dict[str, str]
) -> None:
    """With the field that is wrong."""
    answer = await (await person()).call("GET", "/users", params=params)

    assert answer.status_code == status, answer.text
    assert told.items() <= answer.json().items()


async def test_searching_too_often_is_told_with_when_to_come_again(person: Register, region: Any) -> None:
    """With Redis, and without it: then the gateway goes on counting by itself."""
    alice = await person()

    async def until_limited() -> Any:
        for _ in range(70):
            answer = await alice.call("GET", "/users", params={"query": "nobody at all"})
            if answer.status_code == 429:
                return answer
            assert answer.status_code == 200, answer.text
        pytest.fail("it was never too often")

    limited = await until_limited()
    assert limited.json()["code"] == "rate-limited"
    assert int(limited.headers["Retry-After"]) >= 1
    region.kill("redis")
    assert (await until_limited()).json()["definite"] is True
    other = await person()
    assert (await other.call("GET", "/users", params={"query": "nobody"})).status_code == 200
