"""The link proxy: one process that stands on every link between regions and shapes what passes, as `infra.local.link` says.

`python -m infra.local.linkproxy plan.json shapes.json` runs it. It answers `GET /health`, `GET /links` (connections and
bytes) and `POST /shapes` (all shapes anew, in force when answered) on its admin port. Idle, it does nothing at all.
"""

import asyncio
import random
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

import msgspec
import uvloop

from infra.local.link import Lane, Shape, Wire

Shapes = dict[str, Shape]


class Passage(msgspec.Struct, frozen=True):
    """One proxied link.

    Attributes:
        name: `eu-us/kafka`: who connects, to whom, for what.
        source: The endpoint that connects.
        target: The endpoint that is connected to.
        listen: The port here.
        port: The port that it leads to.
    """

    name: str
    source: str
    target: str
    listen: int
    port: int


class Plan(msgspec.Struct, frozen=True):
    """What the proxy is started with.

    Attributes:
        admin_port: Where it answers questions.
        passages: The links.
    """

    admin_port: int
    passages: tuple[Passage, ...]


class Tally(msgspec.Struct):
    """What a link has seen.

    Attributes:
        connections: Open now.
        sent: Bytes from who connects.
        received: Bytes to who connects.
    """

    connections: int = 0
    sent: int = 0
    received: int = 0

    def count_sent(self, size: int) -> None:
        """Add bytes that were delivered to whom the link leads."""
        self.sent += size

    def count_received(self, size: int) -> None:
        """Add bytes that were delivered to who connected."""
        self.received += size


def direction(source: str, target: str) -> str:
    """Name one direction: `us>eu`."""
    return f"{source}>{target}"


