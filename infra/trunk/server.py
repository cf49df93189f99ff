"""The accepting end: an ASGI wrapper that gives each channel of a trunk to the app as a WebSocket of its own."""

import asyncio
from collections.abc import Iterable
from typing import Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.trunk.frames import PATH, Open, TrunkProtocolError
from infra.trunk.link import Channel, ChannelClosedError, Link

log = structlog.get_logger()

GRACE_SECONDS: Final = 5.0
"""How long the app may take to notice that a channel is closed before its task is cancelled."""


class TrunkAcceptor:
    """Carries trunks that arrive at `/trunk`; everything else goes to the app as it is.

    Wrap the app that listens on the internal port only: whoever can reach `/trunk` may name any client address. Serve it with
    a WebSocket message limit of `frames.LARGEST_MESSAGE` or more.
    """

    def __init__(self, app: ASGIApp, *, peer: str = "accepted") -> None:
        """Wrap an app.

        Args:
            app: Receives each channel as an ASGI WebSocket; its sends wait while that device's window is full, and raise
                `ChannelClosedError` (an `OSError`, as ASGI demands) once it is gone.
            peer: Label of the metrics.
        """
        self._app = app
        self._peer = peer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection of any kind."""
        if scope["type"] == "websocket" and scope["path"] == PATH:
            await self._carry(receive, send)
        else:
            await self._app(scope, receive, send)

    async def _carry(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        link = Link(opens=False, peer=self._peer)
        tasks: set[asyncio.Task[None]] = set()

        async def send_bytes(message: bytes) -> None:
            await send({"type": "websocket.send", "bytes": message})

        writer = asyncio.create_task(link.write(send_bytes))
        try:
            while (event := await receive())["type"] == "websocket.receive":
                for channel, opening in link.feed(event.get("bytes") or b""):
                    self._start(channel, opening, tasks)
        except TrunkProtocolError as error:
            log.warning("trunk refused", reason=str(error))
            await send({"type": "websocket.close", "code": 1002, "reason": "trunk protocol"})
        finally:
            link.end(1001, "trunk lost")
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
            await _let_end(tasks)

    def _start(self, channel: Channel, opening: Open, tasks: set[asyncio.Task[None]]) -> None:
        task = asyncio.create_task(_run(self._app, channel, opening))
        tasks.add(task)

        def ended(done: asyncio.Task[None]) -> None:
            tasks.discard(done)
            failure = None if done.cancelled() else done.exception()
            if failure is None or isinstance(failure, ChannelClosedError):
                channel.close(1000)
            else:
                log.error("app failed on a channel", path=opening.path, exc_info=failure)
                channel.close(1011, "internal error")

        task.add_done_callback(ended)


async def _let_end(tasks: Iterable[asyncio.Task[None]]) -> None:
    pending = set(tasks)
    if pending:
        _, pending = await asyncio.wait(pending, timeout=GRACE_SECONDS)
    for task in pending:
        task.cancel()


def _scope(opening: Open) -> Scope:
    return {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "ws",
        "server": None,
        "client": opening.client,
        "root_path": "",
        "path": opening.path,
        "raw_path": opening.path.encode(),
        "query_string": opening.query,
        "headers": list(opening.headers),
        "subprotocols": list(opening.subprotocols),
        "state": {},
        "extensions": {},
    }


async def _run(app: ASGIApp, channel: Channel, opening: Open) -> None:
    connected = False

    async def receive() -> Message:
        nonlocal connected
        if not connected:
            connected = True
            return {"type": "websocket.connect"}
        try:
            payload = await channel.receive()
        except ChannelClosedError as closed:
            return {"type": "websocket.disconnect", "code": closed.close_code, "reason": closed.reason}
        if isinstance(payload, str):
            return {"type": "websocket.receive", "text": payload}
        return {"type": "websocket.receive", "bytes": payload}

    async def send(message: Message) -> None:
        match message["type"]:
            case "websocket.send":
                text = message.get("text")
                await channel.send(message["bytes"] if text is None else text)
            case "websocket.accept":
                channel.accept(message.get("subprotocol"))
            case "websocket.close":
                channel.close(message.get("code", 1000), message.get("reason") or "")
            case other:
                raise RuntimeError(f"a WebSocket knows no message of type {other}")

    await app(_scope(opening), receive, send)
