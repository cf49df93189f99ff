"""The HTTP calls of a region, typed; each may be repeated without harm."""

import uuid
from collections.abc import AsyncIterator, Sequence
from types import NoneType
from typing import Literal
from urllib.parse import urlencode

from region.client.accounts import (
    Credentials,
    Device,
    DeviceList,
    OwnProfile,
    PasswordChange,
    People,
    ProfileChange,
    RefreshRequest,
    Tokens,
    User,
)
from region.client.answers import Conversation, ConversationPage, Page, RegionList
from region.client.channels import Channel, ChannelInvite, FoundChannels, NewChannel, Posters, Views
from region.client.edits import Edit, Edits
from region.client.frames import Message
from region.client.friends import BlockList, FriendDeed, FriendList, NewReport, Presence, Presences, Writers
from region.client.groups import Deed, Group, GroupMember, GroupMembers, Invite, NewGroup, NewInvite, Receipts
from region.client.preferences import Preferences, PreferencesChange
from region.client.searching import Hits
from region.client.transport import TokenSource, Transport


class Api:
    """What a region answers over HTTP.

    Each call raises `ProblemError` when the region turns it down, `UnreachableError` when nobody answers, and those with a token
    `LoggedOutError` when there is no session.
    """

    def __init__(self, transport: Transport, tokens: TokenSource) -> None:
        """Call through that transport, with tokens from there."""
        self._transport = transport
        self._tokens = tokens

    async def register(self, credentials: Credentials) -> Tokens:
        """Make an account; repeated under one idempotency key until it is known whether it was made."""
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        return await self._transport.call("POST", "/register", gives=Tokens, body=credentials, headers=headers)

    async def log_in(self, credentials: Credentials) -> Tokens:
        """Log in as a new device."""
        return await self._transport.call("POST", "/login", gives=Tokens, body=credentials)

    async def refresh(self, refresh_token: str) -> Tokens:
        """Exchange a refresh token for new tokens."""
        return await self._transport.call("POST", "/token", gives=Tokens, body=RefreshRequest(refresh_token))

    async def log_out(self) -> None:
        """Revoke this device."""
        await self._transport.call("POST", "/logout", gives=NoneType, tokens=self._tokens)

    async def devices(self) -> list[Device]:
        """Return the user's devices."""
        return (await self._transport.call("GET", "/devices", gives=DeviceList, tokens=self._tokens)).devices

    async def revoke(self, device_id: str) -> None:
        """Log a device out."""
        await self._transport.call("DELETE", f"/devices/{device_id}", gives=NoneType, tokens=self._tokens)

    async def change_password(self, change: PasswordChange) -> None:
        """Change the user's password; all other devices are logged out."""
        await self._transport.call("POST", "/password", gives=NoneType, body=change, tokens=self._tokens)

    async def user(self, user_id: str) -> User:
        """Return a user by id."""
        return await self._transport.call("GET", f"/users/{user_id}", gives=User, tokens=self._tokens)

    async def find(self, handle: str) -> User:
        """Return a user by exact handle."""
        return await self._transport.call("GET", "/users", gives=User, query={"handle": handle}, tokens=self._tokens)

    async def search(self, query: dict[str, str]) -> People:
        """Return a page of users of all regions."""
        return await self._transport.call("GET", "/users", gives=People, query=query, tokens=self._tokens)

    async def profile(self) -> OwnProfile:
        """Return one's own profile and settings."""
        return await self._transport.call("GET", "/users/me", gives=OwnProfile, tokens=self._tokens)

    async def change_profile(self, change: ProfileChange) -> OwnProfile:
        """Change one's profile or settings; return them as they are then."""
        return await self._transport.call("PATCH", "/users/me", gives=OwnProfile, body=change, tokens=self._tokens)

    async def preferences(self, conversation_id: str) -> Preferences:
        """Return what one wants of a conversation."""
        path = f"/conversations/{conversation_id}/preferences"
        return await self._transport.call("GET", path, gives=Preferences, tokens=self._tokens)

    async def prefer(self, conversation_id: str, change: PreferencesChange) -> Preferences:
        """Change what one wants of a conversation; return it as it is then."""
        path = f"/conversations/{conversation_id}/preferences"
        return await self._transport.call("PATCH", path, gives=Preferences, body=change, tokens=self._tokens)

    async def search_history(self, query: dict[str, str]) -> Hits:
        """Return a page of messages of one's own history that were found."""
        return await self._transport.call("GET", "/messages/search", gives=Hits, query=query, tokens=self._tokens)

    async def history(self, query: dict[str, str]) -> Page:
        """Return a page of a conversation's whole log: a device counts every seq."""
        whole = query | {"log": "true"}
        return await self._transport.call("GET", "/messages", gives=Page, query=whole, tokens=self._tokens)

    async def message(self, message_id: str) -> Message:
        """Return one message."""
        return await self._transport.call("GET", f"/messages/{message_id}", gives=Message, tokens=self._tokens)

    async def conceal(self, message_id: str) -> None:
        """Delete a message for oneself alone."""
        path = f"/messages/{message_id}"
        await self._transport.call("DELETE", path, gives=NoneType, query={"for": "me"}, tokens=self._tokens)

    async def mark(self, message_id: str, kind: Literal["received", "read"]) -> None:
        """Mark everything up to a message."""
        await self._transport.call("POST", f"/messages/{message_id}/{kind}", gives=NoneType, tokens=self._tokens)

    async def conversations(self, *, limit: int = 100) -> AsyncIterator[Conversation]:
        """Go through all conversations, the one with the newest change first."""
        query = {"limit": str(limit)}
        while True:
            page = await self._transport.call(
                "GET", "/conversations", gives=ConversationPage, query=query, tokens=self._tokens
            )
            for conversation in page.conversations:
                yield conversation
            if page.next is None:
                return
            query["before"] = page.next

    async def create_group(self, group: NewGroup) -> Group:
        """Make a group; the same client message id makes it once."""
        return await self._transport.call("POST", "/groups", gives=Group, body=group, tokens=self._tokens)

    async def group(self, group_id: str) -> Group:
        """Return a group."""
        return await self._transport.call("GET", f"/groups/{group_id}", gives=Group, tokens=self._tokens)

    async def members(self, group_id: str) -> list[GroupMember]:
        """Return a group's members."""
        path = f"/groups/{group_id}/members"
        return (await self._transport.call("GET", path, gives=GroupMembers, tokens=self._tokens)).members

    async def receipts(self, group_id: str, message_id: str) -> Receipts:
        """Return who has received and read a message of a group."""
        path = f"/groups/{group_id}/messages/{message_id}/receipts"
        return await self._transport.call("GET", path, gives=Receipts, tokens=self._tokens)

    async def invite(self, group_id: str, wanted: NewInvite) -> Invite:
        """Make a link by which others may join a group."""
        path = f"/groups/{group_id}/invites"
        return await self._transport.call("POST", path, gives=Invite, body=wanted, tokens=self._tokens)

    async def create_channel(self, channel: NewChannel) -> Channel:
        """Make a channel; the same client message id makes it once."""
        return await self._transport.call("POST", "/channels", gives=Channel, body=channel, tokens=self._tokens)

    async def channel(self, channel_id: str) -> Channel:
        """Return a channel."""
        return await self._transport.call("GET", f"/channels/{channel_id}", gives=Channel, tokens=self._tokens)

    async def find_channels(self, query: dict[str, str]) -> FoundChannels:
        """Return public channels of all regions."""
        return await self._transport.call("GET", "/channels", gives=FoundChannels, query=query, tokens=self._tokens)

    async def views(self, channel_id: str, message_id: str) -> Views:
        """Return about how many have seen a post of a channel."""
        path = f"/channels/{channel_id}/messages/{message_id}/views"
        return await self._transport.call("GET", path, gives=Views, tokens=self._tokens)

    async def staff(self, channel_id: str) -> Posters:
        """Return a channel's owners and posters."""
        return await self._transport.call("GET", f"/channels/{channel_id}/staff", gives=Posters, tokens=self._tokens)

    async def channel_invite(self, channel_id: str, wanted: NewInvite) -> ChannelInvite:
        """Make a link by which others may subscribe to a channel."""
        path = f"/channels/{channel_id}/invites"
        return await self._transport.call("POST", path, gives=ChannelInvite, body=wanted, tokens=self._tokens)

    async def do(self, method: Literal["POST", "PUT", "PATCH"], path: str, wanted: Deed | FriendDeed) -> Message:
        """Do something in a group, or about a friend; return what stands in its log, without a number while its owner has not decided."""
        return await self._transport.call(method, path, gives=Message, body=wanted, tokens=self._tokens)

    async def undo(self, path: str, client_message_id: str) -> Message:
        """Take something back in a group: a member, a ban, a link; see `do`."""
        query = {"client_message_id": client_message_id}
        return await self._transport.call("DELETE", path, gives=Message, query=query, tokens=self._tokens)

    async def alter(self, method: Literal["PUT", "PATCH", "DELETE"], path: str, wanted: Edit | str) -> Message:
        """Do something to a message that is there, under that name; return what stands in its conversation's log."""
        if isinstance(wanted, Edit):
            return await self._transport.call(method, path, gives=Message, body=wanted, tokens=self._tokens)
        query = {"client_message_id": wanted}
        return await self._transport.call(method, path, gives=Message, query=query, tokens=self._tokens)

    async def edits(self, message_id: str) -> Edits:
        """Return all that a message said."""
        return await self._transport.call("GET", f"/messages/{message_id}/edits", gives=Edits, tokens=self._tokens)

    async def friends(self) -> FriendList:
        """Return friends and open requests."""
        return await self._transport.call("GET", "/friends", gives=FriendList, tokens=self._tokens)

    async def presence(self, user_ids: Sequence[str]) -> list[Presence]:
        """Return how these users are there, as far as that is told one."""
        path = "/presence?" + urlencode([("user_id", user) for user in user_ids])
        return (await self._transport.call("GET", path, gives=Presences, tokens=self._tokens)).presences

    async def block(self, user_id: str, *, blocked: bool) -> None:
        """Block somebody, or lift that."""
        method: Literal["PUT", "DELETE"] = "PUT" if blocked else "DELETE"
        await self._transport.call(method, f"/blocks/{user_id}", gives=NoneType, tokens=self._tokens)

    async def blocks(self) -> BlockList:
        """Return whom one blocks."""
        return await self._transport.call("GET", "/blocks", gives=BlockList, tokens=self._tokens)

    async def writers(self, wanted: Writers | None) -> str:
        """Return who may begin to write to one; set it first, if it is given."""
        method: Literal["PUT", "GET"] = "GET" if wanted is None else "PUT"
        path = "/settings/writers"
        return (await self._transport.call(method, path, gives=Writers, body=wanted, tokens=self._tokens)).who

    async def report(self, wanted: NewReport) -> None:
        """Report a user or a message."""
        await self._transport.call("POST", "/reports", gives=NoneType, body=wanted, tokens=self._tokens)

    async def regions(self) -> RegionList:
        """Return the federation's regions and where each is reached."""
        return await self._transport.call("GET", "/regions", gives=RegionList)
