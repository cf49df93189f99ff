"""One region made of real parts: directory, gateway, projector and fan-out as processes, which tests may kill and start again."""

import asyncio
import contextlib
import itertools
import json
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import aiohttp
import httpx
import jsonschema_rs
import pytest

from infra.administration import ensure_topics
from infra.local import ports, probe, process
from infra.local.certificates import Files, ensure
from infra.local.kafka import kafka_part
from infra.local.keys import make_signing_key
from infra.local.parts import Part
from infra.local.services import service_part
from infra.local.tools import Tools
from infra.local.topology import ONE_ADDRESS
from infra.local.valkey import redis_part
from infra.tls import public
from region.gateway.asyncapi import describe
from replication.topics import JOURNAL

PATIENCE = 60.0
PASSWORD = "a good password"
DIRECTORY = "directory"
Frame = dict[str, object]


def wait_well(part: Part, child: "subprocess.Popen[bytes]") -> None:
    """Wait until a part is well."""
    if not process.wait_for(lambda: child.poll() is not None or asyncio.run(probe.well(part)), PATIENCE):
        pytest.fail(f"{part.name} was not well: {part.log.read_text()[-3000:]}")
    if child.poll() is not None:
        pytest.fail(f"{part.name} ended at once: {part.log.read_text()[-3000:]}")


@dataclass
class Region:
    """The region under test."""

    url: str
    parts: dict[str, Part]
    tools: Tools
    children: "dict[str, subprocess.Popen[bytes]]" = field(default_factory=dict)

    def start(self, *names: str) -> None:
        """Start parts that do not run, and wait until they are well."""
        missing = [name for name in names if name not in self.children]
        for name in missing:
            process.prepare(self.parts[name], self.tools)
            self.children[name] = process.spawn(self.parts[name])
        for name in missing:
            wait_well(self.parts[name], self.children[name])

    def kill(self, *names: str) -> None:
        """Kill parts, as a crash does."""
        for name in names:
            child = self.children.pop(name)
            child.kill()
            child.wait()

    def stop_all(self) -> None:
        """End everything, the last started first."""
        for name, child in reversed(self.children.items()):
            process.stop(child, self.parts[name].stop_signal)


@contextlib.contextmanager
def run_region(
    tools: Tools,
    make_database: Callable[[], str],
    home: Path,
    *,
    secured: bool = False,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Region]:
    """Start a region for as long as the context lasts; secured: its gateway and the directory speak mutual TLS alone."""
    kafka, controller, redis, directory, gateway, *admins = ports.some_free(9)
    key = home / "us.pem"
    make_signing_key(key)
    scheme = "https" if secured else "http"
    if secured:
        ensure(home, ["us", DIRECTORY])
    env = {
        "CAUSEWAY_REGION": "us",
        "CAUSEWAY_REGIONS": "us,eu",
        "CAUSEWAY_PARTITIONS": "4",
        "CAUSEWAY_KAFKA": f"127.0.0.1:{kafka}",
        "CAUSEWAY_STORE": make_database(),
        "CAUSEWAY_REDIS": f"redis://127.0.0.1:{redis}/0",
        "CAUSEWAY_DIRECTORY": f"{scheme}://127.0.0.1:{directory}",
        "CAUSEWAY_DIRECTORY_PORT": str(directory),
        "CAUSEWAY_DIRECTORY_STORE": make_database(),
        "CAUSEWAY_GATEWAY_PORT": str(gateway),
        "CAUSEWAY_GATEWAY_URL": f"{scheme}://127.0.0.1:{gateway}",
        "CAUSEWAY_PUBLIC_URL": f"{scheme}://127.0.0.1:{gateway}",
        "CAUSEWAY_SIGNING_KEY": str(key),
        "CAUSEWAY_PASSWORD_MEMORY": "64",
        "CAUSEWAY_PASSWORD_PASSES": "1",
        **ONE_ADDRESS,
        "CAUSEWAY_RATE_LOGIN_HANDLE": "30/3600",  # so slowly given back that no machine is too busy to use it up
        **(settings or {}),
    }
    parts = {
        "kafka": kafka_part(
            "us/kafka",
            java=tools.java,
            directory=home / "kafka",
            log=home / "kafka.log",
            port=kafka,
            controller=controller,
            peers={},
            topics={},
        ),
        "redis": redis_part(
            "us/redis", program=tools.valkey, directory=home / "redis", log=home / "redis.log", port=redis
        ),
    }
    for name, admin in zip(("directory", "projector", "gateway", "fanout"), admins, strict=True):
        parts[name] = service_part(
            f"us/{name}",
            [name],
            python=Path(sys.executable),
            directory=home,
            log=home / f"{name}.log",
            admin=admin,
            env=env | (identity(home, DIRECTORY if name == DIRECTORY else "us") if secured else {}),
            ports={},
            needs=frozenset(),
        )
    region = Region(f"{scheme}://127.0.0.1:{gateway}", parts, tools)
    try:
        region.start("kafka", "redis", "directory")
        asyncio.run(ensure_topics(env["CAUSEWAY_KAFKA"], {JOURNAL: 4}))
        region.start("projector", "gateway", "fanout")
        yield region
    finally:
        region.stop_all()
        shutil.rmtree(home, ignore_errors=True)


