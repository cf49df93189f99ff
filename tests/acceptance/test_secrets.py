"""Passwords, tokens, signed addresses, private keys and texts stand where they belong and nowhere else: not in logs, arguments, metrics, answers to operators, error bodies, error frames or files."""

import hashlib
import json
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import httpx

from chaos.federation import Federation, Status
from chaos.leaks import Place, places_of, search
from chaos.people import Person
from infra.credentials import Credentials

HOLD_BLOB_KEYS = ("blob-keys.json", "identities.json")
"""Where a region's services read the keys to its blob store, and where that does."""
MakePerson = Callable[..., Awaitable[Person]]


class Flow:
    """What one person does over HTTP, with everything that must stay secret."""

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self._http, self._url = http, url
        self.handle = f"marked-{secrets.token_hex(6)}"
        self.secrets = {"password": f"password-{secrets.token_urlsafe(18)}"}
        self.errors: list[Place] = []
        self.tokens: dict[str, str] = {}

    async def post(self, path: str, content: object, *, token: str = "") -> httpx.Response:
        """Ask, and keep what an error says."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        raw = {"content": content} if isinstance(content, bytes) else {"json": content}
        answer = await self._http.post(self._url + path, headers=headers, **raw)
        if answer.is_error:
            self.errors.append(Place("answer", f"{answer.status_code} to {path}", answer.content))
        return answer

    def take(self, answer: httpx.Response, when: str) -> None:
        """Take tokens, which are secret each; the signature alone is as good as the whole."""
        assert answer.status_code in {200, 201}, answer.text
        self.tokens = answer.json()
        for kind in ("access_token", "refresh_token"):
            self.secrets[f"{kind}, {when}"] = self.tokens[kind].rpartition(".")[2]

    async def run(self) -> None:
        """Register, log in, refresh, change the password, fail in many ways with secrets in hand, and log out."""
        password = self.secrets["password"]
        self.take(await self.post("/register", {"handle": self.handle, "password": password}), "registered")
        self.take(await self.post("/login", {"handle": self.handle, "password": password}), "logged in")
        old = self.tokens["refresh_token"]
        self.take(await self.post("/token", {"refresh_token": old}), "refreshed")
        access = self.tokens["access_token"]
        fresh = self.secrets["new password"] = f"fresh-{secrets.token_urlsafe(18)}"
        changed = await self.post(
            "/password", {"old_password": password, "new_password": fresh, "keep_this_device": True}, token=access
        )
        assert changed.status_code == 204, changed.text
        wrong = self.secrets["wrong password"] = f"wrong-{secrets.token_urlsafe(18)}"
        text = self.secrets["text"] = f"text-{secrets.token_urlsafe(18)}"
        failing: list[tuple[str, object, str]] = [
            ("/login", {"handle": self.handle, "password": wrong}, ""),
            ("/login", {"handle": [wrong], "password": password}, ""),
            ("/login", {"handle": self.handle, "password": password}, ""),
            ("/password", {"old_password": wrong, "new_password": wrong}, access),
            ("/password", {"old_password": fresh, "new_password": [wrong]}, access),
            ("/password", {"old_password": fresh, "new_password": wrong * 60}, access),
            ("/password", f'{{"old_password": "{fresh}", "new_password": '.encode(), access),
            ("/register", {"handle": self.handle, "password": wrong}, ""),
            ("/register", {"handle": f"{self.handle} {wrong}", "password": password, "display_name": 7}, ""),
            ("/register", f'{{"password": "{password}", "handle": '.encode(), ""),
            ("/token", {"refresh_token": self.tokens["access_token"]}, ""),
            ("/token", {"refresh_token": self.tokens["refresh_token"][:-9] + "AAAAAAAAA"}, ""),
            ("/messages", {"text": text, "recipient_id": 7}, access),
            ("/messages", {"text": text + "\0", "recipient_id": self.tokens["user_id"]}, access),
            ("/messages", {"text": text, "recipient_id": f"u{'0' * 24}-us"}, access),
            ("/messages", {"text": text, "recipient_id": "x", "client_message_id": ""}, access[:-9] + "AAAAAAAAA"),
            ("/messages", f'{{"text": "{text}", '.encode(), access),
        ]
        for path, content, token in failing:
            assert (await self.post(path, content, token=token)).is_error
        await self.bring(access)
        assert (await self.post("/logout", {}, token=access)).status_code == 204
        assert (await self.post("/messages", {"text": text, "recipient_id": "x"}, token=access)).status_code == 401

    async def bring(self, access: str) -> None:
        """Upload a file by its signed address, and fetch it by another; whoever has either needs nothing else."""
        content = secrets.token_bytes(64)
        announced = {"name": "a", "size": len(content), "checksum": hashlib.sha256(content).hexdigest()}
        begun = (await self.post("/uploads", announced, token=access)).json()
        self.sign("upload", begun["url"])
        assert (await self._http.put(begun["url"], content=content, headers=begun["headers"])).is_success
        done = await self.post(f"/uploads/{begun['blob_id']}/complete", {}, token=access)
        assert done.status_code == 200, done.text
        bearer = {"Authorization": f"Bearer {access}"}
        opened = await self._http.get(f"{self._url}/blobs/{begun['blob_id']}", headers=bearer)
        assert opened.status_code == 200, opened.text
        self.sign("download", opened.json()["url"])
        assert (await self._http.get(opened.json()["url"])).content == content

    def sign(self, what: str, url: str) -> None:
        """Take the signature of an address, which is its secret."""
        [signature] = parse_qs(urlsplit(url).query)["X-Amz-Signature"]
        self.secrets[f"signature of the {what}"] = signature


async def listen(url: str, token: str, text: str) -> list[Place]:
    """Open a WebSocket as a browser does, with the token in the address, and send what is no frame, or no good one; return what is answered."""
    wrong = (
        "[",
        f'{{"type": "send", "text": "{text}"',
        f'{{"type": "send", "text": "{text}", "recipient_id": 7, "client_message_id": "a"}}',
        f'{{"type": "send", "text": "{text}", "recipient_id": "x", "client_message_id": "b"}}',
        f'{{"type": "send", "text": "{text}\\u0000", "recipient_id": "u{"0" * 24}-us", "client_message_id": "c"}}',
        f'{{"type": "{text}"}}',
    )
    found: list[Place] = []
    async with aiohttp.ClientSession() as session, session.ws_connect(f"{url}/ws?access_token={token}") as socket:
        await socket.send_json({"type": "hello", "resume": None, "held": None})
        while (await socket.receive_json(timeout=30))["type"] != "welcome":
            pass
        for frame in wrong:
            await socket.send_str(frame)
            while (answer := await socket.receive(timeout=30)).type is aiohttp.WSMsgType.TEXT:
                if json.loads(answer.data)["type"] == "error":
                    found.append(Place("answer", f"error frame to {len(found)}", answer.data.encode()))
                    break
            else:
                break  # it hung up
    assert found
    return found


async def told_to_operators(status: Status, http: httpx.AsyncClient, message_id: str) -> list[Place]:
    """What admin ports answer of health and of a message's way."""
    found = []
    for name, part in sorted(status.parts().items()):
        if "admin" in part.ports:
            for path in ("/health", f"/trace/{message_id}", "/trace/nonsense"):
                answer = await http.get(f"http://127.0.0.1:{part.ports['admin']}{path}")
                found.append(Place("answer", f"{path} of {name}", answer.content))
    return found


