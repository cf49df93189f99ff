"""Accounts through the real directory, journal, projector and store."""

import asyncio
import base64
import json
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
from argon2 import PasswordHasher

from global_directory.client import DirectoryClient
from infra.kafka import Producer
from region.accounts.cli import rotate
from replication.accounts import AccountCreated
from replication.codec import encode
from replication.ids import partition_of
from replication.records import Journaled, Submission
from replication.topics import JOURNAL

pytestmark = pytest.mark.integration

PASSWORD = "a good password"
Register = Callable[..., Awaitable[Any]]


def credentials(**more: str) -> dict[str, str]:
    """A new handle and a password."""
    return {"handle": f"u{secrets.token_hex(8)}", "password": PASSWORD, **more}


def bearer(tokens: dict[str, str]) -> dict[str, str]:
    """The header that says who asks."""
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def kid_of(token: str) -> str:
    """Which key has signed a token."""
    header = token.split(".", maxsplit=1)[0]
    return str(json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))["kid"])


async def test_registering_and_logging_in(http: httpx.AsyncClient) -> None:
    """Two devices of one user, whatever the case of the handle."""
    wanted = credentials(display_name=" Ada  Lovelace ", device_name="laptop")
    registered = await http.post("/register", json=wanted)
    assert registered.status_code == 201, registered.text
    logged_in = await http.post("/login", json={**wanted, "handle": wanted["handle"].upper(), "device_name": " "})
    assert logged_in.status_code == 200, logged_in.text

    one, two = registered.json(), logged_in.json()
    assert (one["user_id"], one["handle"], one["display_name"]) == (two["user_id"], wanted["handle"], "Ada Lovelace")
    assert one["device_id"] != two["device_id"]
    user = (await http.get(f"/users/{one['user_id']}", headers=bearer(two))).json()
    assert (user["handle"], user["home_region"]) == (wanted["handle"], "us")
    devices = (await http.get("/devices", headers=bearer(two))).json()["devices"]
    assert [(device["name"], device["current"]) for device in devices] == [("device", True), ("laptop", False)]


async def test_registering_again_is_the_same_registration_for_who_has_its_key(http: httpx.AsyncClient) -> None:
    """With the same password and key it gives the same user; without the key, or with another one, the handle is taken."""
    wanted, key = credentials(), {"Idempotency-Key": "k"}
    first = (await http.post("/register", json=wanted, headers=key)).json()
    again = await http.post("/register", json=wanted, headers=key)
    others = [
        await http.post("/register", json={**wanted, "password": "another password"}, headers=key),
        await http.post("/register", json=wanted, headers={"Idempotency-Key": "guessed"}),
        await http.post("/register", json=wanted),
    ]

    assert again.status_code == 201
    assert again.json()["user_id"] == first["user_id"]
    assert [(answer.status_code, answer.json()["code"]) for answer in others] == [(409, "handle-taken")] * 3


async def test_of_ten_who_register_alike_one_is_told_that_it_has_the_handle(http: httpx.AsyncClient) -> None:
    """A button that was pressed ten times makes one account, and shows one success."""
    wanted = credentials()
    answers = await asyncio.gather(*(http.post("/register", json=wanted) for _ in range(10)))

    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 9}


async def test_twenty_at_once_get_one_handle(http: httpx.AsyncClient) -> None:
    """One wins, the others are told cleanly."""
    handle = f"u{secrets.token_hex(8)}"
    answers = await asyncio.gather(
        *(http.post("/register", json={"handle": handle, "password": f"password {n:04}"}) for n in range(20))
    )

    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 19}


async def test_wrong_credentials_look_alike(http: httpx.AsyncClient) -> None:
    """Whether or not the handle exists."""
    wanted = credentials()
    await http.post("/register", json=wanted)

    wrong = await http.post("/login", json={**wanted, "password": "not the password"})
    unknown = await http.post("/login", json=credentials())
    garbage = await http.post("/login", json={"handle": "\x00", "password": "\x00"})

    assert {answer.status_code for answer in (wrong, unknown, garbage)} == {401}
    assert wrong.json() == unknown.json() == garbage.json()


async def test_refresh_tokens_are_good_once(http: httpx.AsyncClient) -> None:
    """But for a moment, in which an answer may have been lost."""
    first = (await http.post("/register", json=credentials())).json()

    second = await http.post("/token", json={"refresh_token": first["refresh_token"]})
    repeated = await http.post("/token", json={"refresh_token": first["refresh_token"]})
    third = await http.post("/token", json={"refresh_token": repeated.json()["refresh_token"]})
    stolen = await http.post("/token", json={"refresh_token": first["refresh_token"]})

    assert [answer.status_code for answer in (second, repeated, third, stolen)] == [200, 200, 200, 401]
    assert stolen.json()["token_problem"] == "reused"


