"""Runs a service's work while it is its turn; before that it stands by, and when its turn is over its process ends, and stands by anew.

A process that has nothing else to do ends its work at once, and itself only later: its successor's start costs seconds of a processor, just
when whoever takes the duties up needs them.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable
from typing import Final

import psycopg
import structlog
from prometheus_client import Gauge

from infra.health import Health
from infra.postgres import STORE_FAILURES, Connection
from infra.schema.repository import connect
from infra.settings import RegionalSettings
from infra.tasks import heed_cancellation
from infra.telling import told
from replication.turns.records import Turn, may_serve, waits_for
from replication.turns.repository import read_turn

log = structlog.get_logger()

LOOK_SECONDS: Final = 0.25
"""How often a store is asked whose turn it is: one row, over a connection that is kept."""

IDLE_SECONDS: Final = 20.0
"""How long a process whose work is over stays before it ends: by then the duties are served elsewhere."""

ENDING_SECONDS: Final = 10.0
"""How long work may take to end once it was finished; a process whose work hangs ends with it."""

CONDITION: Final = "turn"

STANDS_BY = Gauge(
    "causeway_turn_stands_by",
    "Whether a service waits for its turn to serve a region's duties (1), by service.",
    ["service"],
)


def end_process() -> None:
    """Ask this process to end in order: whoever supervises it starts it anew."""
    os.kill(os.getpid(), signal.SIGTERM)


async def in_turn(
    settings: RegionalSettings,
    service: str,
    health: Health,
    work: Callable[[], Awaitable[None]],
    *,
    accepting: bool = False,
    finish: Callable[[], Awaitable[None]] | None = None,
    end: Callable[[], None] = end_process,
) -> None:
    """Do a service's work once it is its turn, and end the process once it is not any more.

    Where a region's duties cannot be held but at home nothing is asked, and the work begins at once.

    Args:
        settings: Of the process.
        service: Its name, for logs.
        health: Where the condition `turn` is told.
        work: What it does.
        accepting: Whether it takes in what is new, so that it ends before what decides.
        finish: Finishes in order what was begun, as at the end of the process; None where that has other things to do: then it ends at once.
        end: Ends the process.
    """
    if settings.region not in settings.sites:
        await work()
        return
    looking = _Looking(settings, service, health, accepting=accepting)
    await looking.until(ours=True)
    async with asyncio.TaskGroup() as group:
        working = group.create_task(_do(work), name=f"{service} in turn")
        await looking.until(ours=False)
        log.warning("the turn is over, so the process ends", service=service, reason=looking.why)
        if finish is not None:
            looking.end()
            await finish()
            working.cancel()
            _, hanging = await asyncio.wait({working}, timeout=ENDING_SECONDS)
            health.forget(but=CONDITION)
            with contextlib.suppress(TimeoutError):  # if it is its turn again, its successor cannot be there too soon
                async with asyncio.timeout(0 if hanging else IDLE_SECONDS):
                    await looking.until(ours=True)
        end()
        await asyncio.Event().wait()


async def _do(work: Callable[[], Awaitable[None]]) -> None:
    await work()


class _Looking:
    """Asks the store whose turn it is, again and again, and tells the condition `turn`."""

    def __init__(self, settings: RegionalSettings, service: str, health: Health, *, accepting: bool) -> None:
        self._settings = settings
        self._service = service
        self._health = health
        self._accepting = accepting
        self._connection: Connection | None = None
        self.why = ""
        self._is_over = False
        health.expect(CONDITION)
        STANDS_BY.labels(service).set(1)

    def end(self) -> None:
        """Say from here on that the work is over, whoever's turn it is: this process stands by no more, only the one that is started anew."""
        self._is_over = True
        self._tell(ok=False, detail="")

    def _tell(self, *, ok: bool, detail: str) -> None:
        if self._is_over:
            ok, detail = False, "its work is over; it starts anew"
        self._health.tell(CONDITION, ok=ok, detail=detail)

    async def until(self, *, ours: bool) -> None:
        """Return once the store says that it is, or is not, this service's turn; a store that does not answer says nothing."""
        region, site = self._settings.region, self._settings.here
        while True:
            heed_cancellation()
            well = True
            try:
                turn = await self._ask()
            except (*STORE_FAILURES, psycopg.Error) as error:
                await self._close()
                self.why = f"the store does not tell whose turn it is: {told(error)}"
                well = site != region  # elsewhere there may be none yet
            else:
                mine = may_serve(turn, region=region, site=site, accepting=self._accepting)
                self.why = "" if mine else waits_for(turn, region=region, site=site)
                if mine is ours:
                    self._tell(ok=True, detail=self.why)
                    STANDS_BY.labels(self._service).set(0 if mine else 1)
                    return
            if ours:  # nothing is wrong with who stands by
                self._tell(ok=well, detail=f"it stands by: {self.why}")
            await asyncio.sleep(LOOK_SECONDS)

    async def _ask(self) -> Turn | None:
        if self._connection is None or self._connection.closed:
            self._connection = await connect(self._settings.store, name=f"{self._settings.instance} turn")
        return await read_turn(self._connection)

    async def _close(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await connection.close()