def private_keys(home: Path) -> dict[str, str]:
    """Return a line of each private key by its file, which nobody else may read."""
    found = {}
    for path in sorted(home.rglob("*.pem")):
        _, _, key = path.read_text().partition("PRIVATE KEY-----")
        if key:
            assert path.stat().st_mode & 0o077 == 0, f"others may read {path}"
            found[str(path.relative_to(home))] = key.split()[0]
    return found


def blob_keys(home: Path) -> dict[str, str]:
    """Return the secret key of each region's blob store by where it belongs, in two files that nobody else may read."""
    found = {}
    for path in sorted(one for name in HOLD_BLOB_KEYS for one in home.rglob(name)):
        assert path.stat().st_mode & 0o077 == 0, f"others may read {path}"
        if path.name == "blob-keys.json":
            found[f"secret key of the blob store, {path.parent.name}"] = Credentials.read(path).secret_key
    return found


async def test_secrets_stand_nowhere_but_where_they_belong(
    whole: Federation, http: httpx.AsyncClient, urls: dict[str, str], make_person: MakePerson
) -> None:
    """After a real flow through two regions, with failures of every kind, and a store and a gateway that were started again meanwhile."""
    status = whole.status()
    flow = Flow(http, urls["us"])
    one, other = await make_person("us"), await make_person("eu", via="us")
    flow.secrets["message"] = text = f"message-{secrets.token_urlsafe(18)}"
    frames = await listen(urls["eu"], one.client.tokens.access_token, text)
    await flow.run()
    await one.write(text, other)
    message_id = (await other.sees(text)).message_id
    await whole.act("local", "restart", "us/postgres", "eu/front")
    await one.write(f"{text} again", other)
    await other.sees(f"{text} again")
    for name, person in (("one", one), ("other", other)):
        flow.secrets[f"password of {name}"] = f"password of {person.client.tokens.handle}"
        flow.secrets[f"access token of {name}"] = person.client.tokens.access_token.rpartition(".")[2]
        flow.secrets[f"refresh token of {name}"] = person.client.tokens.refresh_token.rpartition(".")[2]
    keys = private_keys(Path(status.home))
    flow.secrets.update(keys)
    stores = blob_keys(Path(status.home))
    flow.secrets.update(stores)

    asked = await told_to_operators(whole.status(), http, message_id)
    read = [*flow.errors, *frames, *asked, *places_of(whole.status())]
    at_home = [place for place in read if place.kind == "file" and Path(place.name).name in HOLD_BLOB_KEYS]
    places = [place for place in read if place not in at_home]

    assert search(flow.secrets, places) == []
    assert len(search(stores, at_home)) == len(at_home) == 2 * len(urls), "where they belong they are found"
    assert {place.kind for place in places} == {"log", "arguments", "environment", "metrics", "file", "answer"}
    assert any(one.id.encode() in place.content for place in asked if place.name.startswith("/trace/m"))
    assert len(keys) >= len(urls)


async def test_the_search_would_find_them(whole: Federation) -> None:
    """What is no secret, and stands there, is found in each kind of place: so they were read."""
    places = list(places_of(whole.status()))

    found = {
        (leak.secret, leak.kind)
        for leak in search(
            {"a part": "us/projector", "a module": "infra.serve", "a metric": "causeway_process_tasks"}, places
        )
    }

    assert {
        ("a part", "log"),
        ("a module", "arguments"),
        ("a part", "environment"),
        ("a metric", "metrics"),
        ("a part", "file"),
    } <= found
