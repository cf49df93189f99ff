"""The fuzzer's own connections end as quietly as they are meant to."""

import asyncio
from typing import cast

import pytest

from chaos.fuzz.wire import CLOSED, Wire


class Closed:
    """A writer whose connection was closed."""

    def __init__(self, error: Exception) -> None:
        """Take what writing raises."""
        self._error = error

    def write(self, _: bytes) -> None:
        """Raise it."""
        raise self._error


@pytest.mark.parametrize("error", [ConnectionResetError(), RuntimeError("the handler is closed")])
async def test_who_has_hung_up_is_seen_when_reading(error: Exception) -> None:
    """And not when writing, with whatever the event loop raises then."""
    reader = asyncio.StreamReader()
    reader.feed_eof()
    wire = Wire(reader, cast("asyncio.StreamWriter", Closed(error)))

    await wire.send(b"anything")

    assert await wire.answer() == CLOSED
