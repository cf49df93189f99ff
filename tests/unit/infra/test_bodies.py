"""Bodies: bounded in bytes and time wherever they arrive, and one that is cut off is nobody's request."""

import asyncio
import json
from collections.abc import Iterator

import pytest
from starlette.types import Message, Receive, Scope, Send

from infra import bodies
from infra.bodies import BoundedBody
from infra.limits import LARGEST_REQUEST

SCOPE: Scope = {"type": "http", "method": "POST", "path": "/", "headers": []}


class Device:
    """Sends parts of a body, then what comes after them, and hears the answer."""

    def __init__(self, *parts: bytes, then: str = "whole") -> None:
        self._parts: Iterator[bytes] = iter(parts)
        self._then = then
        self.heard: list[Message] = []

    async def receive(self) -> Message:
        """Give the next part; then the end, a disconnect, or nothing for ever."""
        for part in self._parts:
            return {"type": "http.request", "body": part, "more_body": True}
        if self._then == "silence":
            await asyncio.Event().wait()
        if self._then == "gone":
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(self, message: Message) -> None:
        """Hear."""
        self.heard.append(message)


class App:
    """Notes the bodies that it is asked to serve."""

    def __init__(self) -> None:
        self.served: list[bytes] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve."""
        message = await receive()
        assert not message["more_body"]
        self.served.append(message["body"])


async def test_a_whole_body_is_served() -> None:
    """In one piece, however it came."""
    app, device = App(), Device(b"ab", b"", b"c")

    await BoundedBody(app)(SCOPE, device.receive, device.send)

    assert app.served == [b"abc"]


@pytest.mark.parametrize(
    ("device", "scope", "status", "code"),
    [
        (Device(*[b"x" * 1024] * 65), SCOPE, 413, "too-large"),
        (Device(), {**SCOPE, "headers": [(b"content-length", b"%d" % (LARGEST_REQUEST + 1))]}, 413, "too-large"),
        (Device(b"x", then="silence"), SCOPE, 408, "too-slow"),
    ],
    ids=["too much", "too much announced", "too slow"],
)
async def test_what_is_out_of_bounds_is_answered_and_not_served(
    device: Device, scope: Scope, status: int, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A problem tells why, whichever app is behind."""
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.05)
    app = App()

    await BoundedBody(app)(scope, device.receive, device.send)

    assert not app.served
    assert device.heard[0]["status"] == status
    assert json.loads(device.heard[1]["body"])["code"] == code


async def test_a_body_that_is_cut_off_is_not_served() -> None:
    """Its beginning may mean something else; nobody is there to be answered."""
    app, device = App(), Device(b'{"text": "whole"}', then="gone")

    await BoundedBody(app)(SCOPE, device.receive, device.send)

    assert (app.served, device.heard) == ([], [])
