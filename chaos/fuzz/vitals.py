"""Memory, descriptors, tasks and logged errors of each process, and whether they have settled again: judged by ratios, and by what grows round after round."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import httpx
import psutil

from chaos.federation import Status

MEGABYTE: Final = 1024 * 1024
MORE_THINGS: Final = 1.25
FEW_THINGS: Final = 12
"""Descriptors and tasks may end a quarter and a dozen above where they began: pools and idle connections to others come and go."""
MORE_MEMORY: Final = 1.3
LITTLE_MEMORY: Final = 24 * MEGABYTE
"""Memory may end a third and 24 MB above where it stood after the first round: caches that are bounded by number (tokens, recipients,
conversations, accounts) go on filling, and the allocator keeps what it once had. Of a process of 100 MB that lets a leak of 7 kB a request
pass in 10,000; slower ones are found by what follows."""
LEAK: Final = 2048
ROUNDS: Final = 3
"""What fills up stops, a leak does not: nothing may grow in each round after the first, of which there are three at least, by more than
2 kB for each request that was sent in it, to whomever."""
SMALL_ROUND: Final = 2 * MEGABYTE
"""What a round may add however few requests it had."""
_TASKS = re.compile(r"^causeway_process_tasks (\S+)$", re.MULTILINE)
_SERIOUS = re.compile(r'"level":"(error|critical)"')
_AWAY = re.compile(r'"logger":"(aiokafka|kafka|psycopg)')
"""Libraries that say at that level what is no fault: that a server is away, which an earlier disturbance may have caused."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """Of one process at one moment.

    Attributes:
        pid: The process.
        memory: Resident bytes.
        descriptors: Open file descriptors.
        tasks: Tasks of its event loop.
        logged: How much it has logged, bytes.
    """

    pid: int
    memory: int
    descriptors: int
    tasks: int
    logged: int


Moment = Mapping[str, Vitals]
"""Vitals by part."""


def judge(moments: Sequence[Moment], sent: Sequence[int]) -> list[tuple[str, str]]:
    """Return (part, what is wrong) from what was measured at rest: before, and after each round.

    Args:
        moments: At least two. Memory is compared with that after the first round, which fills what is filled once.
        sent: How many requests and frames each round had.
    """
    first, last = moments[0], moments[-1]
    warm = moments[min(1, len(moments) - 1)]
    found = []
    for part, now in last.items():
        if part not in first or first[part].pid != now.pid:
            found.append((part, "is another process than before: it has died"))
            continue
        found += [
            (part, f"{what}: {before} before, {after} after") for what, before, after in unsettled(first[part], now)
        ]
        before, after = warm[part].memory, now.memory
        if after > before * MORE_MEMORY + LITTLE_MEMORY:
            found.append(
                (part, f"memory: {before // MEGABYTE} MB after the first round, {after // MEGABYTE} MB after the last")
            )
        elif (leak := _leak([moment[part].memory for moment in moments if part in moment], sent)) > LEAK:
            found.append(
                (part, f"memory: more by {leak:,.0f} bytes or more for each request, in every round after the first")
            )
    return found + [(part, "is gone") for part in first.keys() - last.keys()]


def _leak(memory: Sequence[int], sent: Sequence[int]) -> float:
    """Return by how many bytes a request memory grew in that round after the first in which it grew least; 0 if too few rounds can tell."""
    grown = [after - before for before, after in pairwise(memory)]
    if len(grown) != len(sent) or len(grown) <= ROUNDS or min(grown[1:]) <= SMALL_ROUND:
        return 0.0
    return min(more / count for more, count in zip(grown[1:], sent[1:], strict=True))


def unsettled(before: Vitals, now: Vitals) -> list[tuple[str, int, int]]:
    """Return what has not come down to about where it was: name, before, now."""
    pairs = (("descriptors", before.descriptors, now.descriptors), ("tasks", before.tasks, now.tasks))
    return [(what, was, has) for what, was, has in pairs if has > was * MORE_THINGS + FEW_THINGS]


class Ward:
    """The processes of a federation's services."""

    def __init__(self, status: Status) -> None:
        """Watch the services of that federation."""
        self._parts = {
            name: part for name, part in status.parts().items() if part.pid and "admin" in part.ports and part.log
        }

    async def measure(self) -> Moment:
        """Measure all of them."""
        async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
            return {name: found for name in self._parts if (found := await self._measure_one(client, name)) is not None}

    async def settle(self, before: Moment, stir: Callable[[], Awaitable[None]], *, within: float = 90.0) -> Moment:
        """Measure once descriptors and tasks have come down to about where they were, or time is up.

        Args:
            before: Where they were.
            stir: Awaited before each look: lets every pool of connections be used, since only then does it close those that ended meanwhile.
            within: Seconds.
        """
        until = asyncio.get_running_loop().time() + within
        while True:
            await stir()
            now = await self.measure()
            restless = any(part in before and unsettled(before[part], vitals) for part, vitals in now.items())
            if not restless or asyncio.get_running_loop().time() > until:
                return now
            await asyncio.sleep(1.0)

    def complaints(self, before: Moment) -> list[tuple[str, str]]:
        """Return (part, line) for each error that was logged since: a fault of ours that no answer may have shown."""
        found = []
        for name, part in self._parts.items():
            with Path(part.log).open("rb") as log:
                log.seek(before[name].logged if name in before else 0)
                lines = log.read().decode(errors="replace").splitlines()
            found += [(name, line) for line in lines if is_fault(line)]
        return found

    async def _measure_one(self, client: httpx.AsyncClient, name: str) -> Vitals | None:
        part = self._parts[name]
        try:
            process = psutil.Process(part.pid)
            with process.oneshot():
                memory, descriptors = process.memory_info().rss, process.num_fds()
            metrics = (await client.get(f"http://127.0.0.1:{part.ports['admin']}/metrics")).text
        except (psutil.NoSuchProcess, httpx.TransportError):
            return None
        tasks = _TASKS.search(metrics)
        return Vitals(process.pid, memory, descriptors, int(float(tasks[1])) if tasks else 0, _size(part.log))


def is_fault(line: str) -> bool:
    """Return whether a line of a log tells of a fault of ours."""
    return line.startswith("Traceback") or (_SERIOUS.search(line) is not None and _AWAY.search(line) is None)


def _size(log: str) -> int:
    return Path(log).stat().st_size
