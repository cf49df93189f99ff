"""What requests about groups and their answers look like."""

from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from region.gateway.pictures import PictureView
from region.gateway.shapes import MentionView
from region.gateway.views import Message


class GroupRequest(msgspec.Struct, frozen=True):
    """Asks for a new group.

    Attributes:
        name: What it is called: 1 to 100 characters.
        member_ids: Who else belongs to it; 99 at most.
        description: What it is for; 1,000 characters at most.
        history: Whether those who join later see what was before.
        approval: Whether who comes by a link must be let in by an admin.
        client_message_id: Repeat it when you repeat the request: the group is made once. Made up if it is missing.
        picture: An image of one's own that is ready.
    """

    name: str
    member_ids: list[str] = []
    description: str = ""
    history: bool = True
    approval: bool = False
    client_message_id: str | None = None
    picture: str | None = None


class GroupChangeRequest(msgspec.Struct, frozen=True):
    """Changes a group; what is missing stays as it is. The `picture` is an image of one's own that is ready; null takes it away.

    `acknowledgement`: how messages are acknowledged: `local`, `replicated`, or empty for as the sender's region does it.
    """

    name: str | None = None
    description: str | None = None
    history: bool | None = None
    approval: bool | None = None
    client_message_id: str | None = None
    picture: str | UnsetType | None = UNSET
    acknowledgement: str | None = None


class GroupSendRequest(msgspec.Struct, frozen=True):
    """A message into a group.

    Attributes:
        text: 1 byte to 16 KiB of UTF-8; may be empty or missing if there are attachments.
        client_message_id: Repeat it when you repeat the request: the message is sent once. Made up if it is missing.
        attachments: Ids of up to 10 blobs of one's own that are ready, in the order in which they are to be shown.
        reply_to: The message that it answers, of the same conversation.
        forward_of: A message that one may see, whose words and attachments are sent instead of a text.
        mentions: Up to 50 members whom it names.
    """

    text: str = ""
    client_message_id: str | None = None
    attachments: list[str] = []
    reply_to: str | None = None
    forward_of: str | None = None
    mentions: list[MentionView] = []


class MemberRequest(msgspec.Struct, frozen=True):
    """Names somebody: to add, to let in, or to ban."""

    user_id: str
    client_message_id: str | None = None


class RoleRequest(msgspec.Struct, frozen=True):
    """Gives somebody another role.

    Attributes:
        role: `owner`, `admin` or `member`.
        hand_over: With `owner`: whether the caller becomes an admin by it.
        client_message_id: Repeat it when you repeat the request. Made up if it is missing.
    """

    role: str
    hand_over: bool = False
    client_message_id: str | None = None


class InviteRequest(msgspec.Struct, frozen=True):
    """Asks for a link by which others may join.

    Attributes:
        expires_in: For how many seconds it is good: 60 to 2,592,000 (30 days).
        uses: How many may join by it; 0 for any number.
        client_message_id: Repeat it when you repeat the request. Made up if it is missing.
    """

    expires_in: int = 86_400
    uses: int = 0
    client_message_id: str | None = None


class JoinRequest(msgspec.Struct, frozen=True):
    """Joins by a link.

    Attributes:
        token: The link's secret.
        client_message_id: Repeat it when you repeat the request. Made up if it is missing.
    """

    token: str
    client_message_id: str | None = None


class InviteView(msgspec.Struct, frozen=True, kw_only=True):
    """A link by which others may join; it is shown once.

    Attributes:
        group_id: Where it leads.
        invite_id: By which it can be ended.
        token: Its secret: who knows it may join.
        expires_at: Until when it is good, RFC 3339 in UTC.
        uses: How many may join by it; 0 for any number.
        message: What stands in the group's log; its `seq` is null while the owner has not decided yet.
    """

    group_id: str
    invite_id: str
    token: str
    expires_at: str
    uses: int
    message: Message


class InviteListed(msgspec.Struct, frozen=True, kw_only=True):
    """A link that was made; its secret is not told again.

    Attributes:
        uses: How many may still join by it; null for any number.
    """

    invite_id: str
    made_by: str
    expires_at: str
    uses: int | None


class GroupView(msgspec.Struct, frozen=True, kw_only=True):
    """A group; to who is no member any more only who made it and when.

    Attributes:
        name: What it is called; empty for who is no member.
        description: Likewise.
        history: Whether those who join see what was before; for who is no member it is true.
        approval: Whether who comes by a link must be let in; for who is no member it is false.
        owner_region: The region that decides in it.
        role: Where the caller stands: `owner`, `admin`, `member`, or `former`, `banned`, `asking`.
        member_count: How many members it has; 0 for who is none.
        head: The last seq that the caller may see.
        invites: Links that were made; for admins alone.
        picture: What stands for it, for members alone; null for nothing.
        acknowledgement: How messages are acknowledged: `local`, `replicated`, or empty for as the sender's region does it.
    """

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
    invites: list[InviteListed] = []
    picture: PictureView | None = None
    acknowledgement: str = ""


class MemberView(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody in a group.

    Attributes:
        role: `owner`, `admin` or `member`; for admins also `banned` and `asking`.
        joined: The seq by which the user became a member.
        received: The last seq that the user's devices have.
        read: The last seq that the user has read.
    """

    user_id: str
    home_region: str
    role: str
    joined: int
    received: int
    read: int


class Members(msgspec.Struct, frozen=True):
    """Who belongs to a group, whoever became a member first in front."""

    members: list[MemberView]


class Receipts(msgspec.Struct, frozen=True):
    """Who has done what with a message; each is named once, by the most that was done."""

    read_by: list[str]
    received_by: list[str]
    unread_by: list[str]


SHOWN: Final = (
    GroupRequest,
    GroupChangeRequest,
    GroupSendRequest,
    MemberRequest,
    RoleRequest,
    InviteRequest,
    JoinRequest,
    InviteView,
    GroupView,
    Members,
    Receipts,
)
