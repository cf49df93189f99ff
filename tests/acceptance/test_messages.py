"""Messages and history over HTTP and the client library, between people of every two regions."""

import asyncio
from collections.abc import Callable

import httpx
import pytest

from chaos.people import Person
from region.client import Handle, Stage

MakePerson = Callable[..., "asyncio.Future[Person]"]
As = Callable[[Person], dict[str, str]]
PAIRS = [("us", "us"), ("us", "eu"), ("eu", "us"), ("eu", "ap"), ("ap", "us")]


@pytest.mark.parametrize(("one", "other"), PAIRS)
async def test_a_message_travels_and_its_status_comes_back(make_person: MakePerson, one: str, other: str) -> None:
    """unread, received, read: the sender is told of each, and the answer takes the same way."""
    alice, boris = await make_person(one), await make_person(other, reads=False)

    handle = await alice.write("Hello!", boris)
    message = await boris.sees("Hello!")
    assert (message.sender_id, message.recipient_id, message.seq) == (alice.id, boris.id, 1)
    await handle.reach(Stage.RECEIVED)
    assert handle.stage is Stage.RECEIVED
    boris.client.mark_read(message)
    await handle.reach(Stage.READ)
    await alice.until(lambda: alice.marks.get((message.conversation_id, boris.id)) == (1, 1))

    await boris.write("Hello to you.", alice)
    assert (await alice.sees("Hello to you.")).seq == 2


@pytest.mark.parametrize(("one", "other"), PAIRS)
async def test_http_shows_the_status_step_by_step(  # noqa: PLR0917  # fixtures
    make_person: MakePerson, http: httpx.AsyncClient, urls: dict[str, str], as_: As, one: str, other: str
) -> None:
    """POST /messages, received and read by POST, and GET of one message from the sender's side."""
    alice, boris = await make_person(one), await make_person(other)
    await boris.__aexit__(None, None, None)  # nobody looks at the screen: marks come from HTTP alone
    home, away = urls[one], urls[other]

    sent = await http.post(
        f"{home}/messages", headers=as_(alice), json={"recipient_id": boris.id, "text": "step by step"}
    )
    assert sent.status_code == 201, sent.text
    path = f"/messages/{sent.json()['message_id']}"

    async def eventually(url: str, who: Person, **wanted: object) -> dict[str, object]:
        async with asyncio.timeout(60):
            while True:
                response = await http.get(url + path, headers=as_(who))
                found: dict[str, object] = response.json()
                if response.status_code == 200 and wanted.items() <= found.items():
                    return found

    await eventually(away, boris, seq=1, status="unread")
    await eventually(home, alice, seq=1, status="unread", queued_for=None)
    assert (await http.post(away + path + "/received", headers=as_(boris))).status_code == 204
    await eventually(home, alice, status="received")
    assert (await http.post(away + path + "/read", headers=as_(boris))).status_code == 204
    seen = await eventually(home, alice, status="read")
    assert seen["client_message_id"]
    assert not (await eventually(away, boris, status="read")).get("client_message_id")


async def test_history_is_paged_both_ways_and_is_the_same_everywhere(
    make_person: MakePerson, http: httpx.AsyncClient, urls: dict[str, str], as_: As
) -> None:
    """Any depth, either direction, from any region, without a hole or a repetition."""
    alice, boris = await make_person("us"), await make_person("eu")
    handles: list[Handle] = []
    for number in range(25):
        sender, receiver = (alice, boris) if number % 3 else (boris, alice)
        handles.append(await sender.write(f"message {number}", receiver))
    for handle in handles:
        await handle.reach(Stage.READ)
    conversation = handles[0].conversation_id

    logs = []
    for who in (alice, boris):
        for url in urls.values():
            for forward in (False, True):
                query, seqs = {"conversation_id": conversation, "limit": "7"}, list[int]()
                if forward:
                    query["after"] = "0.0"
                while True:
                    page = (await http.get(f"{url}/messages", params=query, headers=as_(who))).json()
                    seqs += [message["seq"] for message in page["messages"]]
                    cursor = page["previous" if forward else "next"]
                    if not page["messages"] or cursor is None:
                        break
                    query["after" if forward else "before"] = cursor
                assert seqs == (list(range(1, 26)) if forward else list(range(25, 0, -1)))
        logs.append(
            [
                (one.seq, one.message_id, one.text)
                async for one in who.client.walk(conversation=conversation, forward=True)
            ]
        )
    assert logs[0] == logs[1]
    assert alice.seqs(conversation) == boris.seqs(conversation) == list(range(1, 26))


