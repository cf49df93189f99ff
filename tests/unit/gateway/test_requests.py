"""What became of requests, in a word."""

import pytest
from prometheus_client import REGISTRY
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from infra import tracing
from region.gateway.app import make_app
from region.gateway.requests import counted, result_of, turned_down


async def nothing() -> Message:
    """No body."""
    return {"type": "http.request"}


async def ignore(message: Message) -> None:
    """Drop an answer."""


@pytest.mark.parametrize(
    ("status", "result"),
    [(200, "done"), (304, "done"), (404, "refused"), (421, "redirected"), (429, "limited"), (503, "failed")],
)
def test_our_failures_stand_apart(status: int, result: str) -> None:
    """From answers that a caller did not like, from redirects, and from limits."""
    assert result_of(status) == result


def test_a_send_that_was_turned_down_has_a_reason() -> None:
    """Only what is our fault counts against the objective."""
    assert [turned_down(status) for status in (413, 429, 503)] == ["refused", "limited", "unavailable"]


async def test_requests_are_counted_even_if_they_fail_without_an_answer() -> None:
    """An exception that nobody turned into an answer is a failure."""

    def count(result: str) -> float:
        return REGISTRY.get_sample_value("causeway_gateway_requests_total", {"result": result}) or 0.0

    async def fails(scope: Scope, receive: Receive, send: Send) -> None:
        raise OSError

    before = count("refused"), count("failed")
    scope: Scope = {"type": "http", "method": "GET", "headers": []}
    await counted(Response(status_code=404))(scope, nothing, ignore)
    with pytest.raises(OSError):  # noqa: PT011 — whatever it is
        await counted(fails)(scope, nothing, ignore)

    assert (count("refused"), count("failed")) == (before[0] + 1, before[1] + 1)


async def test_a_request_is_served_in_the_trace_that_it_names() -> None:
    """What it submits goes on in it; without a header it is in none."""
    seen: list[str] = []

    async def serves(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(tracing.current())

    parent = f"00-{'a' * 32}-{'b' * 16}-01"
    app = make_app(serves, serves)
    for headers in ([(b"traceparent", parent.encode())], []):
        scope: Scope = {"type": "http", "method": "POST", "path": "/messages", "headers": headers}
        await app(scope, nothing, ignore)

    assert seen == [parent, ""]
