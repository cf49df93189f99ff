"""Channels in a region of real parts: made, found by their id, subscribed to, posted to; live, after returning, and in history."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import cast

import psycopg
import pytest

from region.gateway.channels.following import MOST_FOLLOWED
from replication.ids import channel_id, new_user_id
from tests.integration.gateway.conftest import Frame, Person, Region

pytestmark = pytest.mark.integration

MakePerson = Callable[..., Awaitable[Person]]


async def begin(owner: Person, **more: object) -> str:
    """Make a channel; return its id."""
    made = await owner.call("POST", "/channels", json={"name": "News"} | more)
    assert made.status_code == 201, made.text
    return str(made.json()["channel_id"])


async def post(author: Person, channel: str, text: str) -> Frame:
    """Post; return what stands in the log."""
    said = await author.call("POST", f"/channels/{channel}/message", json={"text": text})
    assert said.status_code == 201, said.text
    return cast("Frame", said.json())


async def subscribe(person: Person, channel: str, token: str = "") -> int:
    """Subscribe; return the status."""
    return (await person.call("POST", f"/channels/{channel}/subscribers", json={"token": token})).status_code


async def texts(person: Person, channel: str, **more: object) -> list[str]:
    """Return the texts of a page, the newest first."""
    page = await person.call("GET", f"/channels/{channel}/messages", params=more)
    assert page.status_code == 200, page.text
    return [message["text"] for message in page.json()["messages"] if message["text"]]


async def test_a_post_is_on_every_subscribers_screen_at_once(person: MakePerson) -> None:
    """Of who was subscribed when the device came, of who subscribes while it is connected, and of the owner; not of who has left."""
    ada, bob, eve = await person(), await person(), await person()
    channel = await begin(ada)
    assert await subscribe(bob, channel) == 201
    async with ada.device() as hers, bob.device() as his, eve.device() as third:
        for device in (hers, his, third):
            await device.until("welcome")
        await post(ada, channel, "one")
        assert await subscribe(eve, channel) == 201
        await third.until("entry")
        await post(ada, channel, "two")
        await his.until_entries(2)
        await hers.until_entries(2)
        while "two" not in [message["text"] for message in third.messages]:
            await third.read()
        assert [message["text"] for message in his.messages] == ["one", "two"]
        assert [(message["seq"], message.get("from_seq")) for message in his.messages] == [(3, 2), (5, 4)]

        left = await eve.call("DELETE", f"/channels/{channel}/subscribers/{eve.id}")
        assert left.status_code == 201
        await post(ada, channel, "three")
        await his.until_entries(3)
        sign = await eve.send(bob, "a sign that nothing came before it")
        assert sign.status_code == 201
        while "a sign that nothing came before it" not in [message["text"] for message in third.messages]:
            await third.read()
        assert "three" not in [message["text"] for message in third.messages]


async def test_who_returns_is_told_what_was_posted_meanwhile(person: MakePerson) -> None:
    """By where the device was; who came and went is shown to nobody, and there is no row for it."""
    ada, bob, eve = await person(), await person(), await person()
    channel = await begin(ada)
    await subscribe(bob, channel)
    async with bob.device() as his:
        await his.until("welcome")
        token = his.token
    await post(ada, channel, "while he was away")
    await subscribe(eve, channel)
    async with bob.device(resume=token) as his:
        await his.until("welcome")
        assert [message["text"] for message in his.messages] == ["while he was away"]
    assert await texts(bob, channel) == ["while he was away"]
    page = (await bob.call("GET", f"/channels/{channel}/messages", params={"limit": 10, "log": True})).json()
    assert [(message["kind"], message["seq"]) for message in page["messages"]] == [
        ("hidden", 4), ("channel_message_sent", 3), ("channel_created", 1),
    ]  # fmt: skip


async def test_who_returns_is_told_nothing_of_who_has_read_a_post(person: MakePerson) -> None:
    """Not even that they have themselves: what is told of marks in a channel is one's own, and in no status."""
    ada, bob = await person(), await person()
    channel = await begin(ada)
    await subscribe(bob, channel)
    async with bob.device() as his:
        await his.until("welcome")
        token = his.token
    said = await post(ada, channel, "while he was away")
    assert (await bob.call("POST", f"/messages/{said['message_id']}/read")).status_code == 204
    async with bob.device(resume=token) as his:
        await his.until("welcome")
        assert [(message["text"], message["status"]) for message in his.messages] == [("while he was away", "unread")]


