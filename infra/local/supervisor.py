"""The supervisor: a process of its own that starts the parts of one home, watches them, and does what other terminals ask.

`python -m infra.local.supervisor HOME [LOCK]` runs it on the federation that HOME describes. It holds a lock on the home, so that
there is one, and may inherit it as the descriptor LOCK; it records who it started, so that its successor can end what it left,
and never anything else.
"""

import asyncio
import contextlib
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import uvloop

from infra.errors import CausewayError
from infra.identity import DIRECTORY
from infra.local import certificates, control, held, homes, keys, ports, toolchain
from infra.local.child import Child
from infra.local.control import Act, Ask, Reply, Request, Reshape, Status, Stop
from infra.local.diary import tell
from infra.local.errors import LocalError
from infra.local.linkproxy import Shapes
from infra.local.process import rotate
from infra.local.report import report
from infra.local.tools import Tools
from infra.local.topology import Topology, blob_keys, blobs_directory, lay_out, operator_key, signing_key
from infra.telemetry import set_up_logs

LOG_SECONDS = 30.0
RENEW_SECONDS = 3600.0
WAVES = (("service", "mirror"), ("kafka", "postgres", "redis", "blobs", "links"))
SPARE_THREADS = 4
"""Beside one for each part, in which its end is awaited; of the event loop's own there are few, so parts would end a handful at a time."""


class NotWellError(LocalError):
    """{part} was not well again within {seconds} s; see its log, {log}."""

    code = "not-well"


class LinksDownError(LocalError):
    """The link proxy does not answer, so no link can be shaped; `causeway local heal links` starts it again."""

    code = "links-down"


