"""Searching over HTTP, through everything real: sent, edited, deleted, and found accordingly."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

pytestmark = pytest.mark.integration

Register = Callable[..., Awaitable[Any]]


async def texts(who: Any, query: str, **more: object) -> list[str]:
    """Return the texts that somebody finds."""
    answer = await who.call("GET", "/messages/search", params={"query": query, **more})
    assert answer.status_code == 200, answer.text
    return [hit["message"]["text"] for hit in answer.json()["hits"]]


async def test_what_was_sent_is_found_and_leads_to_its_context(person: Register) -> None:
    """By whoever sees it; its cursors are those of pages. What a search shows is not marked."""
    ada, bob, eve = await person(), await person(), await person()
    for text in ("before", "the Łighthouse", "behind"):
        sent = (await ada.send(bob, text)).json()

    found = (await bob.call("GET", "/messages/search", params={"query": "lighthouse", "sender_id": ada.id})).json()

    (hit,) = found["hits"]
    assert (hit["matches"], found["next"], found["incomplete"]) == ([{"offset": 4, "length": 10}], None, [])
    assert (await ada.call("GET", f"/messages/{sent['message_id']}")).json()["status"] == "unread"
    older = await bob.page(ada, before=hit["before"])
    newer = await bob.page(ada, after=hit["after"])
    assert [one["text"] for one in older["messages"]] == ["the Łighthouse", "before"]
    assert [one["text"] for one in newer["messages"]] == ["behind"]
    assert await texts(eve, "lighthouse") == []
    assert (await eve.call("GET", "/messages/search", params={"query": "x", "conversation_id": sent["conversation_id"]})).status_code == 404  # fmt: skip


async def test_an_edit_and_a_deletion_are_followed(person: Register) -> None:
    """At once for who did it: each answers when it is applied."""
    ada, bob = await person(), await person()
    sent = (await ada.send(bob, "frist light")).json()
    path = f"/messages/{sent['message_id']}"

    assert (await ada.call("PATCH", path, json={"text": "first light"})).status_code == 201
    assert (await texts(bob, "frist"), await texts(bob, "first")) == ([], ["first light"])
    assert (await ada.call("DELETE", path)).status_code == 201
    assert (await texts(bob, "first"), await texts(ada, "light")) == ([], [])


async def test_what_one_has_deleted_for_oneself_is_not_found(person: Register) -> None:
    """By its words, as they were, as an edit made them before and as one makes them afterwards; others find it, and oneself the rest."""
    ada, bob = await person(), await person()
    said = [(await ada.send(bob, f"{word} lantern")).json()["message_id"] for word in ("red", "green", "blue")]
    edited = await ada.call("PATCH", f"/messages/{said[1]}", json={"text": "yellow lantern"})
    assert edited.status_code == 201
    for message in said[:2]:
        assert (await bob.call("DELETE", f"/messages/{message}?for=me")).status_code == 204
    assert (await ada.call("PATCH", f"/messages/{said[0]}", json={"text": "white lantern"})).status_code == 201

    assert await texts(bob, "lantern") == ["blue lantern"]
    for word in ("red", "white", "green", "yellow"):
        assert await texts(bob, word) == [], word
    assert await texts(ada, "lantern") == ["white lantern", "yellow lantern", "blue lantern"]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({}, 422, "invalid-field"),
        ({"query": "?"}, 422, "invalid-field"),
        ({"query": "x" * 300}, 422, "invalid-field"),
        ({"query": "x", "limit": "0"}, 422, "invalid-field"),
        ({"query": "x", "limit": "51"}, 200, None),
        ({"query": "x", "kind": "novel"}, 422, "invalid-field"),
        ({"query": "x", "from": "2026-11-26T00:00:00"}, 422, "invalid-field"),
        ({"query": "x", "cursor": "AAAA"}, 400, "broken-cursor"),
        ({"query": "x", "conversation_id": "\0"}, 404, "not-found"),
        ({"query": "x", "sender_id": "\0"}, 422, "invalid-field"),
        ({"query": "a\0b"}, 200, None),
    ],
)
async def test_nonsense_is_answered(person: Register, query: dict[str, str], status: int, code: str | None) -> None:
    """With what is wrong, and never as a fault of ours."""
    ada = await person()
    answer = await ada.call("GET", "/messages/search", params=query)
    assert (answer.status_code, answer.json().get("code")) == (status, code)
