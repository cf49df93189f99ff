"""HTTP in ASGI terms: a body that can be read again, an answer that is looked at before it is passed on, and problems."""

import asyncio
from typing import Final

import msgspec
from starlette.types import Message, Receive, Send

from infra.bodies import GoneError, read_body
from infra.errors import CausewayError
from relay.edge.redirects import Holder, read_redirect

FIRST_ERROR: Final = 400
REDIRECTED: Final = 421
SERVICE_UNAVAILABLE: Final = 503


class Body:
    """A request's body; what was read is kept, so that it can be sent to another region after a 421."""

    def __init__(self, receive: Receive) -> None:
        """Read from the device when somebody wants the body."""
        self._receive = receive
        self._read = b""
        self._complete = False
        self.complete_at = 0.0
        """When all of it was read, by the event loop's clock."""

    async def read(self) -> bytes:
        """Return all of it.

        Raises:
            TooLargeError: It is larger than is accepted.
            TooSlowError: It takes too long.
            GoneError: The device left before it was whole.
        """
        if not self._complete:
            self._read = await read_body(self._receive)
            self._complete = True
            self.complete_at = asyncio.get_running_loop().time()
        return self._read

    def replay(self) -> Receive:
        """Return an ASGI `receive` that begins with what was read, and goes on with what the device sends."""
        replayed = False

        async def receive() -> Message:
            nonlocal replayed
            if replayed:
                return await self._receive()
            replayed = True
            try:
                return {"type": "http.request", "body": await self.read(), "more_body": False}
            except GoneError:
                return {"type": "http.disconnect"}

        return receive


class Answer:
    """An ASGI `send` that adds the serving region's name, and keeps a 421 back so that it can be followed.

    An error is this edge's, whoever has found it: where somebody was turned away would tell where a handle lives, and so that it exists.
    """

    def __init__(self, send: Send, region: str, *, edge: str, keep: frozenset[int] = frozenset({REDIRECTED})) -> None:
        """Pass answers of the region on.

        Args:
            send: Where to.
            region: Who serves.
            edge: Whose edge this is.
            keep: Statuses that are kept back; `kept` is true after one.
        """
        self._send = send
        self._region = region
        self._edge = edge
        self._keep = keep
        self._body = bytearray()
        self.status = 0

    @property
    def kept(self) -> bool:
        """Whether the answer was kept back."""
        return self.status in self._keep

    @property
    def redirect(self) -> Holder | None:
        """Who a 421 names."""
        return read_redirect(bytes(self._body))

    async def __call__(self, message: Message) -> None:
        """Take one message of the app's answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            name = self._edge if self.status >= FIRST_ERROR else self._region
            message = {**message, "headers": [*message.get("headers", ()), (b"causeway-region", name.encode())]}
        elif self.kept:
            self._body += message.get("body", b"")
        if not self.kept:
            await self._send(message)


async def send_json(
    send: Send, status: int, content: object, *, region: str, content_type: bytes = b"application/json"
) -> None:
    """Answer with a JSON document; 503 says when to come back."""
    headers = [(b"content-type", content_type), (b"causeway-region", region.encode())]
    if status == SERVICE_UNAVAILABLE:
        headers.append((b"retry-after", b"1"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": msgspec.json.encode(content, enc_hook=str)})


async def send_problem(send: Send, error: CausewayError, *, region: str) -> None:
    """Answer with an error's problem details."""
    await send_json(send, error.status, error.problem(), region=region, content_type=b"application/problem+json")
