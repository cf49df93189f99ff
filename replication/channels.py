"""What happens in a channel alone, and what its state has beyond a group's; joining, leaving and roles are a group's. Codec version 3."""

from typing import Final, TypeAlias

import msgspec

from replication.alterations import Alteration, Mention, ReactionAdded, ReactionRemoved, Reference
from replication.attachments import Attachment
from replication.ids import region_of
from replication.pictures import Picture

MOST_SUBSCRIBERS: Final = 10_000
MOST_STAFF: Final = 50
"""Owners and posters; they are part of the state that every region keeps in memory."""
MOST_SLOW: Final = 86_400
"""The longest pause between two posts of one poster, seconds."""


class ChannelMessageSent(msgspec.Struct, frozen=True, tag="channel_message_sent", omit_defaults=True):
    """A post in a channel.

    Attributes:
        client_message_id: What the sender's device called it.
        text: Up to 16 KiB of UTF-8; empty only if there are attachments.
        attachments: References to images and files, in the order in which they are shown.
        follows: The last seq before it that subscribers are shown; what is between is about who belongs to the channel.
            In the entry alone: its owner fills it in.
        answers: The post that it answers.
        forwarded: Who wrote what is forwarded.
        mentions: Whom it names.
    """

    client_message_id: str
    text: str
    attachments: tuple[Attachment, ...] = ()
    follows: int = 0
    answers: Reference | None = None
    forwarded: str = ""
    mentions: tuple[Mention, ...] = ()


class ChannelCreated(msgspec.Struct, frozen=True, tag="channel_created"):
    """A channel begins; its author is its owner, and the author's home owns its log.

    Attributes:
        client_message_id: What the author's device called it; the channel's id follows from it.
        name: What it is called.
        description: What it is for.
        public: Whether anybody finds it, looks into it and subscribes; else one needs a link.
        slow: How long a poster waits between two posts, seconds.
        picture: What stands for it; None for nothing. Of version 5.
    """

    client_message_id: str
    name: str
    description: str = ""
    public: bool = True
    slow: int = 0
    picture: Picture | None = None


class ChannelChanged(msgspec.Struct, frozen=True, tag="channel_changed", omit_defaults=True):
    """An owner changes what a channel is called, who may come and how fast posters post; None leaves a setting as it is.

    Attributes:
        client_message_id: What the owner's device called it.
        name: What it is called.
        description: What it is for.
        public: Whether anybody finds it.
        slow: Seconds between two posts of one poster.
        follows: As in `ChannelMessageSent`.
        picture: What stands for it, `NO_PICTURE` for nothing. Of version 5.
        acknowledgement: How posts are acknowledged, one of `replication.groups.ACKNOWLEDGEMENTS`. Of version 5.
    """

    client_message_id: str
    name: str | None = None
    description: str | None = None
    public: bool | None = None
    slow: int | None = None
    follows: int = 0
    picture: Picture | None = None
    acknowledgement: str | None = None


ChannelBody: TypeAlias = ChannelMessageSent | ChannelCreated | ChannelChanged
CHANNEL_BODIES: Final = ChannelBody.__args__
"""The classes of `ChannelBody`: what subscribers are shown of a channel's log, with what is done to its posts."""


class Presence(msgspec.Struct, frozen=True, array_like=True):
    """How many a channel has in a region.

    Attributes:
        region: The region.
        subscribers: How many live there, its owner and posters among them; at least one.
    """

    region: str
    subscribers: int


class Pace(msgspec.Struct, frozen=True, array_like=True):
    """When a poster posted last.

    Attributes:
        user_id: The poster.
        at: When the poster's home accepted it, microseconds since the epoch.
    """

    user_id: str
    at: int


class Past(msgspec.Struct, frozen=True, array_like=True):
    """A region where somebody was subscribed, and nobody is: what is deleted now must go there all the same.

    Attributes:
        region: The region.
        user_id: Who was subscribed there last.
    """

    region: str
    user_id: str


class ChannelState(msgspec.Struct, frozen=True):
    """What the state of a channel has beyond a group's; nothing in it grows with subscribers.

    Attributes:
        public: Whether anybody finds it.
        slow: Seconds between two posts of one poster.
        subscribers: How many belong to it.
        regions: Where they live.
        shown: The last seq that subscribers are shown.
        paces: When its posters posted last.
        past: Regions where somebody was subscribed, and nobody is.
    """

    public: bool = True
    slow: int = 0
    subscribers: int = 0
    regions: tuple[Presence, ...] = ()
    shown: int = 0
    paces: tuple[Pace, ...] = ()
    past: tuple[Past, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether strangers find it and look into it; not when everybody has left, since nobody can subscribe then."""
        return self.public and self.subscribers > 0

    def is_told_in(self, region: str, channel_id: str) -> bool:
        """Whether that region, whose copy this is, is told what becomes of the channel: it owns it, or has a subscriber.

        Else this is how it was when the last one there left, and nothing of it may be believed.
        """
        return region == region_of(channel_id) or any(one.region == region for one in self.regions)


def follows_of(body: object) -> int | None:
    """Return the seq that a shown entry of a channel follows, as its readers see it; None for all else."""
    if isinstance(body, ChannelCreated):
        return 0
    if isinstance(body, Alteration):
        return None if isinstance(body, ReactionAdded | ReactionRemoved) else body.follows or None
    return body.follows if isinstance(body, ChannelMessageSent | ChannelChanged) else None
