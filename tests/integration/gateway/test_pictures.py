"""Pictures through the real gateway, journal, projector and store: set by naming an image, and shown wherever the name is."""

import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest

from replication.ids import new_blob_id
from tests.integration.gateway.conftest import Person, Region

pytestmark = pytest.mark.integration

MakePerson = Callable[..., Awaitable[Person]]


async def brought(region: Region, owner: Person, *, kind: str = "image", state: str = "ready") -> str:
    """Let the store know of a blob as if it had been brought and checked; return its id."""
    blob_id = new_blob_id("us")
    async with await psycopg.AsyncConnection.connect(
        region.parts["gateway"].env["CAUSEWAY_STORE"], autocommit=True
    ) as connection:
        await connection.execute(
            "INSERT INTO blobs (blob_id, owner, kind, name, size, content_type, checksum, width, height, blur, state, created_at,"
            " updated_at) VALUES (%s, %s, %s, 'me.png', 1000, 'image/png', %s, 320, 200, 'blur', %s, 1, 1)",
            (blob_id, owner.id, kind, "0" * 64, state),
        )
    return blob_id


def view(blob_id: str) -> dict[str, Any]:
    """Return what is shown of such a picture."""
    return {"blob_id": blob_id, "size": 1000, "width": 320, "height": 200, "blur": "blur", "home_region": "us"}


async def picture(person: Person, path: str, **more: object) -> object:
    """Return what an answer says of a picture."""
    answer = await person.call("GET", path, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()["picture"]


async def test_a_profiles_picture_is_set_shown_and_taken_away(person: MakePerson, region: Region) -> None:
    """To others and in searches; the same again is no change; what does not name it leaves it."""
    alice, bob = await person(), await person()
    word = f"q{secrets.token_hex(6)}"
    blob_id = await brought(region, alice)

    set_ = [await alice.call("PATCH", "/users/me", json={"display_name": word, "picture": blob_id}) for _ in range(2)]
    await alice.call("PATCH", "/users/me", json={"status_text": "At sea"})

    assert [answer.status_code for answer in set_] == [200, 200], set_[0].text
    assert set_[0].json()["picture"] == view(blob_id)
    assert await picture(bob, f"/users/{alice.id}") == view(blob_id)
    found = (await bob.call("GET", "/users", params={"query": word})).json()["users"]
    assert [user["picture"] for user in found] == [view(blob_id)]
    taken = await alice.call("PATCH", "/users/me", json={"picture": None})
    assert taken.json()["picture"] is None
    assert await picture(bob, f"/users/{alice.id}") is None


async def test_a_groups_picture_is_set_shown_and_taken_away(person: MakePerson, region: Region) -> None:
    """In its details, in the list of conversations and in the log; who was removed is shown none."""
    alice, bob = await person(), await person()
    first, second = await brought(region, alice), await brought(region, alice)
    wanted = {"name": "Travellers", "member_ids": [bob.id], "picture": first, "client_message_id": "g"}
    made = [await alice.call("POST", "/groups", json=wanted) for _ in range(2)]
    other = await alice.call("POST", "/groups", json={**wanted, "picture": second})
    assert [answer.status_code for answer in (*made, other)] == [201, 200, 409], made[0].text
    assert made[0].json()["picture"] == view(first)
    group = made[0].json()["group_id"]

    changed = await alice.call("PATCH", f"/groups/{group}", json={"picture": second})
    await alice.call("PATCH", f"/groups/{group}", json={"name": "Travelled"})

    assert changed.json()["change"] == {"picture": view(second)}
    assert await picture(bob, f"/groups/{group}") == view(second)
    listed = (await bob.call("GET", "/conversations")).json()["conversations"]
    assert [(one["name"], one["picture"]) for one in listed] == [("Travelled", view(second))]
    taken = await alice.call("PATCH", f"/groups/{group}", json={"picture": None})
    assert taken.json()["change"] == {"picture": None}
    assert await picture(bob, f"/groups/{group}") is None
    await alice.call("PATCH", f"/groups/{group}", json={"picture": second})
    await alice.call("DELETE", f"/groups/{group}/members/{bob.id}")
    assert await picture(bob, f"/groups/{group}") is None
    assert await picture(alice, f"/groups/{group}") == view(second)


async def test_a_channels_picture_is_shown_to_strangers_if_it_is_public(person: MakePerson, region: Region) -> None:
    """Where they find it and look into it, and to who subscribes."""
    alice, bob = await person(), await person()
    name, blob_id = f"q{secrets.token_hex(6)}", await brought(region, alice)
    made = await alice.call("POST", "/channels", json={"name": name, "picture": blob_id})
    assert (made.status_code, made.json()["picture"]) == (201, view(blob_id)), made.text
    channel = made.json()["channel_id"]

    found = (await bob.call("GET", "/channels", params={"query": name})).json()["channels"]
    assert [one["picture"] for one in found] == [view(blob_id)]
    assert await picture(bob, f"/channels/{channel}") == view(blob_id)
    assert (await bob.call("POST", f"/channels/{channel}/subscribers", json={})).status_code == 201
    assert await picture(bob, f"/channels/{channel}") == view(blob_id)
    changed = await alice.call("PATCH", f"/channels/{channel}", json={"picture": None})
    assert changed.json()["change"] == {"picture": None}
    assert await picture(bob, f"/channels/{channel}") is None


async def test_what_cannot_be_a_picture_changes_nothing(person: MakePerson, region: Region) -> None:
    """A file, another's, one that is not ready, and what is no blob id; the error is definite."""
    alice, bob = await person(display_name="Alice"), await person()
    for blob_id, status, code in (
        (await brought(region, alice, kind="file"), 422, "not-a-picture"),
        (await brought(region, bob), 409, "blob-not-ready"),
        (await brought(region, alice, state="checking"), 409, "blob-not-ready"),
        (new_blob_id("us"), 409, "blob-not-ready"),
        ("b1", 422, "invalid-field"),
        (7, 422, "invalid-field"),
    ):
        wanted = {"display_name": "Changed", "name": "Changed", "picture": blob_id}
        for method, path in (("PATCH", "/users/me"), ("POST", "/groups"), ("POST", "/channels")):
            answer = await alice.call(method, path, json=wanted)
            assert (answer.status_code, answer.json()["code"], answer.json()["definite"]) == (status, code, True)
    own = (await alice.call("GET", "/users/me")).json()
    assert (own["display_name"], own["picture"]) == ("Alice", None)
    assert (await alice.call("GET", "/conversations")).json()["conversations"] == []
