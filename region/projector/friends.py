"""Who may ask, accept, decline and remove whom, by the pair's state at that moment of its log; and what that changes. Pure."""

from typing import Final

from msgspec.structs import replace

from region.projector.rules import Denial
from region.store.rows import Conversation, Member
from replication.friends import FriendAccepted, FriendBody, FriendDeclined, FriendRequested, Friendship
from replication.records import Entry

ALREADY_FRIENDS: Final = "already-friends"
ALREADY_ASKED: Final = "already-asked"
NO_REQUEST: Final = "no-friend-request"
NOT_FRIENDS: Final = "not-friends"

DETAILS: Final = {
    ALREADY_FRIENDS: "You are friends already.",
    ALREADY_ASKED: "You have asked already. Wait for the answer, or take the request back.",
    NO_REQUEST: "There is no request of that user, or not any more. Ask them yourself.",
    NOT_FRIENDS: "You are no friends, and you have not asked.",
}
"""What a refusal's author reads, by code."""


def decide(conversation: Conversation, author: str, body: FriendBody) -> FriendBody | Denial:
    """Return what is numbered, or why nothing is; a request that meets the other's accepts it."""
    standing = conversation.details.friendship
    if standing is not None and standing.state == "friends":
        ends = not isinstance(body, FriendRequested | FriendAccepted | FriendDeclined)
        return body if ends else Denial(ALREADY_FRIENDS)
    asked = None if standing is None else standing.by
    if isinstance(body, FriendRequested):
        if asked is None:
            return body
        return Denial(ALREADY_ASKED) if asked == author else FriendAccepted(body.recipient_id, body.client_message_id)
    if isinstance(body, FriendAccepted | FriendDeclined):
        return body if asked == body.recipient_id else Denial(NO_REQUEST)
    return body if asked == author else Denial(NOT_FRIENDS)


def take_effect(conversation: Conversation, entry: Entry, body: FriendBody) -> list[Member]:
    """Let the pair stand as an entry says; it concerns no membership."""
    standing = None
    if isinstance(body, FriendRequested):
        standing = Friendship("requested", entry.author, entry.seq, entry.sent_at)
    elif isinstance(body, FriendAccepted):
        standing = Friendship("friends", entry.author, entry.seq, entry.sent_at)
    conversation.details = replace(conversation.details, friendship=standing)
    return []


def are_friends(conversation: Conversation | None) -> bool:
    """Whether the two of a 1:1 conversation are friends, as far as is known here."""
    standing = None if conversation is None else conversation.details.friendship
    return standing is not None and standing.state == "friends"
