"""Who is at the other end of a connection, who is let in, and certificates that are replaced while connections go on."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from starlette.types import Receive, Scope, Send
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from infra.errors import SettingsError
from infra.identity import Door, caller_of, host_name
from infra.local import ports
from infra.local.certificates import Authority, Files, ensure
from infra.tls import MutualTls, PeerTransport
from infra.web import serve_app

pytestmark = pytest.mark.integration

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with certificates of three regions."""
    home = tmp_path_factory.mktemp("home")
    ensure(home, ["us", "eu", "ap"])
    return home


def identity(home: Path, name: str) -> MutualTls:
    """What a region of that home has."""
    files = Files.of(home, name)
    return MutualTls(files.certificate, files.key, files.authorities)


async def tell_caller(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the caller's name."""
    name = (caller_of(scope) or "").encode()
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "bytes": name})
        while (await receive())["type"] != "websocket.disconnect":
            pass
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": name})


@contextlib.asynccontextmanager
async def serving(tls: MutualTls, door: Door | None = None) -> AsyncIterator[int]:
    """Serve while the context lasts, and give the port."""
    [port] = ports.some_free(1)
    started = asyncio.Event()
    task = asyncio.create_task(serve_app(tell_caller, host="127.0.0.1", port=port, started=started, tls=tls, door=door))
    await started.wait()
    try:
        yield port
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def ask(port: int, meant: str, tls: MutualTls | None) -> httpx.Response:
    """Ask whoever is at the port, if it is who is meant."""
    async with httpx.AsyncClient(transport=PeerTransport(meant, tls), timeout=20) as client:
        return await client.get(f"https://127.0.0.1:{port}/")


async def test_both_ends_know_each_other_by_their_certificates(home: Path) -> None:
    """The app is told which region asks, over HTTP and over a WebSocket."""
    async with serving(identity(home, "us")) as port:
        eu = identity(home, "eu")
        assert (await ask(port, "us", eu)).text == "eu"
        async with connect(
            f"wss://127.0.0.1:{port}/", ssl=eu.client, server_hostname=host_name("us"), proxy=None
        ) as socket:
            assert await socket.recv() == b"eu"


async def test_another_region_is_not_taken_for_the_one_that_is_meant(home: Path) -> None:
    """Though its certificate is of the same authority, and the address is right."""
    async with serving(identity(home, "us")) as port:
        with pytest.raises(httpx.ConnectError, match="mismatch"):
            await ask(port, "ap", identity(home, "eu"))


async def test_strangers_are_turned_away(home: Path, tmp_path: Path) -> None:
    """Without a certificate, with one that ended, or with one of a foreign authority."""
    ensure(tmp_path / "foreign", ["eu"])
    foreign = identity(tmp_path / "foreign", "eu")
    foreign.client.load_verify_locations(Files.of(home, "us").authorities)  # it would trust us, we do not trust it
    authority = Authority.read(home / "authority")
    assert authority
    files = Files(tmp_path / "ended")
    authority.write(files, "eu", NOW - timedelta(days=2), timedelta(days=1))
    ended = ssl.create_default_context(cafile=files.authorities)
    ended.load_cert_chain(files.certificate, files.key)
    nobody = ssl.create_default_context(cafile=files.authorities)
    async with serving(identity(home, "us")) as port:
        for context in (foreign.client, ended, nobody):
            transport = httpx.AsyncHTTPTransport(verify=context)
            async with httpx.AsyncClient(transport=transport, timeout=20) as client:
                with pytest.raises(httpx.TransportError):
                    await client.get(f"https://127.0.0.1:{port}/", extensions={"sni_hostname": host_name("us")})
        assert (await ask(port, "us", identity(home, "eu"))).status_code == 200


async def test_a_door_refuses_whom_it_does_not_know_and_says_so(home: Path) -> None:
    """A region of the same authority that has no business here, over HTTP and WebSocket."""
    async with serving(identity(home, "us"), Door(["eu"])) as port:
        answer = await ask(port, "us", identity(home, "ap"))
        assert (answer.status_code, answer.json()["code"]) == (403, "stranger")
        with pytest.raises(InvalidStatus, match="403"):
            await connect(
                f"wss://127.0.0.1:{port}/",
                ssl=identity(home, "ap").client,
                server_hostname=host_name("us"),
                proxy=None,
            )


async def test_who_is_expelled_is_cut_and_refused_until_readmitted(home: Path) -> None:
    """What is open ends at once; others are not disturbed."""
    door = Door(["eu", "ap"])
    eu, ap = identity(home, "eu"), identity(home, "ap")
    async with serving(identity(home, "us"), door) as port, asyncio.timeout(30):
        url, name = f"wss://127.0.0.1:{port}/", host_name("us")
        cut = await connect(url, ssl=eu.client, server_hostname=name, proxy=None)
        other = await connect(url, ssl=ap.client, server_hostname=name, proxy=None)
        assert [await cut.recv(), await other.recv()] == [b"eu", b"ap"]

        door.expel({"eu"})

        with pytest.raises(ConnectionClosed):
            await cut.recv()
        answer = await ask(port, "us", eu)
        assert (answer.status_code, answer.json()["code"]) == (403, "expelled")
        await other.ping()
        door.expel(())
        assert (await ask(port, "us", eu)).text == "eu"
        await other.close()


async def test_a_certificate_is_replaced_without_a_restart(tmp_path: Path) -> None:
    """The next connection is made with the new one; one that cannot be used is refused, and the old goes on."""
    ensure(tmp_path, ["us", "eu"])
    us, eu = identity(tmp_path, "us"), identity(tmp_path, "eu")
    authority = Authority.read(tmp_path / "authority")
    assert authority
    async with serving(us) as port:
        before = await _serial(port, eu)
        assert us.refresh() is False
        authority.write(Files.of(tmp_path, "us"), "us", NOW)
        assert us.refresh() is True
        after = await _serial(port, eu)
        assert after != before

        authority.write(Files.of(tmp_path, "us"), "eu", NOW)
        with pytest.raises(SettingsError, match="for eu"):
            us.refresh()
        authority.write(Files.of(tmp_path, "us"), "us", NOW)
        Files.of(tmp_path, "us").key.write_bytes(Files.of(tmp_path, "eu").key.read_bytes())
        with pytest.raises(SettingsError, match="not the key"):
            us.refresh()
        assert await _serial(port, eu) == after


async def _serial(port: int, caller: MutualTls) -> str:
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=caller.client, server_hostname=host_name("us")
    )
    certificate = writer.get_extra_info("peercert")
    writer.close()
    del reader
    return str(certificate["serialNumber"])