async def test_a_used_refresh_token_that_is_shown_again_ends_its_device(
    http: httpx.AsyncClient, person: Register
) -> None:
    """Its connection, its access token and its newest refresh token, each with the reason; other devices stay."""
    ada = await person()
    other = await http.post("/login", json={"handle": ada.tokens["handle"], "password": PASSWORD})
    second = (await http.post("/token", json={"refresh_token": ada.tokens["refresh_token"]})).json()
    third = (await http.post("/token", json={"refresh_token": second["refresh_token"]})).json()
    async with ada.device() as device:
        await device.until("welcome")

        stolen = await http.post("/token", json={"refresh_token": ada.tokens["refresh_token"]})

        assert await device.closed() == 4401
    newest = await http.post("/token", json={"refresh_token": third["refresh_token"]})
    access = await http.get("/devices", headers=bearer(third))
    assert {answer.json()["token_problem"] for answer in (stolen, newest, access)} == {"reused"}
    assert "change your password" in newest.json()["detail"]
    assert len((await http.get("/devices", headers=bearer(other.json()))).json()["devices"]) == 1


@pytest.mark.parametrize("kept", [True, False])
async def test_another_password_ends_the_other_sessions(
    http: httpx.AsyncClient, person: Register, *, kept: bool
) -> None:
    """And this one as well unless it is kept; the old password is good for nothing any more."""
    ada = await person()
    wanted = {"handle": ada.tokens["handle"], "password": PASSWORD}
    phone = (await http.post("/login", json=wanted)).json()
    change = {"old_password": PASSWORD, "new_password": "another password", "keep_this_device": kept}
    async with ada.device() as mine, replace(ada, tokens=phone).device() as other:
        await mine.until("welcome")
        await other.until("welcome")

        wrong = await ada.call("POST", "/password", json={**change, "old_password": "guessed"})
        short = await ada.call("POST", "/password", json={**change, "new_password": "short"})
        done = await ada.call("POST", "/password", json=change)

        assert [answer.status_code for answer in (wrong, short, done)] == [401, 422, 204], done.text
        assert await other.closed() == 4401
        if not kept:
            assert await mine.closed() == 4401
    assert (await http.post("/token", json={"refresh_token": phone["refresh_token"]})).json()["token_problem"] == (
        "password-changed"
    )
    mine_again = await http.post("/token", json={"refresh_token": ada.tokens["refresh_token"]})
    assert mine_again.status_code == (200 if kept else 401)
    assert (await http.post("/login", json=wanted)).status_code == 401
    assert (await http.post("/login", json={**wanted, "password": "another password"})).status_code == 200


