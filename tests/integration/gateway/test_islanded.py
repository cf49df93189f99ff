"""A real gateway and projector by which another region stands, while the directory says nothing: until the lease lapses, and back."""

import contextlib
import secrets
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import httpx
import pytest

from infra.tls import public

pytestmark = pytest.mark.integration

Eventually = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]
MakePerson = Callable[..., Awaitable[Any]]


@pytest.fixture
async def http(watched_region: Any) -> AsyncIterator[httpx.AsyncClient]:
    """HTTP to its gateway."""
    async with httpx.AsyncClient(verify=public(), base_url=watched_region.url, timeout=30) as client:
        yield client


@contextlib.contextmanager
def silenced(region: Any) -> Iterator[None]:
    """Let the directory say nothing for a while; connections to it are made."""
    child = region.children["directory"]
    child.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        child.send_signal(signal.SIGCONT)


def credentials() -> dict[str, str]:
    """Those of somebody new."""
    return {"handle": f"u{secrets.token_hex(8)}", "password": "a good password"}


async def test_islanded_it_lets_nobody_in_and_goes_on(
    watched_region: Any, http: httpx.AsyncClient, person: MakePerson, eventually: Eventually
) -> None:
    """Refused at once and definitely, with the reason; what is decided meanwhile is told to be unconfirmed; it mends itself."""

    async def made() -> bool:
        return (await http.post("/register", json=credentials())).status_code == 201

    await eventually(made)
    ada, bob, cem = await person(), await person(), await person()
    group = (await ada.call("POST", "/groups", json={"name": "Before", "member_ids": [bob.id]})).json()["group_id"]
    members = f"/groups/{group}/members"

    with silenced(watched_region):
        refused: list[httpx.Response] = []

        async def islanded() -> bool:
            refused[:] = [
                await http.post("/register", json=credentials()),  # the gateway
                await ada.call("POST", "/groups", json={"name": "Almost", "member_ids": []}),  # the projector
            ]
            assert {one.status_code for one in refused} <= {201, 409, 503}
            return {one.status_code for one in refused} == {409}

        await eventually(islanded)
        refused.append(await ada.call("POST", members, json={"user_id": cem.id}))
        refused.append(await ada.call("POST", "/groups", json={"name": "Now", "member_ids": [bob.id]}))
        refused.append(await ada.call("POST", "/channels", json={"name": "Now", "public": True}))
        for one in refused:
            problem = one.json()
            assert (one.status_code, problem["code"], problem["definite"]) == (409, "islanded", True), one.text
            assert "duties" in problem["detail"]
        sent = await ada.send(bob, "on the island")
        assert (sent.status_code, sent.json()["seq"]) == (201, 1), sent.text
        assert "unconfirmed" not in sent.json()
        removed = await ada.call("DELETE", f"{members}/{bob.id}")
        assert (removed.status_code, removed.json()["unconfirmed"]) == (201, True), removed.text
        assert (await ada.call("PUT", f"/blocks/{cem.id}")).status_code == 204
        changed = {"old_password": "a good password", "new_password": "a better password", "keep_this_device": True}
        assert (await bob.call("POST", "/password", json=changed)).status_code == 204
        again = {"handle": bob.tokens["handle"], "password": "a better password"}
        assert (await http.post("/login", json=again)).status_code == 200, "whoever lives here logs in"

    await eventually(made)

    async def added() -> Any:
        return (await ada.call("POST", members, json={"user_id": bob.id})).status_code == 201

    await eventually(added)
    left = await ada.call("DELETE", f"{members}/{bob.id}")
    assert (left.status_code, "unconfirmed" in left.json()) == (201, False)
