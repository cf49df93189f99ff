"""What strangers, faulty clients and enemies send: a clear problem each, and nobody else is harmed."""

import asyncio
import base64
import json
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp
import httpx
import pytest

from chaos.people import Person

MakePerson = Callable[..., "asyncio.Future[Person]"]
As = Callable[[Person], dict[str, str]]
REGIONS = ("us", "eu", "ap")
NOBODY = f"u{'0' * 24}-eu"


def assert_problem(response: httpx.Response, *statuses: int) -> dict[str, object]:
    """It is RFC 9457 problem details, complete, with one of these statuses."""
    assert response.status_code in statuses, (response.status_code, response.text)
    assert response.headers["content-type"].startswith("application/problem+json"), response.headers
    problem: dict[str, object] = response.json()
    assert {"type", "title", "status", "detail", "code", "definite"} <= problem.keys(), problem
    assert problem["status"] == response.status_code
    assert "Traceback" not in response.text
    return problem


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize(
    ("content", "statuses"),
    [
        (b"{", (400,)),
        (b"", (400, 422)),
        (b"\xff\xfe{}", (400,)),
        (b"[]", (400, 422)),
        (b"null", (400, 422)),
        (b'{"recipient_id": 7, "text": "x"}', (400, 422)),
        (b'{"recipient_id": "RECIPIENT"}', (400, 422)),
        (b'{"recipient_id": "RECIPIENT", "text": ""}', (400, 422)),
        (b'{"recipient_id": "RECIPIENT", "text": null}', (400, 422)),
        (b'{"recipient_id": "RECIPIENT", "text": ["x"]}', (400, 422)),
        (b'{"recipient_id": "RECIPIENT", "text": "\\ud800"}', (400, 422)),
        (b'{"recipient_id": "RECIPIENT", "conversation_id": "d1", "text": "x"}', (400, 404, 422)),
        (b'{"text": "to nobody"}', (400, 422)),
        (b'{"recipient_id": "../../etc", "text": "x"}', (400, 404, 422)),
        (b'{"recipient_id": "RECIPIENT", "text": "x", "client_message_id": ""}', (400, 422)),
        (b'{"recipient_id": "RECIPIENT", "text": "x", "client_message_id": "' + b"c" * 1000 + b'"}', (400, 422)),
        (b'{"recipient_id": "RECIPIENT", "text": "' + b"x" * 16385 + b'"}', (413,)),
        (b'{"recipient_id": "RECIPIENT", "text": "' + "ä".encode() * 8193 + b'"}', (413,)),
        (b'{"recipient_id": "' + NOBODY.encode() + b'", "text": "x"}', (404, 422)),
        (b'{"recipient_id": "SELF", "text": "x"}', (422,)),
        (b"[" * 5000, (400, 422)),
    ],
    ids=lambda value: repr(value[:60]) if isinstance(value, bytes) else None,
)
async def test_what_cannot_be_a_message_is_refused(
    bad: "Bad", region: str, content: bytes, statuses: tuple[int, ...]
) -> None:
    """Garbage, wrong types, too long, to nobody, to oneself: 4xx with a reason, from every region."""
    body = content.replace(b"RECIPIENT", bad.other.id.encode()).replace(b"SELF", bad.one.id.encode())

    headers = {**bad.headers, "Content-Type": "application/json"}
    response = await bad.http.post(f"{bad.urls[region]}/messages", content=body, headers=headers)

    assert assert_problem(response, *statuses)["definite"]


class Bad:
    """Two people, and plain HTTP."""

    def __init__(self, one: Person, other: Person, http: httpx.AsyncClient, urls: dict[str, str]) -> None:
        self.one, self.other, self.http, self.urls = one, other, http, urls

    @property
    def headers(self) -> dict[str, str]:
        """Those of the first one."""
        return {"Authorization": f"Bearer {self.one.client.tokens.access_token}"}

    @asynccontextmanager
    async def socket(self, region: str = "us", *, hello: bool = True) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """A raw WebSocket of the first one."""
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(self.urls[region] + "/ws", headers=self.headers) as socket,
        ):
            if hello:
                await socket.send_json({"type": "hello", "resume": None, "held": None})
                while (await socket.receive_json(timeout=30))["type"] != "welcome":
                    pass
            yield socket


@pytest.fixture
async def bad(make_person: MakePerson, http: httpx.AsyncClient, urls: dict[str, str]) -> Bad:
    """Two people, and plain HTTP."""
    return Bad(await make_person("us"), await make_person("us"), http, urls)