class Side(asyncio.Protocol):
    """One end of a proxied connection: what it receives leaves through the other end."""

    def __init__(self, proxy: "Proxy", wire: Wire, count: Callable[[int], None]) -> None:
        """Prepare an end whose bytes travel on the wire.

        Args:
            proxy: Whose it is.
            wire: The direction that its bytes take.
            count: Told how many bytes were delivered.
        """
        self.proxy = proxy
        self.lane = Lane(wire)
        self.count = count
        self.transport: asyncio.Transport | None = None
        self.other: Side | None = None
        self.blocked = False  # the other end's peer does not read
        self.ended = False  # the end of our stream has been delivered
        self.stranded = False  # the link is cut, so a real one would not even have answered the handshake
        self._held = False  # our own peer is held back
        self._timer: asyncio.TimerHandle | None = None
        self.gone: asyncio.Future[None] = proxy.loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the transport."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's own is one in all but name
        self.proxy.sides.add(self)

    def data_received(self, data: bytes) -> None:
        """Hand bytes on, at once if the link is transparent."""
        if self.other is not None and not self.blocked and self.lane.passes():
            self._deliver(self.other, data)
            return
        self.lane.enter(data, self.proxy.now(), self.proxy.chance)
        self.flush()

    def eof_received(self) -> bool:
        """Let the end of the stream travel like bytes, and keep the other direction open; who gives up connecting just goes."""
        if self.stranded:
            return False
        self.lane.enter(b"", self.proxy.now(), self.proxy.chance)
        self.flush()
        return True

    def connection_lost(self, error: Exception | None) -> None:
        """Let the loss travel like bytes, even while the link is cut."""
        self.transport = None
        if not self.gone.done():
            self.gone.set_result(None)
        self.lane.enter(b"", self.proxy.now(), self.proxy.chance)
        self.flush()

    def pause_writing(self) -> None:
        """The peer of this end is slow: hold back what travels towards it."""
        if self.other is not None:
            self.other.blocked = True

    def resume_writing(self) -> None:
        """The peer of this end reads again."""
        if self.other is not None:
            self.other.blocked = False
            self.other.flush()

    def flush(self) -> None:
        """Deliver what has arrived, and set the alarm for the rest."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.other is not None and not self.blocked:
            for data in self.lane.leave(self.proxy.now()):
                self._deliver(self.other, data)
            due = self.lane.due()
            if due is not None and not self.blocked:
                self._timer = self.proxy.loop.call_at(due, self.flush)
        self._regulate()
        if self.gone.done() and not self.lane.under_way:
            self.proxy.sides.discard(self)

    def _deliver(self, other: "Side", data: bytes) -> None:
        if other.transport is None or other.transport.is_closing():
            return
        if data:
            self.count(len(data))
            other.transport.write(data)
            return
        self.ended = True
        if self.transport is None:
            other.transport.close()
        elif other.ended:
            other.transport.close()
            self.transport.close()
        elif other.transport.can_write_eof():
            other.transport.write_eof()

    def _regulate(self) -> None:
        if self.transport is None or self.transport.is_closing():
            return
        limit = self.lane.limit()
        if self.lane.size > limit and not self._held:
            self._held = True
            self.transport.pause_reading()
        elif self.lane.size <= limit / 2 and self._held:
            self._held = False
            self.transport.resume_reading()


class Proxy:
    """All passages of a plan, and their shapes."""

    def __init__(
        self, passages: tuple[Passage, ...], shapes: Mapping[str, Shape], chance: random.Random | None = None
    ) -> None:
        """Prepare the proxy; `open` makes it listen."""
        self.loop = asyncio.get_running_loop()
        self.passages = passages
        self.sides: set[Side] = set()
        self.tallies = {passage.name: Tally() for passage in passages}
        self.wires = {
            direction(a, b): Wire() for p in passages for a, b in ((p.source, p.target), (p.target, p.source))
        }
        self.chance = (chance or random.Random()).random  # noqa: S311 — jitter, no secret
        self.now = self.loop.time
        self._servers: list[asyncio.Server] = []
        self._connecting: set[asyncio.Task[None]] = set()
        self._reshaped: asyncio.Future[None] = self.loop.create_future()
        self.set_shapes(shapes)

    def set_shapes(self, shapes: Mapping[str, Shape]) -> None:
        """Let these shapes hold from now on; directions that are not named become transparent."""
        for name, wire in self.wires.items():
            wire.shape = shapes.get(name, Shape())
        for side in list(self.sides):
            side.flush()
        self._reshaped.set_result(None)
        self._reshaped = self.loop.create_future()

    async def open(self) -> None:
        """Listen on every passage.

        Raises:
            OSError: A port is in use.
        """
        for passage in self.passages:
            server = await self.loop.create_server(lambda p=passage: self._accept(p), "127.0.0.1", passage.listen)  # type: ignore[misc]  # binds the loop's variable
            self._servers.append(server)

    async def close(self) -> None:
        """Stop listening and drop all connections."""
        for server in self._servers:
            server.close()
        for task in self._connecting:
            task.cancel()
        for side in list(self.sides):
            if side.transport is not None:
                side.transport.abort()

    def _accept(self, passage: Passage) -> Side:
        near = Side(self, self.wires[direction(passage.source, passage.target)], self.tallies[passage.name].count_sent)
        task = self.loop.create_task(self._connect(passage, near))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)
        return near

    async def _connect(self, passage: Passage, near: Side) -> None:
        tally, forth = self.tallies[passage.name], near.lane.wire
        back = self.wires[direction(passage.target, passage.source)]
        while forth.shape.cut or back.shape.cut:  # a handshake needs both directions
            near.stranded = True
            await asyncio.wait({near.gone, self._reshaped}, return_when=asyncio.FIRST_COMPLETED)
            if near.gone.done():
                self.sides.discard(near)
                return
            near.stranded = forth.shape.cut or back.shape.cut
        if near.gone.done() and not near.lane.size:
            self.sides.discard(near)
            return
        far = Side(self, back, tally.count_received)
        tally.connections += 1
        try:
            await self.loop.create_connection(lambda: far, "127.0.0.1", passage.port)
            near.other, far.other = far, near
            near.flush()
            far.flush()
            await far.gone
        except OSError:
            self.sides.discard(near)
            if near.transport is not None:
                near.transport.abort()
        finally:
            tally.connections -= 1


class Admin:
    """Answers questions about the proxy, and takes new shapes, over the plainest HTTP."""

    def __init__(self, proxy: Proxy) -> None:
        """Answer for that proxy."""
        self.proxy = proxy

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request and close."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            lengths = [line.split(":")[1] for line in head.lower().split("\r\n") if line.startswith("content-length:")]
            body = await reader.readexactly(int(lengths[0])) if lengths else b""
            status, answer = self.answer(head.split(" ")[:2], body)
            writer.write(
                f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(answer)}\r\nConnection: close\r\n\r\n".encode()
                + answer
            )
            await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass
        finally:
            writer.close()

    def answer(self, request: list[str], body: bytes) -> tuple[str, bytes]:
        """Return status and body for a request's method and path."""
        match request:
            case ["GET", "/health"]:
                return "200 OK", b'{"status":"ok"}'
            case ["GET", "/links"]:
                return "200 OK", msgspec.json.encode(self.proxy.tallies)
            case ["POST", "/shapes"]:
                self.proxy.set_shapes(msgspec.json.decode(body, type=Shapes))
                return "200 OK", b"{}"
        return "404 Not Found", b"{}"


async def run(plan: Plan, shapes: Shapes) -> None:
    """Run until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    proxy = Proxy(plan.passages, shapes)
    await proxy.open()
    server = await asyncio.start_server(Admin(proxy).serve, "127.0.0.1", plan.admin_port)
    await stop.wait()
    server.close()
    await proxy.close()


def main() -> None:
    """Read the plan and the shapes that the arguments name, and run."""
    plan = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Plan)
    shapes_file = Path(sys.argv[2])
    shapes = msgspec.json.decode(shapes_file.read_bytes(), type=Shapes) if shapes_file.exists() else {}
    uvloop.run(run(plan, shapes))


if __name__ == "__main__":
    main()
