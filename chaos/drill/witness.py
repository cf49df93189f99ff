"""Sees from outside that a fault is there: a process that is gone or stands still, a link that answers nobody, or late.

It asks the operating system and the link, never those who put the fault on.
"""

import asyncio

import aiohttp
import psutil
from prometheus_client.parser import text_string_to_metric_families

from chaos.drill.greeting import greeted

LOOK_SECONDS = 0.02
SILENT_SECONDS = 1.0
LATE_SECONDS = 0.25
"""An answer over a link with 150 ms each way takes at least 300 ms; without, a few."""


class ProcessWitness:
    """Watches one process, which is known by its id and when it began."""

    def __init__(self, pid: int) -> None:
        """Look at it before anything happens to it.

        Raises:
            psutil.NoSuchProcess: There is none.
        """
        self._process = psutil.Process(pid)

    async def gone(self) -> str:
        """Wait until the process is gone; return what was seen."""
        return await self._until(f"process {self._process.pid} is gone", psutil.STATUS_DEAD, psutil.STATUS_ZOMBIE)

    async def stands_still(self) -> str:
        """Wait until the process stands still; return what was seen."""
        return await self._until(f"process {self._process.pid} stands still", psutil.STATUS_STOPPED)

    def is_still(self) -> bool:
        """Whether the process stands still."""
        return self._state() == psutil.STATUS_STOPPED

    async def _until(self, seen: str, *states: str) -> str:
        while self._state() not in states:  # noqa: ASYNC110  # another's child tells only who asks
            await asyncio.sleep(LOOK_SECONDS)
        return seen

    def _state(self) -> str:
        try:
            return str(self._process.status()) if self._process.is_running() else psutil.STATUS_DEAD
        except psutil.NoSuchProcess:
            return psutil.STATUS_DEAD


class LinkWitness:
    """Asks for an answer through a link, as the edge of one region does of the gateway of the other, and for one past it.

    Only what the link alone keeps from answering, or makes late, tells something of the link.

    Args:
        through: Port where the link listens for that.
        past: Port of the gateway itself.
    """

    def __init__(self, *, through: int, past: int) -> None:
        self._through = through
        self._past = past

    async def silent(self) -> str:
        """Wait until nobody answers through the link; return what was seen."""
        while await _answer(self._through) is not None or await _answer(self._past) is None:  # noqa: ASYNC110  # as above
            await asyncio.sleep(LOOK_SECONDS)
        return f"no answer through it within {SILENT_SECONDS:.0f} s, and one past it"

    async def slow(self) -> str:
        """Wait until an answer comes late through the link, or none in time; return what was seen."""
        while True:
            took, direct = await _answer(self._through), await _answer(self._past)
            if direct is not None and (took is None or took > direct + LATE_SECONDS):
                late = f"more than {SILENT_SECONDS:.0f} s" if took is None else f"{1000 * took:.0f} ms"
                return f"an answer took {late} through it, and {1000 * direct:.0f} ms past it"
            await asyncio.sleep(LOOK_SECONDS)

    async def open(self) -> None:
        """Wait until answers come through the link, and soon."""
        while (took := await _answer(self._through)) is None or took > LATE_SECONDS:  # noqa: ASYNC110  # as above
            await asyncio.sleep(LOOK_SECONDS)


async def answers_well(port: int) -> bool:
    """Whether a service says on its admin port that it is well."""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SILENT_SECONDS)) as http,
            http.get(f"http://127.0.0.1:{port}/health") as answer,
        ):
            return answer.ok
    except (aiohttp.ClientError, TimeoutError, OSError):
        return False


async def counted(port: int) -> dict[str, float]:
    """Return what a service counts, by name, whatever the labels; nothing if it does not answer."""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SILENT_SECONDS)) as http,
            http.get(f"http://127.0.0.1:{port}/metrics") as answer,
        ):
            text = await answer.text() if answer.ok else ""
    except (aiohttp.ClientError, TimeoutError, OSError):
        return {}
    counts: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            counts[sample.name] = counts.get(sample.name, 0.0) + sample.value
    return counts


async def _answer(port: int) -> float | None:
    """Return how long an answer took, seconds; None if none came."""
    return await greeted(port, patience=SILENT_SECONDS)
