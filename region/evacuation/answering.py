"""Does what may take long for as long as the servers that it needs answer who asks beside it: one that stands still says nothing, and closes nothing."""

import asyncio
import time
from collections.abc import Coroutine
from typing import Final, TypeVar

import psycopg

from infra.postgres import PATIENCE_SECONDS, NoAnswerError, connect_once, server_of
from infra.schema.repository import plain_url

T = TypeVar("T")

ASK_SECONDS: Final = 5.0
"""So often each server is asked."""
AGAIN_SECONDS: Final = 0.5
"""After so long one that did not answer is asked again."""


async def while_they_answer(work: Coroutine[None, None, T], *urls: str, patience: float = PATIENCE_SECONDS) -> T:
    """Do some work; give it up when a server that it needs has not answered for a while.

    Args:
        work: What is done, on servers of PostgreSQL.
        urls: Of databases there.
        patience: For so long a server may say nothing, seconds.

    Raises:
        NoAnswerError: One has not.
        Exception: What the work failed by.
    """
    doing = asyncio.ensure_future(work)
    asking = [asyncio.ensure_future(_ask(plain_url(url), patience)) for url in urls]
    try:
        await asyncio.wait({doing, *asking}, return_when=asyncio.FIRST_COMPLETED)
        if not doing.done():
            for one in asking:
                if one.done():
                    await one
        return await doing
    finally:
        for task in (doing, *asking):
            task.cancel()
        await asyncio.gather(doing, *asking, return_exceptions=True)


async def _ask(url: str, patience: float) -> None:
    """Ask a server again and again, until it does not answer any more."""
    answered = time.monotonic()
    while True:
        try:
            async with (
                asyncio.timeout(max(0.0, answered + patience - time.monotonic())),
                await connect_once(url, name="causeway answering", patience=patience) as connection,
            ):
                await connection.execute("SELECT 1")
        except (psycopg.OperationalError, TimeoutError) as error:
            if time.monotonic() >= answered + patience:
                message = f"the server has not answered for {patience:g} s"
                raise NoAnswerError(message, server=server_of(url)) from error
            await asyncio.sleep(AGAIN_SECONDS)
        else:
            answered = time.monotonic()
            await asyncio.sleep(ASK_SECONDS)