async def test_history_pages_both_ways(person: MakePerson) -> None:
    """With the cursors that messages have, each post once."""
    ada, bob = await person(), await person()
    channel = await begin(ada)
    await post(ada, channel, "1")
    await subscribe(bob, channel)
    for number in range(2, 6):
        await post(ada, channel, str(number))
    found: list[str] = []
    before: str | None = None
    while True:
        asked = {"limit": 2} | ({"before": before} if before else {})
        page = (await bob.call("GET", "/messages", params={"conversation_id": channel, **asked})).json()
        found += [message["text"] for message in page["messages"] if message["text"]]
        before = page["next"]
        if before is None:
            break
    assert found == ["5", "4", "3", "2", "1"]


async def test_unread_counts_until_it_is_read(person: MakePerson, eventually: Callable[..., Awaitable[None]]) -> None:
    """A mark of one's own; the list shows the last post, never who subscribed."""
    ada, bob = await person(), await person()
    channel = await begin(ada)
    await subscribe(bob, channel)
    said = await post(ada, channel, "read me")
    await subscribe(await person(), channel)

    async def listed() -> Frame:
        return cast("Frame", (await bob.call("GET", "/conversations")).json()["conversations"][0])

    first = await listed()
    assert (first["kind"], first["name"], first["unread"], first["head"]) == ("channel", "News", 1, said["seq"])
    assert cast("Frame", first["last_message"])["text"] == "read me"
    marked = await bob.call("POST", f"/messages/{said['message_id']}/read")
    assert marked.status_code == 204

    async def read() -> bool:
        return (await listed())["unread"] == 0

    await eventually(read)
    seen = await ada.call("GET", f"/channels/{channel}/messages/{said['message_id']}/views")
    assert seen.json() == {"views": 1, "incomplete": []}
    stranger = await person()
    assert (await stranger.call("GET", f"/channels/{channel}/messages/{said['message_id']}/views")).status_code == 404
    assert (await ada.call("GET", f"/messages/{said['message_id']}")).json()["status"] == "unread"


async def test_a_private_channel_does_not_exist_for_strangers(person: MakePerson) -> None:
    """Nor does its history; who has a link comes in, and who runs it is told."""
    ada, bob = await person(), await person()
    channel = await begin(ada, public=False)
    await post(ada, channel, "among us")
    for path in ("", "/messages", "/staff"):
        assert (await bob.call("GET", f"/channels/{channel}{path}")).status_code == 404
    assert (await bob.call("POST", f"/channels/{channel}/message", json={"text": "x"})).status_code == 404
    assert await subscribe(bob, channel) == 410
    link = (await ada.call("POST", f"/channels/{channel}/invites", json={})).json()
    assert await subscribe(bob, channel, link["token"]) == 201
    assert await texts(bob, channel) == ["among us"]
    view = (await bob.call("GET", f"/channels/{channel}")).json()
    assert (view["role"], view["subscriber_count"], view["public"], view["invites"]) == ("subscriber", 2, False, [])


async def test_strangers_find_public_channels_and_look_into_them(person: MakePerson) -> None:
    """By the beginning of any word of the name, as it is now; private ones are not found, and nobody posts without belonging there."""
    ada, bob = await person(), await person()
    word = f"Zz{secrets.token_hex(6)}"
    public = await begin(ada, name=f"The {word} Éclair", description="daily")
    await begin(ada, name=f"The {word} secret", public=False)
    for text in ("one", "two"):
        await post(ada, public, text)

    async def found(query: str) -> list[str]:
        answered = await bob.call("GET", "/channels", params={"query": query})
        assert answered.status_code == 200, answered.text
        return [channel["channel_id"] for channel in answered.json()["channels"]]

    for query in (word[:9].upper(), f"{word} ecl", f"the {word.lower()}"):
        assert await found(query) == [public]
    view = (await bob.call("GET", f"/channels/{public}")).json()
    assert (view["role"], view["subscriber_count"], view["description"]) == ("", 1, "daily")
    assert await texts(bob, public) == ["two", "one"]
    assert await texts(bob, public, limit=1) == ["two"]
    assert (await bob.call("POST", f"/channels/{public}/message", json={"text": "x"})).status_code == 404
    assert (await bob.call("GET", "/messages", params={"conversation_id": public})).status_code == 404

    changed = await ada.call("PATCH", f"/channels/{public}", json={"name": "Otherwise"})
    assert changed.status_code == 201
    assert await found(word) == []
    assert (await ada.call("PATCH", f"/channels/{public}", json={"public": False})).status_code == 201
    assert (await bob.call("GET", f"/channels/{public}")).status_code == 404
    assert (await bob.call("GET", f"/channels/{public}/messages")).status_code == 404
    assert (await bob.call("GET", "/channels", params={"query": "…"})).status_code == 422


