"""Follows channels for the devices here: the gateway's interest is registered before a snapshot is read, so that no post falls between."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from infra.errors import UnavailableError
from infra.postgres import Pool
from region.gateway.channels.following import MOST_FOLLOWED
from region.gateway.channels.repository import channels_of
from region.gateway.hub import Hub
from region.gateway.interest import Interest
from region.gateway.session import CatchUp, Snapshot

Read = Callable[[str, str, CatchUp], Awaitable[Snapshot]]


class Follower:
    """Reads snapshots as `CatchUps` does, once it is certain that the user's channels are followed."""

    def __init__(
        self, *, store: Pool, hub: Hub, interest: Interest, read: Read, covered: Callable[[], Mapping[int, int]]
    ) -> None:
        """Prepare.

        Args:
            store: Knows who belongs to which channel.
            hub: The sessions.
            interest: Where channels are registered.
            read: Reads a snapshot for a user and a device.
            covered: Up to which positions this gateway was told of everything.
        """
        self._store = store
        self._hub = hub
        self._interest = interest
        self._read = read
        self._covered = covered
        self._beginning: set[asyncio.Task[None]] = set()
        hub.following.began = self._begin
        hub.following.ended = interest.withdraw

    async def read(self, user_id: str, device_id: str, wanted: CatchUp) -> Snapshot:
        """Return what the user's device lacks; what comes later is told.

        Raises:
            UnavailableError: The store was never prepared, or Redis does not take the interest while it is thought to be well.
            psycopg.Error: The store cannot be reached.
        """
        following = self._hub.following
        while not following.knows(user_id):
            changes = following.changes(user_id)
            async with self._store.connection() as connection:
                channels = await channels_of(connection, user_id, most=MOST_FOLLOWED)
            if changes == following.changes(user_id):
                following.begin(user_id, channels)
                self._interest.want(channels)
        if not await self._interest.settled(*following.followed(user_id)) and self._hub.reliable:
            raise UnavailableError(what="Redis")
        return await self._read(user_id, device_id, wanted)

    def _begin(self, user_id: str, channel: str, partition: int, position: int) -> None:
        covered = {**self._covered(), partition: position}
        task = asyncio.create_task(self._follow(user_id, channel, covered))
        self._beginning.add(task)
        task.add_done_callback(self._beginning.discard)

    async def _follow(self, user_id: str, channel: str, covered: Mapping[int, int]) -> None:
        """Register a channel that a user has just begun to follow; what was posted meanwhile is read from the store."""
        await self._interest.register(channel)
        self._hub.miss((user_id,), covered)
