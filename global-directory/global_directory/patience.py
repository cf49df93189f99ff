"""How long whoever serves a device waits for the directory."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from infra.errors import UnavailableError

T = TypeVar("T")

FIND_SECONDS = 3.0
"""How long it may take to say where somebody lives, or who holds a region."""


async def in_time(asked: Awaitable[T]) -> T:
    """Return what the directory answers.

    Raises:
        UnavailableError: It has not answered in time.
    """
    try:
        async with asyncio.timeout(FIND_SECONDS):
            return await asked
    except TimeoutError as error:
        raise UnavailableError(what="The directory") from error
