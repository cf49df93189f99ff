"""Messages over HTTP and WebSockets, through everything real."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, cast

import httpx
import pytest

pytestmark = pytest.mark.integration

Register = Callable[..., Awaitable[Any]]
Eventually = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]


async def test_a_message_is_sent_numbered_and_read(person: Register, eventually: Eventually) -> None:
    """Its status follows the recipient's marks."""
    ada, bob = await person(), await person()
    sent = await ada.send(bob, "hello")
    assert sent.status_code == 201, sent.text
    message = sent.json()
    assert (message["seq"], message["status"], message["queued_for"]) == (1, "unread", None)

    async def is_status(wanted: str) -> bool:
        return bool((await ada.call("GET", f"/messages/{message['message_id']}")).json()["status"] == wanted)

    page = await bob.page(ada)
    shown = cast("list[dict[str, Any]]", page["messages"])
    assert [(one["text"], "client_message_id" in one) for one in shown] == [("hello", False)]
    await eventually(lambda: is_status("received"))
    assert (await bob.call("POST", f"/messages/{message['message_id']}/read")).status_code == 204
    assert await is_status("read"), "who reads over HTTP reads their own writes"
    listed = (await bob.call("GET", "/conversations")).json()["conversations"]
    assert [(one["peer_id"], one["unread"], one["read"], one["head"]) for one in listed] == [(ada.id, 0, 1, 1)]


async def test_sending_again_sends_once(person: Register) -> None:
    """Over HTTP with 200, over the WebSocket with the same ids; other content is a conflict."""
    ada, bob = await person(), await person()
    first = await ada.send(bob, "once", "same")
    again = await ada.send(bob, "once", "same")
    other = await ada.send(bob, "twice", "same")

    assert [answer.status_code for answer in (first, again, other)] == [201, 200, 409]
    assert first.json() == again.json()
    assert other.json()["code"] == "content-conflict"
    async with ada.device() as device:
        await device.until("welcome")
        await device.send(bob, "once", "same")
        accepted = await device.until("accepted")
        entry = await device.until("entry")
        await device.send(bob, "something else", "same")
        refused = await device.until("refused")
    assert accepted["message_id"] == first.json()["message_id"]
    assert cast("dict[str, Any]", entry["message"])["seq"] == 1
    assert (refused["code"], refused["client_message_id"]) == ("content-conflict", "same")


async def test_a_repeated_send_shows_that_it_was_read(person: Register, eventually: Eventually) -> None:
    """The status of a message never goes back, though its device asks again what became of it."""
    ada, bob = await person(), await person()
    sent = (await ada.send(bob, "hi", "c1")).json()
    await bob.call("POST", f"/messages/{sent['message_id']}/read")

    async def is_read() -> bool:
        return bool((await ada.call("GET", f"/messages/{sent['message_id']}")).json()["status"] == "read")

    await eventually(is_read)
    async with ada.device() as device:
        await device.until("welcome")
        await device.send(bob, "hi", "c1")
        answer = await device.until("entry")

    assert (answer["message"]["message_id"], answer["message"]["status"]) == (sent["message_id"], "read")


async def test_the_same_message_at_once_is_created_once(person: Register) -> None:
    """Ten equal requests: one 201, nine 200."""
    ada, bob = await person(), await person()
    answers = await asyncio.gather(*(ada.send(bob, "once", "same") for _ in range(10)))

    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [201]
    assert len({answer.json()["message_id"] for answer in answers}) == 1


