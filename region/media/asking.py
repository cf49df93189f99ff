"""How long a request waits for the blob store, and how many may: one that stands still holds up neither them nor the gateway."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Final

from prometheus_client import Gauge

from infra.errors import BusyError

SECONDS: Final = 5.0
"""For each question; the store's client by itself tries again for most of a minute."""
MOST: Final = 64
"""Questions of requests that may be under way or wait for a connection."""

ASKED = Gauge("causeway_gateway_blob_questions", "Questions to the blob store for which requests wait.")


class Asking:
    """Questions that requests put to the blob store."""

    def __init__(self) -> None:
        """Begin with none."""
        self._count = 0

    @contextlib.asynccontextmanager
    async def __call__(self) -> AsyncIterator[None]:
        """Ask one within.

        Raises:
            BusyError: Too many are under way; nothing was asked.
            TimeoutError: No answer came in time.
        """
        if self._count >= MOST:
            raise BusyError(what="The blob store")
        self._count += 1
        ASKED.inc()
        try:
            async with asyncio.timeout(SECONDS):
                yield
        finally:
            self._count -= 1
            ASKED.dec()
