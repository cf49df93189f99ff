"""Carries the bytes of two connections from each to the other, until one of them ends."""

import asyncio
import contextlib
from asyncio import StreamReader, StreamWriter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final, cast

from infra.identity import caller_at
from region.standby import admission
from region.standby.admission import Beginning

CHUNK: Final = 256 * 1024
BEGIN_SECONDS: Final = 10.0
"""So long somebody may take to say what is wanted."""


END_SECONDS: Final = 2.0
"""So long connections that are cut off may take to end."""


@dataclass(eq=False, frozen=True, slots=True)
class Passer:
    """Who is on the way, as a door cuts them off.

    Attributes:
        caller: Whose certificate was shown; None over plain text.
        transport: Of the connection that was accepted.
        task: Who sees to it.
    """

    caller: str | None
    transport: asyncio.Transport
    task: "asyncio.Task[Any] | None"


@contextlib.contextmanager
def noted(passers: set[Passer], writer: StreamWriter) -> Iterator[Passer]:
    """Note the connection that this task sees to for as long as it does."""
    one = Passer(caller_at(writer.transport), cast("asyncio.Transport", writer.transport), asyncio.current_task())
    passers.add(one)
    try:
        yield one
    finally:
        passers.discard(one)


async def dismiss(passers: Collection[Passer]) -> None:
    """Cut everybody off, and wait until that is done."""
    for one in list(passers):
        one.transport.abort()
    if tasks := [one.task for one in passers if one.task is not None]:
        await asyncio.wait(tasks, timeout=END_SECONDS)


async def begin(reader: StreamReader, writer: StreamWriter) -> tuple[Beginning, bytes]:
    """Read how a connection begins; return it, and the bytes to pass on.

    Raises:
        NoBeginningError: It is none.
        TimeoutError: It does not come.
        asyncio.IncompleteReadError: The connection ended before.
    """
    async with asyncio.timeout(BEGIN_SECONDS):
        while True:
            head = await reader.readexactly(admission.HEAD)
            body = await reader.readexactly(admission.length(head))
            if not admission.asks_for_tls(body):
                return admission.read(body), head + body
            writer.write(admission.NO)
            await writer.drain()


async def carry(near: tuple[StreamReader, StreamWriter], far: tuple[StreamReader, StreamWriter]) -> None:
    """Carry bytes both ways until one side ends; then both are closed. Who reads slowly holds the other back."""
    ways = [asyncio.create_task(_pour(near[0], far[1])), asyncio.create_task(_pour(far[0], near[1]))]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        await close(near[1])
        await close(far[1])


async def _pour(reader: StreamReader, writer: StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()


async def close(writer: StreamWriter) -> None:
    """Close a connection, without a wait for who does not answer."""
    with contextlib.suppress(OSError, TimeoutError):
        writer.close()
        async with asyncio.timeout(1.0):
            await writer.wait_closed()
