"""Answering an HTTP request where no framework does: below the apps, and between regions."""

import msgspec
from starlette.types import Send

from infra.errors import CausewayError


async def answer(send: Send, status: int, content: bytes, content_type: bytes = b"application/json") -> None:
    """Send a whole answer."""
    headers = [(b"content-type", content_type), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


async def answer_problem(send: Send, error: CausewayError) -> None:
    """Answer with an error's problem details."""
    content = msgspec.json.encode(error.problem(), enc_hook=str)
    await answer(send, error.status, content, b"application/problem+json")
