"""What requests about channels and their answers look like."""

from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from region.gateway.groups.schemas import InviteListed
from region.gateway.pictures import PictureView
from region.gateway.views import Message


class ChannelRequest(msgspec.Struct, frozen=True):
    """Asks for a new channel.

    Attributes:
        name: What it is called: 1 to 100 characters.
        description: What it is for; 1,000 characters at most.
        public: Whether anybody may subscribe; else one needs a link.
        slow: How long a poster waits between two posts, seconds: 0 to 86,400.
        client_message_id: Repeat it when you repeat the request: the channel is made once. Made up if it is missing.
        picture: An image of one's own that is ready.
    """

    name: str
    description: str = ""
    public: bool = True
    slow: int = 0
    client_message_id: str | None = None
    picture: str | None = None


class ChannelChangeRequest(msgspec.Struct, frozen=True):
    """Changes a channel; what is missing stays as it is. The `picture` is an image of one's own that is ready; null takes it away.

    `acknowledgement`: how messages are acknowledged: `local`, `replicated`, or empty for as the sender's region does it.
    """

    name: str | None = None
    description: str | None = None
    public: bool | None = None
    slow: int | None = None
    client_message_id: str | None = None
    picture: str | UnsetType | None = UNSET
    acknowledgement: str | None = None


class SubscribeRequest(msgspec.Struct, frozen=True):
    """Subscribes to a channel.

    Attributes:
        token: The link's secret; a public channel needs none.
        client_message_id: Repeat it when you repeat the request. Made up if it is missing.
    """

    token: str = ""
    client_message_id: str | None = None


class ChannelRoleRequest(msgspec.Struct, frozen=True):
    """Gives somebody another role.

    Attributes:
        role: `owner`, `poster` or `subscriber`.
        hand_over: With `owner`: whether the caller becomes a poster by it.
        client_message_id: Repeat it when you repeat the request. Made up if it is missing.
    """

    role: str
    hand_over: bool = False
    client_message_id: str | None = None


class ChannelInviteView(msgspec.Struct, frozen=True, kw_only=True):
    """A link by which others may subscribe; it is shown once.

    Attributes:
        channel_id: Where it leads.
        invite_id: By which it can be ended.
        token: Its secret: who knows it may subscribe.
        expires_at: Until when it is good, RFC 3339 in UTC.
        uses: How many may subscribe by it; 0 for any number.
        message: What stands in the channel's log; its `seq` is null while the owner has not decided yet.
    """

    channel_id: str
    invite_id: str
    token: str
    expires_at: str
    uses: int
    message: Message


class ChannelView(msgspec.Struct, frozen=True, kw_only=True):
    """A channel; a private one to who is subscribed no more only who made it and when.

    Attributes:
        name: What it is called; empty if that is not told.
        description: Likewise.
        public: Whether anybody may subscribe.
        slow: How long a poster waits between two posts, seconds.
        owner_region: The region that decides in it.
        role: Where the caller stands: `owner`, `poster`, `subscriber`, or `former`, `banned`; empty for a stranger, to whom a public channel shows itself.
        subscriber_count: How many belong to it, owners and posters among them.
        head: The last seq that the caller may see.
        invites: Links that were made; for owners alone.
        picture: What stands for it: of a public one for everybody, else for who belongs to it; null for nothing.
        acknowledgement: How messages are acknowledged: `local`, `replicated`, or empty for as the sender's region does it.
    """

    channel_id: str
    name: str
    description: str
    public: bool
    slow: int
    created_by: str
    created_at: str
    owner_region: str
    role: str
    subscriber_count: int
    head: int
    invites: list[InviteListed] = []
    picture: PictureView | None = None
    acknowledgement: str = ""


class StaffView(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who runs a channel; `role` is `owner` or `poster`."""

    user_id: str
    home_region: str
    role: str


class Staff(msgspec.Struct, frozen=True):
    """Who runs a channel, whoever became a member first in front."""

    staff: list[StaffView]


class Views(msgspec.Struct, frozen=True):
    """About how many subscribers have seen a post.

    Attributes:
        views: How many who have belonged to the channel since before it have read up to it, in the regions that answered.
        incomplete: Regions that did not answer: whoever lives there is not counted.
    """

    views: int
    incomplete: list[str]


class FoundChannels(msgspec.Struct, frozen=True):
    """Public channels that were found, in the order of what was searched for.

    Attributes:
        channels: The channels; of one that the caller does not belong to, `role` is empty.
        incomplete: Regions that did not answer: channels that they own are missing. Search again in a moment.
    """

    channels: list[ChannelView]
    incomplete: list[str]


SHOWN: Final = (
    FoundChannels,
    Views,
    ChannelRequest,
    ChannelChangeRequest,
    SubscribeRequest,
    ChannelRoleRequest,
    ChannelInviteView,
    ChannelView,
    Staff,
)
