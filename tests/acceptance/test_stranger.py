"""A client written from the requirements alone, by somebody who knows nothing else of Causeway."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import httpx
import pytest


async def test_a_stranger_gets_along_with_plain_http(urls: dict[str, str]) -> None:
    """Register, log in, find, write, read, page, repeat: everything as the requirements' tables say."""
    us, eu = urls["us"], urls["eu"]
    async with httpx.AsyncClient(timeout=30) as http:
        ann = (
            await http.post(
                f"{us}/register", json={"handle": f"ann-{secrets.token_hex(5)}", "password": "ann's password"}
            )
        ).json()
        response = await http.post(
            f"{eu}/register",
            json={
                "handle": f"bob-{secrets.token_hex(5)}",
                "password": "bob's password",
                "display_name": "Bob",
                "home_region": "eu",
            },
        )
        bob = response.json()
        assert response.status_code == 201
        assert {"user_id", "handle", "home_region", "access_token", "refresh_token", "expires_in"} <= bob.keys()
        assert (ann["home_region"], bob["home_region"]) == ("us", "eu")

        response = await http.post(
            f"{us}/login", json={"handle": bob["handle"], "password": "bob's password", "device_name": "pc"}
        )
        assert response.status_code == 200
        assert response.json()["user_id"] == bob["user_id"]
        as_ann = {"Authorization": f"Bearer {ann['access_token']}"}
        as_bob = {"Authorization": f"Bearer {response.json()['access_token']}"}

        user = (await http.get(f"{us}/users/{bob['user_id']}", headers=as_ann)).json()
        assert (user["handle"], user["display_name"], user["home_region"]) == (bob["handle"], "Bob", "eu")

        sent = []
        for number in range(5):
            response = await http.post(
                f"{us}/messages",
                headers=as_ann,
                json={"recipient_id": bob["user_id"], "text": f"number {number}", "client_message_id": f"c{number}"},
            )
            assert response.status_code == 201
            assert {"message_id", "conversation_id", "seq", "status", "sent_at"} <= response.json().keys()
            sent.append(response.json())
        again = await http.post(
            f"{us}/messages",
            headers=as_ann,
            json={"conversation_id": sent[0]["conversation_id"], "text": "number 4", "client_message_id": "c4"},
        )
        assert (again.status_code, again.json()["message_id"]) == (200, sent[4]["message_id"])

        async with asyncio.timeout(60):
            page: dict[str, list[dict[str, object]]] = {"messages": []}
            while len(page["messages"]) < 5:
                await asyncio.sleep(0.2)  # who asks without a pause is refused
                response = await http.get(f"{eu}/messages", headers=as_bob, params={"peer_id": ann["user_id"]})
                assert response.status_code == 200, response.text
                page = response.json()
        assert [message["text"] for message in page["messages"]] == [f"number {number}" for number in (4, 3, 2, 1, 0)]
        assert [message["seq"] for message in page["messages"]] == [5, 4, 3, 2, 1]
        assert all(message["sender_id"] == ann["user_id"] for message in page["messages"])

        first = (
            await http.get(f"{eu}/messages", headers=as_bob, params={"peer_id": ann["user_id"], "limit": 2})
        ).json()
        older = (
            await http.get(
                f"{eu}/messages",
                headers=as_bob,
                params={"peer_id": ann["user_id"], "limit": 3, "before": first["next"]},
            )
        ).json()
        assert [message["seq"] for message in older["messages"]] == [3, 2, 1]
        assert older["next"] is None
        newer = (
            await http.get(
                f"{eu}/messages", headers=as_bob, params={"peer_id": ann["user_id"], "after": older["previous"]}
            )
        ).json()
        assert [message["seq"] for message in newer["messages"]] == [4, 5]

        # seq is null at ann's home until she is told what the owner, perhaps eu, has decided
        async with asyncio.timeout(60):
            one: dict[str, object] = {"seq": None}
            while one["seq"] is None:
                response = await http.get(f"{us}/messages/{sent[2]['message_id']}", headers=as_ann)
                assert response.status_code == 200, response.text
                one = response.json()
                await asyncio.sleep(0.2)  # who asks without a pause is refused
        assert (one["text"], one["seq"]) == ("number 2", 3)


