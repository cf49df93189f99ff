"""`causeway bench media`: a large file goes up and down for a traveller, with cuts on the way, while the memory of all services is watched."""

import asyncio
import hashlib
import os
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psutil

from chaos.bench.tunnel import Tunnel
from chaos.federation import Federation, Status
from region.client import Client

MEBIBYTE = 1024 * 1024
CUT_SECONDS = 2.0
LOOK_SECONDS = 0.1
MOST_GROWTH = 64.0
"""MB that a service may grow by."""
LEAST_CUTS = 2
"""Cuts that broke something off, without which nothing was shown."""


Cut = Callable[[], Coroutine[None, None, None]]


@dataclass
class Memory:
    """How much of each part is in memory, MB: before, and at most since then."""

    before: dict[str, float] = field(default_factory=dict)
    most: dict[str, float] = field(default_factory=dict)

    def look(self, status: Status) -> None:
        """Take a look."""
        for name, part in status.parts().items():
            if part.pid is not None and ("admin" in part.ports or "s3" in part.ports):
                size = _resident(part.pid)
                self.before.setdefault(name, size)
                self.most[name] = max(size, self.most.get(name, 0.0))

    def grown(self) -> dict[str, float]:
        """Return by how much each has grown."""
        return {name: self.most[name] - self.before[name] for name in self.before}


@dataclass(frozen=True, slots=True)
class Result:
    """What came out.

    Attributes:
        seconds: What took how long.
        cuts: How often the way was cut.
        broken: How many connections to blob stores that broke off.
        right: Whether every copy is the file, byte for byte.
        grown: By how many MB each part has grown at most.
    """

    seconds: dict[str, float]
    cuts: int
    broken: int
    right: bool
    grown: dict[str, float]

    @property
    def problems(self) -> list[str]:
        """What is not as it has to be."""
        name, grown = self.heaviest
        found = [] if self.right else ["a copy is not the file"]
        if self.cuts < LEAST_CUTS or self.broken < LEAST_CUTS:
            found.append(
                f"{self.cuts} cuts broke off {self.broken} connections: {LEAST_CUTS} of each are needed, so bring a larger file"
            )
        if grown > MOST_GROWTH:
            found.append(f"{name} grew by {grown:.1f} MB, and {MOST_GROWTH:.0f} are allowed")
        return found

    @property
    def heaviest(self) -> tuple[str, float]:
        """The service (not a blob store) that grew most."""
        services = {name: grown for name, grown in self.grown.items() if not name.endswith("/blobs")}
        return max(services.items(), key=lambda one: one[1])


async def carry(federation: Federation, *, megabytes: int, home: str, away: str, say: Callable[[str], None]) -> Result:
    """Let somebody at home in one region, who is in another, bring a file and open it again, and a friend who lives there open it.

    Twice everything that passes is broken off, once each way, and the link between the regions is cut with it; and once more while the
    friend's region fetches the file.
    """
    status = await asyncio.to_thread(federation.status)
    tunnels = {
        region.parts["blobs"].ports["s3"]: Tunnel(region.parts["blobs"].ports["s3"])
        for region in status.regions.values()
    }
    memory, seconds = Memory(), {}

    def dial(url: str) -> str:
        parts = urlsplit(url)
        return urlunsplit(parts._replace(netloc=f"127.0.0.1:{tunnels[parts.port or 0].port}"))

    async def cut() -> None:
        say(f"cut: everything is broken off, and {home}-{away} lets nothing pass for {CUT_SECONDS:.0f} s")
        link = federation.act("local", "cut", f"{home}-{away}")
        await asyncio.gather(link, *(tunnel.cut(CUT_SECONDS) for tunnel in tunnels.values()))
        await federation.act("local", "heal", f"{home}-{away}")

    with tempfile.TemporaryDirectory(prefix="causeway-") as place:
        source, back, there = (Path(place) / name for name in ("file", "back", "there"))
        checksum = await asyncio.to_thread(_make, source, megabytes)
        async with AsyncExitStack() as stack:
            for tunnel in tunnels.values():
                await stack.enter_async_context(tunnel.open())
            url = status.regions[away].public_url
            traveller = await stack.enter_async_context(_person(url, home, dial))
            friend = await stack.enter_async_context(_person(url, away, dial))
            memory.look(status)
            watching = asyncio.create_task(_watch(memory, status))
            begun = time.monotonic()
            attachment = await traveller.media.upload(source, told=_halfway(cut, say, "up"))
            seconds["up"] = time.monotonic() - begun
            handle = await traveller.send("", to=friend.user_id, attachments=[attachment.blob_id])
            await handle.outcome()
            begun = time.monotonic()
            await traveller.media.download(attachment.blob_id, back, told=_halfway(cut, say, "down"))
            seconds["down"] = time.monotonic() - begun
            begun = time.monotonic()
            cutting = asyncio.create_task(_later(cut))
            await friend.media.download(attachment.blob_id, there, told=_halfway(None, say, f"to {away} and down"))
            seconds[f"to {away} and down"] = time.monotonic() - begun
            await cutting
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            right = await asyncio.to_thread(_same, checksum, back, there)
    cuts = sum(tunnel.cuts for tunnel in tunnels.values()) // len(tunnels)
    return Result(seconds, cuts, sum(tunnel.broken for tunnel in tunnels.values()), right, memory.grown())


