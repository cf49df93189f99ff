"""Answering an HTTP request where no framework does: below the apps, and between regions."""

from typing import Final

import msgspec
from starlette.types import Send

from infra.errors import CausewayError

SERVICE_UNAVAILABLE: Final = 503


async def answer(send: Send, status: int, content: bytes, content_type: bytes = b"application/json") -> None:
    """Send a whole answer; 503 says when to come back."""
    headers = [(b"content-type", content_type), (b"content-length", str(len(content)).encode())]
    if status == SERVICE_UNAVAILABLE:
        headers.append((b"retry-after", b"1"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


async def answer_problem(send: Send, error: CausewayError) -> None:
    """Answer with an error's problem details."""
    content = msgspec.json.encode(error.problem(), enc_hook=str)
    await answer(send, error.status, content, b"application/problem+json")
