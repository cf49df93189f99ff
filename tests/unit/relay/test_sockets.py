"""How a device is told that its home has closed, whatever the home says."""

import asyncio
from typing import cast

import pytest
from starlette.types import Message
from websockets.frames import Close

from infra.trunk.link import Channel, ChannelClosedError
from relay.edge.sockets import close_of, exchange


@pytest.mark.parametrize("code", [1000, 1001, 1012, 1013, 4401, 4421, 4999])
def test_what_a_home_says_is_passed_on(code: int) -> None:
    """Code and reason."""
    assert close_of(ChannelClosedError(code, "because")) == {
        "type": "websocket.close",
        "code": code,
        "reason": "because",
    }


@pytest.mark.parametrize("code", [-5, 0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 2**40])
@pytest.mark.parametrize("reason", ["", "r" * 5_000, "ä" * 100, "\ud800"])
def test_what_cannot_be_sent_is_made_sendable(code: int, reason: str) -> None:
    """A region that means harm must not be able to make the edge fail, and fill its log."""
    told = close_of(ChannelClosedError(code, reason))

    sent = Close(int(told["code"]), str(told["reason"]))
    sent.check()
    assert len(sent.serialize()) <= 125


class Talkative:
    """A channel whose region always has something to say, and whose device says nothing."""

    async def receive(self) -> str:
        """Say something."""
        return "something"


@pytest.mark.parametrize("gone", [OSError(), RuntimeError("after sending 'websocket.close'")])
async def test_a_device_that_is_gone_ends_the_exchange_quietly(gone: Exception) -> None:
    """Uvicorn raises RuntimeError if it has closed the socket itself; that is no error of ours, and fills no log."""

    async def send(_: Message) -> None:
        raise gone

    async def receive() -> Message:
        return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]  # never

    await exchange(cast("Channel", Talkative()), receive, send)