async def test_another_password_may_be_asked_for_again(http: httpx.AsyncClient, person: Register) -> None:
    """The answer may have been lost, and with it the knowledge that the old one is no good."""
    ada = await person()
    change = {"old_password": PASSWORD, "new_password": "another password"}

    answers = [await ada.call("POST", "/password", json=change) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [204, 204]


async def test_a_new_signing_key_takes_over_while_the_gateway_runs(
    region: Any, http: httpx.AsyncClient, person: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is listed before it signs, and what the old one has signed stays good."""
    ada, env = await person(), region.parts["gateway"].env
    old = kid_of(ada.tokens["access_token"])

    for name, value in env.items():
        monkeypatch.setenv(name, value)

    await asyncio.to_thread(rotate, "us", lead=2, force=True, ring=Path(env["CAUSEWAY_SIGNING_KEY"]))

    async with asyncio.timeout(60):
        while kid_of((fresh := (await person()).tokens)["access_token"]) == old:
            pass
    refreshed = await http.post("/token", json={"refresh_token": ada.tokens["refresh_token"]})
    assert refreshed.status_code == 200, refreshed.text
    for tokens in (ada.tokens, fresh, refreshed.json()):
        assert (await http.get("/devices", headers=bearer(tokens))).status_code == 200
    async with ada.device() as device:
        await device.until("welcome")


async def test_other_regions_are_told_who_was_logged_out(http: httpx.AsyncClient, person: Register) -> None:
    """On the internal port, by device, with the reason; and how long a token may still be about."""
    ada = await person()
    before = (await http.get("/internal/revocations")).json()
    assert (await ada.call("POST", "/logout")).status_code == 204

    told = (await http.get("/internal/revocations", params={"since": before["now"]})).json()

    assert told["lifetime"] == 900
    assert [one[:2] + one[3:] for one in told["devices"]] == [[ada.id, ada.tokens["device_id"], ""]]
    carried = await http.get("/internal/revocations", headers={"causeway-bridged": "1"})
    assert carried.status_code == 404, "what an edge carries for a device is not answered"
    assert (await http.get("/internal/revocations", params={"since": "9" * 5000})).status_code == 200
    assert (await http.get("/internal/revocations", params={"since": "x"})).status_code == 200


async def test_a_device_that_was_logged_out_is_out(http: httpx.AsyncClient, person: Register) -> None:
    """Its access token, its refresh token and its connection."""
    ada = await person()
    async with ada.device() as device:
        await device.until("welcome")
        assert (await ada.call("POST", "/logout")).status_code == 204
        assert await device.closed() == 4401

    for path in ("/devices", f"/users/{ada.id}", f"/users?handle={ada.tokens['handle']}", "/conversations"):
        assert (await ada.call("GET", path)).json().get("token_problem") == "revoked", path
    assert (await http.post("/token", json={"refresh_token": ada.tokens["refresh_token"]})).status_code == 401
    async with ada.device() as device:
        assert await device.closed() == 4401
        assert device.frames[-1]["code"] == "invalid-token"


async def test_a_device_that_is_logged_out_before_its_hello_is_out(person: Register) -> None:
    """Its connection is nobody's yet at that moment, so the store tells when the hello has come."""
    ada = await person()
    url = f"{ada.http.base_url}/ws".replace("//ws", "/ws")
    async with aiohttp.ClientSession() as session, session.ws_connect(url, headers=ada.bearer) as socket:
        assert (await ada.call("POST", "/logout")).status_code == 204
        await socket.send_str('{"type": "hello"}')
        message = await asyncio.wait_for(socket.receive(), 30)

        assert message.type is aiohttp.WSMsgType.CLOSE, message.data
        assert socket.close_code == 4401


@pytest.mark.parametrize("confirmed_first", [False, True])
async def test_logging_in_finishes_an_interrupted_registration(
    region: Any, http: httpx.AsyncClient, *, confirmed_first: bool
) -> None:
    """A gateway died after it had made the account, before or after the directory confirmed the handle."""
    wanted, env = credentials(), region.parts["gateway"].env
    async with DirectoryClient(env["CAUSEWAY_DIRECTORY"]) as directory:
        reservation = await directory.reserve(wanted["handle"], home_region="us", idempotency_key="x")
        if confirmed_first:
            await directory.confirm(wanted["handle"], token=reservation.token)
    created = Submission(
        id="s1",
        author=reservation.user_id,
        home="us",
        home_epoch=1,
        body=AccountCreated(wanted["handle"], "Ada", PasswordHasher(1, 64, 1).hash(PASSWORD), reservation.token),
        submitted_at=0,
    )
    async with Producer(env["CAUSEWAY_KAFKA"], client="test") as producer:
        place = partition_of(reservation.user_id, 4)
        await producer.append(JOURNAL, partition=place, key=None, value=encode(Journaled(record=created)))

    async with asyncio.timeout(30):
        while (answer := await http.post("/login", json=wanted)).status_code == 401:
            assert answer.json()["code"] == "wrong-credentials"

    assert answer.status_code == 200, answer.text
    assert answer.json()["user_id"] == reservation.user_id


async def test_another_home_is_told(http: httpx.AsyncClient) -> None:
    """With 421 and who holds it."""
    answer = await http.post("/register", json=credentials(home_region="eu"))

    assert answer.status_code == 421
    assert (answer.json()["code"], answer.json()["region"], answer.json()["holder"]) == ("not-the-holder", "eu", "eu")


async def test_openapi_describes_every_endpoint(http: httpx.AsyncClient) -> None:
    """And every schema that it refers to is there."""
    described = (await http.get("/openapi.json")).json()

    assert {"/register", "/login", "/token", "/logout", "/devices", "/users/{user_id}"} <= described["paths"].keys()
    assert {"/messages", "/messages/{message_id}", "/conversations", "/regions", "/healthz"} <= described[
        "paths"
    ].keys()
    text = json.dumps(described)
    schemas = described["components"]["schemas"]
    referred = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert referred <= schemas.keys()
    assert {"SendRequest", "Page", "Problem"} <= referred


async def test_asyncapi_describes_the_websocket(http: httpx.AsyncClient) -> None:
    """Beside OpenAPI, for everybody; frames are validated by it wherever these tests read one."""
    described = (await http.get("/asyncapi.json")).json()

    assert (described["asyncapi"], described["channels"]["socket"]["address"]) == ("3.0.0", "/ws")
    assert {"hello", "send", "entry", "welcome"} <= described["components"]["messages"].keys()


async def test_passwords_are_guessed_so_often_and_no_more(http: httpx.AsyncClient, person: Register) -> None:
    """Whether or not there is such a handle; the right one is not tried either then. Others log in all the while."""
    ada = await person()
    for handle, spelled in ((f"u{secrets.token_hex(8)}", str.lower), (ada.tokens["handle"], str.upper)):
        guesses = [{"handle": handle, "password": f"guess {number:04}"} for number in range(40)]
        answers = [await http.post("/login", json=guess) for guess in guesses]

        assert [answer.status_code for answer in answers] == [401] * 30 + [429] * 10
        told = answers[-1].json()
        assert (told["code"], told["definite"]) == ("rate-limited", True)
        assert int(answers[-1].headers["Retry-After"]) == told["retry_after"] > 0
        right = await http.post("/login", json={"handle": spelled(handle), "password": PASSWORD})
        assert right.status_code == 429
    bob = await person()
    other = await http.post("/login", json={"handle": bob.tokens["handle"], "password": PASSWORD})
    assert other.status_code == 200
