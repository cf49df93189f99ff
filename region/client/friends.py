"""What one does about friends, and what that gives over HTTP.

Each deed has a name of its own, so a call that is repeated after a lost answer happens once.
"""

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from region.client.frames import Message

if TYPE_CHECKING:
    from region.client.api import Api


class FriendDeed(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What is done; only what belongs to it is given."""

    client_message_id: str
    user_id: str | None = None


class Friend(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody with whom one is friends, or an open request.

    Attributes:
        presence: `online`, `offline`, or `unknown`: nothing can be told now, or nothing is told one.
        last_seen: When somebody who is offline was there last, to the minute.
    """

    user_id: str
    home_region: str
    since: str
    presence: str = "unknown"
    last_seen: str | None = None


class Presence(msgspec.Struct, frozen=True, kw_only=True):
    """How somebody is there; see `Friend`."""

    user_id: str
    presence: str = "unknown"
    last_seen: str | None = None


class Presences(msgspec.Struct, frozen=True):
    """How those are there who were asked for."""

    presences: list[Presence]


class FriendList(msgspec.Struct, frozen=True, kw_only=True):
    """Friends, who waits for one's answer, and whose answer one waits for."""

    friends: list[Friend]
    incoming: list[Friend]
    outgoing: list[Friend]


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody whom one blocks, since when."""

    user_id: str
    since: str


class BlockList(msgspec.Struct, frozen=True):
    """Whom one blocks, the newest first."""

    blocks: list[Block]


class Writers(msgspec.Struct, frozen=True):
    """Who may begin to write to one: `everyone` or `friends`."""

    who: str


class NewReport(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What reporting takes."""

    reason: str
    user_id: str | None = None
    message_id: str | None = None


class Friends:
    """What one does about friends. Changes come as `Arrived` events, with a `kind` such as `friend_requested`, on every device.

    What changes something returns what stands in the pair's log; its `seq` is None while the owner has not decided yet. Each call
    raises ProblemError, UnreachableError or LoggedOutError.
    """

    def __init__(self, api: "Api") -> None:
        """Call through that."""
        self._api = api

    async def list(self) -> FriendList:
        """Return friends and open requests."""
        return await self._api.friends()

    async def presence(self, user_ids: Sequence[str]) -> dict[str, Presence]:
        """Return how friends are there, 100 at most; of whoever is no friend it is `unknown`."""
        return {one.user_id: one for one in await self._api.presence(user_ids)}

    async def ask(self, user_id: str) -> Message:
        """Ask somebody to be friends; who has asked oneself is accepted (`kind` is `friend_accepted`)."""
        return await self._api.do("POST", "/friends", FriendDeed(client_message_id=_name(), user_id=user_id))

    async def accept(self, user_id: str) -> Message:
        """Accept somebody's request."""
        return await self._api.do("POST", f"/friends/{user_id}/accept", FriendDeed(client_message_id=_name()))

    async def decline(self, user_id: str) -> Message:
        """Decline somebody's request."""
        return await self._api.do("POST", f"/friends/{user_id}/decline", FriendDeed(client_message_id=_name()))

    async def remove(self, user_id: str) -> Message:
        """End a friendship, or take a request back."""
        return await self._api.undo(f"/friends/{user_id}", _name())

    async def block(self, user_id: str) -> None:
        """Stop what somebody sends from now on, who is not told."""
        await self._api.block(user_id, blocked=True)

    async def unblock(self, user_id: str) -> None:
        """Let what somebody sends from now on be shown again."""
        await self._api.block(user_id, blocked=False)

    async def blocks(self) -> BlockList:
        """Return whom one blocks."""
        return await self._api.blocks()

    async def writers(self, who: str | None = None) -> str:
        """Return who may begin to write to one (`everyone` or `friends`); set it first, if it is given."""
        return await self._api.writers(None if who is None else Writers(who))

    async def report(self, reason: str, *, user_id: str | None = None, message_id: str | None = None) -> None:
        """Report somebody, or a message that one can see, to the moderators where they live."""
        await self._api.report(NewReport(reason=reason, user_id=user_id, message_id=message_id))


def _name() -> str:
    return str(uuid.uuid4())
