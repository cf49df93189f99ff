"""The gateway as one ASGI app: `/ws` to the sockets, everything else to HTTP."""

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from infra import tracing
from infra.deadlines import USUAL_SECONDS, InTime
from region.gateway.requests import counted

NO_SUCH_PATH: Final = 4404


def make_app(http: ASGIApp, sockets: ASGIApp, *, seconds: float = USUAL_SECONDS) -> ASGIApp:
    """Return the app; it continues traces, since edges let none in that devices name.

    Args:
        http: Serves requests.
        sockets: Serves WebSockets.
        seconds: After how long a request is answered without what it waits for.
    """
    counting = counted(InTime(http, seconds=seconds))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            with tracing.continued(scope["headers"]):
                await counting(scope, receive, send)
        elif scope["type"] == "websocket" and scope["path"] == "/ws":
            await sockets(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": NO_SUCH_PATH, "reason": "the WebSocket is at /ws"})

    return app
