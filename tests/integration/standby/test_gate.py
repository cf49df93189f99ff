"""The way between two regions' PostgreSQL, with something simpler in its place: bytes pass as they are, and only who may come comes."""

import asyncio
import contextlib
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from infra.identity import Door
from infra.local import ports
from infra.local.certificates import Files, ensure
from infra.tasks import beside
from infra.tls import MutualTls
from region.standby import admission
from region.standby.approach import Approach
from region.standby.gate import MOST, Gate

pytestmark = [pytest.mark.integration, pytest.mark.timeout(60)]
VERSION = (196608).to_bytes(4, "big")
ASKS_FOR_TLS = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")


def beginning(user: str = "standby", database: str = "causeway", replication: str = "") -> bytes:
    """Write how a connection begins."""
    given = {"user": user, "database": database} | ({"replication": replication} if replication else {})
    body = VERSION + b"".join(f"{name}\0{value}\0".encode() for name, value in given.items()) + b"\0"
    return (len(body) + 4).to_bytes(4, "big") + body


class Way:
    """An echo in the place of a store, the gate before it, and the way there.

    Attributes:
        near: The port at which the way begins.
        door: Who may come in at the gate.
        why: Why changes may not be taken in.
        came: How each connection began that came to the echo.
        opened: Connections of the test's own.
    """

    def __init__(self) -> None:
        """Choose ports."""
        self.near, self.far, self.store = ports.some_free(3)
        self.door = Door(["eu"])
        self.why = ""
        self.came: list[bytes] = []
        self.opened: list[StreamWriter] = []

    async def may_follow(self) -> str:
        """Tell why not."""
        return self.why

    async def echo(self) -> None:
        """Say everything again, as a store that understands nothing."""

        async def meet(reader: StreamReader, writer: StreamWriter) -> None:
            with contextlib.suppress(OSError):
                first = await reader.read(1000)
                self.came.append(first)
                writer.write(b"R")
                while data := await reader.read(65536):
                    writer.write(data)
                    await writer.drain()
            writer.close()

        async with await asyncio.start_server(meet, "127.0.0.1", self.store) as server:
            await server.serve_forever()

    async def begin(self, said: bytes) -> tuple[StreamReader, StreamWriter]:
        """Enter the way."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.near)
        self.opened.append(writer)
        writer.write(said)
        return reader, writer

    async def leave(self) -> None:
        """Close all that was opened."""
        for writer in self.opened:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def answer(self, said: bytes) -> bytes:
        """Enter the way, and return the first byte that is answered; nothing if there is none."""
        reader, writer = await self.begin(said)
        try:
            async with asyncio.timeout(10):
                return await reader.read(1)
        except ConnectionError:
            return b""
        finally:
            writer.close()


@contextlib.asynccontextmanager
async def standing(way: Way, home: Path, *, who: str = "eu", authority: Path | None = None) -> AsyncIterator[None]:
    """Let the way stand, with certificates of the home's authority, or of another for who comes."""
    made = {}
    for name, where in (("us", home), (who, authority or home)):
        ensure(where, ["us", "eu", "ap"])
        files = Files.of(where, name)
        made[name] = MutualTls(files.certificate, files.key, files.authorities)
    gate = Gate(f"postgresql://causeway@127.0.0.1:{way.store}/causeway", way.door)
    approach = Approach("us", ("127.0.0.1", way.far), way.may_follow)
    async with beside(
        way.echo(),
        gate.serve("127.0.0.1", way.far, made["us"]),
        approach.serve("127.0.0.1", way.near, made[who]),
    ):
        for port in (way.store, way.far, way.near):
            async with asyncio.timeout(10):
                while True:
                    with contextlib.suppress(OSError):
                        way.opened.append((await asyncio.open_connection("127.0.0.1", port))[1])
                        way.opened[-1].close()
                        break
                    await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        way.came.clear()
        try:
            yield
        finally:
            await way.leave()
    await asyncio.sleep(0.1)  # the echo hears of it


