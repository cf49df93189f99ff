"""Whether the standby has what is committed in the store: one look at its position serves everybody who waits.

somebody waits ─▶ Rounds ◀─ Reach ─ one look each 20 ms, for as long as anybody waits ─ the store
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import psycopg
import structlog
from prometheus_client import Gauge

from infra.postgres import STORE_FAILURES, Pool
from infra.tasks import heed_cancellation
from infra.telling import told
from region.store.repository.copies import Reach, reach

log = structlog.get_logger()

PAUSE_SECONDS: Final = 0.02
"""Between two looks."""
FAILED_SECONDS: Final = 0.5
"""Before the next one, after the store has failed."""

WAITING = Gauge("causeway_gateway_not_replicated", "Answers that wait until the standby has what they tell.")


@dataclass(slots=True, eq=False)
class Round:
    """Those who came between two looks.

    Attributes:
        reached: Set once the standby has what was committed before they came.
        waiting: How many of them still wait.
        target: The position that is to be confirmed, bytes; None until a look that began after they came has told it.
    """

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: int = 0
    target: int | None = None


class Rounds:
    """Who waits for which position. Pure: whoever looks tells what was seen.

    What is visible to anybody was flushed to the store's log before; so a look that *begins* after somebody came tells a position which is not
    below theirs.
    """

    def __init__(self) -> None:
        """Begin with nobody."""
        self._open: Round | None = None
        self._rounds: deque[Round] = deque()

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits."""
        return not any(one.waiting for one in (*self._rounds, *((self._open,) if self._open else ())))

    def join(self) -> Round:
        """Return the round of somebody who waits from now on."""
        if self._open is None:
            self._open = Round()
        self._open.waiting += 1
        return self._open

    def leave(self, left: Round) -> None:
        """Take in that one of a round waits no more."""
        left.waiting -= 1

    def begin(self) -> None:
        """Take in that a look begins: whoever comes from now on waits for the next one."""
        if self._open is not None:
            self._rounds.append(self._open)
            self._open = None

    def end(self, seen: Reach) -> None:
        """Take in what the look has shown that was begun last."""
        for one in self._rounds:
            if one.target is None:
                one.target = seen.position
        self._rounds = deque(one for one in self._rounds if one.waiting)
        while self._rounds and seen.confirmed is not None and (self._rounds[0].target or 0) <= seen.confirmed:
            self._rounds.popleft().reached.set()


class Finality:
    """Tells when the standby has what was committed; `run` is to run beside it."""

    def __init__(self, look: Callable[[], Awaitable[Reach]]) -> None:
        """Say how the store is asked."""
        self._look = look
        self._rounds = Rounds()
        self._joined = asyncio.Event()

    async def reached(self, seconds: float) -> bool:
        """Whether the standby has, within so many seconds, all that was committed before this was called."""
        joined = self._rounds.join()
        self._joined.set()
        WAITING.inc()
        try:
            async with asyncio.timeout(seconds):
                await joined.reached.wait()
        except TimeoutError:
            return joined.reached.is_set()
        finally:
            self._rounds.leave(joined)
            WAITING.dec()
        return True

    async def run(self) -> None:
        """Look while somebody waits, until cancelled."""
        while True:
            heed_cancellation()
            if self._rounds.is_idle:
                self._joined.clear()
                await self._joined.wait()
            self._rounds.begin()
            try:
                self._rounds.end(await self._look())
            except (*STORE_FAILURES, psycopg.Error) as error:
                log.warning("how far the standby is cannot be told", problem=told(error))
                await asyncio.sleep(FAILED_SECONDS)
            await asyncio.sleep(PAUSE_SECONDS)


def look_at(store: Pool, standby: str) -> Callable[[], Awaitable[Reach]]:
    """Return what asks that store how far that standby is."""

    async def look() -> Reach:
        async with store.connection() as connection:
            return await reach(connection, standby)

    return look
