"""A request is answered in time, whatever it waits for; what lives long is left alone."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import pytest
from prometheus_client import REGISTRY
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.deadlines import InTime

LIMIT = 60.0
BRIEF = 0.02
START: Message = {"type": "http.response.start", "status": 200, "headers": []}
END: Message = {"type": "http.response.body", "body": b"late"}


def ending() -> float:
    """How many requests were answered and have not ended."""
    return REGISTRY.get_sample_value("causeway_requests_ending") or 0.0


def late(code: str) -> float:
    """How many requests were answered so, since their time was up."""
    return REGISTRY.get_sample_value("causeway_requests_late_total", {"code": code}) or 0.0


def asks(method: str = "GET", *, body: bool = False) -> Scope:
    """A request."""
    return {"type": "http", "method": method, "path": "/", "headers": [(b"content-length", b"2")] if body else []}


async def nothing() -> Message:
    """No body."""
    return {"type": "http.request"}


class Answer:
    """What somebody is answered."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def __call__(self, message: Message) -> None:
        """Take one message."""
        self.messages.append(message)

    @property
    def status(self) -> int:
        """The status."""
        return int(self.messages[0]["status"])

    @property
    def problem(self) -> dict[str, object]:
        """What the problem says."""
        return dict(msgspec.json.decode(self.messages[1]["body"], type=dict[str, object]))


async def asked(
    app: ASGIApp, scope: Scope, receive: Callable[[], Awaitable[Message]] = nothing, *, seconds: float = BRIEF
) -> Answer:
    """Ask an app that is to answer in time."""
    answer = Answer()
    async with asyncio.timeout(LIMIT):
        await InTime(app, seconds=seconds)(scope, receive, answer)
    return answer


async def never(_: Scope, receive: Receive, send: Send) -> None:
    """Wait for ever."""
    await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("method", "code", "definite"),
    [
        ("GET", "unavailable", True),
        ("HEAD", "unavailable", True),
        ("POST", "outcome-unknown", False),
        ("DELETE", "outcome-unknown", False),
        ("MAKE-ME-RICH", "outcome-unknown", False),
    ],
)
async def test_a_request_that_waits_is_answered(method: str, code: str, definite: bool) -> None:  # noqa: FBT001 — a case
    """What only reads certainly did nothing; of anything else nobody knows. Both say when to come back."""
    before = late(code)

    answer = await asked(never, asks(method))

    assert answer.status == 503
    assert (answer.problem["code"], answer.problem["definite"]) == (code, definite)
    assert (b"retry-after", b"1") in answer.messages[0]["headers"]
    assert late(code) == before + 1


async def test_nobody_waits_for_what_does_not_heed_being_told_to_end() -> None:
    """A store that stands still lets go of nobody; what is answered after all is heard by nobody, and how it ends is counted."""
    thawed, told = asyncio.Event(), asyncio.Event()

    async def frozen(_: Scope, receive: Receive, send: Send) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            told.set()
            await thawed.wait()
            await send(START)
            await send(END)

    before = ending()
    answer = await asked(frozen, asks("POST"))
    assert ending() == before + 1

    async with asyncio.timeout(LIMIT):
        await told.wait()
        thawed.set()
        while ending() > before:  # noqa: ASYNC110 — it ends by itself, nobody waits for it
            await asyncio.sleep(0)
    assert [message["type"] for message in answer.messages] == ["http.response.start", "http.response.body"]
    assert answer.status == 503


async def test_an_answer_that_has_begun_may_take_its_time() -> None:
    """What is long, or read slowly, is not cut off."""
    begun, over = asyncio.Event(), asyncio.Event()

    async def long(_: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        begun.set()
        await over.wait()
        await send(END)

    answering = asyncio.create_task(asked(long, asks()))
    async with asyncio.timeout(LIMIT):
        await begun.wait()
    await asked(never, asks())  # whose time began later, and is up
    over.set()

    assert (await answering).messages == [START, END]


async def test_the_time_of_a_body_does_not_count() -> None:
    """It has a limit of its own: a slow device is told that it is slow, and not that something is away."""
    here = asyncio.Event()

    async def body() -> Message:
        await here.wait()
        return {"type": "http.request", "body": b"{}"}

    async def reads(_: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send(START)
        await send(END)

    asking = asyncio.create_task(asked(reads, asks("POST", body=True), body))
    await asked(never, asks())
    here.set()

    assert (await asking).messages == [START, END]


async def test_time_runs_from_when_the_body_is_here() -> None:
    """Then what waits is answered as if it had had none."""
    answer = await asked(never_after_reading, asks("POST", body=True))

    assert answer.problem["code"] == "outcome-unknown"


async def never_after_reading(_: Scope, receive: Receive, send: Send) -> None:
    """Read the body and wait for ever."""
    await receive()
    await asyncio.Event().wait()


async def test_what_has_a_deadline_already_or_is_no_request_goes_through() -> None:
    """The edge keeps it for the gateway in its process; a WebSocket lives as long as it lives."""
    seen: list[Scope] = []
    freed = asyncio.Event()

    async def waits(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)
        await freed.wait()
        await send(START)
        await send(END)

    socket: Scope = {"type": "websocket", "path": "/ws", "headers": []}
    inner = asyncio.create_task(asked(InTime(waits, seconds=BRIEF), asks(), seconds=LIMIT))
    outer = asyncio.create_task(asked(waits, socket))
    await asked(never, asks())
    freed.set()

    assert (await inner).messages == (await outer).messages == [START, END]
    assert socket in seen


async def test_who_is_told_to_end_ends_what_serves_with_it() -> None:
    """A process that ends leaves no request behind; what an app raises is its caller's to see."""
    begun, ended = asyncio.Event(), asyncio.Event()

    async def serves(_: Scope, receive: Receive, send: Send) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def fails(_: Scope, receive: Receive, send: Send) -> None:
        raise LookupError

    serving = asyncio.create_task(asked(serves, asks(), seconds=LIMIT))
    async with asyncio.timeout(LIMIT):
        await begun.wait()
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving
    assert ended.is_set()
    with pytest.raises(LookupError):
        await asked(fails, asks())
