"""Where a request of a device began: the address that an edge saw, and which region's edge that was.

Only what comes in through the internal port may say so: `Carried` wraps the app there, and nowhere else. What a device writes into
such headers itself never counts: its edge appends what it has seen, and only the last is read.
"""

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from infra.identity import caller_of
from infra.internal import is_bridged

FORWARDED_FOR: Final = b"x-forwarded-for"
THROUGH: Final = "causeway.through"
"""Where a scope says through which region's edge it came; it is not there for this region's own."""
LONGEST_ADDRESS: Final = 64


class Carried:
    """Tells the app behind an internal port whom a request is from that another region's edge carries."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or WebSocket."""
        if scope["type"] in {"http", "websocket"}:
            scope = {**scope, THROUGH: caller_of(scope) or "elsewhere"}
            if scope["type"] == "http":
                scope["client"] = _client(scope)
        await self._app(scope, receive, send)


def through(scope: Scope) -> str | None:
    """Return through which other region's edge a request came; None for this region's own."""
    found: str | None = scope.get(THROUGH)
    return found


def _client(scope: Scope) -> tuple[str, int] | None:
    if not is_bridged(scope):
        client: tuple[str, int] | None = scope.get("client")
        return client
    seen = [value for name, value in scope["headers"] if name == FORWARDED_FOR]
    address = seen[-1].rpartition(b",")[2].strip().decode("latin-1") if seen else ""
    return (address[:LONGEST_ADDRESS], 0) if address else None
