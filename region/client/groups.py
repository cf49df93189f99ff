"""What one does in groups, and what that takes and gives over HTTP.

Each deed has a name of its own, so a call that is repeated after a lost answer happens once.
"""

import uuid
from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET, UnsetType

from region.client.frames import Message
from region.client.pictures import Picture

if TYPE_CHECKING:
    from region.client.api import Api


class NewGroup(msgspec.Struct, frozen=True):
    """What making a group takes."""

    name: str
    member_ids: list[str]
    description: str
    history: bool
    approval: bool
    client_message_id: str
    picture: str | None = None


class NewInvite(msgspec.Struct, frozen=True):
    """What making a link takes."""

    expires_in: int
    uses: int
    client_message_id: str


class Deed(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What is done in a group or a channel; only what belongs to it is given."""

    client_message_id: str
    user_id: str | None = None
    role: str | None = None
    hand_over: bool = False
    token: str | None = None
    name: str | None = None
    description: str | None = None
    history: bool | None = None
    approval: bool | None = None
    public: bool | None = None
    slow: int | None = None
    picture: str | UnsetType | None = UNSET


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """A group; `role` is where one stands in it, `picture` what stands for it."""

    group_id: str
    name: str
    description: str
    history: bool
    approval: bool
    created_by: str
    created_at: str
    owner_region: str
    role: str
    member_count: int
    head: int
    picture: Picture | None = None


class GroupMember(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody in a group."""

    user_id: str
    home_region: str
    role: str
    joined: int
    received: int
    read: int


class GroupMembers(msgspec.Struct, frozen=True):
    """A group's members."""

    members: list[GroupMember]


class Receipts(msgspec.Struct, frozen=True):
    """Who has done what with a message."""

    read_by: list[str]
    received_by: list[str]
    unread_by: list[str]


class Invite(msgspec.Struct, frozen=True, kw_only=True):
    """A link by which others may join; `token` is its secret."""

    group_id: str
    invite_id: str
    token: str
    expires_at: str
    uses: int
    message: Message


class Groups:
    """What one does in groups; messages are sent by `Client.send`, with the group's id as the conversation.

    What changes something returns what stands in the group's log; its `seq` is None while the owner has not decided yet. A `deed` that
    is given is its name, by which a refusal that comes later is told apart; else it has a random one. Each call raises ProblemError,
    UnreachableError or LoggedOutError.
    """

    def __init__(self, api: "Api") -> None:
        """Call through that."""
        self._api = api

    async def create(
        self,
        name: str,
        *members: str,
        description: str = "",
        history: bool = True,
        approval: bool = False,
        picture: str | None = None,
        deed: str | None = None,
    ) -> Group:
        """Make a group with these users.

        Args:
            name: What it is called.
            members: Who else belongs to it.
            description: What it is for.
            history: Whether those who join later see what was before.
            approval: Whether who comes by a link must be let in.
            picture: The blob of an image that one has brought.
            deed: See above.
        """
        made = NewGroup(name, list(members), description, history, approval, deed or new_name(), picture)
        return await self._api.create_group(made)

    async def get(self, group_id: str) -> Group:
        """Return a group."""
        return await self._api.group(group_id)

    async def members(self, group_id: str) -> list[GroupMember]:
        """Return who belongs to it; to admins also who is banned or has asked."""
        return await self._api.members(group_id)

    async def receipts(self, message: Message) -> Receipts:
        """Return who has received and read a message."""
        return await self._api.receipts(message.conversation_id, message.message_id)

    async def change(
        self,
        group_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        history: bool | None = None,
        approval: bool | None = None,
        picture: str | UnsetType | None = UNSET,
    ) -> Message:
        """Change what is given; None as the picture takes it away."""
        deed = Deed(
            client_message_id=new_name(),
            name=name,
            description=description,
            history=history,
            approval=approval,
            picture=picture,
        )
        return await self._api.do("PATCH", f"/groups/{group_id}", deed)

    async def add(self, group_id: str, user_id: str, *, deed: str | None = None) -> Message:
        """Add somebody, or let in who has asked."""
        wanted = Deed(client_message_id=deed or new_name(), user_id=user_id)
        return await self._api.do("POST", f"/groups/{group_id}/members", wanted)

    async def remove(self, group_id: str, user_id: str, *, deed: str | None = None) -> Message:
        """Remove somebody, or decline who has asked; leave, if that is oneself."""
        return await self._api.undo(f"/groups/{group_id}/members/{user_id}", deed or new_name())

    async def ban(self, group_id: str, user_id: str) -> Message:
        """Remove somebody, who may not come back."""
        return await self._api.do(
            "POST", f"/groups/{group_id}/bans", Deed(client_message_id=new_name(), user_id=user_id)
        )

    async def unban(self, group_id: str, user_id: str) -> Message:
        """Let somebody come back."""
        return await self._api.undo(f"/groups/{group_id}/bans/{user_id}", new_name())

    async def give_role(
        self, group_id: str, user_id: str, role: str, *, hand_over: bool = False, deed: str | None = None
    ) -> Message:
        """Promote or demote somebody; with `owner` and `hand_over`, become an admin by it."""
        wanted = Deed(client_message_id=deed or new_name(), role=role, hand_over=hand_over)
        return await self._api.do("PUT", f"/groups/{group_id}/members/{user_id}/role", wanted)

    async def invite(
        self, group_id: str, *, expires_in: int = 86_400, uses: int = 0, deed: str | None = None
    ) -> Invite:
        """Make a link that is good for so many seconds, and so many users (0 for any number)."""
        return await self._api.invite(group_id, NewInvite(expires_in, uses, deed or new_name()))

    async def end_invite(self, group_id: str, invite_id: str) -> Message:
        """End a link before it expires."""
        return await self._api.undo(f"/groups/{group_id}/invites/{invite_id}", new_name())

    async def join(self, group_id: str, token: str, *, deed: str | None = None) -> Message:
        """Join by a link; where approval is needed one has only asked (`kind` is `join_asked`)."""
        return await self._api.do(
            "POST", f"/groups/{group_id}/join", Deed(client_message_id=deed or new_name(), token=token)
        )


def new_name() -> str:
    """Return what a deed is called, so that it happens once however often it is asked for."""
    return str(uuid.uuid4())