async def test_a_public_channel_that_everybody_left_is_found_by_nobody(person: MakePerson) -> None:
    """Nor looked into: who comes could not subscribe. While somebody is there it is found, whoever leaves."""
    ada, bob, eve = await person(), await person(), await person()
    word = f"Zz{secrets.token_hex(6)}"
    channel = await begin(ada, name=word)
    await subscribe(bob, channel)
    await post(ada, channel, "the last word")

    async def found() -> list[str]:
        answered = await eve.call("GET", "/channels", params={"query": word})
        return [channel["channel_id"] for channel in answered.json()["channels"]]

    for leaver in (bob, ada):
        assert await found() == [channel]
        left = await leaver.call("DELETE", f"/channels/{channel}/subscribers/{leaver.id}")
        assert left.status_code == 201, left.text
    assert await found() == []
    for path in ("", "/messages"):
        assert (await eve.call("GET", f"/channels/{channel}{path}")).status_code == 404
    assert await texts(ada, channel) == ["the last word"]


async def test_roles_and_slow_mode(person: MakePerson) -> None:
    """A subscriber posts nothing, a poster no faster than may be, an owner who handed over may leave."""
    ada, bob = await person(), await person()
    channel = await begin(ada, slow=3600)
    await subscribe(bob, channel)
    path = f"/channels/{channel}/subscribers/{bob.id}/role"
    assert (await bob.call("POST", f"/channels/{channel}/message", json={"text": "x"})).status_code == 403
    assert (await ada.call("PUT", path, json={"role": "poster"})).status_code == 201
    await post(bob, channel, "first")
    slow = await bob.call("POST", f"/channels/{channel}/message", json={"text": "second"})
    assert (slow.status_code, slow.json()["code"]) == (429, "slow-mode")
    staff = (await bob.call("GET", f"/channels/{channel}/staff")).json()["staff"]
    assert [(one["user_id"], one["role"]) for one in staff] == [(ada.id, "owner"), (bob.id, "poster")]
    leave = f"/channels/{channel}/subscribers/{ada.id}"
    assert (await ada.call("DELETE", leave)).status_code == 409
    assert (await ada.call("PUT", path, json={"role": "owner", "hand_over": True})).status_code == 201
    assert (await ada.call("DELETE", leave)).status_code == 201


async def test_many_who_subscribe_at_once_are_all_counted(person: MakePerson) -> None:
    """And a request that is repeated makes the same channel."""
    ada, *others = [await person() for _ in range(6)]
    body = {"name": "News", "client_message_id": "begin"}
    first, again = [await ada.call("POST", "/channels", json=body) for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 200)
    channel = first.json()["channel_id"]
    assert again.json()["channel_id"] == channel
    assert await asyncio.gather(*(subscribe(other, channel) for other in others)) == [201] * 5
    assert (await ada.call("GET", f"/channels/{channel}")).json()["subscriber_count"] == 6


