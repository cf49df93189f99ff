"""What requests about friends and their answers look like."""

from typing import Final

import msgspec

from region.gateway.signs.presence import State


class FriendRequest(msgspec.Struct, frozen=True):
    """Asks somebody to be friends.

    Attributes:
        user_id: Whom.
        client_message_id: Repeat it when you repeat the request: it happens once. Made up if it is missing.
    """

    user_id: str
    client_message_id: str | None = None


class FriendAnswerRequest(msgspec.Struct, frozen=True):
    """Accepts or declines."""

    client_message_id: str | None = None


class FriendView(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody with whom one is friends, or an open request.

    Attributes:
        user_id: The other.
        home_region: Where the other lives.
        since: Since when, RFC 3339 in UTC.
        presence: Whether a friend is there: `online`, `offline`, or `unknown` when the home cannot be asked; of whoever is no friend always `unknown`.
        last_seen: Of a friend who is offline: when a device was connected last, to the minute, RFC 3339 in UTC; null if nobody knows.
    """

    user_id: str
    home_region: str
    since: str
    presence: State = "unknown"
    last_seen: str | None = None


class FriendsView(msgspec.Struct, frozen=True, kw_only=True):
    """With whom one is friends, and what is open, the newest first.

    Attributes:
        friends: Friends.
        incoming: Who waits for one's answer.
        outgoing: Whose answer one waits for.
    """

    friends: list[FriendView]
    incoming: list[FriendView]
    outgoing: list[FriendView]


class BlockView(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody whom one blocks, since when (RFC 3339 in UTC)."""

    user_id: str
    since: str


class BlocksView(msgspec.Struct, frozen=True):
    """Whom one blocks, the newest first."""

    blocks: list[BlockView]


class WritersView(msgspec.Struct, frozen=True):
    """Who may begin to write to one: `everyone` or `friends`; conversations that have begun go on in any case."""

    who: str


SHOWN: Final = (FriendRequest, FriendAnswerRequest, FriendsView, BlocksView, WritersView)
