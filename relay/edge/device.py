"""A device's WebSocket while its home is being found: a region that turns it away with 4421 is not heard; the next one is asked."""

from collections import deque
from typing import Final

import msgspec
from starlette.types import Message, Receive, Send

from relay.edge.redirects import Holder, read_redirect

NOT_THE_HOLDER: Final = 4421
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
        redirect: Whom the last region has named instead of itself, whether or not the device was told.
    """

    def __init__(self, receive: Receive, send: Send) -> None:
        """Take the WebSocket of a device that has connected and is not accepted yet."""
        self._receive = receive
        self._send = send
        self._kept: list[Message] | None = []
        self._size = 0
        self._accepted = False
        self._withheld: Message | None = None
        self.turned_away = False
        self.redirect: Holder | None = None

    def begin(self) -> Receive:
        """Return an ASGI `receive` for the next region, which begins anew."""
        self.turned_away, self.redirect = False, None
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
