"""Ending tasks for certain, where a library may swallow the request."""

import asyncio


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
