"""What one deletes for oneself alone, through the real gateway, journal, projector and store: gone from every read, and for nobody else."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

pytestmark = pytest.mark.integration

Register = Callable[..., Awaitable[Any]]


async def conceal(person: Any, message_id: str) -> Any:
    """Delete a message for somebody alone."""
    return await person.call("DELETE", f"/messages/{message_id}?for=me")


async def listed(person: Any) -> Any:
    """Return the one conversation in somebody's list."""
    [found] = (await person.call("GET", "/conversations")).json()["conversations"]
    return found


async def test_it_is_gone_from_every_read_and_stays_for_others(person: Register) -> None:
    """History, both ways; the message by id; the last one in the list. Unread counts and marks are as they were; a retry changes nothing."""
    alice, bob = await person(), await person()
    one, two, three = [(await bob.send(alice, text)).json() for text in ("one", "two", "three")]
    before = await listed(alice)

    for message in (two, three, three):
        assert (await conceal(alice, message["message_id"])).status_code == 204

    page = (await alice.page(bob))["messages"]
    assert [(m["kind"], m.get("from_seq"), m["seq"], m["text"]) for m in page] == [
        ("hidden", 2, 3, ""), ("message_sent", None, 1, "one"),
    ]  # fmt: skip
    page = (await alice.page(bob, after="0.0"))["messages"]
    assert [(m["kind"], m["seq"]) for m in page] == [("message_sent", 1), ("hidden", 3)]
    for path in ("", "/edits"):
        assert (await alice.call("GET", f"/messages/{two['message_id']}{path}")).status_code == 404
    after = await listed(alice)
    assert after["last_message"]["message_id"] == one["message_id"]
    assert (before["head"], before["unread"]) == (after["head"], after["unread"]) == (3, 3)
    assert (await alice.call("POST", f"/messages/{one['message_id']}/read")).status_code == 204
    assert (await listed(alice))["unread"] == 2
    assert (await conceal(alice, two["message_id"])).status_code == 204
    assert [m["text"] for m in (await bob.page(alice))["messages"]] == ["three", "two", "one"]
    assert (await listed(bob))["last_message"]["text"] == "three"


async def test_all_of_ones_devices_are_told(person: Register) -> None:
    """Live, and after having been away, when the message itself is left out; the other member is told nothing."""
    alice, bob = await person(), await person()
    conversation = (await alice.send(bob, "hi")).json()["conversation_id"]
    async with alice.device() as away:
        await away.until("welcome")
    async with alice.device() as device, bob.device() as other:
        await device.until("welcome")
        await other.until("welcome")
        said = (await bob.send(alice, "said")).json()
        await device.until("entry")
        assert (await conceal(alice, said["message_id"])).status_code == 204
        live = await device.until("concealed")
        await bob.send(alice, "more")
        await other.until("entry")
        await device.until("entry")
        assert not [seen for seen in other.frames if seen["type"] == "concealed"]

    assert live == {"type": "concealed", "conversation_id": conversation, "seqs": [[2, 2]]}
    for where in ({"resume": away.token}, {"held": {conversation: [1, 1]}}):
        async with alice.device(**where) as back:
            await back.until("welcome")
            assert [seen for seen in back.frames if seen["type"] == "concealed"] == [live]
            assert [message["seq"] for message in back.messages] == [3]
    async with alice.device(resume=back.token) as back:
        await back.until("welcome")
        assert not [seen for seen in back.frames if seen["type"] == "concealed"]


async def test_what_is_done_to_it_later_is_not_shown_either(person: Register) -> None:
    """An edit of it is a tombstone; one can do nothing to it oneself."""
    alice, bob = await person(), await person()
    said = (await bob.send(alice, "said")).json()
    path = f"/messages/{said['message_id']}"
    assert (await conceal(alice, said["message_id"])).status_code == 204

    assert (await bob.call("PATCH", path, json={"text": "secret"})).status_code == 201

    page = await alice.call("GET", "/messages", params={"peer_id": bob.id, "log": True})
    assert "secret" not in page.text
    assert [m["kind"] for m in page.json()["messages"]] == ["hidden", "hidden"]
    assert "secret" not in (await alice.call("GET", "/conversations")).text
    assert (await alice.call("PUT", f"{path}/reactions/%F0%9F%91%8D")).status_code == 404


async def test_the_list_shows_the_one_before_whatever_is_done_to_it_later(person: Register) -> None:
    """Edits, reactions and pins of what is gone stand above, and are nothing to who does not see it; with nothing else there is no last one."""
    alice, bob = await person(), await person()
    one, two = [(await bob.send(alice, text)).json() for text in ("one", "two")]
    path = f"/messages/{two['message_id']}"
    assert (await conceal(alice, two["message_id"])).status_code == 204
    for number in range(2):
        assert (await bob.call("PATCH", path, json={"text": f"secret {number}"})).status_code == 201
    assert (await bob.call("PUT", f"{path}/pin")).status_code == 201

    assert (await listed(alice))["last_message"]["message_id"] == one["message_id"]
    assert (await listed(bob))["last_message"]["kind"] == "message_pinned"

    assert (await conceal(alice, one["message_id"])).status_code == 204
    assert (await listed(alice))["last_message"] is None


async def test_in_a_channel_the_post_before_is_the_last_one_then(person: Register) -> None:
    """Who subscribed in between is shown to nobody, so it is passed."""
    alice, bob, eve = await person(), await person(), await person()
    channel = (await alice.call("POST", "/channels", json={"name": "News"})).json()["channel_id"]
    await bob.call("POST", f"/channels/{channel}/subscribers", json={})
    posts = []
    for text in ("one", "two"):
        posts.append((await alice.call("POST", f"/channels/{channel}/message", json={"text": text})).json())
        await eve.call("POST", f"/channels/{channel}/subscribers", json={})

    assert (await conceal(bob, posts[1]["message_id"])).status_code == 204

    assert (await listed(bob))["last_message"]["text"] == "one"
    page = (await bob.call("GET", f"/channels/{channel}/messages", params={"log": True})).json()["messages"]
    assert [m["kind"] for m in page] == ["hidden", "channel_message_sent", "channel_created"]
    assert [m["text"] for m in (await alice.call("GET", f"/channels/{channel}/messages")).json()["messages"]][:2] == [
        "two", "one",
    ]  # fmt: skip


async def test_of_others_nothing_can_be_deleted(person: Register) -> None:
    """Whether it is there or not; and `for` is one of two words."""
    alice, bob, eve = await person(), await person(), await person()
    said = (await alice.send(bob, "hi")).json()

    for name in (said["message_id"], "nonsense", said["message_id"][:-1] + "x"):
        assert (await conceal(eve, name)).status_code == 404
    assert (await alice.call("DELETE", f"/messages/{said['message_id']}?for=her")).status_code == 422