def identity(home: Path, name: str) -> dict[str, str]:
    """Settings by which a process shows that it is that region, or the directory."""
    files = Files.of(home, name)
    return {
        "CAUSEWAY_TLS_CERTIFICATE": str(files.certificate),
        "CAUSEWAY_TLS_KEY": str(files.key),
        "CAUSEWAY_TLS_AUTHORITIES": str(files.authorities),
    }


@pytest.fixture(scope="session")
def running_region(
    tools: Tools, make_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Region]:
    """A region that was started once for all tests here; each has people of its own."""
    with run_region(tools, make_database, tmp_path_factory.mktemp("region")) as region:
        yield region


@pytest.fixture(scope="module")
def secured_region(
    tools: Tools, make_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Region, Path]]:
    """A region that speaks mutual TLS, as regions do by default, and the home with its certificates."""
    home = tmp_path_factory.mktemp("secured")
    with run_region(tools, make_database, home, secured=True) as region:
        yield region, home


@pytest.fixture(scope="module")
def watched_region(
    tools: Tools, make_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Region]:
    """A region whose operator says that eu stands by."""
    settings = {"CAUSEWAY_STANDBY": "eu", "CAUSEWAY_LEASE_SECONDS": "3"}
    with run_region(tools, make_database, tmp_path_factory.mktemp("watched"), settings=settings) as made:
        yield made


@pytest.fixture
def region(running_region: Region) -> Region:
    """The region, with whatever an earlier test killed running again."""
    running_region.start(*running_region.parts)
    return running_region


@pytest.fixture
async def http(region: Region) -> AsyncIterator[httpx.AsyncClient]:
    """HTTP to the gateway."""
    async with httpx.AsyncClient(verify=public(), base_url=region.url, timeout=30) as client:
        yield client


@dataclass(frozen=True)
class Person:
    """A user with one device.

    Attributes:
        tokens: As registering gave them.
        http: To the gateway.
    """

    tokens: dict[str, str]
    http: httpx.AsyncClient

    @property
    def id(self) -> str:
        """The user id."""
        return self.tokens["user_id"]

    @property
    def bearer(self) -> dict[str, str]:
        """The header that says who asks."""
        return {"Authorization": f"Bearer {self.tokens['access_token']}"}

    async def call(self, method: str, path: str, **more: object) -> httpx.Response:
        """Make a request."""
        return await self.http.request(method, path, headers=self.bearer, **more)  # type: ignore[arg-type]

    async def send(self, to: "Person", text: str, client_message_id: str | None = None) -> httpx.Response:
        """Send a message."""
        body = {"recipient_id": to.id, "text": text, "client_message_id": client_message_id or secrets.token_hex(8)}
        return await self.call("POST", "/messages", json=body)

    async def page(self, peer: "Person", **more: object) -> dict[str, object]:
        """Return a page of the log of the conversation with somebody."""
        response = await self.call("GET", "/messages", params={"peer_id": peer.id, "log": True, **more})
        assert response.status_code == 200, response.text
        return cast("dict[str, object]", response.json())

    @contextlib.asynccontextmanager
    async def device(
        self, *, resume: str | None = None, held: dict[str, list[int]] | None = None
    ) -> AsyncIterator["Socket"]:
        """Connect a device and say hello."""
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{self.http.base_url}/ws".replace("//ws", "/ws"), headers=self.bearer) as socket,
        ):
            device = Socket(socket)
            await device.say({"type": "hello", "resume": resume, "held": held})
            yield device


