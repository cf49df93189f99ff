"""The memory of every process over time, and what the queues of services say of themselves."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import aiohttp
import msgspec
from prometheus_client.parser import text_string_to_metric_families

from infra.errors import CausewayError
from infra.local import control
from infra.local.control import Act, Ask, Request, Status
from infra.tasks import beside

SAMPLE_SECONDS = 1.0
SCRAPE_SECONDS = 2.0
PAGE = os.sysconf("SC_PAGE_SIZE")
QUEUES = (
    "causeway_gateway_queued_characters",
    "causeway_gateway_buffered_characters",
    "causeway_gateway_repeats_waiting",
    "causeway_gateway_unacknowledged",
    "causeway_gateway_unacknowledged_bytes",
    "causeway_gateway_waiting_requests",
    "causeway_gateway_in_flight_sends",
    "causeway_gateway_marks_waiting",
    "causeway_trunk_queued_bytes",
    "causeway_projector_lag_records",
)


class Sample(msgspec.Struct, frozen=True):
    """One look at everything.

    Attributes:
        at: Seconds since the epoch.
        memory: Part to bytes: its resident memory, or with its children, what is theirs of it.
        queues: Queue to what it holds, over all processes.
    """

    at: float
    memory: dict[str, int]
    queues: dict[str, float]


async def ask(home: Path, request: Request) -> Status:
    """Ask the supervisor, without holding up the event loop."""
    return await asyncio.to_thread(control.ask, home, request)


async def act(home: Path, verb: str, *names: str, stay_down: bool = False) -> Status:
    """Let the supervisor do something to parts."""
    return await ask(home, Act(verb, names, stay_down=stay_down))  # type: ignore[arg-type]  # one of its literals


def memory_of(pid: int) -> int:
    """Return the bytes that a process and its children keep in memory; pages that they share count once."""
    family = [pid]
    for one in family:
        with contextlib.suppress(OSError):
            family += map(int, Path(f"/proc/{one}/task/{one}/children").read_text().split())
    return sum(_kept(one, alone=len(family) == 1) for one in family)


def _kept(pid: int, *, alone: bool) -> int:
    """Return a process's resident memory; or, where pages are shared, its share of them."""
    try:
        if alone:
            return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


class Sampler:
    """Looks at everything once a second.

    Attributes:
        samples: What was seen, in order.
    """

    def __init__(self, home: Path) -> None:
        """Look at the federation of that home."""
        self.samples: list[Sample] = []
        self._home = home
        self._queues: dict[str, float] = {}

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Look for as long as the context lasts."""
        async with beside(self._watch(), self._scrape()):
            yield

    async def _watch(self) -> None:
        while True:
            with contextlib.suppress(CausewayError):
                parts = (await ask(self._home, Ask())).parts()
                pids = {name: part.pid for name, part in parts.items() if part.pid is not None}
                memory = await asyncio.to_thread(lambda pids=pids: {name: memory_of(pid) for name, pid in pids.items()})  # type: ignore[misc]  # bound at once
                self.samples.append(Sample(time.time(), memory, dict(self._queues)))
            await asyncio.sleep(SAMPLE_SECONDS)

    async def _scrape(self) -> None:
        timeout = aiohttp.ClientTimeout(total=SCRAPE_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as http:
            while True:
                totals: dict[str, float] = {}
                with contextlib.suppress(CausewayError):
                    parts = (await ask(self._home, Ask())).parts()
                    ports = [
                        part.ports["admin"] for name, part in parts.items() if "admin" in part.ports and name != "links"
                    ]
                    for port in ports:
                        for name, value in (await _gauges(http, port)).items():
                            totals[name] = totals.get(name, 0.0) + value
                    self._queues = totals
                await asyncio.sleep(SCRAPE_SECONDS)


async def _gauges(http: aiohttp.ClientSession, port: int) -> Mapping[str, float]:
    try:
        async with http.get(f"http://127.0.0.1:{port}/metrics") as response:
            text = await response.text()
    except (aiohttp.ClientError, TimeoutError, OSError):
        return {}
    return {
        family.name: sum(sample.value for sample in family.samples)
        for family in text_string_to_metric_families(text)
        if family.name in QUEUES
    }
