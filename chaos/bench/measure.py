"""The machine that a figure was measured on, and who used it: the parts of the federation, and the load client itself."""

import asyncio
import contextlib
import os
import platform
import time
from collections.abc import Iterator, Mapping

import msgspec
import psutil

LAG_INTERVAL = 0.01


class Machine(msgspec.Struct, frozen=True):
    """What a figure is worth nothing without; no names, no paths."""

    cores: int
    memory_gb: float
    processor: str
    kernel: str
    python: str
    load_before: float


class Usage(msgspec.Struct, frozen=True):
    """What was used during a measurement.

    Attributes:
        parts: Part to its share of one core, percent.
        client: The load client's share of one core, percent.
        lag_p99_ms: How late the load client's event loop ran, milliseconds.
        lag_max_ms: The same, at worst.
        machine: All processes' share of the whole machine, percent.
    """

    parts: dict[str, float]
    client: float
    lag_p99_ms: float
    lag_max_ms: float
    machine: float


def machine() -> Machine:
    """Describe this machine."""
    return Machine(
        cores=os.cpu_count() or 1,
        memory_gb=round(psutil.virtual_memory().total / 2**30, 1),
        processor=_processor(),
        kernel=f"{platform.system()} {platform.release().partition('-')[0]}",
        python=f"{platform.python_implementation()} {platform.python_version()}",
        load_before=round(os.getloadavg()[0], 2),
    )


class Meter:
    """Measures usage between `start` and `stop`.

    Args:
        pids: Part to its process; its children count as well.
    """

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._pids = pids
        self._lags: list[float] = []
        self._watch: asyncio.Task[None] | None = None
        self._before: dict[str, float] = {}
        self._client_before = self._started = 0.0

    def start(self) -> None:
        """Begin; call it within a running event loop."""
        self._before = {part: _seconds(pid) for part, pid in self._pids.items()}
        self._client_before, self._started = time.process_time(), time.monotonic()
        psutil.cpu_percent()
        self._watch = asyncio.create_task(self._watch_lag())

    def stop(self) -> Usage:
        """End, and return what was used."""
        elapsed = time.monotonic() - self._started
        if self._watch is not None:
            self._watch.cancel()
        lags = sorted(self._lags) or [0.0]
        used = {part: max(0.0, _seconds(pid) - self._before[part]) for part, pid in self._pids.items()}
        return Usage(
            parts={part: round(100 * seconds / elapsed, 1) for part, seconds in used.items()},
            client=round(100 * (time.process_time() - self._client_before) / elapsed, 1),
            lag_p99_ms=round(1000 * lags[int(0.99 * (len(lags) - 1))], 2),
            lag_max_ms=round(1000 * lags[-1], 2),
            machine=psutil.cpu_percent(),
        )

    async def _watch_lag(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LAG_INTERVAL
            await asyncio.sleep(LAG_INTERVAL)
            self._lags.append(max(0.0, loop.time() - due))


def _seconds(pid: int) -> float:
    total = 0.0
    for process in _family(pid):
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def _family(pid: int) -> Iterator[psutil.Process]:
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        yield process
        yield from process.children(recursive=True)


def _processor() -> str:
    with contextlib.suppress(OSError), open("/proc/cpuinfo") as file:  # noqa: PTH123  # no path, a kernel table
        for line in file:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()
