"""A gateway under mutual TLS that starts while its directory cannot be reached."""

import asyncio
import secrets
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.local import process
from infra.local.certificates import Files
from infra.tls import MutualTls, PeerTransport, public

pytestmark = pytest.mark.integration

Eventually = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]
PASSWORD = "a good password"


@pytest.fixture
async def http(secured_region: tuple[Any, Path]) -> AsyncIterator[httpx.AsyncClient]:
    """HTTP to the gateway as an edge of its own region speaks it."""
    region, home = secured_region
    files = Files.of(home, "us")
    transport = PeerTransport("us", MutualTls(files.certificate, files.key, files.authorities))
    async with httpx.AsyncClient(base_url=region.url, transport=transport, timeout=30) as client:
        yield client


def credentials() -> dict[str, str]:
    """Those of somebody new."""
    return {"handle": f"u{secrets.token_hex(8)}", "password": PASSWORD}


def stop(region: Any, how: str) -> None:
    """Take the directory away: its process is gone, or says nothing any more while connections to it are made."""
    if how == "gone":
        region.kill("directory")
    else:
        region.children["directory"].send_signal(signal.SIGSTOP)


def bring_back(region: Any, how: str) -> None:
    """Let the directory be reached again."""
    if how == "silent":
        region.children["directory"].send_signal(signal.SIGCONT)
    region.start("directory")


@pytest.mark.parametrize("how", ["gone", "silent"])
async def test_it_serves_those_who_live_here_says_so_and_mends_itself(
    secured_region: tuple[Any, Path], http: httpx.AsyncClient, eventually: Eventually, how: str
) -> None:
    """Whoever is known here logs in, writes and reads; who is new is told to come again; nobody has to restart it."""
    region, _ = secured_region
    region.start(*region.parts)
    ada, bob = credentials(), credentials()
    tokens = [(await http.post("/register", json=one)).json() for one in (ada, bob)]
    [as_ada, as_bob] = [{"Authorization": f"Bearer {one['access_token']}"} for one in tokens]
    region.kill("gateway")
    stop(region, how)
    try:
        child = process.spawn(region.parts["gateway"])
        region.children["gateway"] = child
        admin = f"http://127.0.0.1:{region.parts['gateway'].ports['admin']}"
        health: dict[str, dict[str, Any]] = {}

        async def told() -> bool:
            assert child.poll() is None, region.parts["gateway"].log.read_text()[-3000:]
            try:
                async with httpx.AsyncClient(verify=public(), timeout=10) as client:
                    answer = await client.get(f"{admin}/health")
            except httpx.TransportError:
                return False
            health.update(answer.json()["conditions"])
            others = [condition["ok"] for name, condition in health.items() if name != "directory"]
            return answer.status_code == 503 and len(others) > 3 and all(others)

        async def explained() -> bool:
            return await told() and health["directory"]["detail"] not in {"", "starting"}

        await eventually(explained)
        assert "irectory" in health["directory"]["detail"]
        message = {"recipient_id": tokens[1]["user_id"], "text": f"hello, {how}"}
        sent = await http.post("/messages", headers=as_ada, json=message)
        assert sent.status_code == 201, sent.text
        read = await http.get("/messages", headers=as_bob, params={"peer_id": tokens[0]["user_id"]})
        assert [one["text"] for one in read.json()["messages"]] == [message["text"]]
        again = await http.post("/login", json=ada)
        assert again.status_code == 200, again.text
        refused = await http.post("/register", json=credentials())
        assert (refused.status_code, refused.json()["definite"]) == (503, True), refused.text
        assert child.poll() is None
    finally:
        await asyncio.to_thread(bring_back, region, how)

    async def mended() -> bool:
        async with httpx.AsyncClient(verify=public(), timeout=10) as client:
            return (await client.get(f"{admin}/health")).status_code == 200

    await eventually(mended)
    assert child.poll() is None
    made = await http.post("/register", json=credentials())
    assert made.status_code == 201, made.text
