"""Waits a moment for a conversation of another region that may be on its way: a new member may name it before its entry is here."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from infra.postgres import Pool
from region.gateway.groups.repository import sees
from region.gateway.patience import Patience
from replication.ids import is_channel_id, is_group_id, region_of

PAUSES: Final = (0.05, 0.1, 0.2, 0.4, 0.75, 1.0, 1.5)
"""Seconds between two looks; four in all, many times what an entry takes between regions, and less than a request may take."""
MOST_WAITING: Final = 100
"""Requests of a gateway that may wait so; others are answered at once, by what is here."""


class Coming:
    """Looks whether a user may see anything of a group or a channel, and again for a while if another region owns it."""

    def __init__(self, *, region: str, store: Pool, pause: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Prepare.

        Args:
            region: This region, whose own conversations are never on their way.
            store: Of this region.
            pause: Waits for so many seconds.
        """
        self._region = region
        self._store = store
        self._patience = Patience(MOST_WAITING, pause=pause)

    async def sees(self, user_id: str, conversation_id: str, *, patiently: bool) -> bool:
        """Tell whether a user may see anything of a conversation.

        Args:
            user_id: The user.
            conversation_id: Whatever was named as one.
            patiently: Whether to wait for what may be on its way. No connection to the store is held meanwhile.
        """
        if await self._look(user_id, conversation_id):
            return True
        if not patiently or not self._may_come(conversation_id):
            return False

        async def look() -> bool | None:
            return await self._look(user_id, conversation_id) or None

        return bool(await self._patience.find(look, PAUSES))

    def _may_come(self, conversation_id: str) -> bool:
        ours = is_group_id(conversation_id) or is_channel_id(conversation_id)
        return ours and region_of(conversation_id) != self._region

    async def _look(self, user_id: str, conversation_id: str) -> bool:
        async with self._store.connection() as connection:
            return await sees(connection, conversation_id, user_id)
