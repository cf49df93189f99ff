"""Sees from outside that a fault is there: a process that is gone or stands still, a link that answers nobody, or late.

It asks the operating system and the link, never those who put the fault on.
"""

import asyncio

import psutil

from chaos.drill.greeting import greeted
from chaos.drill.schedule import Kind

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

    async def saw(self, kind: Kind) -> str:
        """Wait until the process is gone, or stands still if it is to be paused; return what was seen."""
        while (found := self._look(kind)) is None:  # noqa: ASYNC110  # another's child tells only who asks
            await asyncio.sleep(LOOK_SECONDS)
        return found

    def _look(self, kind: Kind) -> str | None:
        pid = self._process.pid
        try:
            state = self._process.status() if self._process.is_running() else psutil.STATUS_DEAD
        except psutil.NoSuchProcess:
            state = psutil.STATUS_DEAD
        if kind is Kind.PAUSE:
            return f"process {pid} stands still" if state == psutil.STATUS_STOPPED else None
        return f"process {pid} is gone" if state in {psutil.STATUS_DEAD, psutil.STATUS_ZOMBIE} else None


class LinkWitness:
    """Asks for an answer through a link, as the edge of one region does of the gateway of the other.

    Args:
        port: Where the link listens for that.
    """

    def __init__(self, port: int) -> None:
        self._port = port

    async def saw(self, kind: Kind) -> str:
        """Wait until nobody answers, or late if the link is to be slow; return what was seen."""
        while True:
            took = await self._ask()
            if kind is Kind.LATENCY and took is not None and took > LATE_SECONDS:
                return f"an answer took {1000 * took:.0f} ms"
            if kind is not Kind.LATENCY and took is None:
                return f"no answer within {SILENT_SECONDS:.0f} s"
            await asyncio.sleep(LOOK_SECONDS)

    async def open(self) -> None:
        """Wait until answers come, and soon."""
        while (took := await self._ask()) is None or took > LATE_SECONDS:  # noqa: ASYNC110  # as above
            await asyncio.sleep(LOOK_SECONDS)

    async def _ask(self) -> float | None:
        """Return how long an answer took, seconds; None if none came."""
        return await greeted(self._port, patience=SILENT_SECONDS)