class Stranger:
    """Somebody with an access token, and nothing but HTTP."""

    def __init__(self, http: httpx.AsyncClient, url: str, account: dict[str, str]) -> None:
        """Say what is asked, where, and as whom."""
        self.id = account["user_id"]
        self._http, self._url = http, url
        self._headers = {"Authorization": f"Bearer {account['access_token']}"}

    async def post(self, path: str, **body: object) -> httpx.Response:
        """Post JSON."""
        return await self._http.post(f"{self._url}{path}", headers=self._headers, json=body)

    async def page(self, path: str, **query: str | int) -> dict[str, Any]:
        """Return a page."""
        response = await self._http.get(f"{self._url}{path}", headers=self._headers, params=query)
        assert response.status_code == 200, response.text
        assert {"messages", "next", "previous"} <= response.json().keys()
        return dict(response.json())

    async def messages(self, path: str, count: int, **query: str | int) -> dict[str, Any]:
        """Return a page as soon as it has so many messages that are numbered."""
        async with asyncio.timeout(60):
            while True:
                page = await self.page(path, **query)
                if len([one for one in page["messages"] if one["seq"] is not None]) >= count:
                    return page
                await asyncio.sleep(0.2)  # who asks without a pause is refused


async def strangers(http: httpx.AsyncClient, urls: dict[str, str], *homes: str) -> list[Stranger]:
    """Register somebody in each of these regions."""
    found = []
    for home in homes:
        account = {"handle": f"stranger-{secrets.token_hex(5)}", "password": "a stranger's", "home_region": home}
        response = await http.post(f"{urls[home]}/register", json=account)
        assert response.status_code == 201, response.text
        found.append(Stranger(http, urls[home], response.json()))
    return found


async def write(who: Stranger, path: str, text: str) -> dict[str, Any]:
    """Post a message, and again: 201, then 200 with the same id."""
    name = secrets.token_hex(8)
    first = await who.post(path, text=text, client_message_id=name)
    assert first.status_code == 201, first.text
    assert {"message_id", "conversation_id", "seq", "status", "sent_at"} <= first.json().keys()
    again = await who.post(path, text=text, client_message_id=name)
    assert (again.status_code, again.json()["message_id"]) == (200, first.json()["message_id"])
    return dict(first.json())


async def read_both_ways(reader: Stranger, path: str, texts: list[str]) -> None:
    """Every page holds what was posted and nothing else, each with all that was promised; both ways, however small pages are."""
    whole = await reader.messages(path, len(texts))
    assert [one["text"] for one in whole["messages"]] == texts[::-1]
    assert (whole["next"], whole["previous"]) == (None, None)
    for one in whole["messages"]:
        assert {"message_id", "sender_id", "text", "seq", "status", "sent_at"} <= one.keys()
        assert datetime.fromisoformat(one["sent_at"]).tzinfo is not None
    seqs = [one["seq"] for one in whole["messages"]]
    assert seqs == sorted(set(seqs), reverse=True)

    first = await reader.page(path, limit=2)
    older = await reader.page(path, limit=len(texts) - 2, before=first["next"])
    assert [one["text"] for one in first["messages"] + older["messages"]] == texts[::-1]
    assert older["next"] is None
    newer = await reader.page(path, after=older["previous"])
    assert [one["text"] for one in newer["messages"]] == texts[-2:]
    assert newer["previous"] is None


async def test_a_stranger_gets_along_in_a_group(http: httpx.AsyncClient, urls: dict[str, str]) -> None:
    """Members of other regions write and read at once when it was made, and see what was written, and nothing else."""
    ann, eva, aki = await strangers(http, urls, "us", "eu", "ap")
    made = await ann.post("/groups", name="Travellers", member_ids=[eva.id, aki.id])
    assert made.status_code == 201, made.text
    group = made.json()["group_id"]
    first = await write(eva, f"/groups/{group}/message", "eva was first")
    assert (await aki.page(f"/groups/{group}/messages"))["next"] is None
    await ann.messages(f"/groups/{group}/messages", 1)
    texts = ["eva was first"]
    for number in range(4):
        texts.append(f"number {number}")
        await write(ann, f"/groups/{group}/message", texts[-1])

    for reader in (ann, eva, aki):
        await read_both_ways(reader, f"/groups/{group}/messages", texts)
        page = await reader.page("/messages", conversation_id=group)
        assert [one["text"] for one in page["messages"]] == texts[::-1]
        assert page["messages"][-1]["message_id"] == first["message_id"]
        assert page["messages"][-1]["sender_id"] == eva.id


