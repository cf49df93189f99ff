"""Carry one device's WebSocket over a trunk to the gateway that serves it."""

import asyncio
import contextlib
from typing import Final

from starlette.types import Receive, Scope, Send

from infra.errors import UnavailableError
from infra.trunk.client import TrunkPool
from infra.trunk.frames import Open, TrunkProtocolError
from infra.trunk.link import Channel, ChannelClosedError
from relay.edge import metrics

ACCEPT_SECONDS: Final = 10.0
TRY_LATER: Final = 1013
TOO_LARGE: Final = 1009
_DROPPED: Final = frozenset(
    {b"connection", b"host", b"upgrade", b"sec-websocket-key", b"sec-websocket-version", b"sec-websocket-extensions"}
)
_SENDABLE: Final = frozenset({*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)})
"""Codes that may stand in a close frame: RFC 6455, 7.4."""
_LONGEST_REASON: Final = 123
"""Bytes; a close frame takes no more."""


async def carry(pool: TrunkPool, region: str, scope: Scope, receive: Receive, send: Send) -> None:
    """Carry a WebSocket until either side closes it.

    One whose region cannot be reached is closed with 1013; one whose request would not fit into a trunk with 1009.
    """
    await receive()
    try:
        channel = await pool.open(_opening(scope))
    except UnavailableError:
        await refuse(send, region)
        return
    except TrunkProtocolError:
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": TOO_LARGE, "reason": "request head too large"})
        return
    try:
        await _connect(channel, region, receive, send)
    finally:
        channel.close(1001, "the device is gone")


async def _connect(channel: Channel, region: str, receive: Receive, send: Send) -> None:
    try:
        async with asyncio.timeout(ACCEPT_SECONDS):
            subprotocol = await channel.accepted()
    except TimeoutError:
        await refuse(send, region)
    except ChannelClosedError as closed:
        await send({"type": "websocket.accept"})  # browsers see a code and a reason only after that
        await send(close_of(closed))
    else:
        await send({"type": "websocket.accept", "subprotocol": subprotocol})
        with metrics.SOCKETS.labels(region).track_inprogress():
            await exchange(channel, receive, send)


async def refuse(send: Send, region: str) -> None:
    """Tell a device that was not accepted yet that its region cannot be reached; it comes back later."""
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": TRY_LATER, "reason": f"region {region} unreachable"})


GONE: Final = (OSError, RuntimeError)
"""What sending raises when the device is gone; the second if uvicorn has closed the socket itself, for a frame that is none, say."""


async def exchange(channel: Channel, receive: Receive, send: Send) -> None:
    """Carry both ways until one end leaves; tell the device why its region left."""
    upwards = asyncio.create_task(_carry_up(channel, receive))
    try:
        while True:
            payload = await channel.receive()
            if isinstance(payload, str):
                await send({"type": "websocket.send", "text": payload})
            else:
                await send({"type": "websocket.send", "bytes": payload})
    except ChannelClosedError as closed:
        if not (upwards.done() and upwards.result()):
            with contextlib.suppress(*GONE):
                await send(close_of(closed))
    except GONE:
        pass
    finally:
        upwards.cancel()
        await asyncio.gather(upwards, return_exceptions=True)


async def _carry_up(channel: Channel, receive: Receive) -> bool:
    """Carry what the device sends, until it leaves (True) or the channel is closed (False): then the device is still to be told."""
    while (message := await receive())["type"] == "websocket.receive":
        text = message.get("text")
        try:
            await channel.send(message["bytes"] if text is None else text)
        except TrunkProtocolError:
            channel.close(TOO_LARGE, "message too large")
        except ChannelClosedError:
            return False
    channel.close(message.get("code") or 1001, message.get("reason") or "")
    return True


def _opening(scope: Scope) -> Open:
    client = scope.get("client")
    return Open(
        0,
        scope["path"],
        scope["query_string"],
        tuple((name, value) for name, value in scope["headers"] if name not in _DROPPED),
        (client[0], client[1]) if client else None,
        tuple(scope["subprotocols"]),
    )


def close_of(closed: ChannelClosedError) -> dict[str, str | int]:
    """Return how a device is told; what another region says as code and reason may be anything, and is made sendable."""
    code = closed.close_code if closed.close_code in _SENDABLE else 1001
    reason = closed.reason.encode(errors="replace")[:_LONGEST_REASON].decode(errors="ignore")
    return {"type": "websocket.close", "code": code, "reason": reason}
