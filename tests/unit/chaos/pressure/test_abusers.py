"""Devices that misbehave go on doing so for as long as they are meant to."""

import asyncio

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from chaos.pressure.abusers import Flooder

RATE_LIMITED = 4429
TIMES = 3


class Region:
    """Cuts each connection off after two frames, and says when it has done so often enough."""

    def __init__(self) -> None:
        """Prepare."""
        self.frames: list[str] = []
        self.enough = asyncio.Event()
        self._cuts = 0

    def app(self) -> web.Application:
        """Return what serves."""
        app = web.Application()
        app.router.add_get("/ws", self._serve)
        return app

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        for _ in range(2):
            message = await ws.receive()
            if message.type is not aiohttp.WSMsgType.TEXT:
                return ws
            self.frames.append(message.data)
        await ws.close(code=RATE_LIMITED)
        self._cuts += 1
        if self._cuts > TIMES:
            self.enough.set()
        return ws


async def test_a_flooder_that_is_cut_off_comes_back_and_goes_on() -> None:
    """Or the flood would be over with its first connection; each cut is counted."""
    region = Region()
    async with TestServer(region.app()) as server:
        flooder = Flooder(str(server.make_url("")).rstrip("/"), "token", to="u1", rate=1000.0, size=10, back=0.0)
        async with flooder.flood():
            await region.enough.wait()

    assert flooder.ends[str(RATE_LIMITED)] >= TIMES
    assert sum('"type":"hello"' in frame for frame in region.frames) > TIMES
    assert sum('"type":"send"' in frame for frame in region.frames) > TIMES
    assert flooder.sent > TIMES
