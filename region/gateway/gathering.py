"""Devices that want a snapshot at the same moment share one reading of the store: after a gateway's death thousands do.

Whoever asks is taken into a reading that has not begun: what is read is never older than the question, so interest that was
registered before it lets nothing fall between. Each is answered as soon as its own part was read.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from infra.errors import UnavailableError
from infra.postgres import STORE_FAILURES
from region.gateway.session import CatchUp, Snapshot

TOGETHER: Final = 32
"""Devices of one reading; more would keep the last ones, and the store's oldest snapshot, waiting for the first."""
READINGS_AT_ONCE: Final = 3


class Asked:
    """One device that wants to know what it lacks."""

    __slots__ = ("answer", "device_id", "user_id", "wanted")

    def __init__(self, user_id: str, device_id: str, wanted: CatchUp) -> None:
        self.user_id = user_id
        self.device_id = device_id
        self.wanted = wanted
        self.answer: asyncio.Future[Snapshot] = asyncio.get_running_loop().create_future()

    @property
    def waits(self) -> bool:
        """Whether it was neither answered nor is gone."""
        return not self.answer.done()

    def tell(self, snapshot: Snapshot) -> None:
        """Answer it, unless it is gone."""
        if self.waits:
            self.answer.set_result(snapshot)

    def fail(self, error: Exception) -> None:
        """Tell it why there is no answer, unless it is gone."""
        if self.waits:
            self.answer.set_exception(error)


class Gathering:
    """Makes few readings of many questions."""

    def __init__(self, read: Callable[[Sequence[Asked]], Awaitable[None]]) -> None:
        """Prepare.

        Args:
            read: Reads the store once, and answers those who still wait.
        """
        self._read = read
        self._waiting: deque[Asked] = deque()
        self._readings: set[asyncio.Task[None]] = set()

    async def ask(self, user_id: str, device_id: str, wanted: CatchUp) -> Snapshot:
        """Return what a user's device lacks.

        Raises:
            Exception: What reading the store raised.
        """
        asked = Asked(user_id, device_id, wanted)
        self._waiting.append(asked)
        if len(self._readings) < READINGS_AT_ONCE:
            reading = asyncio.create_task(self._work())
            self._readings.add(reading)
            reading.add_done_callback(self._readings.discard)
        return await asked.answer

    async def _work(self) -> None:
        await asyncio.sleep(0)  # others who are here already
        while self._waiting:
            together = [self._waiting.popleft() for _ in range(min(TOGETHER, len(self._waiting)))]
            if not any(asked.waits for asked in together):
                continue
            try:
                await self._read(together)
            except (*STORE_FAILURES, UnavailableError) as error:
                for asked in together:
                    asked.fail(error)
            except Exception as error:  # noqa: BLE001 — whoever asked judges it
                await self._find_culprit(together, error)

    async def _find_culprit(self, together: Sequence[Asked], error: Exception) -> None:
        """Read each by itself, so that whoever cannot be answered takes nobody along."""
        left = [asked for asked in together if asked.waits]
        if len(left) == 1:
            left[0].fail(error)
            return
        for asked in left:
            try:
                await self._read([asked])
            except Exception as its_own:  # noqa: BLE001 — whoever asked judges it
                asked.fail(its_own)
