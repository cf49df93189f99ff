"""Bounds of a request's body wherever one arrives: its bytes, and the time that it takes; and nobody is asked to serve a body that was cut off."""

import asyncio
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.answers import answer_problem
from infra.errors import CausewayError, TooLargeError
from infra.heads import TooSlowError
from infra.limits import LARGEST_REQUEST

BODY_SECONDS: Final = 10.0
"""How long a body may take."""


class GoneError(Exception):
    """Whoever asked has left before the whole request was here; nobody is there to be answered."""


async def read_body(receive: Receive) -> bytes:
    """Return all of a request's body.

    Raises:
        TooLargeError: It is larger than any request may be.
        TooSlowError: It takes too long.
        GoneError: It ended before it was whole.
    """
    body, more = bytearray(), True
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while more:
                message = await receive()
                if message["type"] != "http.request":
                    raise GoneError
                body += message.get("body", b"")
                more = message.get("more_body", False)
                if len(body) > LARGEST_REQUEST:
                    raise TooLargeError(what="The request", size=len(body), limit=LARGEST_REQUEST)
    except TimeoutError as error:
        raise TooSlowError(what="body", seconds=BODY_SECONDS) from error
    return bytes(body)


class BoundedBody:
    """An ASGI wrapper: reads a request's whole body before the app is asked, and answers by itself if that cannot be done."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; anything else goes to the app as it is."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            _check_announced(scope)
            body = await read_body(receive)
        except CausewayError as error:
            await answer_problem(send, error)
        except GoneError:
            return
        else:
            await self._app(scope, _replay(body, receive), send)


def _check_announced(scope: Scope) -> None:
    announced = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    if announced.isdigit() and int(announced[:20]) > LARGEST_REQUEST:
        raise TooLargeError(what="The request", size=int(announced[:20]), limit=LARGEST_REQUEST)


def _replay(body: bytes, receive: Receive) -> Receive:
    replayed = False

    async def replay() -> Message:
        nonlocal replayed
        if replayed:
            return await receive()
        replayed = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