async def test_posts_are_edited_pinned_and_deleted(person: MakePerson) -> None:
    """By who may; live, after returning, in history and for strangers; nothing of a deleted one is left, and no number is missing."""
    ada, bob, eve = await person(), await person(), await person()
    channel = await begin(ada)
    await subscribe(bob, channel)
    async with bob.device() as his:
        await his.until("welcome")
        token = his.token
        said = (await post(ada, channel, "frist"))["message_id"]
        path = f"/messages/{said}"
        assert (await bob.call("PATCH", path, json={"text": "mine"})).json()["code"] == "not-the-author"
        assert (await bob.call("DELETE", f"{path}?for=all")).json()["code"] == "not-allowed"
        assert (await bob.call("PUT", f"{path}/pin")).json()["code"] == "not-allowed"
        thumb = await bob.call("PUT", f"{path}/reactions/%F0%9F%91%8D")
        assert (thumb.status_code, thumb.json()["code"]) == (422, "not-in-channels")
        await subscribe(eve, channel)
        assert (await ada.call("PATCH", path, json={"text": "first"})).status_code == 201
        assert (await ada.call("PUT", f"{path}/pin")).status_code == 201
        await his.until_entries(3)
        assert [(m["kind"], m["seq"], m.get("from_seq")) for m in his.messages] == [
            ("channel_message_sent", 3, 2), ("message_edited", 5, 4), ("message_pinned", 6, None),
        ]  # fmt: skip
    stranger = await person()
    for reader in (ada, bob, stranger):
        assert "first" in await texts(reader, channel)
        assert "frist" not in await texts(reader, channel)
    [pin] = (await bob.call("GET", f"/conversations/{channel}/pins")).json()["pins"]
    assert pin["message_id"] == said
    edits = (await bob.call("GET", f"{path}/edits")).json()["edits"]
    assert [one["text"] for one in edits] == ["frist", "first"]

    assert (await ada.call("DELETE", f"{path}?for=all")).status_code == 201
    await post(ada, channel, "last")
    for reader in (ada, bob, stranger):
        page = await reader.call("GET", f"/channels/{channel}/messages")
        assert "first" not in page.text
        assert "frist" not in page.text
    page = (await bob.call("GET", f"/channels/{channel}/messages", params={"log": True})).json()["messages"]
    assert [(m["kind"], m["seq"], m.get("from_seq"), m.get("deleted")) for m in page] == [
        ("channel_message_sent", 8, None, None), ("message_deleted", 7, None, None), ("message_pinned", 6, None, None),
        ("message_edited", 5, 4, None), ("channel_message_sent", 3, 2, True), ("channel_created", 1, None, None),
    ]  # fmt: skip
    assert (await bob.call("GET", f"/conversations/{channel}/pins")).json()["pins"] == []
    assert (await ada.call("PATCH", path, json={"text": "again"})).status_code == 410
    async with bob.device(resume=token) as his:
        await his.until("welcome")
        assert [message["seq"] for message in his.messages] == [3, 5, 6, 7, 8]
        assert [message["text"] for message in his.messages] == ["", "", "", "", "last"]


async def belong(region: Region, user: Person, channels: int) -> None:
    """Let the store say that a user belongs to so many channels more."""
    rows = [(new_channel_id(), user.id) for _ in range(channels)]
    store = region.parts["gateway"].env["CAUSEWAY_STORE"]
    async with await psycopg.AsyncConnection.connect(store, autocommit=True) as connection:
        await connection.cursor().executemany(
            "INSERT INTO members (conversation_id, user_id, home, received, read, sent, read_count, read_sent, position, role, joined, since)"
            " VALUES (%s, %s, 'us', 0, 0, 0, 0, 0, 0, 'member', 1, 1)",
            rows,
        )


def new_channel_id() -> str:
    """Return the id of a channel that nobody else has."""
    return channel_id(new_user_id("us"), "c")


async def test_nobody_belongs_to_more_channels_than_a_bound(person: MakePerson, region: Region) -> None:
    """Neither by making nor by subscribing; a repeated request is answered as before, all are followed, and who leaves one has room again."""
    ada, bob = await person(), await person()
    named = {"client_message_id": "mine"}
    mine = await begin(ada, **named)
    hers = [await begin(bob, name=f"News {number}") for number in range(2)]
    await belong(region, ada, MOST_FOLLOWED - 2)
    assert await subscribe(ada, hers[0]) == 201

    assert await subscribe(ada, hers[1]) == 409
    refused = await ada.call("POST", "/channels", json={"name": "One more"})
    assert (refused.status_code, refused.json()["code"]) == (409, "too-many-channels")
    again = await ada.call("POST", "/channels", json={"name": "News"} | named)
    assert (again.status_code, again.json()["channel_id"]) == (200, mine)
    async with ada.device() as device:
        await device.until("welcome")
        await post(bob, hers[0], "hello")
        await device.until("entry")
    assert (await ada.call("DELETE", f"/channels/{hers[0]}/subscribers/{ada.id}")).status_code == 201
    assert await subscribe(ada, hers[1]) == 201
