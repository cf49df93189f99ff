"""Counts what became of requests, so that errors of ours stand apart from answers that the caller did not like."""

from typing import Final, Literal

from prometheus_client import Counter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUESTS: Final = Counter("causeway_gateway_requests_total", "HTTP requests, by what became of them.", ["result"])
_REFUSED, _REDIRECTED, _TOO_MANY, _FAULT = 400, 421, 429, 500
_BY_RESULT: Final = {
    result: REQUESTS.labels(result) for result in ("done", "refused", "limited", "redirected", "failed")
}


def turned_down(status: int) -> Literal["refused", "limited", "unavailable"]:
    """Say in a word why a send was turned down, from the status of its error."""
    if status == _TOO_MANY:
        return "limited"
    return "unavailable" if status >= _FAULT else "refused"


def result_of(status: int) -> str:
    """Say in a word what became of a request, from the status of its answer."""
    if status >= _FAULT:
        return "failed"
    if status == _TOO_MANY:
        return "limited"
    if status == _REDIRECTED:
        return "redirected"
    return "refused" if status >= _REFUSED else "done"


def counted(app: ASGIApp) -> ASGIApp:
    """Return the HTTP app with its answers counted; one that ends without an answer failed."""

    async def counting(scope: Scope, receive: Receive, send: Send) -> None:
        result = "failed"

        async def noting(message: Message) -> None:
            nonlocal result
            if message["type"] == "http.response.start":
                result = result_of(message["status"])
            await send(message)

        try:
            await app(scope, receive, noting)
        finally:
            _BY_RESULT[result].inc()

    return counting
