"""The client's way to an endpoint, over real sockets."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from region.client.transport import Transport

LIMIT = 20.0


@pytest.fixture
async def talkative() -> AsyncIterator[str]:
    """A region that goes on talking, and never hears that the device hangs up."""
    over = asyncio.Event()

    async def talk(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        with contextlib.suppress(ConnectionError):
            while not over.is_set():
                await socket.send_str("{}")
                await asyncio.sleep(0.05)
        return socket

    app = web.Application()
    app.add_routes([web.get("/ws", talk)])
    server = TestServer(app)
    await server.start_server()
    yield str(server.make_url("/")).rstrip("/")
    over.set()
    await server.close()


async def test_a_device_hangs_up_though_its_region_goes_on_talking(talkative: str) -> None:
    """Each message that still comes is no reason to wait once more for the answer to the close."""
    transport = Transport([talkative], patience=LIMIT)
    await transport.open()
    async with asyncio.timeout(LIMIT):
        async with transport.socket("token") as socket:
            await socket.receive()
    await transport.close()
