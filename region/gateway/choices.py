"""What groups and channels have chosen to be acknowledged by; whoever sends is told what was read last, and what is old is read behind."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import psycopg
import structlog

from infra.postgres import STORE_FAILURES, Pool
from infra.telling import told
from region.gateway.groups.repository import acknowledgements_of
from replication.ids import is_channel_id, is_group_id

log = structlog.get_logger()

FRESH_SECONDS: Final = 1.0
"""After so long what was read is read again, if anybody sends there; and after a look that failed."""
MOST_REMEMBERED: Final = 50_000
MOST_WANTED: Final = 1_000
"""Conversations that wait for the look; of more nothing is asked before the next send there."""
MOST_AT_ONCE: Final = 200


class Choices:
    """What was read of conversations. One look at a time, at all that are to be read."""

    def __init__(
        self,
        read: Callable[[Sequence[str]], Awaitable[Mapping[str, str]]],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with nothing; `read` asks the store what conversations have chosen."""
        self._read = read
        self._clock = clock
        self._known: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._wanted: dict[str, None] = {}
        self._looking: asyncio.Task[None] | None = None

    def of(self, conversation_id: str) -> str:
        """Return what a conversation has chosen, as far as is known now, however old that is; empty for nothing: the region's own choice.

        Nothing is waited for, and nothing fails: a send needs no store.
        """
        if not (is_group_id(conversation_id) or is_channel_id(conversation_id)):
            return ""
        chosen, until = self._known.get(conversation_id, ("", 0.0))
        if self._clock() >= until and len(self._wanted) < MOST_WANTED:
            self._wanted[conversation_id] = None
            if self._looking is None or self._looking.done():
                self._looking = asyncio.create_task(self._look())
        return chosen

    async def settled(self) -> None:
        """Wait for the look that goes on, if one does."""
        if self._looking is not None:
            await self._looking

    async def _look(self) -> None:
        while self._wanted:
            some = list(self._wanted)[:MOST_AT_ONCE]
            try:
                found = await self._read(some)
            except (*STORE_FAILURES, psycopg.Error) as error:
                log.warning("what conversations have chosen is not known anew", problem=told(error))
                found = {one: self._known[one][0] for one in some if one in self._known}
            until = self._clock() + FRESH_SECONDS
            for one in some:
                del self._wanted[one]
                self._known[one] = found.get(one, ""), until
                self._known.move_to_end(one)
            while len(self._known) > MOST_REMEMBERED:
                self._known.popitem(last=False)


def chosen_in(store: Pool) -> Choices:
    """Return what is chosen in conversations of that store."""

    async def read(conversations: Sequence[str]) -> Mapping[str, str]:
        async with store.connection() as connection:
            return await acknowledgements_of(connection, conversations)

    return Choices(read)
