"""Makes a copy a store of its own: it follows nobody any more, and nothing that its former store says touches it again."""

import asyncio
from typing import Final

from infra.postgres import connect_once, elsewhere
from region.standby.copy import name_of
from region.standby.repository import copying, publishing
from region.standby.repository.copying import Content

NAME: Final = "causeway standby"
RELEASE_SECONDS: Final = 10.0


async def detach(server: str, region: str) -> Content:
    """Let the copy of a region's store follow no more, for good, and return up to where it has everything.

    It begins a life of its own, by which the standby service knows that it is no copy any more. May be repeated after a failure. Whoever is to work on it
    begins only after that.

    Args:
        server: URL of the own store of the region that stands by.
        region: Whose store was copied.

    Raises:
        psycopg.OperationalError: There is no copy, or its server does not answer.
        TimeoutError: Who follows does not stop.
    """
    async with await connect_once(elsewhere(server, name_of(region)), name=NAME) as own:
        if await copying.subscription(own) is not None:
            await copying.part(own)
        await publishing.begin_life(own)
        return await copying.content(own)


async def release(store: str, standby: str) -> None:
    """Let a store keep no more changes for a copy that follows it no more.

    Args:
        store: URL of the store that was copied.
        standby: Who had the copy.

    Raises:
        psycopg.Error: The store does not answer.
        TimeoutError: Somebody still reads them.
    """
    async with (
        asyncio.timeout(RELEASE_SECONDS),
        await connect_once(store, name=NAME) as own,
    ):
        while left := [one for one in await publishing.readers(own) if one.slot.startswith(f"standby_{standby}_")]:
            for one in left:
                await publishing.forget(own, one.slot)
            await asyncio.sleep(0.05)
