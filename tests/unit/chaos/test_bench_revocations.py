"""How soon a logged-out device is turned away is told from what the other region answers."""

from collections import Counter
from math import inf

from aiohttp import web
from aiohttp.test_utils import TestServer

from chaos.bench import revocations
from chaos.bench.measure import machine

LOOKS = 3


class Regions:
    """Home and away in one: a device is served some more times after it was logged out."""

    def __init__(self) -> None:
        """Prepare."""
        self.logged_out: Counter[str] = Counter()
        self._devices = 0

    def app(self) -> web.Application:
        """Return what serves."""
        app = web.Application()
        app.router.add_post("/register", self._enter)
        app.router.add_post("/login", self._enter)
        app.router.add_delete("/devices/{device}", self._end)
        app.router.add_get("/users/{user}", self._look)
        return app

    async def _enter(self, request: web.Request) -> web.Response:
        self._devices += 1
        device = f"v{self._devices}"
        return web.json_response({"user_id": "u", "device_id": device, "access_token": device, "expires_in": 900})

    async def _end(self, request: web.Request) -> web.Response:
        self.logged_out[request.match_info["device"]] = LOOKS
        return web.Response(status=204)

    async def _look(self, request: web.Request) -> web.Response:
        device = request.headers["Authorization"].removeprefix("Bearer ")
        if device in self.logged_out:
            self.logged_out[device] -= 1
        return web.json_response({}, status=401 if device in self.logged_out and self.logged_out[device] <= 0 else 200)


async def test_each_device_is_asked_for_until_it_is_turned_away() -> None:
    """Those alone that were logged out."""
    regions = Regions()
    async with TestServer(regions.app()) as server:
        url = str(server.make_url("")).rstrip("/")
        found = await revocations.measure({"us": url, "eu": url}, home="us", away="eu", times=2)

    assert regions.logged_out == {"v3": 0, "v4": 0}
    assert len(found.seconds) == 2
    assert "2 devices of us were turned away by eu" in next(iter(revocations.describe(found)))


def test_one_that_was_served_for_too_long_is_not_in_time() -> None:
    """Or for ever."""
    for slowest, in_time in ((4.9, True), (5.1, False), (inf, False)):
        assert revocations.Revoked("us", "eu", [0.1, slowest], machine()).in_time is in_time
