"""A conversation's state, as its owner tells it to a region that gains its first member. Codec version 3."""

import msgspec

from replication.groups import NO_DETAILS, Details


class Membership(msgspec.Struct, frozen=True):
    """Where somebody stands in a conversation, as its owner tells a region that gains its first member.

    Attributes:
        user_id: Who.
        home: The user's home region.
        role: `owner`, `admin`, `member`; `former`, `banned` or `asking` for who is no member.
        joined: The seq by which the user became a member last.
        since: The first seq that the user may see; 0 for none.
        until: The last seq that the user may see; 0 for no end.
        hidden: Runs between them that the user may not see, as `replication.runs` writes them.
        received: The received mark.
        read: The read mark.
        sent: How many messages are the user's.
    """

    user_id: str
    home: str
    role: str
    joined: int = 0
    since: int = 0
    until: int = 0
    hidden: str = ""
    received: int = 0
    read: int = 0
    sent: int = 0


class Charter(msgspec.Struct, frozen=True, kw_only=True, tag="charter"):
    """A conversation's state at a seq, from its owner to a region that gains its first member; the entries above follow it.

    Attributes:
        conversation_id: The conversation.
        epoch: That numbered the seq.
        seq: Up to where it counts.
        count: How many messages the log holds up to there.
        details: What the conversation is called, and how it is joined.
        members: Who belongs to it, is kept out, or has asked.
    """

    conversation_id: str
    epoch: int
    seq: int
    count: int
    details: Details = NO_DETAILS
    members: tuple[Membership, ...] = ()
