"""Trunks over real sockets: many channels, a slow one, a trunk that dies."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest
from starlette.types import Receive, Scope, Send

from infra.errors import UnavailableError
from infra.tasks import beside
from infra.trunk.client import TrunkPool
from infra.trunk.frames import LARGEST_MESSAGE, Open
from infra.trunk.link import Channel, ChannelClosedError
from infra.trunk.server import TrunkAcceptor
from infra.web import serve_app

pytestmark = pytest.mark.integration


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Send back whatever comes; `/refuse` closes before it accepts, `/deaf` never reads, `/flood` talks until it is stopped."""
    await receive()
    if scope["path"] == "/refuse":
        await send({"type": "websocket.close", "code": 4401, "reason": "no token"})
        return
    await send({"type": "websocket.accept"})
    if scope["path"] == "/deaf":
        await asyncio.Event().wait()
    while scope["path"] == "/flood":
        await send({"type": "websocket.send", "text": "x" * 10_000})
    while (event := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": event["text"]})


@contextlib.asynccontextmanager
async def trunks(size: int = 2) -> AsyncIterator[TrunkPool]:
    """Bring up a server and a pool of trunks to it."""
    port, started = free_port(), asyncio.Event()
    server = serve_app(
        TrunkAcceptor(echo), host="127.0.0.1", port=port, started=started, largest_message=LARGEST_MESSAGE
    )
    async with beside(server):
        await asyncio.wait_for(started.wait(), 10)
        pool = TrunkPool(f"http://127.0.0.1:{port}", peer="eu", size=size)
        async with beside(pool.run()):
            yield pool


async def test_two_hundred_devices_share_two_connections_and_a_deaf_one_holds_up_nobody() -> None:
    """Every echo comes back, in order, while one device's app never reads and another device never does."""
    async with trunks() as pool:
        deaf = await pool.open(Open(0, "/deaf"))
        flood = await pool.open(Open(0, "/flood"))
        stuck = asyncio.create_task(_send_until_closed(deaf))

        async def device(number: int) -> list[str | bytes]:
            channel = await pool.open(Open(0, "/ws", client=("10.0.0.1", number)))
            await channel.accepted()
            got = []
            for turn in range(10):
                await channel.send(f"{number}:{turn}".ljust(2000))
                got.append(await channel.receive())
            channel.close()
            return got

        answers = await asyncio.wait_for(asyncio.gather(*(device(number) for number in range(200))), 60)

        assert answers == [[f"{number}:{turn}".ljust(2000) for turn in range(10)] for number in range(200)]
        assert not stuck.done()
        assert pool.connections == 2
        deaf.close()
        flood.close()
        await asyncio.wait_for(stuck, 10)


async def test_a_refused_channel_tells_code_and_reason() -> None:
    """The edge learns why, and can tell the device."""
    async with trunks() as pool:
        channel = await pool.open(Open(0, "/refuse"))

        with pytest.raises(ChannelClosedError) as refused:
            await asyncio.wait_for(channel.accepted(), 10)
        assert (refused.value.close_code, refused.value.reason) == (4401, "no token")


async def test_channels_of_a_dead_trunk_close_and_new_ones_open_again() -> None:
    """A trunk's death is a 1012 for its devices; the pool connects again by itself."""
    port = free_port()

    def serve(started: asyncio.Event) -> contextlib.AbstractAsyncContextManager[None]:
        return beside(
            serve_app(
                TrunkAcceptor(echo), host="127.0.0.1", port=port, started=started, largest_message=LARGEST_MESSAGE
            )
        )

    pool = TrunkPool(f"http://127.0.0.1:{port}", peer="eu", size=1)
    async with beside(pool.run()):
        started = asyncio.Event()
        async with serve(started):
            await asyncio.wait_for(started.wait(), 10)
            channel = await _open(pool)
            await channel.accepted()
        with pytest.raises(ChannelClosedError) as lost:
            await asyncio.wait_for(channel.receive(), 10)
        async with serve(asyncio.Event()):
            again = await _open(pool)
            await again.send("hello")
            assert await asyncio.wait_for(again.receive(), 10) == "hello"

    assert lost.value.close_code == 1012


async def _open(pool: TrunkPool) -> Channel:
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(UnavailableError):
                return await pool.open(Open(0, "/ws"))
            await asyncio.sleep(0.01)


async def _send_until_closed(channel: Channel) -> None:
    with contextlib.suppress(ChannelClosedError):
        while True:
            await channel.send("x" * 10_000)
