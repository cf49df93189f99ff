"""A device that connects while its home's duties are between two sites: it waits at the edge, and is not turned away."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from prometheus_client import REGISTRY
from starlette.types import Message, Receive, Scope, Send

from global_directory.client import DirectoryClient
from global_directory.holders import Holders
from global_directory.holding.schemas import DutyView
from infra.tls import public
from relay.edge import app as edge_app
from relay.edge import device as edge_device
from relay.edge.app import Edge, Local

HELLO: Message = {"type": "websocket.receive", "text": "hello"}


class Gateway:
    """A home in the edge's process: it closes so many devices before it serves one.

    Attributes:
        closes: By which messages it answers, one device after the other.
        heard: What the devices that it served have said.
    """

    def __init__(self, *closes: list[Message]) -> None:
        self.closes = list(closes)
        self.heard: list[str] = []
        self.asked = 0

    async def __call__(self, _: Scope, receive: Receive, send: Send) -> None:
        """Serve one device."""
        self.asked += 1
        await receive()
        await send({"type": "websocket.accept"})
        if self.closes:
            for message in self.closes.pop(0):
                await send(message)
            return
        self.heard.append((await receive())["text"])
        await send({"type": "websocket.send", "text": "welcome"})


def closing(code: int) -> Message:
    """Return how a home closes."""
    return {"type": "websocket.close", "code": code, "reason": "because"}


@pytest.fixture
async def edge(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Edge]:
    """The edge of us, whose duties may be held at eu as well."""
    monkeypatch.setattr(edge_app, "MOVED_SECONDS", 0.001)
    transport = httpx.MockTransport(lambda _: httpx.Response(503))
    async with (
        DirectoryClient("http://directory", transport=transport, attempts=1) as directory,
        httpx.AsyncClient(verify=public()) as client,
    ):
        holders = Holders(directory, {"us"})
        holders.take([DutyView("us", "us", 1, 1, "eu", (), 1.0, laid_down=False)])
        yield Edge(
            region="us",
            public_url="",
            regions=frozenset({"us", "eu"}),
            gateways={},
            pools={},
            local=Local(),
            directory=directory,
            client=client,
            holders=holders,
        )


async def connect(edge: Edge, *more: Message) -> list[Message]:
    """Let a device of us connect, say hello and then more; return what it was told."""
    told, says = list[Message](), [{"type": "websocket.connect"}, HELLO, *more]

    async def receive() -> Message:
        if not says:
            await asyncio.Event().wait()
        return says.pop(0)

    async def send(message: Message) -> None:
        told.append(message)

    scope: Scope = {
        "type": "websocket",
        "path": "/ws",
        "headers": [],
        "query_string": b"",
        "subprotocols": [],
        "client": None,
    }
    await asyncio.wait_for(edge(scope, receive, send), 30)
    return told


def local(edge: Edge) -> Local:
    """Return the gateway of the edge's process."""
    assert edge.local is not None
    return edge.local


@pytest.mark.parametrize("code", [1001, 1012, 1013])
async def test_a_device_waits_while_its_home_is_between_two_sites(edge: Edge, code: int) -> None:
    """It is accepted once, and its hello heard by whoever serves it in the end."""
    local(edge).app = gateway = Gateway([closing(code)], [closing(code)])

    told = await connect(edge)

    assert told == [{"type": "websocket.accept"}, {"type": "websocket.send", "text": "welcome"}]
    assert (gateway.heard, gateway.asked) == (["hello"], 3)


async def test_a_device_waits_for_a_home_that_is_not_there_yet(edge: Edge) -> None:
    """Nobody serves in this process, and nobody elsewhere: as soon as somebody does, the device is there."""
    connecting = asyncio.create_task(connect(edge))
    for _ in range(20):
        await asyncio.sleep(0)
    assert not connecting.done()
    local(edge).app = gateway = Gateway()

    assert [one["type"] for one in await connecting] == ["websocket.accept", "websocket.send"]
    assert gateway.heard == ["hello"]


