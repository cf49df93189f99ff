"""Friendship: the bodies of a pair's 1:1 log that make and end it, and the state that follows. Codec version 4.

Each names its operation (`client_message_id`), from which its id follows, so a late retry brings nothing back.
"""

from typing import Final, Literal, TypeAlias

import msgspec


class FriendRequested(msgspec.Struct, frozen=True, tag="friend_requested"):
    """The author asks the other to be friends.

    Attributes:
        recipient_id: The other.
        client_message_id: What the author's device called it.
    """

    recipient_id: str
    client_message_id: str


class FriendAccepted(msgspec.Struct, frozen=True, tag="friend_accepted"):
    """The author accepts the other's request; also what a request becomes that meets the other's."""

    recipient_id: str
    client_message_id: str


class FriendDeclined(msgspec.Struct, frozen=True, tag="friend_declined"):
    """The author declines the other's request."""

    recipient_id: str
    client_message_id: str


class FriendRemoved(msgspec.Struct, frozen=True, tag="friend_removed"):
    """The author ends the friendship, or takes a request back."""

    recipient_id: str
    client_message_id: str


FriendBody: TypeAlias = FriendRequested | FriendAccepted | FriendDeclined | FriendRemoved
FRIEND_BODIES: Final = FriendBody.__args__
"""The classes of `FriendBody`."""


class Friendship(msgspec.Struct, frozen=True, array_like=True):
    """How the two of a 1:1 conversation stand; part of its state.

    Attributes:
        state: `requested` or `friends`.
        by: Who asked, or accepted.
        seq: Of the entry by which.
        since: When that was accepted at its author's home, microseconds since the epoch.
    """

    state: Literal["requested", "friends"]
    by: str
    seq: int
    since: int
