"""A process ends in order: no new connections, who is there is sent away, what was begun is answered."""

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp
import pytest
from starlette.types import Receive, Scope, Send

from infra.ending import Ending
from infra.local import ports
from infra.web import serve_app


class Slow:
    """An app whose answer comes when it is told to."""

    def __init__(self) -> None:
        """Begin with nothing asked."""
        self.asked = asyncio.Event()
        self.may_answer = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        self.asked.set()
        await self.may_answer.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": b"done"})


async def get(port: int) -> str:
    """Ask over a connection of its own."""
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/") as answer:
        return await answer.text()


async def test_what_was_begun_is_answered_and_nobody_new_comes_in() -> None:
    """A client that is in the middle of a request does not notice; the next one goes elsewhere."""
    app, ending, started = Slow(), Ending(), asyncio.Event()
    port = ports.some_free(1)[0]
    serving = asyncio.create_task(serve_app(app, host="127.0.0.1", port=port, started=started, ending=ending))
    await started.wait()
    asking = asyncio.create_task(get(port))
    await app.asked.wait()

    said = asyncio.Event()

    async def farewell() -> None:
        assert ending.begun.is_set()
        assert not ending.last.is_set()
        said.set()

    ending.farewells.append(farewell)
    ended = asyncio.create_task(ending.run(limit=60))
    await said.wait()
    await ending.last.wait()
    with pytest.raises(aiohttp.ClientConnectorError):
        await get(port)
    assert not ended.done()

    app.may_answer.set()
    assert await asking == "done"
    await asyncio.wait_for(ended, 60)
    await asyncio.wait_for(serving, 60)


async def test_an_end_that_takes_too_long_is_an_end_all_the_same() -> None:
    """Whoever waits for it has a limit of its own."""
    ending = Ending()
    never: Callable[[], Awaitable[None]] = asyncio.Event().wait  # type: ignore[assignment]  # what it returns is not looked at
    ending.farewells.append(never)

    await asyncio.wait_for(ending.run(limit=0.01), 60)

    assert ending.begun.is_set()