@pytest.mark.parametrize("public", [True, False], ids=["public", "private"])
async def test_a_stranger_gets_along_in_a_channel(
    http: httpx.AsyncClient, urls: dict[str, str], *, public: bool
) -> None:
    """Whoever has just subscribed from another region reads at once; a poster of another region posts at once."""
    ann, eva = await strangers(http, urls, "us", "eu")
    made = await ann.post("/channels", name="News", public=public)
    assert made.status_code == 201, made.text
    channel = made.json()["channel_id"]
    await write(ann, f"/channels/{channel}/message", "number 0")
    token = ""
    if not public:
        token = (await ann.post(f"/channels/{channel}/invites")).json()["token"]
    subscribed = await eva.post(f"/channels/{channel}/subscribers", token=token)
    assert subscribed.status_code == 201, subscribed.text
    page = await eva.page(f"/channels/{channel}/messages")
    assert [one["text"] for one in page["messages"]] in ([], ["number 0"])
    texts = ["number 0"]
    for number in range(1, 5):
        texts.append(f"number {number}")
        await write(ann, f"/channels/{channel}/message", texts[-1])
    refused = await eva.post(f"/channels/{channel}/message", text="me too")
    assert refused.status_code in {201, 403}  # if the owner is another region, the refusal comes over the WebSocket

    for reader in (ann, eva):
        async with asyncio.timeout(60):
            while (await reader.messages(f"/channels/{channel}/messages", 5))["messages"][0]["seq"] is None:  # noqa: ASYNC110 — HTTP tells nothing by itself
                await asyncio.sleep(0.2)  # eva's own is refused in a moment
        await read_both_ways(reader, f"/channels/{channel}/messages", texts)


async def test_a_stranger_is_told_at_once_what_another_region_decides(urls: dict[str, str]) -> None:
    """Right after a post its answer has the number, or says why not; and the recipient elsewhere can mark it."""
    us, eu = urls["us"], urls["eu"]
    async with httpx.AsyncClient(timeout=30) as http:

        async def somebody(url: str) -> tuple[str, dict[str, str]]:
            wanted = {"handle": f"s-{secrets.token_hex(6)}", "password": "the same password"}
            made = await http.post(f"{url}/register", json=wanted)
            again = await http.post(f"{url}/register", json=wanted)
            assert (made.status_code, again.status_code, again.json()["code"]) == (201, 409, "handle-taken")
            return made.json()["user_id"], {"Authorization": f"Bearer {made.json()['access_token']}"}

        (ann, as_ann), (eva, as_eva) = await somebody(us), await somebody(eu)
        group = (await http.post(f"{us}/groups", headers=as_ann, json={"name": "Ours", "member_ids": [eva]})).json()
        path = f"/groups/{group['group_id']}"

        async def post(text: str) -> httpx.Response:
            return await http.post(f"{eu}{path}/message", headers=as_eva, json={"text": text, "attachments": None})

        async def numbered() -> bool:
            return isinstance((await post("hello")).json().get("seq"), int)

        await until("her posts have numbers", numbered)
        gone = await http.delete(f"{us}{path}/members/{eva}", headers=as_ann)
        assert gone.is_success, gone.text

        async def refused() -> bool:
            answer = await post("still here?")
            return answer.status_code == 403 and answer.json()["code"] == "not-a-member"

        await until("her posts are refused", refused)

        async def marked() -> bool:
            sent = await http.post(f"{us}/messages", headers=as_ann, json={"recipient_id": eva, "text": "read me"})
            name = sent.json()["message_id"]
            answer = await http.post(f"{eu}/messages/{name}/received", headers=as_eva)
            page = await http.get(
                f"{us}/messages", headers=as_ann, params={"peer_id": eva, "before": None, "limit": 1000}
            )
            return answer.status_code == 204 and page.json()["messages"][0]["message_id"] == name

        await until("what was just sent can be marked", marked)
        assert (await http.post(f"{eu}/friends/{ann}/decline", headers=as_eva)).status_code != 400


async def until(what: str, holds: Callable[[], Awaitable[bool]]) -> None:
    """Try again until it holds: on a machine with much to do another region's word may take longer than a moment."""
    for _ in range(20):
        if await holds():
            return
    pytest.fail(f"it never happened: {what}")