def describe(result: Result) -> list[str]:
    """Return what came out, line by line."""
    lines = [f"{what:<16} {seconds:6.1f} s" for what, seconds in result.seconds.items()]
    lines.append(
        f"{result.cuts} cuts broke off {result.broken} connections; the checksum is {'right, in every copy' if result.right else 'WRONG'}"
    )
    lines += [f"{name:<16} {grown:+6.1f} MB" for name, grown in sorted(result.grown.items(), key=lambda one: -one[1])]
    name, grown = result.heaviest
    lines.append(f"most of the services: {name}, by {grown:.1f} MB ({MOST_GROWTH:.0f} MB are allowed)")
    stores = {name: grown for name, grown in result.grown.items() if name.endswith("/blobs")}
    lines.append(
        f"blob stores, by themselves: {', '.join(f'{name} {grown:+.1f} MB' for name, grown in stores.items())}"
    )
    return lines + [f"NOT SO: {problem}" for problem in result.problems]


def _make(path: Path, megabytes: int) -> str:
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for _ in range(megabytes):
            piece = os.urandom(MEBIBYTE)
            digest.update(piece)
            file.write(piece)
    return digest.hexdigest()


def _same(checksum: str, *paths: Path) -> bool:
    found = []
    for path in paths:
        with path.open("rb") as file:
            found.append(hashlib.file_digest(file, "sha256").hexdigest())
    return found == [checksum] * len(paths)


def _resident(pid: int) -> float:
    """Return what a process and those that it started hold, MB."""
    try:
        process = psutil.Process(pid)
        return sum(one.memory_info().rss for one in (process, *process.children(recursive=True))) / 1e6
    except psutil.NoSuchProcess:
        return 0.0


async def _watch(memory: Memory, status: Status) -> None:
    while True:
        memory.look(status)
        await asyncio.sleep(LOOK_SECONDS)


async def _later(cut: Cut) -> None:
    await asyncio.sleep(1.0)
    await cut()


def _halfway(cut: Cut | None, say: Callable[[str], None], what: str) -> Callable[[int, int], None]:
    """Return what is told of progress: it says so now and then, and cuts once, half-way."""
    state = {"cut": cut is None, "said": -1}
    cutting: set[asyncio.Task[None]] = set()

    def told(done: int, of: int) -> None:
        tenth = 10 * done // of
        if tenth > state["said"]:
            state["said"] = tenth
            say(f"{what}: {done // MEBIBYTE} of {of // MEBIBYTE} MiB")
        if not state["cut"] and done * 2 >= of:
            state["cut"] = True
            assert cut is not None
            task = asyncio.create_task(cut())
            cutting.add(task)
            task.add_done_callback(cutting.discard)

    return told


@asynccontextmanager
async def _person(url: str, home: str, dial: Callable[[str], str]) -> AsyncIterator[Client]:
    handle = f"media-{secrets.token_hex(6)}"
    async with Client([url], listen=False, patience=60, dial=dial) as client:
        await client.register(handle, f"password of {handle}", home_region=home)
        await client.online()
        yield client
