"""An edge in front of gateways in other processes' stead: devices over real sockets, trunks in between."""

import asyncio
import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from itertools import pairwise

import httpx
import pytest
from prometheus_client import REGISTRY
from starlette.types import Message, Receive, Scope, Send
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from global_directory.client import DirectoryClient
from infra.local import ports
from infra.tasks import beside
from infra.tls import public
from infra.trunk.client import TrunkPool
from infra.trunk.frames import LARGEST_MESSAGE
from infra.trunk.server import TrunkAcceptor
from infra.web import serve_app
from relay.edge.app import Edge, Local
from relay.edge.errors import RegionSilentError
from relay.edge.http import bridge, make_client

pytestmark = pytest.mark.integration


def token(home: str) -> str:
    """Return an unsigned token of a user of that region."""
    return f"e30.{urlsafe_b64encode(json.dumps({'home': home}).encode()).decode().rstrip('=')}.c2ln"


class Gateway:
    """A gateway that says where it is, what it was shown, and repeats what it hears; `close` makes it close with a code.

    Attributes:
        moved: Whom it names instead of itself, as JSON; None while it serves.
    """

    def __init__(self, region: str) -> None:
        """Be that region's."""
        self._region = region
        self.moved: str | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one WebSocket."""
        await receive()
        await send({"type": "websocket.accept"})
        if self.moved is not None:
            await send({"type": "websocket.send", "text": '{"type":"error","code":"not-the-holder"}'})
            await send({"type": "websocket.close", "code": 4421, "reason": self.moved})
            return
        shown = dict(scope["headers"]).get(b"x-device", b"").decode()
        await send({"type": "websocket.send", "text": f"{self._region} {scope['path']} {shown} {scope['client'][0]}"})
        while (event := await receive())["type"] == "websocket.receive":
            if event["text"] == "close":
                await send({"type": "websocket.close", "code": 4401, "reason": "token expired"})
                return
            if self.moved is not None:
                await send({"type": "websocket.close", "code": 4421, "reason": self.moved})
                return
            await send({"type": "websocket.send", "text": event["text"]})


def moved(holder: str, epoch: int) -> str:
    """Return what a region says that has given us's duties to that one."""
    return json.dumps({"region": "us", "holder": holder, "epoch": epoch})


@pytest.fixture
def gateways() -> dict[str, Gateway]:
    """The gateways of us and eu."""
    return {region: Gateway(region) for region in ("us", "eu")}


@pytest.fixture
async def url(gateways: dict[str, Gateway]) -> AsyncIterator[str]:
    """Address of us's edge; eu's gateway is reached over trunks, ap's does not run."""
    public, eu, ap = ports.some_free(3)
    pools = {"eu": TrunkPool(f"http://127.0.0.1:{eu}", peer="eu"), "ap": TrunkPool(f"http://127.0.0.1:{ap}", peer="ap")}
    listening = [asyncio.Event(), asyncio.Event()]
    async with DirectoryClient("http://127.0.0.1:9") as directory, make_client() as client:
        edge = Edge(
            region="us",
            public_url="",
            regions=frozenset({"us", "eu", "ap"}),
            gateways={},
            pools=pools,
            local=Local(gateways["us"]),
            directory=directory,
            client=client,
        )
        gateway = TrunkAcceptor(gateways["eu"])
        async with beside(
            serve_app(gateway, host="127.0.0.1", port=eu, started=listening[0], largest_message=LARGEST_MESSAGE),
            serve_app(edge, host="127.0.0.1", port=public, started=listening[1]),
        ):
            for event in listening:
                await asyncio.wait_for(event.wait(), 20)
            async with beside(*(pool.run() for pool in pools.values())):
                yield f"ws://127.0.0.1:{public}/ws"


@pytest.mark.parametrize("home", ["us", "eu"])
async def test_a_device_is_served_at_home_wherever_it_connects(url: str, home: str) -> None:
    """Path, headers and address arrive; messages go both ways; the code and the reason of a close arrive too."""
    async with asyncio.timeout(30):
        async with connect(
            url, additional_headers={"authorization": f"Bearer {token(home)}", "x-device": "d1"}, proxy=None
        ) as device:
            assert await device.recv() == f"{home} /ws d1 127.0.0.1"
            for number in range(50):
                await device.send(f"{number}".ljust(2000))
            assert [await device.recv() for _ in range(50)] == [f"{number}".ljust(2000) for number in range(50)]
            await device.send("close")
            with pytest.raises(ConnectionClosed) as closed:
                await device.recv()
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4401, "token expired")


async def test_a_browser_names_its_token_in_the_query(url: str) -> None:
    """And so finds its home as well."""
    async with asyncio.timeout(30), connect(f"{url}?access_token={token('eu')}", proxy=None) as device:
        assert str(await device.recv()).startswith("eu ")


async def test_a_region_that_is_away_closes_so_that_browsers_see_it(url: str) -> None:
    """Accepted first, then closed with 1013 and the region's name."""
    async with asyncio.timeout(30), connect(f"{url}?access_token={token('ap')}", proxy=None) as device:
        with pytest.raises(ConnectionClosed) as closed:
            await device.recv()
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1013, "region ap unreachable")