async def test_sixteen_kibibytes_are_accepted(bad: Bad) -> None:
    """The limit itself is fine, in bytes of UTF-8, by HTTP and by WebSocket."""
    body = {"recipient_id": bad.other.id, "text": "x" * 16384}
    assert (await bad.http.post(f"{bad.urls['eu']}/messages", headers=bad.headers, json=body)).status_code == 201
    await bad.one.write("ä" * 8192, bad.other)
    await bad.other.sees("ä" * 8192)


@pytest.mark.parametrize("region", REGIONS)
async def test_tokens_that_are_none_are_refused(bad: Bad, region: str) -> None:
    """Missing, garbage, altered, unsigned, expired, of another issuer, and refresh for access: 401 each, WebSocket as well."""
    token = bad.one.client.tokens.access_token
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))

    def encoded(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    flipped = signature[:-4] + ("AAAA" if signature[-4:] != "AAAA" else "BBBB")
    tokens = {
        "garbage": "garbage",
        "altered": f"{header}.{encoded({**claims, 'sub': bad.other.id})}.{signature}",
        "signature": f"{header}.{payload}.{flipped}",
        "unsigned": f"{encoded({'alg': 'none', 'typ': 'JWT'})}.{payload}.",
        "expired": f"{header}.{encoded({**claims, 'exp': 1})}.{signature}",
        "foreign": f"{encoded({'alg': 'EdDSA', 'kid': 'elsewhere'})}.{payload}.{signature}",
        "refresh": bad.one.client.tokens.refresh_token,
    }
    url = bad.urls[region]
    for name, one in tokens.items():
        response = await bad.http.get(f"{url}/conversations", headers={"Authorization": f"Bearer {one}"})
        assert assert_problem(response, 401)["definite"], name
        assert await socket_refusal(url, one) in {401, 4401}, name
    assert_problem(await bad.http.get(f"{url}/conversations"), 401)
    assert_problem(await bad.http.get(f"{url}/conversations", headers={"Authorization": "Basic abc"}), 401)
    assert_problem(await bad.http.post(f"{url}/token", json={"refresh_token": token}), 401)
    assert_problem(await bad.http.post(f"{url}/token", json={"refresh_token": "garbage"}), 401)


async def socket_refusal(url: str, token: str) -> int | None:
    """Try to open a WebSocket; return the status or close code with which it is refused."""
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession() as session:
        try:
            async with session.ws_connect(url + "/ws", headers=headers) as socket:
                await socket.send_json({"type": "hello", "resume": None, "held": None})
                async for _ in socket:
                    pass
                return socket.close_code
        except aiohttp.WSServerHandshakeError as error:
            return error.status


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "-1"},
        {"limit": "many"},
        {"before": "garbage"},
        {"after": "1.2.3"},
        {"after": "-1.-1"},
        {"before": "9" * 50},
        {"before": "1.1", "after": "1.1"},
        {"before": "1.99999999999999999999"},
    ],
    ids=str,
)
async def test_broken_cursors_and_absurd_limits_are_refused(bad: Bad, query: dict[str, str]) -> None:
    """400 or 422 with a reason, from every region."""
    for url in bad.urls.values():
        response = await bad.http.get(f"{url}/messages", params={"peer_id": bad.other.id, **query}, headers=bad.headers)
        assert assert_problem(response, 400, 422)["definite"]


async def test_what_does_not_exist_is_not_found(bad: Bad) -> None:
    """Users, messages, conversations, devices and paths; 404 or 422, 405 for methods."""
    for url in bad.urls.values():
        for path in (
            f"/users/{NOBODY}",
            "/users/nonsense",
            "/users?handle=nobody-at-all",
            f"/messages/m{'0' * 35}-us",
            "/messages/nonsense",
            f"/messages?conversation_id=d{'0' * 32}-us",
            "/messages?conversation_id=nonsense",
            "/nowhere",
        ):
            assert_problem(await bad.http.get(url + path, headers=bad.headers), 400, 404, 422)
        assert_problem(await bad.http.get(f"{url}/messages", headers=bad.headers), 400, 422)
        assert_problem(await bad.http.delete(f"{url}/devices/nonsense", headers=bad.headers), 404, 422)
        assert_problem(await bad.http.put(f"{url}/messages", headers=bad.headers, json={}), 405)


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"handle": "", "password": "a good password"},
        {"handle": "x" * 200, "password": "a good password"},
        {"handle": "no spaces", "password": "a good password"},
        {"handle": "short-password", "password": "x"},
        {"handle": "home", "password": "a good password", "home_region": "atlantis"},
        {"handle": 7, "password": "a good password"},
        {"handle": "tab\tbed", "password": "a good password"},
        {"handle": "long-password", "password": "x" * 100_000},
    ],
    ids=lambda body: str(body)[:50],
)
async def test_what_cannot_be_an_account_is_refused(
    http: httpx.AsyncClient, urls: dict[str, str], region: str, body: dict[str, object]
) -> None:
    """400, 413 or 422 with a reason; nothing is made."""
    if body.get("handle") in {"short-password", "home", "long-password"}:
        body = {**body, "handle": f"{body['handle']}-{secrets.token_hex(4)}"}
    assert assert_problem(await http.post(f"{urls[region]}/register", json=body), 400, 413, 422)["definite"]


