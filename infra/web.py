"""Running an ASGI app inside a service, beside others in the same event loop."""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from infra.ending import Ending
from infra.heads import AnsweringWebSocket, BoundedHttp
from infra.identity import Door
from infra.tls import MutualTls


class _Config(uvicorn.Config):
    """uvicorn's, with what the protocols of one port look at together.

    Attributes:
        door: Who may come in.
        open_http: The HTTP connections.
    """

    door: Door | None = None
    open_http: set[BoundedHttp]


FINISH_SECONDS: Final = 5
"""How long requests may take that were begun when the process began to end."""


class _Server(uvicorn.Server):
    """uvicorn without signal handlers: the process host has its own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


async def serve_app(
    app: ASGIApp,
    *,
    host: str,
    port: int,
    started: asyncio.Event | None = None,
    largest_message: int = 64 * 1024,
    tls: MutualTls | None = None,
    door: Door | None = None,
    ending: Ending | None = None,
) -> None:
    """Serve an ASGI app until cancelled, then let it finish what it has begun, for two seconds at most; or until the process ends in order.

    Args:
        app: Any ASGI application; lifespan events are not sent to it.
        host: Address to bind.
        port: Port to bind; 0 takes a free one.
        started: Set once connections are accepted.
        largest_message: The largest WebSocket message that is accepted, bytes; for trunks `infra.trunk.frames.LARGEST_MESSAGE`.
        tls: Speak mutual TLS alone, as whom these say; None: plain text.
        door: Who may come in, with `tls`; None: whoever has a certificate.
        ending: Of the process: nobody new is let in once it has begun, and what was begun is finished at its last.

    Raises:
        SystemExit: The port cannot be bound; uvicorn has logged why.
    """
    config = _Config(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http=BoundedHttp,
        ws=AnsweringWebSocket,
        ws_max_size=largest_message,
        ws_ping_interval=20,
        ws_ping_timeout=20,
        ws_per_message_deflate=False,
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=2 if ending is None else FINISH_SECONDS,
        proxy_headers=False,  # by default uvicorn believes whatever whoever connects from loopback says of addresses
        ssl_context_factory=None if tls is None else lambda *_: tls.server,
    )
    config.open_http = set()
    server = _Server(config)
    if door is not None and tls is not None:
        config.door = door
        door.watch(server.server_state.connections)  # type: ignore[arg-type]  # they are of the two kinds above
    task = asyncio.create_task(server.serve())
    if ending is not None:
        ending.serving.add(task)
        task.add_done_callback(ending.serving.discard)
    closing = asyncio.create_task(_close(server, ending))
    try:
        while not server.started and not task.done():  # noqa: ASYNC110 — uvicorn has no event for it
            await asyncio.sleep(0.01)
        if started is not None and server.started:
            started.set()
        await asyncio.shield(task)
    except asyncio.CancelledError:
        server.should_exit = True
        await task
        raise
    finally:
        closing.cancel()


async def _close(server: _Server, ending: Ending | None) -> None:
    if ending is None:
        return
    await ending.begun.wait()
    for listener in server.servers:
        listener.close()
    await ending.last.wait()
    server.should_exit = True
