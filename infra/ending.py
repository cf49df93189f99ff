"""Ending a process in order: nobody new is let in, who is connected is sent away, and what was begun is finished."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

LIMIT_SECONDS: Final = 8.0
"""So long an orderly end may take; then it ends anyhow, and whoever was not answered tries again."""


@dataclass
class Ending:
    """How a process ends.

    Attributes:
        begun: Set at its beginning: servers stop listening, and serve those who are connected.
        last: Set when everybody was sent away: servers finish the requests that they have, and end.
        farewells: Called in between; each sends somebody away.
        serving: The servers that are waited for.
    """

    begun: asyncio.Event = field(default_factory=asyncio.Event)
    last: asyncio.Event = field(default_factory=asyncio.Event)
    farewells: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    serving: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self, *, limit: float = LIMIT_SECONDS) -> None:
        """End, and take no longer than the limit, seconds."""
        self.begun.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit):
                await asyncio.gather(*(farewell() for farewell in self.farewells))
                self.last.set()
                if self.serving:
                    await asyncio.wait(self.serving)