async def test_both_write_at_once_and_both_see_one_order(make_person: MakePerson) -> None:
    """However they interleave, the owner numbers them once for all; each sender's own order is kept."""
    alice, boris = await make_person("us"), await make_person("ap")

    async def talk(sender: Person, receiver: Person, name: str) -> list[Handle]:
        return [await sender.write(f"{name} {number:02}", receiver) for number in range(40)]

    both = await asyncio.gather(talk(alice, boris, "a"), talk(boris, alice, "b"))
    for handle in both[0] + both[1]:
        await handle.reach(Stage.READ)
    conversation = both[0][0].conversation_id
    for person in (alice, boris):
        await person.shows(conversation, 80)

    assert alice.texts(conversation) == boris.texts(conversation)
    assert alice.seqs(conversation) == list(range(1, 81))
    for name in "ab":
        own = [text for text in alice.texts(conversation) if text.startswith(name)]
        assert own == sorted(own)


async def test_the_list_of_conversations_counts_what_is_unread(
    make_person: MakePerson, http: httpx.AsyncClient, urls: dict[str, str], as_: As
) -> None:
    """Last message, unread, marks and head, the newest conversation first, paged."""
    boris = await make_person("eu", reads=False)
    friends = [await make_person(home) for home in ("us", "eu", "ap")]
    for number, friend in enumerate(friends):
        for count in range(number + 1):
            await friend.write(f"from {number}, {count}", boris)
        await boris.sees(f"from {number}, {number}")
    await (await boris.write("my answer", friends[2])).reach(Stage.READ)

    found = [one async for one in boris.client.conversations()]
    assert {one.peer_id: one.unread for one in found} == {friends[0].id: 1, friends[1].id: 2, friends[2].id: 3}
    assert [one.head for one in found if one.peer_id == friends[2].id] == [4]
    assert found[0].peer_id == friends[2].id
    assert found[0].last_message is not None
    assert found[0].last_message.text == "my answer"

    boris.client.mark_read(boris.screen[found[0].conversation_id][2])
    async with asyncio.timeout(60):
        while {one.peer_id: one.unread async for one in boris.client.conversations()}[friends[2].id]:
            pass

    query, seen = {"limit": "1"}, list[str]()
    while True:
        page = (await http.get(f"{urls['ap']}/conversations", params=query, headers=as_(boris))).json()
        seen += [one["peer_id"] for one in page["conversations"]]
        if page["next"] is None:
            break
        query["before"] = page["next"]
    assert sorted(seen) == sorted(friend.id for friend in friends)


async def test_the_same_client_message_id_is_the_same_message_everywhere(
    make_person: MakePerson, http: httpx.AsyncClient, urls: dict[str, str], as_: As
) -> None:
    """Repeated through every region: 200 and the same id; with other content: 409; and one entry in the end."""
    alice, boris = await make_person("us"), await make_person("eu")
    body = {"recipient_id": boris.id, "text": "only once", "client_message_id": "once"}

    first = await http.post(f"{urls['us']}/messages", headers=as_(alice), json=body)
    assert first.status_code == 201, first.text
    for url in urls.values():
        again = await http.post(f"{url}/messages", headers=as_(alice), json=body)
        assert (again.status_code, again.json()["message_id"]) == (200, first.json()["message_id"])
        other = await http.post(f"{url}/messages", headers=as_(alice), json={**body, "text": "something else"})
        assert (other.status_code, other.json()["code"]) == (409, "content-conflict")
        assert other.json()["definite"]
    await boris.sees("only once")
    await (await alice.write("the last", boris)).reach(Stage.READ)
    assert boris.texts(first.json()["conversation_id"]) == ["only once", "the last"]


async def test_what_is_not_ones_own_does_not_exist(
    make_person: MakePerson, http: httpx.AsyncClient, urls: dict[str, str], as_: As
) -> None:
    """A stranger sees neither message nor conversation, from any region."""
    alice, boris, eve = await make_person("us"), await make_person("eu"), await make_person("us")
    message = await (await alice.write("between us", boris)).outcome()

    for url in urls.values():
        one = await http.get(f"{url}/messages/{message.message_id}", headers=as_(eve))
        page = await http.get(f"{url}/messages", params={"conversation_id": message.conversation_id}, headers=as_(eve))
        into = await http.post(
            f"{url}/messages", headers=as_(eve), json={"conversation_id": message.conversation_id, "text": "me too"}
        )
        read = await http.post(f"{url}/messages/{message.message_id}/read", headers=as_(eve))
        assert [one.status_code, page.status_code, into.status_code, read.status_code] == [404] * 4
        assert (await http.get(f"{url}/conversations", headers=as_(eve))).json()["conversations"] == []
