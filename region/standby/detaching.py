"""Makes a copy a store of its own: it follows nobody any more, and nothing that its former store says touches it again."""

import psycopg

from region.standby.copy import elsewhere, name_of
from region.standby.repository import copying, publishing
from region.standby.repository.copying import Content


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
    async with await psycopg.AsyncConnection.connect(elsewhere(server, name_of(region)), autocommit=True) as own:
        if await copying.subscription(own) is not None:
            await copying.part(own)
        await publishing.begin_life(own)
        return await copying.content(own)
