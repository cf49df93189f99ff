"""The HTTP app's own rules: how large a request may be, and what it may leave out."""

from collections.abc import AsyncIterator

import httpx
import msgspec
import psycopg
import pytest
from fastapi import APIRouter, Request

from region.gateway.http import make_app
from region.gateway.openapi import takes
from region.gateway.schemas import body_of


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


class Wanted(msgspec.Struct, frozen=True):
    """A request of which nothing must be given.

    Attributes:
        names: Null says no more than that there are none.
        picture: Null says something else than nothing.
    """

    names: list[str] = []
    picture: str | None = "as before"


class Needed(msgspec.Struct, frozen=True):
    """A request of which something must be given."""

    name: str


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        (b"", "[] as before"),
        (b"{}", "[] as before"),
        (b'{"names": null}', "[] as before"),
        (b'{"names": null, "picture": null, "unknown": null}', "[] None"),
        (b'{"names": ["a"], "picture": "b"}', "['a'] b"),
        (b'{"names": 5, "picture": null}', "names"),
        (b"null", "malformed-request"),
        (b"[null]", "malformed-request"),
        (b'{"names": ["a"]', "malformed-request"),
    ],
)
async def test_what_may_be_left_out_may_be_null(content: bytes, seen: str) -> None:
    """As programs write what they do not have; where null means something of its own, it does."""
    router = APIRouter()

    @router.post("/wanted")
    async def wanted(request: Request) -> str:
        found = await body_of(request, Wanted)
        return f"{found.names} {found.picture}"

    transport = httpx.ASGITransport(make_app({"test": router}))
    async with httpx.AsyncClient(transport=transport, base_url="http://us") as client:
        answer = await client.post("/wanted", content=content)

    problem = answer.json() if answer.is_error else {}
    assert (answer.json() if answer.is_success else problem.get("field", problem.get("code"))) == seen, answer.text


@pytest.mark.parametrize(
    ("content", "status"), [(b"", 400), (b'{"name": null}', 422), (b"{}", 422), (b'{"name": "a"}', 204)]
)
async def test_what_is_needed_is_asked_for(content: bytes, status: int) -> None:
    """A null is none."""
    router = APIRouter()

    @router.post("/needed", status_code=204)
    async def needed(request: Request) -> None:
        await body_of(request, Needed)

    transport = httpx.ASGITransport(make_app({"test": router}))
    async with httpx.AsyncClient(transport=transport, base_url="http://us") as client:
        assert (await client.post("/needed", content=content)).status_code == status


async def test_a_parameter_without_a_value_was_not_given() -> None:
    """As clients write a cursor that they do not have yet."""
    router = APIRouter()

    @router.get("/page")
    async def page(before: str | None = None, limit: int = 50) -> str:
        return f"{before} {limit}"

    transport = httpx.ASGITransport(make_app({"test": router}))
    async with httpx.AsyncClient(transport=transport, base_url="http://us") as client:
        answers = [
            (await client.get("/page", params=given)).json()
            for given in ({"before": None, "limit": ""}, {"before": "a=b&c", "limit": None}, {})
        ]

    assert answers == ["None 50", "a=b&c 50", "None 50"]


async def test_who_uses_another_method_is_told_which_there_are() -> None:
    """Of all endpoints at that path."""
    router, other = APIRouter(), APIRouter()
    router.add_api_route("/messages/{message_id}", lambda message_id: message_id, methods=["GET"])
    other.add_api_route("/messages/{message_id}", lambda message_id: message_id, methods=["PATCH"])
    other.add_api_route("/else", lambda: None, methods=["PUT"])

    transport = httpx.ASGITransport(make_app({"test": router, "other": other}))
    async with httpx.AsyncClient(transport=transport, base_url="http://us") as client:
        answer = await client.post("/messages/m1")

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, PATCH")


def test_what_may_be_left_out_is_described_so() -> None:
    """A null, no body, a parameter without a value; but null is not offered where something must be given."""
    router = APIRouter()

    @router.post("/wanted", openapi_extra=takes("SendRequest", {}))
    async def wanted() -> None: ...

    @router.post("/needed", openapi_extra=takes("LoginRequest", {}))
    async def needed(limit: int = 5, *, asked: int) -> None: ...

    app = make_app({"test": router})
    for _ in range(2):
        described = app.openapi()
    schemas, paths = described["components"]["schemas"], described["paths"]

    assert schemas["SendRequest"]["properties"]["attachments"]["anyOf"][1] == {"type": "null"}
    assert schemas["LoginRequest"]["properties"]["handle"]["type"] == "string"
    assert not paths["/wanted"]["post"]["requestBody"]["required"]
    assert paths["/needed"]["post"]["requestBody"]["required"]
    assert {one["name"]: one.get("allowEmptyValue") for one in paths["/needed"]["post"]["parameters"]} == {
        "limit": True,
        "asked": None,
    }
