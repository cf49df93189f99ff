"""Sees from outside that a fault is there: a process that is gone or stands still, a link that answers nobody, or late.

It asks the operating system and the link, never those who put the fault on.
"""

import asyncio
from collections import deque
from statistics import median

import aiohttp
import psutil
from prometheus_client.parser import text_string_to_metric_families

from chaos.drill.greeting import greeted

LOOK_SECONDS = 0.02
SILENT_SECONDS = 1.0
LATE_SECONDS = 0.15
"""Half of what a link with 150 ms each way adds to an answer. It is the median of many pairs that is to be late by that, against the median before."""
PATIENCE_SECONDS = 3.0
"""For each answer of a pair: on a busy machine those past the link take long, too, and tell nothing if they do not come."""
PAIRS = 5
SILENCES = 2
BEFORE_SECONDS = 20.0
"""In which the pairs before the fault must have come."""


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
        self._usual = 0.0

    async def look_before(self, pairs: int = PAIRS) -> None:
        """Find out how much later answers come through the link than past it while nothing is the matter with it.

        Args:
            pairs: How many pairs of answers are waited for; where silence is looked for afterwards, one says that somebody answers at all.

        Raises:
            TimeoutError: Too few came to tell.
        """
        async with asyncio.timeout(BEFORE_SECONDS):
            self._usual = median([await self._pair() for _ in range(pairs)])

    async def silent(self) -> str:
        """Wait until nobody answers through the link, twice in a row; return what was seen."""
        silences = 0
        while silences < SILENCES:
            through, past = await _answer(self._through), await _answer(self._past)
            if through is not None:
                silences = 0
            elif past is not None:
                silences += 1
            await asyncio.sleep(LOOK_SECONDS)
        return f"no answer through it within {SILENT_SECONDS:.0f} s, {SILENCES} times, and one past it each time"

    async def slow(self) -> str:
        """Wait until the median of the last pairs says that answers come later through the link than before; return what was seen."""
        later: deque[float] = deque(maxlen=PAIRS)
        while len(later) < PAIRS or median(later) < self._usual + LATE_SECONDS:
            later.append(await self._pair())
            await asyncio.sleep(LOOK_SECONDS)
        return (
            f"an answer through it came {1000 * median(later):.0f} ms later than one past it (median of {PAIRS}); "
            f"before, {1000 * self._usual:.0f} ms"
        )

    async def open(self) -> None:
        """Wait until answers come through the link as soon as past it, or nearly."""
        while await self._pair() > self._usual + LATE_SECONDS:  # noqa: ASYNC110  # as above
            await asyncio.sleep(LOOK_SECONDS)

    async def _pair(self) -> float:
        """Return by how much later an answer came through the link than one past it, seconds; none in time counts as one in the last moment."""
        while True:
            through = await _answer(self._through, PATIENCE_SECONDS)
            past = await _answer(self._past, PATIENCE_SECONDS)
            if past is not None:
                return (PATIENCE_SECONDS if through is None else through) - past
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


async def _answer(port: int, patience: float = SILENT_SECONDS) -> float | None:
    """Return how long an answer took, seconds; None if none came."""
    return await greeted(port, patience=patience)
