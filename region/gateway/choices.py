"""What groups and channels have chosen to be acknowledged by; read from the store once a second at most for each that is written to."""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final

import psycopg

from infra.errors import UnavailableError
from infra.postgres import STORE_FAILURES, Pool
from region.gateway.groups.repository import acknowledgement_of
from replication.ids import is_channel_id, is_group_id

FRESH_SECONDS: Final = 1.0
"""For so long what was read is taken as it is."""
MOST_REMEMBERED: Final = 50_000


class Choices:
    """What was read of conversations."""

    def __init__(self, read: Callable[[str], Awaitable[str]], *, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with nothing; `read` asks the store what a conversation has chosen."""
        self._read = read
        self._clock = clock
        self._known: OrderedDict[str, tuple[str, float]] = OrderedDict()

    async def of(self, conversation_id: str) -> str:
        """Return what a conversation has chosen, as it was a second ago at the earliest; empty for nothing: the region's own choice.

        Raises:
            UnavailableError: The store is away; nothing was done.
        """
        if not (is_group_id(conversation_id) or is_channel_id(conversation_id)):
            return ""
        now = self._clock()
        chosen, until = self._known.get(conversation_id, ("", 0.0))
        if now < until:
            return chosen
        try:
            chosen = await self._read(conversation_id)
        except (*STORE_FAILURES, psycopg.Error) as error:
            raise UnavailableError(what="The store") from error
        self._known[conversation_id] = chosen, now + FRESH_SECONDS
        self._known.move_to_end(conversation_id)
        if len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)
        return chosen


def chosen_in(store: Pool) -> Choices:
    """Return what is chosen in conversations of that store."""

    async def read(conversation_id: str) -> str:
        async with store.connection() as connection:
            return await acknowledgement_of(connection, conversation_id)

    return Choices(read)
