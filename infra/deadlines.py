"""One deadline for a whole request, whatever it waits for: who asked is answered in time, and what still goes on is told to end.

Whatever a request needs has a limit of its own; this one holds for all of them together, and for what has none. Who is told to end
is not waited for: a store that stands still lets go of nobody.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from prometheus_client import Counter, Gauge
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.answers import answer_problem
from infra.bodies import BODY_SECONDS
from infra.errors import CausewayError, OutcomeUnknownError, UnavailableError

log = structlog.get_logger()

USUAL_SECONDS: Final = 12.0
"""Above every single limit, and below the 15 s for which devices wait."""
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing, so that nothing was done."""
KEPT: Final = "causeway.deadline"
"""In the scope of a request whose deadline somebody keeps already."""

LATE: Final = Counter("causeway_requests_late_total", "Requests that were answered since their time was up.", ["code"])
ENDING: Final = Gauge(
    "causeway_requests_ending", "Requests that were answered since their time was up, and have not ended."
)

Tell = Callable[[Send, CausewayError], Awaitable[None]]
"""Answers with an error."""


class InTime:
    """An ASGI wrapper: an HTTP request whose answer has not begun in time is answered without it."""

    def __init__(self, app: ASGIApp, *, seconds: float = USUAL_SECONDS, tell: Tell = answer_problem) -> None:
        """Wrap an app.

        Args:
            app: Whatever is not HTTP goes to it as it is, and so does what has a deadline already.
            seconds: From when the whole request is here until its answer begins; an answer may take as long as it takes.
            tell: Answers when time is up.
        """
        self._app = app
        self._seconds = seconds
        self._tell = tell
        self._ending: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection of any kind."""
        if scope["type"] != "http" or KEPT in scope:
            await self._app(scope, receive, send)
            return
        limit = asyncio.timeout(self._seconds + (BODY_SECONDS if _has_body(scope) else 0.0))
        clock = asyncio.get_running_loop().time

        async def receiving() -> Message:
            message = await receive()
            if message["type"] == "http.request" and not message.get("more_body") and limit.when() is not None:
                _move(limit, clock() + self._seconds)
            return message

        async def sending(message: Message) -> None:
            if _move(limit, None):
                await send(message)

        serving = asyncio.create_task(self._serve({**scope, KEPT: True}, receiving, sending))
        try:
            async with limit:
                await asyncio.wait({serving})
        except TimeoutError:
            self._leave(serving)
            error = _late(scope["method"])
            LATE.labels(error.code).inc()
            log.warning("request late", method=scope["method"], seconds=self._seconds, code=error.code)
            await self._tell(send, error)
        except asyncio.CancelledError:
            serving.cancel()
            await asyncio.wait({serving})
            raise
        else:
            serving.result()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    def _leave(self, serving: "asyncio.Task[None]") -> None:
        """Tell a request to end, and let it do so behind."""
        serving.cancel()
        self._ending.add(serving)
        ENDING.inc()
        serving.add_done_callback(self._ended)

    def _ended(self, serving: "asyncio.Task[None]") -> None:
        self._ending.discard(serving)
        ENDING.dec()
        if not serving.cancelled() and (error := serving.exception()) is not None:
            log.warning("request failed after its time", problem=type(error).__name__)


def _has_body(scope: Scope) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in scope["headers"]
    )


def _move(limit: asyncio.Timeout, when: float | None) -> bool:
    """Set the deadline, or take it away; return whether it has not passed yet."""
    if limit.expired():
        return False
    if limit.when() != when:
        limit.reschedule(when)
    return True


def _late(method: str) -> CausewayError:
    if method in SAFE:
        return UnavailableError(what="Something that this needs")
    return OutcomeUnknownError(what="The request")