async def test_a_device_with_huge_headers_harms_nobody_else(url: str) -> None:
    """It is turned away; the trunk that it would have shared with others stays."""
    eu = f"{url}?access_token={token('eu')}"
    huge = {f"x-{number}": "x" * 8000 for number in range(20)}
    async with asyncio.timeout(30), connect(eu, proxy=None) as other:
        await other.recv()
        with pytest.raises(InvalidStatus) as refused:
            await connect(eu, additional_headers=huge, proxy=None)
        await other.send("still here")
        assert await other.recv() == "still here"
    assert refused.value.response.status_code == 431


def channels(peer: str) -> float | None:
    """Return how many channels are open at one end of the trunks."""
    return REGISTRY.get_sample_value("causeway_trunk_channels", {"peer": peer})


async def test_a_device_that_leaves_frees_its_channel(url: str) -> None:
    """However many come and go over one trunk, nothing of them stays, at either end."""
    before = channels("eu") or 0
    async with asyncio.timeout(60):
        for _ in range(20):
            async with connect(f"{url}?access_token={token('eu')}", proxy=None) as device:
                await device.recv()
                assert (channels("eu") or 0) > before
        while (channels("eu"), channels("accepted")) != (before, 0):  # noqa: ASYNC110 — a gauge has no event
            await asyncio.sleep(0.01)


async def closed_with(url: str) -> tuple[int, str]:
    """Return with what code and reason the edge closes a device of us."""
    async with asyncio.timeout(30), connect(f"{url}?access_token={token('us')}", proxy=None) as device:
        with pytest.raises(ConnectionClosed) as closed:
            await device.recv()
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, closed.value.rcvd.reason


@pytest.mark.parametrize("path", [("us", "eu"), ("eu", "us"), ("eu", "us", "eu")])
async def test_a_4421_is_followed_and_the_device_does_not_notice(
    url: str, gateways: dict[str, Gateway], path: tuple[str, ...]
) -> None:
    """What it said before anybody took it is said to who does; the next one goes there at once."""
    for number, (here, there) in enumerate(pairwise(path)):
        gateways[there].moved = None
        gateways[here].moved = json.dumps({"region": path[0], "holder": there, "epoch": number + 2})
        home = f"{url}?access_token={token(path[0])}"
        async with asyncio.timeout(30):
            for _ in range(2):
                async with connect(home, proxy=None) as device:
                    await device.send("hello")
                    assert str(await device.recv()).startswith(f"{there} ")
                    assert await device.recv() == "hello"


async def test_a_4421_that_leads_nowhere_tells_the_device_to_come_back(url: str, gateways: dict[str, Gateway]) -> None:
    """To a region that is away, or to each other in a circle."""
    gateways["us"].moved = moved("ap", 2)
    assert await closed_with(url) == (1013, "region ap unreachable")
    gateways["us"].moved, gateways["eu"].moved = moved("eu", 5), moved("us", 5)
    assert await closed_with(url) == (1013, "region us unreachable")


async def test_duties_that_move_under_a_device_are_told_and_remembered(url: str, gateways: dict[str, Gateway]) -> None:
    """What was said over that connection cannot be said again; the next connection finds the new home."""
    async with asyncio.timeout(30), connect(f"{url}?access_token={token('us')}", proxy=None) as device:
        await device.recv()
        gateways["us"].moved = moved("eu", 2)
        await device.send("anything")
        with pytest.raises(ConnectionClosed) as closed:
            await device.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4421
    gateways["us"].moved = None
    async with asyncio.timeout(30), connect(f"{url}?access_token={token('us')}", proxy=None) as device:
        assert str(await device.recv()).startswith("eu ")


async def test_nobody_waits_on_for_a_region_whose_trunks_are_lost() -> None:
    """A request that is under way ends with them: it may have happened."""
    trunk, mute = ports.some_free(2)
    asked, listening = asyncio.Event(), asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            asked.set()
            await reader.read(-1)
        finally:
            writer.close()

    pool = TrunkPool(f"http://127.0.0.1:{trunk}", peer="eu")
    acceptor = TrunkAcceptor(Gateway("eu"))
    serving = serve_app(acceptor, host="127.0.0.1", port=trunk, started=listening, largest_message=LARGEST_MESSAGE)
    server = await asyncio.start_server(say_nothing, "127.0.0.1", mute)
    scope = {"method": "POST", "path": "/messages", "query_string": b"", "headers": []}
    loop = asyncio.get_running_loop()

    async def send(_: Message) -> None:
        pytest.fail("there is no answer")

    client = httpx.AsyncClient(verify=public(), timeout=None, trust_env=False)
    async with asyncio.timeout(60), server, client, beside(pool.run()):
        async with beside(serving):
            await listening.wait()
            while not pool.connections:  # noqa: ASYNC110 — the pool has no event for it
                await asyncio.sleep(0.01)
            url, never = f"http://127.0.0.1:{mute}", loop.time() + 3600
            asking = asyncio.create_task(
                bridge(client, url, "eu", scope=scope, body=b"", send=send, deadline=never, pool=pool)
            )
            await asked.wait()
        with pytest.raises(RegionSilentError):
            await asking