async def test_who_is_told_why_is_not_made_to_wait(edge: Edge) -> None:
    """A home that has too much to do says so in a frame: that is for the device, as is any other code."""
    busy: Message = {"type": "websocket.send", "text": '{"type":"error","code":"crowded","retry_after":2}'}
    for said in ([busy, closing(1013)], [closing(4401)]):
        local(edge).app = Gateway(said)
        assert await connect(edge) == [{"type": "websocket.accept"}, *said]


async def test_a_device_that_leaves_is_held_no_longer(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor told anything: nobody is there any more. One that says more than is kept is told at once."""
    monkeypatch.setattr(edge_app, "MOVED_SECONDS", 30.0)
    monkeypatch.setattr(edge_device, "MOST_KEPT", 10)
    leaves: Message = {"type": "websocket.disconnect", "code": 1001}
    for more, told in ((leaves, []), ({"type": "websocket.receive", "text": "x" * 10}, [closing(1001)])):
        local(edge).app = gateway = Gateway([closing(1001)])
        assert await connect(edge, more) == [{"type": "websocket.accept"}, *told]
        assert (gateway.asked, edge.held) == (1, set())
        assert REGISTRY.get_sample_value("causeway_edge_held") == 0


async def test_the_directory_is_asked_once_while_a_device_is_held(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often its home says that it is not the one: thousands are held at a time."""
    asked = list[str]()

    async def holder_of(_: Edge, region: str) -> None:
        asked.append(region)

    monkeypatch.setattr(Edge, "_holder", holder_of)
    local(edge).app = gateway = Gateway(*[[closing(4421)]] * 5)
    await connect(edge)
    assert (gateway.heard, gateway.asked, asked) == (["hello"], 6, ["us"])


@pytest.mark.parametrize("why", ["time is up", "the edge ends", "nothing moves here", "too many wait"])
async def test_nobody_waits_for_ever(edge: Edge, monkeypatch: pytest.MonkeyPatch, why: str) -> None:
    """Nor in a process that ends, nor where duties are held at home alone: then it is told at once."""
    if why == "time is up":
        monkeypatch.setattr(edge_app, "MOVING_SECONDS", 0.0)
    elif why == "the edge ends":
        edge.ending.set()
    elif why == "too many wait":
        monkeypatch.setattr(edge_app, "MOST_HELD", 1)
        edge.held.add("another")
    else:
        vars(edge)["holders"] = None
    local(edge).app = gateway = Gateway([closing(1001)])

    assert await connect(edge) == [{"type": "websocket.accept"}, closing(1001)]
    assert gateway.asked == 1


async def test_a_device_that_was_served_is_told_that_its_home_leaves(edge: Edge) -> None:
    """What it said was heard, and cannot be said again for it."""
    welcome: Message = {"type": "websocket.send", "text": "welcome"}
    local(edge).app = gateway = Gateway([welcome, closing(1001)])

    assert await connect(edge) == [{"type": "websocket.accept"}, welcome, closing(1001)]
    assert gateway.asked == 1


async def test_a_home_that_names_nobody_else_is_asked_again(edge: Edge) -> None:
    """Its duties are not here any more, and the directory does not tell yet where they are."""
    error: Message = {"type": "websocket.send", "text": '{"type":"error","code":"not-the-holder"}'}
    local(edge).app = gateway = Gateway([error, closing(4421)])

    assert [one["type"] for one in await connect(edge)] == ["websocket.accept", "websocket.send"]
    assert (gateway.heard, gateway.asked) == (["hello"], 2)


async def test_only_who_is_told_counts_as_refused(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often its home was asked meanwhile: an alert counts them."""

    def refused() -> float:
        return REGISTRY.get_sample_value("causeway_edge_refused_sockets_total", {"region": "us"}) or 0.0

    before = refused()
    local(edge).app = Gateway([closing(1013)], [closing(1013)])
    await connect(edge)
    assert refused() == before
    monkeypatch.setattr(edge_app, "MOVING_SECONDS", 0.0)
    local(edge).app = Gateway([closing(1013)])
    await connect(edge)
    assert refused() == before + 1