async def test_bytes_pass_both_ways_as_they_are(tmp_path: Path) -> None:
    """Megabytes of them, behind a beginning that asks for encryption first; the end of one side ends the other."""
    way = Way()
    async with standing(way, tmp_path):
        reader, writer = await way.begin(ASKS_FOR_TLS)
        assert await reader.readexactly(1) == b"N"
        said = beginning(replication="database")
        writer.write(said)
        assert await reader.readexactly(1) == b"R"
        assert way.came == [said]
        content = bytes(range(256)) * 20_000

        async def say() -> None:
            for start in range(0, len(content), 100_000):
                writer.write(content[start : start + 100_000])
                await writer.drain()

        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            group.create_task(say())
            assert await reader.readexactly(len(content)) == content
        writer.write_eof()
        async with asyncio.timeout(10):
            assert await reader.read(1) == b""


@pytest.mark.parametrize(
    "said",
    [
        beginning(user="causeway"),
        beginning(database="postgres"),
        beginning(replication="true"),
        beginning(user="postgres", replication="database"),
    ],
)
async def test_nothing_else_comes_to_the_store(tmp_path: Path, said: bytes) -> None:
    """It is answered as PostgreSQL would, and the store never hears of it."""
    way = Way()
    async with standing(way, tmp_path):
        assert await way.answer(said) == b"E"
        assert way.came == []


@pytest.mark.parametrize("said", [b"GET / HTTP/1.1\r\n\r\n", b"\0\0\0\x10" + bytes(12), b"\xff" * 20])
async def test_what_begins_no_session_is_cut_off(tmp_path: Path, said: bytes) -> None:
    """Whatever it is."""
    way = Way()
    async with standing(way, tmp_path):
        assert await way.answer(said) == b""
        assert way.came == []


@pytest.mark.parametrize("stranger", [False, True])
async def test_only_the_standby_comes_in(tmp_path: Path, stranger: bool) -> None:  # noqa: FBT001  # a case
    """Not another region, and not who has a certificate of another authority, whatever it says."""
    way = Way()
    who, authority = ("eu", tmp_path / "strangers") if stranger else ("ap", None)
    async with standing(way, tmp_path, who=who, authority=authority):
        assert await way.answer(beginning()) == (b"" if stranger else b"E")
        assert way.came == []


async def test_who_is_expelled_is_cut_off_and_kept_out(tmp_path: Path) -> None:
    """At once, also in the midst of what was begun."""
    way = Way()
    async with standing(way, tmp_path):
        reader, _ = await way.begin(beginning())
        assert await reader.readexactly(1) == b"R"
        way.door.expel(["eu"])
        async with asyncio.timeout(10):
            assert await reader.read(1) == b""
        assert await way.answer(beginning()) == b"E"
        way.door.expel([])
        assert await way.answer(beginning()) == b"R"


async def test_changes_of_a_store_that_is_not_the_one_are_not_even_asked_for(tmp_path: Path) -> None:
    """Who only asks who it is comes through."""
    way = Way()
    way.why = "it is another one"
    async with standing(way, tmp_path):
        reader, _ = await way.begin(beginning(replication="database"))
        async with asyncio.timeout(10):
            said = await reader.read()
        assert said == admission.farewell("it is another one")
        assert way.came == []
        assert await way.answer(beginning()) == b"R"


async def test_there_is_room_for_a_few(tmp_path: Path) -> None:
    """Whoever has a certificate cannot take all of the store's connections."""
    way = Way()
    async with standing(way, tmp_path):
        held = [await way.begin(beginning()) for _ in range(MOST)]
        for reader, _ in held:
            assert await reader.readexactly(1) == b"R"
        assert await way.answer(beginning()) == b"E"
        held.pop()[1].close()
        async with asyncio.timeout(10):
            while await way.answer(beginning()) != b"R":  # noqa: ASYNC110 — the gate has no event for it
                await asyncio.sleep(0.05)
        for _, writer in held:
            writer.close()
