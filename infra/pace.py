"""Steps that do not follow each other too closely: under load each finds more to do, and what a step costs is shared by more."""

import asyncio
import time
from collections.abc import Awaitable, Callable


class Pace:
    """The rhythm of one loop that looks for work and does it.

    After each piece of work it rests as long as the work took, within bounds: when the machine is busy, work takes longer, so
    that there is less of it, and more in each piece. Work that comes late by itself is not delayed at all.
    """

    def __init__(
        self,
        *,
        least: float,
        longest_rest: float,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Begin with a look that is due at once.

        Args:
            least: The least time between the beginnings of two pieces of work, seconds.
            longest_rest: The most that is rested after one, seconds, unless `least` asks for more.
            clock: Seconds, monotonic.
            pause: Waits for that many seconds.
        """
        self._least = least
        self._longest_rest = longest_rest
        self._clock = clock
        self._pause = pause
        self._began: float | None = None

    def begin(self) -> None:
        """Work was found, and begins now."""
        self._began = self._clock()

    async def rest(self) -> None:
        """Wait until it is time to look for work again; not at all when none was found."""
        if self._began is None:
            return
        now = self._clock()
        due = max(self._began + self._least, now + min(now - self._began, self._longest_rest))
        self._began = None
        if due > now:
            await self._pause(due - now)