ASYNCAPI = json.loads(describe("Causeway", "test"))["components"]


def check_described(frame: Frame) -> None:
    """Every frame that ever comes is as the AsyncAPI description says, and has no field that it does not name."""
    name = ASYNCAPI["messages"][frame["type"]]["payload"]["$ref"].rsplit("/", 1)[1]
    schema = {"$ref": f"#/components/schemas/{name}", "components": ASYNCAPI}
    jsonschema_rs.validator_for(schema).validate(frame)
    assert set(frame) <= set(ASYNCAPI["schemas"][name]["properties"]), frame


class Socket:
    """A device's WebSocket, with all frames that it ever got."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.frames: list[Frame] = []
        self._numbers = itertools.count(1)

    async def say(self, frame: Frame) -> None:
        """Send a frame."""
        await self.socket.send_str(json.dumps(frame))

    async def send(self, to: Person, text: str, client_message_id: str | None = None) -> str:
        """Send a message; return its client message id."""
        name = client_message_id or f"c{next(self._numbers)}-{secrets.token_hex(4)}"
        await self.say({"type": "send", "client_message_id": name, "recipient_id": to.id, "text": text})
        return name

    async def read(self) -> Frame:
        """Return the next frame."""
        message = await asyncio.wait_for(self.socket.receive(), PATIENCE)
        assert message.type is aiohttp.WSMsgType.TEXT, (message, self.socket.close_code)
        frame = cast("Frame", json.loads(message.data))
        self.frames.append(frame)
        check_described(frame)
        return frame

    async def until(self, kind: str, **wanted: object) -> Frame:
        """Read frames until one of that type with those fields."""
        while True:
            frame = await self.read()
            if frame["type"] == kind and all(frame.get(name) == value for name, value in wanted.items()):
                return frame

    async def until_entries(self, count: int) -> list[Frame]:
        """Read frames until that many entries have come in all; return their messages."""
        while len(found := self.messages) < count:
            await self.read()
        return found

    async def closed(self) -> int | None:
        """Read until the connection is closed; return the close code."""
        while not self.socket.closed:
            message = await asyncio.wait_for(self.socket.receive(), PATIENCE)
            if message.type is aiohttp.WSMsgType.TEXT:
                self.frames.append(json.loads(message.data))
        return self.socket.close_code

    @property
    def messages(self) -> list[Frame]:
        """The messages of all entries so far."""
        return [cast("Frame", frame["message"]) for frame in self.frames if frame["type"] == "entry"]

    @property
    def token(self) -> str:
        """The newest resume token."""
        found = [
            str(f["resume"] if f["type"] == "welcome" else f["token"])
            for f in self.frames
            if f["type"] in {"welcome", "resume"}
        ]
        return found[-1]


@pytest.fixture
def person(http: httpx.AsyncClient) -> Callable[..., Awaitable[Person]]:
    """How to register somebody new."""

    async def register(**more: str) -> Person:
        body = {"handle": f"u{secrets.token_hex(8)}", "password": PASSWORD, **more}
        response = await http.post("/register", json=body)
        assert response.status_code == 201, response.text
        return Person(response.json(), http)

    return register


@pytest.fixture
def eventually() -> Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]:
    """How to wait until a condition holds."""

    async def wait(condition: Callable[[], Awaitable[bool]]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not await condition():
            assert time.monotonic() < deadline, "it never came true"
            await asyncio.sleep(0.05)

    return wait
