"""The HTTP app's own rules: how large a request may be."""

from collections.abc import AsyncIterator

import httpx
import psycopg
import pytest
from fastapi import APIRouter, Request

from region.gateway.http import make_app


@pytest.mark.parametrize(("size", "status"), [(64 * 1024, 200), (64 * 1024 + 1, 413)])
@pytest.mark.parametrize("announced", [True, False])
async def test_a_request_has_64_kib_at_most(size: int, status: int, *, announced: bool) -> None:
    """Announced or not, as at the edge and as documented."""
    router = APIRouter()

    @router.post("/length")
    async def length(request: Request) -> int:
        return len(await request.body())

    async def chunks() -> AsyncIterator[bytes]:
        yield b"x" * (size - 1)
        yield b"x"

    transport = httpx.ASGITransport(make_app({"test": router}))
    async with httpx.AsyncClient(transport=transport, base_url="http://us") as client:
        answer = await client.post("/length", content=b"x" * size if announced else chunks())

    assert answer.status_code == status
    if status == 413:
        assert answer.json()["code"] == "too-large"


async def test_a_path_with_a_slash_too_many_is_none() -> None:
    """Nobody is sent elsewhere, to an address that the request or this machine named."""
    router = APIRouter()

    @router.get("/messages")
    async def messages() -> None:
        pytest.fail("it was called")

    transport = httpx.ASGITransport(make_app({"test": router}))
    async with httpx.AsyncClient(transport=transport, base_url="http://us") as client:
        answer = await client.get("/messages/", headers={"Host": "evil.example"})

    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert "location" not in answer.headers


async def test_a_failure_of_ours_answers_without_its_words() -> None:
    """They may hold what somebody wrote; whoever asked learns that something went wrong, and may try again."""
    router = APIRouter()
    marked = "marked-77aa01"

    @router.post("/fails")
    async def fails() -> None:
        raise RuntimeError(marked)

    @router.post("/refused")
    async def refused() -> None:
        raise psycopg.errors.AdminShutdown(marked)

    transport = httpx.ASGITransport(make_app({"test": router}), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://us") as client:
        answers = [await client.post(path, json={"text": marked}) for path in ("/fails", "/refused")]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (500, "internal"),
        (503, "outcome-unknown"),
    ]
    assert all(marked not in answer.text + str(answer.headers) for answer in answers)
