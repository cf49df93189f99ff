"""What a drill's witness takes for an answer, through a link that is open, cut or late, over TLS and in plain text."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send

from chaos.drill.greeting import greeted
from infra.identity import Door
from infra.local import ports
from infra.local.certificates import Files, ensure
from infra.local.link import Shape
from infra.local.linkproxy import Passage, Proxy
from infra.tls import MutualTls
from infra.web import serve_app

pytestmark = pytest.mark.integration


async def nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """Nobody gets as far as this app."""
    raise AssertionError


@contextlib.asynccontextmanager
async def serving(port: int, tls: MutualTls | None) -> AsyncIterator[None]:
    """Serve while the context lasts."""
    started = asyncio.Event()
    door = Door(["us"])
    task = asyncio.create_task(serve_app(nothing, host="127.0.0.1", port=port, started=started, tls=tls, door=door))
    await started.wait()
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("encrypted", [True, False])
async def test_an_answer_tells_whether_the_link_is_open(tmp_path: Path, *, encrypted: bool) -> None:
    """A link that is open answers, late if it is slow; one that is cut in either direction, or leads nowhere, does not."""
    ensure(tmp_path, ["eu"])
    files = Files.of(tmp_path, "eu")
    tls = MutualTls(files.certificate, files.key, files.authorities) if encrypted else None
    here, there = ports.some_free(2)
    proxy = Proxy((Passage("us-eu/gateway", "us", "eu", here, there),), {})
    await proxy.open()
    try:
        async with serving(there, tls):
            assert await greeted(here, patience=20) is not None
            proxy.set_shapes({"us>eu": Shape(latency=0.15), "eu>us": Shape(latency=0.15)})
            took = await greeted(here, patience=20)
            assert took is not None
            assert took >= 0.3
            proxy.set_shapes({"us>eu": Shape(bandwidth=250_000.0), "eu>us": Shape(bandwidth=250_000.0)})
            took = await greeted(here, patience=20)
            assert took is not None
            assert took >= 0.3 or not encrypted  # plain text is turned down at its first bytes
            for direction in ("us>eu", "eu>us"):
                proxy.set_shapes({direction: Shape(cut=True)})
                assert await greeted(here, patience=0.5) is None
            proxy.set_shapes({})
            assert await greeted(here, patience=20) is not None
        assert await greeted(here, patience=20) is None
    finally:
        await proxy.close()