async def test_pages_go_both_ways_without_holes(person: Register) -> None:
    """Whatever the limit; and a device may make its own cursor."""
    ada, bob = await person(), await person()
    for number in range(7):
        await (ada if number % 2 else bob).send(bob if number % 2 else ada, f"number {number}")

    backwards, cursor = [], None
    while True:
        page = await bob.page(ada, limit=3, **({"before": cursor} if cursor else {}))
        backwards += [one["seq"] for one in cast("list[dict[str, Any]]", page["messages"])]
        assert (page["previous"] is None) == (cursor is None)
        if (cursor := page["next"]) is None:
            break
    forwards, cursor = [], "0.0"
    while cursor is not None:
        page = await bob.page(ada, limit=2, after=cursor)
        forwards += [one["seq"] for one in cast("list[dict[str, Any]]", page["messages"])]
        cursor = cast("str | None", page["previous"])
    tail = await bob.page(ada, after="1.5")
    nothing = await bob.page(ada, after="1.7")

    assert backwards == [7, 6, 5, 4, 3, 2, 1]
    assert forwards == [1, 2, 3, 4, 5, 6, 7]
    assert [one["seq"] for one in cast("list[dict[str, Any]]", tail["messages"])] == [6, 7]
    assert (nothing["messages"], nothing["previous"], nothing["next"]) == ([], None, "1.8")


async def test_conversations_are_paged(person: Register) -> None:
    """The most recently changed first."""
    ada, others = await person(), [await person() for _ in range(3)]
    for other in others:
        await other.send(ada, "hello")

    found, cursor = [], None
    while True:
        answer = await ada.call("GET", "/conversations", params={"limit": 2, **({"before": cursor} if cursor else {})})
        found += [
            (one["peer_id"], one["unread"], one["last_message"]["text"]) for one in answer.json()["conversations"]
        ]
        if (cursor := answer.json()["next"]) is None:
            break

    assert found == [(other.id, 1, "hello") for other in reversed(others)]


async def test_strangers_see_nothing(person: Register) -> None:
    """For them, neither message nor conversation exists."""
    ada, bob, eve = await person(), await person(), await person()
    message = (await ada.send(bob, "secret")).json()

    answers = [
        await eve.call("GET", f"/messages/{message['message_id']}"),
        await eve.call("POST", f"/messages/{message['message_id']}/read"),
        await eve.call("GET", "/messages", params={"conversation_id": message["conversation_id"]}),
        await eve.call("POST", "/messages", json={"conversation_id": message["conversation_id"], "text": "me too"}),
    ]

    assert [answer.status_code for answer in answers] == [404] * 4


async def test_nobody_to_write_to(http: httpx.AsyncClient, person: Register) -> None:
    """Oneself, somebody who does not exist, here or elsewhere: definite, before anything is accepted."""
    ada = await person()
    for recipient, status, code in (
        (ada.id, 422, "own-recipient"),
        ("u" + "0" * 24 + "-us", 404, "recipient-unknown"),
        ("u" + "0" * 24 + "-eu", 404, "recipient-unknown"),
        ("u" + "0" * 24 + "-mars", 404, "recipient-unknown"),
        ("\x00", 404, "recipient-unknown"),
    ):
        answer = await ada.call("POST", "/messages", json={"recipient_id": recipient, "text": "x"})
        assert (answer.status_code, answer.json()["code"], answer.json()["definite"]) == (status, code, True)


async def test_entries_reach_every_device_once_and_in_order(person: Register) -> None:
    """The sender's other device too; then the marks come back."""
    ada, bob = await person(), await person()
    async with ada.device() as phone, ada.device() as laptop, bob.device() as theirs:
        for device in (phone, laptop, theirs):
            await device.until("welcome")
        names = [await phone.send(bob, f"number {number}") for number in range(20)]
        for device in (phone, laptop, theirs):
            messages = await device.until_entries(20)
            assert [message["seq"] for message in messages] == list(range(1, 21))
        assert [message["client_message_id"] for message in laptop.messages] == names
        assert all("client_message_id" not in message for message in theirs.messages)
        conversation = theirs.messages[0]["conversation_id"]
        await theirs.say({"type": "read", "conversation_id": conversation, "seq": 20, "epoch": 1})
        for device in (phone, laptop, theirs):
            await device.until("marks", user_id=bob.id, received=20, read=20)


