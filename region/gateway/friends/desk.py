"""What is done about friends: submitted into the pair's 1:1 conversation, whose owner decides, and waited for."""

import secrets
from collections.abc import Callable, Mapping

from infra.postgres import Pool
from region.accounts.tokens import AccessClaims
from region.gateway.friends.repository import Pair, pairs_of
from region.gateway.friends.schemas import FriendsView, FriendView
from region.gateway.messages import Messages, Sent
from region.gateway.recipients import Recipients
from region.gateway.signs.desk import PresenceDesk
from region.gateway.signs.presence import UNKNOWN, Presence
from region.gateway.signs.schemas import last_seen
from region.gateway.submissions import Author, Clerk
from region.gateway.validation import check_client_message_id
from region.gateway.views import rfc3339
from replication.friends import FriendAccepted, FriendBody, FriendDeclined, FriendRemoved, FriendRequested
from replication.ids import region_of
from replication.records import kind_of

Make = Callable[[str, str], FriendBody]


class FriendDesk:
    """Does what users want about their friends. Each of what changes something raises as `Messages.send` does."""

    def __init__(
        self, *, store: Pool, recipients: Recipients, clerk: Clerk, messages: Messages, presence: PresenceDesk
    ) -> None:
        """Prepare."""
        self._store = store
        self._recipients = recipients
        self._clerk = clerk
        self._messages = messages
        self._presence = presence

    async def ask(self, caller: AccessClaims, user_id: str, name: str | None) -> Sent:
        """Ask somebody to be friends; who has asked oneself is accepted."""
        return await self._submit(caller, user_id, name, FriendRequested)

    async def accept(self, caller: AccessClaims, user_id: str, name: str | None) -> Sent:
        """Accept somebody's request."""
        return await self._submit(caller, user_id, name, FriendAccepted)

    async def decline(self, caller: AccessClaims, user_id: str, name: str | None) -> Sent:
        """Decline somebody's request."""
        return await self._submit(caller, user_id, name, FriendDeclined)

    async def remove(self, caller: AccessClaims, user_id: str, name: str | None) -> Sent:
        """End a friendship, or take a request back."""
        return await self._submit(caller, user_id, name, FriendRemoved)

    async def all(self, caller: AccessClaims) -> FriendsView:
        """Return friends, with how they are there, and open requests."""
        async with self._store.connection() as connection:
            pairs = await pairs_of(connection, caller.sub)
        asked = [pair for pair in pairs if pair.standing.state == "requested"]
        friends = [pair for pair in pairs if pair.standing.state == "friends"]
        there = await self._presence.listed(caller.sub, [pair.peer for pair in friends]) if friends else {}
        return FriendsView(
            friends=[_view(pair, there) for pair in friends],
            incoming=[_view(pair) for pair in asked if pair.standing.by == pair.peer],
            outgoing=[_view(pair) for pair in asked if pair.standing.by == caller.sub],
        )

    async def _submit(self, caller: AccessClaims, user_id: str, name: str | None, make: Make) -> Sent:
        called = secrets.token_hex(16) if name is None else name
        check_client_message_id(called)
        conversation_id, peer = await self._recipients.other(caller.sub, user_id)
        body = make(peer, called)
        author = Author(caller.sub, caller.epoch, caller.device)
        submission = self._clerk.log(author, body, conversation_id=conversation_id, content=(kind_of(body),))
        return await self._messages.submit(submission, called)


def _view(pair: Pair, there: Mapping[str, Presence] = {}) -> FriendView:
    presence = there.get(pair.peer, UNKNOWN)
    return FriendView(
        user_id=pair.peer,
        home_region=region_of(pair.peer),
        since=rfc3339(pair.standing.since),
        presence=presence.state,
        last_seen=last_seen(presence),
    )
