"""What a command asks of the directory while its operation goes on shows the pass; nothing else ever does."""

import asyncio

import httpx

from global_directory.client import DirectoryClient
from global_directory.holding.schemas import LayingDown
from global_directory.operators.carried import PASS


async def shown(token: str = "") -> str:
    """Ask for something that needs a pass; return what was shown."""
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("authorization", ""))
        duty = {"region": "us", "holder": "us", "epoch": 1, "incarnation": 1, "standby": "", "keepers": []}
        return httpx.Response(200, json={**duty, "promised_seconds": 0.0, "laid_down": True})

    transport = httpx.MockTransport(answer)
    async with DirectoryClient("http://directory", transport=transport, attempts=1, token=token) as directory:
        await directory.lay_down("us", LayingDown("us", 1))
    return seen[0]


def test_the_pass_is_shown_while_the_operation_goes_on() -> None:
    """By whatever client the command makes meanwhile, in whatever loop it runs."""
    assert asyncio.run(shown()) == ""
    carried = PASS.set("the pass")
    try:
        assert asyncio.run(shown()) == "Bearer the pass"
        assert asyncio.run(shown("another")) == "Bearer another"
    finally:
        PASS.reset(carried)
    assert asyncio.run(shown()) == ""