BAD_FRAMES = (
    "garbage",
    "{",
    "[]",
    "null",
    '{"type":"nonsense"}',
    '{"no":"type"}',
    '{"type":"send"}',
    '{"type":"send","client_message_id":7,"recipient_id":"OTHER","text":"x"}',
    '{"type":"send","client_message_id":"a","recipient_id":"OTHER","text":""}',
    '{"type":"send","client_message_id":"b","text":"to nobody"}',
    '{"type":"send","client_message_id":"c","recipient_id":"SELF","text":"x"}',
    '{"type":"send","client_message_id":"d","recipient_id":"' + NOBODY + '","text":"x"}',
    '{"type":"send","client_message_id":"e","recipient_id":"OTHER","text":"' + "x" * 16385 + '"}',
    '{"type":"send","client_message_id":"","recipient_id":"OTHER","text":"x"}',
    '{"type":"read","conversation_id":"nonsense","seq":1,"epoch":1}',
    '{"type":"read","conversation_id":"d1","seq":"one","epoch":1}',
    '{"type":"received","conversation_id":"d1","seq":-1,"epoch":1}',
    '{"type":"hello","resume":null,"held":null}',
    "[" * 5000,
)


@pytest.mark.parametrize("region", ["us", "ap"])
async def test_a_connection_outlives_every_bad_frame(bad: Bad, region: str) -> None:
    """Each is answered by an error (or a refusal); the connection lives on, and still carries messages."""
    async with bad.socket(region) as socket:
        for text in BAD_FRAMES:
            await socket.send_str(text.replace("OTHER", bad.other.id).replace("SELF", bad.one.id))
            frame = await socket.receive_json(timeout=30)
            while frame["type"] in {"accepted", "pending", "resume"}:  # accepted is no end: a refusal follows
                frame = await socket.receive_json(timeout=30)
            assert frame["type"] in {"error", "refused"}, (text[:80], frame)
            assert frame["code"], frame
        await socket.send_json(
            {
                "type": "send",
                "client_message_id": "good",
                "recipient_id": bad.other.id,
                "text": f"still alive in {region}",
            }
        )
        await bad.other.sees(f"still alive in {region}")
        await socket.send_json({"type": "ping", "nonce": "n"})
        async with asyncio.timeout(30):
            while (await socket.receive_json())["type"] != "pong":
                pass


@pytest.mark.parametrize("region", ["us", "eu"])
@pytest.mark.parametrize(
    "first", ['{"type":"ping","nonce":"x"}', "garbage", '{"type":"hello","resume":7}', '{"type":"hello","held":[]}']
)
async def test_hello_must_be_first_and_whole(bad: Bad, region: str, first: str) -> None:
    """Otherwise the connection is closed with 4400, and another one is welcome."""
    async with bad.socket(region, hello=False) as socket:
        await socket.send_str(first)
        async with asyncio.timeout(30):
            async for _ in socket:
                pass
        assert socket.close_code == 4400
    async with bad.socket(region) as again:
        assert not again.closed


@pytest.mark.parametrize("resume", ["garbage", "AAAA", "x" * 5000])
async def test_a_resume_token_that_is_none_is_passed_over(bad: Bad, resume: str) -> None:
    """The device is welcomed as one that brought none."""
    async with bad.socket(hello=False) as socket:
        await socket.send_json({"type": "hello", "resume": resume, "held": None})
        async with asyncio.timeout(30):
            while (await socket.receive_json())["type"] != "welcome":
                pass


async def test_an_endless_frame_ends_that_connection_alone(bad: Bad) -> None:
    """More than a WebSocket message may have: that one is closed; others are not harmed."""
    async with bad.socket() as socket:
        await socket.send_str("x" * 1_000_000)
        async with asyncio.timeout(30):
            async for _ in socket:
                pass
    await bad.one.write("unharmed", bad.other)
    await bad.other.sees("unharmed")
