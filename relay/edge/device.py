"""A device's WebSocket while its home is being found: a region that turns it away with 4421 is not heard; the next one is asked.

Nor is it told at once that nobody is there to serve it: its home may be between two sites, and then it is asked again in a moment.
"""

from collections import deque
from typing import Final

import msgspec
from starlette.types import Message, Receive, Send

from relay.edge.redirects import Holder, read_redirect

NOT_THE_HOLDER: Final = 4421
LEAVING: Final = frozenset({1001, 1012, 1013})
"""Codes by which a home closes that ends, or is not reached; who says why says it before in a frame, and is heard."""
MOST_KEPT: Final = 64 * 1024
"""Characters that a device may say before a region has answered; one that says more is not handed on."""


class _Frame(msgspec.Struct):
    type: str = ""
    code: str = ""


_frame = msgspec.json.Decoder(_Frame)


class Device:
    """What a device says is kept, and said again to the next region, until one of them has taken it.

    Attributes:
        turned_away: Whether the last region has, and another one may be asked; the device was not told.
        is_gone: Whether the device has left while nobody served it.
        redirect: Whom the last region has named instead of itself, whether or not the device was told.
        leaving: By what the last region has closed that was not there, or left before it had said anything; the device was not told.
    """

    def __init__(self, receive: Receive, send: Send) -> None:
        """Take the WebSocket of a device that has connected and is not accepted yet."""
        self._receive = receive
        self._send = send
        self._kept: list[Message] | None = []
        self._size = 0
        self._accepted = False
        self._withheld: Message | None = None
        self.leaving: Message | None = None
        self.turned_away = False
        self.is_gone = False
        self.redirect: Holder | None = None

    async def let_go(self) -> None:
        """Tell the device after all that its region is not there."""
        if self.leaving is not None:
            await self._send(self.leaving)

    async def leaves(self) -> None:
        """Return once the device is gone, or says more than is kept; to be called while no region listens to it."""
        while self._kept is not None:
            message = await self._receive()
            self.is_gone = message["type"] == "websocket.disconnect"
            self._keep(message)

    def begin(self) -> Receive:
        """Return an ASGI `receive` for the next region, which begins anew."""
        self.turned_away, self.redirect, self.leaving = False, None, None
        replayed: deque[Message] = deque([{"type": "websocket.connect"}, *(self._kept or ())])

        async def receive() -> Message:
            if replayed:
                return replayed.popleft()
            message: Message = await self._receive()
            if self._kept is not None:
                self._keep(message)
            return message

        return receive

    async def send(self, message: Message) -> None:
        """Take what the region says to the device."""
        kind = message["type"]
        if kind == "websocket.close" and message.get("code") == NOT_THE_HOLDER:
            self.redirect = read_redirect((message.get("reason") or "").encode())
            self.turned_away = self._kept is not None
            if self.turned_away:
                self._withheld = None
                return
        elif self._kept is None:
            pass
        elif kind == "websocket.close" and message.get("code") in LEAVING and self._withheld is None:
            self.leaving = message
            return
        elif kind == "websocket.accept":
            if self._accepted:
                return
            self._accepted = True
        elif kind == "websocket.send" and self._withheld is None and _turns_away(message):
            self._withheld = message
            return
        else:
            self._kept = None
            if self._withheld is not None:
                await self._send(self._withheld)
        await self._send(message)

    def _keep(self, message: Message) -> None:
        self._size += len(message.get("text") or message.get("bytes") or "")
        if self._kept is not None and message["type"] == "websocket.receive" and self._size <= MOST_KEPT:
            self._kept.append(message)
        else:
            self._kept = None


def _turns_away(message: Message) -> bool:
    text = message.get("text")
    if text is None or "not-the-holder" not in text[:MOST_KEPT]:
        return False
    try:
        frame = _frame.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return (frame.type, frame.code) == ("error", "not-the-holder")
