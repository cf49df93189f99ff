"""What one does to messages that are there; each deed has a name of its own, so a call that is repeated after a lost answer happens once."""

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from region.client.edits import Edit, EditView
from region.client.frames import Mention, Message

if TYPE_CHECKING:
    from region.client.api import Api


class Alterations:
    """Edits, deletions, reactions.

    What changes something returns what stands in the conversation's log; its `seq` is None while the owner has not decided yet. The
    same comes as an event to all devices of all members. `deed` names what is done, so that whoever repeats it does it once. Each call raises ProblemError, UnreachableError or LoggedOutError.
    """

    def __init__(self, api: "Api") -> None:
        """Call through that."""
        self._api = api

    async def edit(
        self, message_id: str, text: str, *, mentions: Sequence[Mention] = (), deed: str | None = None
    ) -> Message:
        """Give a message of one's own another text."""
        wanted = Edit(client_message_id=deed or _name(), text=text, mentions=tuple(mentions))
        return await self._api.alter("PATCH", f"/messages/{message_id}", wanted)

    async def edits(self, message_id: str) -> list[EditView]:
        """Return all that a message said, the oldest first."""
        return (await self._api.edits(message_id)).edits

    async def delete(self, message_id: str, *, deed: str | None = None) -> Message:
        """Delete a message for everybody: one's own, or as an admin of its group."""
        return await self._api.alter("DELETE", f"/messages/{message_id}", deed or _name())

    async def delete_for_me(self, message_id: str) -> None:
        """Delete a message for oneself alone, on all of one's devices, for good."""
        await self._api.conceal(message_id)

    async def react(self, message_id: str, emoji: str, *, deed: str | None = None) -> Message:
        """React to a message."""
        return await self._api.alter("PUT", f"/messages/{message_id}/reactions/{quote(emoji)}", deed or _name())

    async def unreact(self, message_id: str, emoji: str, *, deed: str | None = None) -> Message:
        """Take a reaction back."""
        return await self._api.alter("DELETE", f"/messages/{message_id}/reactions/{quote(emoji)}", deed or _name())

    async def pin(self, message_id: str, *, deed: str | None = None) -> Message:
        """Put a message where all members find it."""
        return await self._api.alter("PUT", f"/messages/{message_id}/pin", deed or _name())

    async def unpin(self, message_id: str, *, deed: str | None = None) -> Message:
        """Take a message from there."""
        return await self._api.alter("DELETE", f"/messages/{message_id}/pin", deed or _name())


def _name() -> str:
    return str(uuid.uuid4())
