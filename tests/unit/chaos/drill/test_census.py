"""Each region is asked what its own store has, at whichever of its processes can tell."""

from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestServer

from chaos.drill.census import census
from chaos.judge import events as e
from chaos.judge.ledger import Ledger, read


def process(region: str, **states: str) -> web.Application:
    """Return a gateway's admin port, which knows the states of some messages."""

    async def trace(request: web.Request) -> web.Response:
        return web.json_response({"region": region, "state": states.get(request.match_info["message"], "unknown")})

    app = web.Application()
    app.router.add_get("/trace/{message}", trace)
    return app


async def test_what_a_store_has_is_told_by_its_own_region(tmp_path: Path) -> None:
    """Not by a process without a gateway, nor by one that serves another region at the same site; who is gone is not noted."""
    async with (
        TestServer(web.Application()) as plain,
        TestServer(process("us", m1="entry")) as standing_by,
        TestServer(process("eu", m1="refused", m2="pending")) as gateway,
    ):
        admins = {"eu": [port for one in (plain, standing_by, gateway) if (port := one.port)], "ap": [1]}
        with Ledger(tmp_path / "ledger", seed=1) as ledger:
            await census(ledger, admins, {"d1": ("m1", "m2")})

    noted = [event for _, event in read(tmp_path / "ledger") if isinstance(event, e.Held)]
    assert sorted((one.region, one.conversation, one.message, one.has) for one in noted) == [
        ("eu", "d1", "m1", False), ("eu", "d1", "m2", True),
    ]  # fmt: skip
