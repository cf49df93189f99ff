"""Ending tasks for certain, where a library may swallow the request; and running some beside what is done meanwhile."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Coroutine


class EndedError(RuntimeError):
    """What was to run for ever has ended."""


@contextlib.asynccontextmanager
async def beside(*works: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Run some work beside what is done within, and stop it at the end.

    Raises:
        Exception: What some of it failed by, once what is done within has come to its end.
    """
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
        for task in tasks:
            if task.done():
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def meanwhile(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Do some work while something else is done within, and wait for it at the end; whichever of both fails ends the other.

    Raises:
        Exception: What it failed by.
    """
    body, task = asyncio.current_task(), asyncio.create_task(work)
    assert body is not None
    is_within, has_ended = True, False

    def end(done: asyncio.Task[None]) -> None:
        nonlocal has_ended
        if is_within and not done.cancelled() and done.exception() is not None:
            has_ended = body.cancel()

    task.add_done_callback(end)
    try:
        yield
        is_within = False
        if has_ended:  # and that was swallowed within
            body.uncancel()
        await task
    except BaseException:
        if is_within and has_ended and not body.uncancel():
            task.result()
        raise
    finally:
        is_within = False
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def run_for_ever(work: Awaitable[None]) -> None:
    """Await work that is to end only when this task is asked to end.

    A task group takes a child that ended by a CancelledError for one that was asked to, also when some library raised it, as
    aiokafka does when it closes while a fetch backs off; the work would be gone and nobody told.

    Raises:
        asyncio.CancelledError: This task was asked to end.
        EndedError: The work ended, or was cancelled though nobody asked.
    """
    task = asyncio.current_task()
    try:
        await work
    except asyncio.CancelledError as stray:
        if task is None or task.cancelling():
            raise
        raise EndedError("cancelled, though nobody asked") from stray
    raise EndedError("returned")


def heed_cancellation() -> None:
    """End the current task if it was asked to end and something on the way swallowed that; loops that wait for nothing else call it.

    Before Python 3.12 `asyncio.wait_for` returns its result, and forgets the request, when both come at once (cpython issue
    86296); redis sends each command with it. psycopg raises what the server answers to the statement that it cancels. A loop
    around such a call then runs on, and whoever awaits its end hangs.

    Raises:
        asyncio.CancelledError: It was asked to end.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