class Supervisor:
    """All children of one home."""

    def __init__(self, topology: Topology, tools: Tools) -> None:
        """Prepare; `run` does the work."""
        self.topology = topology
        self.home = Path(topology.federation.home)
        self.children = {name: Child(part, tools, self.record) for name, part in topology.parts.items()}
        self.shapes: Shapes = {}
        self.stopping = False
        self.unrecorded = False
        self.stopped = asyncio.Event()

    async def run(self) -> None:
        """Start everything, answer until told to stop, and stop everything."""
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(len(self.children) + SPARE_THREADS))
        told = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, told.set)
        homes.end_leftovers(self.home)
        ports.check(self.topology.parts.values())
        self._shapes_file().unlink(missing_ok=True)  # shapes hold for one life of the federation
        keys.make_signing_key(operator_key(self.home))
        for region in self.topology.federation.regions:
            keys.make_signing_key(signing_key(self.home, region))
            keys.make_blob_keys(blob_keys(self.home, region), blobs_directory(self.home, region))
        for region, site in self.topology.federation.standbys.items():
            keys.make_signing_key(held.signing_key(self.home, site, region))
        if self.topology.federation.tls:
            certificates.ensure(self.home, [*self.topology.federation.regions, DIRECTORY])
            certificates.ensure_held(self.home, self._held())
        server = await self._listen()
        self._start([*self.children])
        tasks = [
            asyncio.create_task(self._rotate()),
            asyncio.create_task(self._renew()),
            asyncio.create_task(self._stop_when(told)),
        ]
        await self.stopped.wait()
        server.close()
        (self.home / control.SOCKET).unlink(missing_ok=True)
        for task in tasks:
            task.cancel()

    async def stop(self, *, discards: bool = False) -> None:
        """Stop the services, then what they stand on; all at once if their data is thrown away next."""
        if self.stopping:
            await self.stopped.wait()
            return
        self.stopping = True
        for wave in (sum(WAVES, start=()),) if discards else WAVES:
            children = [child for child in self.children.values() if child.part.kind in wave]
            await asyncio.gather(*(child.stop(discards=discards) for child in children))
        self.stopped.set()

    async def _stop_when(self, told: asyncio.Event) -> None:
        await told.wait()
        await self.stop()

    async def _listen(self) -> asyncio.Server:
        (self.home / control.SOCKET).unlink(missing_ok=True)
        with control.short_path(self.home) as path:
            server = await asyncio.start_unix_server(self._serve, path)
        (self.home / control.SOCKET).chmod(0o600)
        return server

    def status(self) -> Status:
        """Tell how everything is."""
        how = {
            name: (child.condition, child.identity.pid if child.identity else None)
            for name, child in self.children.items()
        }
        return report(self.topology, how, self.shapes, stopping=self.stopping)

    async def act(self, request: Act) -> None:
        """Do something to parts.

        Raises:
            UnknownPartError: There is no such part.
            NotWellError: It was not well again in time.
        """
        names = [self.topology.part(name).name for name in request.names]
        children = [self.children[name] for name in names]
        match request.verb:
            case "kill":
                await asyncio.gather(*(child.kill(stay_down=request.stay_down) for child in children))
            case "pause":
                for child in children:
                    child.pause()
            case "resume" | "heal":
                for child in children:
                    child.resume()
                if request.verb == "heal":
                    tell("heal", parts=[child.part.name for child in children if child.condition.phase != "healthy"])
                    self._start([child.part.name for child in children if not child.condition.runs])
            case "restart":
                await asyncio.gather(*(child.stop() for child in children))
                self._start_as(request.build, children)
        if request.verb in {"resume", "heal", "restart"} and request.wait:
            await self._until_well(children, request.wait)

    async def reshape(self, shapes: Shapes) -> None:
        """Change the shape of directions, and keep it for the link proxy's next life.

        Raises:
            LinksDownError: The proxy does not answer; the shapes hold once it is back.
        """
        tell("links", shapes=shapes)
        self.shapes = {name: shape for name, shape in (self.shapes | shapes).items() if not shape.transparent}
        body = msgspec.json.encode(self.shapes)
        path = self._shapes_file()
        path.parent.mkdir(parents=True, exist_ok=True)
        homes.write(path, body)
        try:
            async with asyncio.timeout(5):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.topology.parts["links"].ports["admin"])
                writer.write(f"POST /shapes HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
                line = await reader.readline()
                writer.close()
        except (OSError, TimeoutError):
            raise LinksDownError from None
        if b" 200 " not in line:
            raise LinksDownError

    def _start_as(self, build: str | None, children: list[Child]) -> None:
        for child in children:
            if build is not None:
                child.build = build or self.topology.federation.build
        self._start([child.part.name for child in children])

    def _start(self, names: list[str]) -> None:
        for name in names:
            self.children[name].keep(self.children)

    async def _until_well(self, children: list[Child], seconds: float) -> None:
        for child in children:
            try:
                async with asyncio.timeout(seconds):
                    await child.wait_well()
            except TimeoutError:
                raise NotWellError(part=child.part.name, seconds=f"{seconds:.0f}", log=child.part.log) from None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await reader.readline()
            try:
                reply = await self._reply(msgspec.json.decode(line, type=Request))
            except msgspec.DecodeError as error:
                reply = Reply(error=f"The supervisor does not understand this ({error}).")
            writer.write(msgspec.json.encode(reply) + b"\n")
            await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def _reply(self, request: Request) -> Reply:
        try:
            match request:
                case Ask():
                    pass
                case Stop(discards):
                    await self.stop(discards=discards)
                case Act():
                    await self.act(request)
                case Reshape(shapes):
                    await self.reshape(shapes)
        except CausewayError as error:
            return Reply(error=str(error))
        except OSError as error:
            return Reply(error=f"{error.strerror}: {error.filename}")
        return Reply(status=self.status())

    def record(self) -> None:
        """Write down who runs, for a successor."""
        running = {name: child.identity for name, child in self.children.items() if child.identity is not None}
        try:
            homes.record(self.home, running)
        except OSError as error:  # most likely the disk is full; whoever runs must not be lost from sight for that
            self.unrecorded = True
            with contextlib.suppress(OSError):
                print(f"who runs could not be recorded: {error}", file=sys.stderr)  # noqa: T201 — this is its log
        else:
            self.unrecorded = False

    def _held(self) -> list[tuple[certificates.Files, str]]:
        """Return where certificates lie for what may be held at another site, and whom they name."""
        standbys = self.topology.federation.standbys
        return [(held.files(self.home, site, region), region) for region, site in standbys.items()]

    def _shapes_file(self) -> Path:
        return self.home / "links" / "shapes.json"

    async def _renew(self) -> None:
        """Renew certificates before they end; services see that themselves, Kafka and MirrorMaker are started again."""
        federation = self.topology.federation
        while federation.tls:
            await asyncio.sleep(RENEW_SECONDS)
            renewed = certificates.ensure(self.home, [*federation.regions, DIRECTORY])
            certificates.ensure_held(self.home, self._held())
            for region in renewed:
                parts = [
                    name
                    for name, child in self.children.items()
                    if child.part.region == region and child.part.kind in {"kafka", "mirror"} and child.condition.runs
                ]
                tell("renewed", certificate=region, restarts=parts)
                for name in parts:
                    with contextlib.suppress(NotWellError):  # its status tells
                        await self.act(Act("restart", (name,)))

    async def _rotate(self) -> None:
        while True:
            await asyncio.sleep(LOG_SECONDS)
            if self.unrecorded:
                self.record()
            for log in (self.home / "logs" / "supervisor.log", *(child.part.log for child in self.children.values())):
                with contextlib.suppress(OSError):
                    rotate(log)


def main() -> int:
    """Run the supervisor of the home that the argument names; return the exit status."""
    home, *inherited = sys.argv[1:]
    try:
        with homes.alone_as_heir(int(inherited[0])) if inherited else homes.alone(Path(home)):
            federation = homes.read_federation(Path(home))
            tools = toolchain.find()
            set_up_logs("info", instance="supervisor")

            async def run() -> None:
                await Supervisor(lay_out(federation, tools), tools).run()

            uvloop.run(run())
    except CausewayError as error:
        print(f"causeway: {error}", file=sys.stderr)  # noqa: T201 — this is its log, and `causeway up` reads it
        return 1
    except OSError as error:
        print(f"causeway: {error.strerror}: {error.filename}", file=sys.stderr)  # noqa: T201 — as above
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
