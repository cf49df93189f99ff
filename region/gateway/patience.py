"""Looks again for a moment for what is on its way from another region: who asks right after it happened there finds it here."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

T = TypeVar("T")

MOMENT: Final = (0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.3)
"""Seconds between two looks; one in all: ten times what a record takes between regions as a rule."""
SILENT_SECONDS: Final = 3.0
"""After one waited in vain for a region, others are not kept waiting for it for so long."""


class Patience:
    """Requests of a gateway that look again; with too many, others are answered at once, by what is here."""

    def __init__(
        self,
        most: int,
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare.

        Args:
            most: How many may look again at a time.
            pause: Waits for so many seconds.
            clock: Tells seconds.
        """
        self._most = most
        self._pause = pause
        self._clock = clock
        self._waiting = 0
        self._silent_until: dict[str, float] = {}

    async def find(
        self, look: Callable[[], Awaitable[T | None]], pauses: Sequence[float] = MOMENT, *, region: str = ""
    ) -> T | None:
        """Look after each pause until there is something; return it, or None.

        Args:
            look: Returns what is there, or None. Nothing is held between two looks; what it raises says nothing of a region.
            pauses: Seconds before each look.
            region: Whom it comes from, if it certainly comes while that is reached: then a region from which nothing came is not waited for again at once.
        """
        if self._waiting >= self._most or self._clock() < self._silent_until.get(region, 0.0):
            return None
        self._waiting += 1
        try:
            for seconds in pauses:
                await self._pause(seconds)
                if (found := await look()) is not None:
                    self._silent_until.pop(region, None)
                    return found
        finally:
            self._waiting -= 1
        if region:
            self._silent_until[region] = self._clock() + SILENT_SECONDS
        return None