async def test_a_device_resumes_without_loss_or_duplicate(person: Register) -> None:
    """With its token; and with what it holds, when the token means nothing."""
    ada, bob = await person(), await person()
    await ada.send(bob, "1")
    async with bob.device(held={}) as device:
        await device.until("welcome")
        assert [message["text"] for message in device.messages] == ["1"]
        token = device.token
    for number in range(2, 6):
        await ada.send(bob, str(number))
    conversation = str(device.messages[0]["conversation_id"])

    async with bob.device(resume=token) as by_token:
        assert (await by_token.until("welcome"))["complete"] is True
        assert [message["text"] for message in by_token.messages] == ["2", "3", "4", "5"]
        newest = by_token.token
    async with bob.device(resume="nonsense", held={conversation: [1, 3]}) as by_held:
        assert (await by_held.until("welcome"))["complete"] is True
        assert [message["text"] for message in by_held.messages] == ["4", "5"]
    async with bob.device(resume=newest) as nothing_new:
        await nothing_new.until("welcome")
        assert nothing_new.messages == []
    async with bob.device() as fresh:
        assert (await fresh.until("welcome"))["complete"] is True
        assert fresh.messages == []


async def test_resuming_under_traffic_loses_nothing(person: Register) -> None:
    """A device that comes and goes while messages stream has each of them, and none twice on a connection."""
    ada, bob = await person(), await person()
    total, seen, token = 120, set[int](), None

    async def stream() -> None:
        async with ada.device() as device:
            await device.until("welcome")
            for number in range(total):
                await device.send(bob, str(number))
                await asyncio.sleep(0.01)
            await device.until_entries(total)

    streaming = asyncio.create_task(stream())
    async with asyncio.timeout(60):
        while len(seen) < total:
            async with bob.device(resume=token, held=None if token else {}) as device:
                before = len(seen)
                await device.until("welcome")
                while len(seen | {int(cast("int", m["seq"])) for m in device.messages}) < min(total, before + 25):
                    await device.read()
                seqs = [int(cast("int", message["seq"])) for message in device.messages]
                assert seqs == sorted(set(seqs))
                seen |= set(seqs)
                token = device.token
        await streaming
    assert seen == set(range(1, total + 1))


async def test_too_much_is_named_instead_of_sent(person: Register) -> None:
    """A device that missed more than can be sent is told which conversations to page."""
    ada, bob = await person(), await person()
    async with ada.device() as device:
        await device.until("welcome")
        for number in range(520):
            await device.send(bob, f"{number}")
        await device.until_entries(520)

    async with bob.device(held={}) as theirs:
        assert (await theirs.until("welcome"))["complete"] is False
        changed = next(frame for frame in theirs.frames if frame["type"] == "changed")
    assert changed["conversations"] == [
        {"conversation_id": device.messages[0]["conversation_id"], "head": 520, "epoch": 1}
    ]


async def test_bad_frames_harm_nothing(person: Register) -> None:
    """Each is answered, and the connection goes on."""
    ada, bob = await person(), await person()
    async with ada.device() as device:
        await device.until("welcome")
        await device.socket.send_str("garbage")
        await device.until("error", code="malformed-request")
        await device.socket.send_bytes(b"\x00")
        await device.until("error", code="malformed-request")
        await device.say({"type": "hello"})
        await device.until("error", code="frame-out-of-order")
        await device.send(ada, "to myself", "mine")
        await device.until("error", code="own-recipient", client_message_id="mine")
        await device.send(bob, "x" * 16_385, "large")
        await device.until("error", code="too-large", client_message_id="large")
        await device.say({"type": "ping", "nonce": "7"})
        await device.until("pong", nonce="7")
        await device.send(bob, "x" * 16_384)
        await device.until("entry")


async def test_a_socket_without_a_good_token_is_closed(person: Register) -> None:
    """With 4401 and how it is not good."""
    ada = await person()
    broken = type(ada)({**ada.tokens, "access_token": secrets.token_hex(20)}, ada.http)

    async with broken.device() as device:
        assert await device.closed() == 4401
        assert device.frames[0]["code"] == "invalid-token"
