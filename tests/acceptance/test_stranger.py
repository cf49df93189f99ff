"""A client written from the requirements alone, by somebody who knows nothing else of Causeway."""

import asyncio
import secrets

import httpx


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
