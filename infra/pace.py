"""Steps that do not follow each other too closely: under load each finds more to do, and what a step costs is shared by more."""

import asyncio
import time
from collections.abc import Awaitable, Callable


class Pace:
    """The rhythm of one loop; a step that comes late enough by itself is not delayed at all."""

    def __init__(
        self,
        seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Begin with a step that is due at once.

        Args:
            seconds: The least time between the beginnings of two steps.
            clock: Seconds, monotonic.
            pause: Waits for that many seconds.
        """
        self._seconds = seconds
        self._clock = clock
        self._pause = pause
        self._began = float("-inf")

    async def step(self) -> None:
        """Wait until the next step is due, and begin it."""
        early = self._began + self._seconds - self._clock()
        if early > 0:
            await self._pause(early)
        self._began = self._clock()
