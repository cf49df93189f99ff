"""What one does in channels, and what that takes and gives over HTTP; as in groups, each deed has a name of its own."""

from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET, UnsetType

from region.client.frames import Message
from region.client.groups import Deed, NewInvite, new_name
from region.client.pictures import Picture

if TYPE_CHECKING:
    from region.client.api import Api


class NewChannel(msgspec.Struct, frozen=True):
    """What making a channel takes."""

    name: str
    description: str
    public: bool
    slow: int
    client_message_id: str
    picture: str | None = None


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """A channel; `role` is where one stands in it, `slow` how long posters wait between two posts, in seconds."""

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
    picture: Picture | None = None


class FoundChannels(msgspec.Struct, frozen=True):
    """Public channels that were found, and the regions that did not answer."""

    channels: list[Channel]
    incomplete: list[str]


class Views(msgspec.Struct, frozen=True):
    """About how many have seen a post, and the regions that did not answer."""

    views: int
    incomplete: list[str]


class ChannelInvite(msgspec.Struct, frozen=True, kw_only=True):
    """A link by which others may subscribe; `token` is its secret."""

    channel_id: str
    invite_id: str
    token: str
    expires_at: str
    uses: int
    message: Message


class Poster(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who runs a channel; `role` is `owner` or `poster`."""

    user_id: str
    home_region: str
    role: str


class Posters(msgspec.Struct, frozen=True):
    """Who runs a channel."""

    staff: list[Poster]


class Channels:
    """What one does in channels; posts are sent by `Client.send`, with the channel's id as the conversation. Of a `deed` see `Groups`."""

    def __init__(self, api: "Api") -> None:
        """Call through that."""
        self._api = api

    async def create(
        self,
        name: str,
        *,
        description: str = "",
        public: bool = True,
        slow: int = 0,
        picture: str | None = None,
        deed: str | None = None,
    ) -> Channel:
        """Make a channel.

        Args:
            name: What it is called.
            description: What it is for.
            public: Whether anybody may subscribe; else one needs a link.
            slow: How long a poster waits between two posts, seconds.
            picture: The blob of an image that one has brought.
            deed: See `Groups`.
        """
        made = NewChannel(name, description, public, slow, deed or new_name(), picture)
        return await self._api.create_channel(made)

    async def find(self, query: str, *, limit: int = 20) -> FoundChannels:
        """Return public channels of all regions of whose names some word begins so."""
        return await self._api.find_channels({"query": query, "limit": str(limit)})

    async def get(self, channel_id: str) -> Channel:
        """Return a channel: one's own, or a public one."""
        return await self._api.channel(channel_id)

    async def staff(self, channel_id: str) -> list[Poster]:
        """Return a channel's owners and posters."""
        return (await self._api.staff(channel_id)).staff

    async def views(self, message: Message) -> Views:
        """Return about how many have seen a post."""
        return await self._api.views(message.conversation_id, message.message_id)

    async def change(
        self,
        channel_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        public: bool | None = None,
        slow: int | None = None,
        picture: str | UnsetType | None = UNSET,
    ) -> Message:
        """Change what is given; None as the picture takes it away."""
        deed = Deed(
            client_message_id=new_name(),
            name=name,
            description=description,
            public=public,
            slow=slow,
            picture=picture,
        )
        return await self._api.do("PATCH", f"/channels/{channel_id}", deed)

    async def subscribe(self, channel_id: str, token: str | None = None, *, deed: str | None = None) -> Message:
        """Subscribe; by a link's secret, if the channel is not public."""
        wanted = Deed(client_message_id=deed or new_name(), token=token)
        return await self._api.do("POST", f"/channels/{channel_id}/subscribers", wanted)

    async def remove(self, channel_id: str, user_id: str, *, deed: str | None = None) -> Message:
        """Remove somebody; leave, if that is oneself."""
        return await self._api.undo(f"/channels/{channel_id}/subscribers/{user_id}", deed or new_name())

    async def ban(self, channel_id: str, user_id: str) -> Message:
        """Remove somebody, who may not come back."""
        return await self._api.do(
            "POST", f"/channels/{channel_id}/bans", Deed(client_message_id=new_name(), user_id=user_id)
        )

    async def unban(self, channel_id: str, user_id: str) -> Message:
        """Let somebody come back."""
        return await self._api.undo(f"/channels/{channel_id}/bans/{user_id}", new_name())

    async def give_role(
        self, channel_id: str, user_id: str, role: str, *, hand_over: bool = False, deed: str | None = None
    ) -> Message:
        """Promote or demote somebody: `owner`, `poster`, `subscriber`; with `owner` and `hand_over`, become a poster by it."""
        wanted = Deed(client_message_id=deed or new_name(), role=role, hand_over=hand_over)
        return await self._api.do("PUT", f"/channels/{channel_id}/subscribers/{user_id}/role", wanted)

    async def invite(
        self, channel_id: str, *, expires_in: int = 86_400, uses: int = 0, deed: str | None = None
    ) -> ChannelInvite:
        """Make a link that is good for so many seconds, and so many users (0 for any number)."""
        return await self._api.channel_invite(channel_id, NewInvite(expires_in, uses, deed or new_name()))

    async def end_invite(self, channel_id: str, invite_id: str) -> Message:
        """End a link before it expires."""
        return await self._api.undo(f"/channels/{channel_id}/invites/{invite_id}", new_name())
