"""What happens in a group: the bodies of its log's entries, as submitted and as numbered.

Each names its operation (`client_message_id`), from which its id follows, so a late retry brings nothing back. Codec version 3.
"""

import hashlib
from typing import Final, Literal, TypeAlias

import msgspec

from replication.alterations import Mention, Pin, Reference
from replication.attachments import Attachment
from replication.channels import ChannelState
from replication.friends import Friendship
from replication.pictures import Picture

Role: TypeAlias = Literal["owner", "admin", "member"]
RANKS: Final[dict[str, int]] = {"owner": 3, "admin": 2, "member": 1}
"""Who has a higher one may remove, ban and demote."""
ACKNOWLEDGEMENTS: Final = ("", "local", "replicated")
"""By what messages of a conversation are acknowledged: as the region of the sender does it, by that region alone, or by its standby, too."""
MOST_MEMBERS: Final = 100
MOST_SEATS: Final = 100 * MOST_MEMBERS
"""Of a conversation's members, with who is banned, has asked, or has left."""
LONGEST_NAME: Final = 100
LONGEST_DESCRIPTION: Final = 1_000


class Seat(msgspec.Struct, frozen=True, array_like=True):
    """Somebody who belongs to a conversation from its beginning.

    Attributes:
        user_id: The user.
        home: The user's home region.
    """

    user_id: str
    home: str


class GroupMessageSent(msgspec.Struct, frozen=True, tag="group_message_sent", omit_defaults=True):
    """A message into a group.

    Attributes:
        client_message_id: What the sender's device called it.
        text: Up to 16 KiB of UTF-8; empty only if there are attachments.
        attachments: References to images and files, in the order in which they are shown.
        answers: The message that it answers; None if it answers none.
        forwarded: Who wrote it first, if it was copied from elsewhere.
        mentions: Whom it names.
    """

    client_message_id: str
    text: str
    attachments: tuple[Attachment, ...] = ()
    answers: Reference | None = None
    forwarded: str = ""
    mentions: tuple[Mention, ...] = ()


class GroupCreated(msgspec.Struct, frozen=True, tag="group_created"):
    """A group begins; its author is its owner, and the author's home owns its log.

    Attributes:
        client_message_id: What the author's device called it; the group's id follows from it.
        name: What it is called.
        description: What it is for.
        members: Who else belongs to it.
        history: Whether those who join later see what was before.
        approval: Whether who comes by a link must be let in by an admin.
        picture: What stands for it; None for nothing. Of version 5.
    """

    client_message_id: str
    name: str
    description: str = ""
    members: tuple[Seat, ...] = ()
    history: bool = True
    approval: bool = False
    picture: Picture | None = None


class GroupChanged(msgspec.Struct, frozen=True, tag="group_changed"):
    """An admin changes what a group is called, how it is joined and (of version 5) how messages are acknowledged; None leaves a setting as it is.

    `NO_PICTURE` takes the picture away.
    """

    client_message_id: str
    name: str | None = None
    description: str | None = None
    history: bool | None = None
    approval: bool | None = None
    picture: Picture | None = None
    acknowledgement: str | None = None


class MemberAdded(msgspec.Struct, frozen=True, tag="member_added"):
    """An admin adds somebody, or lets in who has asked.

    Attributes:
        client_message_id: What the admin's device called it.
        user_id: Who belongs to it from now on.
        home: The user's home region.
    """

    client_message_id: str
    user_id: str
    home: str


class MemberJoined(msgspec.Struct, frozen=True, tag="member_joined"):
    """The author joins by a link.

    Attributes:
        client_message_id: What the author's device called it.
        token: The link's secret; it is in the submission alone, never in the entry.
        invite_id: Which link it was; in the entry. Empty if it was used up when the author asked.
    """

    client_message_id: str
    token: str = ""
    invite_id: str = ""


class MemberLeft(msgspec.Struct, frozen=True, tag="member_left"):
    """The author leaves."""

    client_message_id: str


class MemberRemoved(msgspec.Struct, frozen=True, tag="member_removed"):
    """An admin removes somebody, who may join again."""

    client_message_id: str
    user_id: str


class MemberBanned(msgspec.Struct, frozen=True, tag="member_banned"):
    """An admin removes somebody, who may not come back; or keeps somebody out who never was in."""

    client_message_id: str
    user_id: str


class MemberUnbanned(msgspec.Struct, frozen=True, tag="member_unbanned"):
    """An admin lets somebody come back who was banned."""

    client_message_id: str
    user_id: str


class RoleChanged(msgspec.Struct, frozen=True, tag="role_changed"):
    """An owner promotes or demotes somebody.

    Attributes:
        client_message_id: What the owner's device called it.
        user_id: Whose role it is.
        role: The new one.
        hand_over: Whether the author becomes an admin by the same entry, as the other becomes an owner.
    """

    client_message_id: str
    user_id: str
    role: Role
    hand_over: bool = False


class InviteMade(msgspec.Struct, frozen=True, tag="invite_made"):
    """An admin makes a link by which others may join.

    Attributes:
        client_message_id: What the admin's device called it.
        invite_id: Its name, by which it can be ended.
        digest: Of its secret.
        expires_at: Until when it is good, by the owner's clock: microseconds since the epoch.
        uses: How many may join by it; 0 for any number.
    """

    client_message_id: str
    invite_id: str
    digest: bytes
    expires_at: int
    uses: int = 0


class InviteEnded(msgspec.Struct, frozen=True, tag="invite_ended"):
    """An admin ends a link before it expires."""

    client_message_id: str
    invite_id: str


class JoinAsked(msgspec.Struct, frozen=True, tag="join_asked"):
    """The author came by a link, and waits to be let in; what a `MemberJoined` becomes where approval is needed."""

    client_message_id: str
    invite_id: str


class JoinDeclined(msgspec.Struct, frozen=True, tag="join_declined"):
    """An admin does not let in who has asked."""

    client_message_id: str
    user_id: str


GroupBody: TypeAlias = (
    GroupMessageSent
    | GroupCreated
    | GroupChanged
    | MemberAdded
    | MemberJoined
    | MemberLeft
    | MemberRemoved
    | MemberBanned
    | MemberUnbanned
    | RoleChanged
    | InviteMade
    | InviteEnded
    | JoinAsked
    | JoinDeclined
)
GROUP_BODIES: Final = GroupBody.__args__
"""The classes of `GroupBody`."""


def digest_of(token: str) -> bytes:
    """Return what a group's log keeps of a link's secret."""
    return hashlib.blake2b(token.encode(), digest_size=16, person=b"causeway-invite").digest()


class Invite(msgspec.Struct, frozen=True, array_like=True):
    """A link by which others may join, as the group's state has it.

    Attributes:
        invite_id: Its name.
        digest: Of its secret.
        expires_at: Until when it is good, microseconds since the epoch.
        uses: How many may still join by it; -1 for any number.
        made_by: Who made it.
    """

    invite_id: str
    digest: bytes
    expires_at: int
    uses: int
    made_by: str


class Details(msgspec.Struct, frozen=True):
    """What a conversation is called and how it is joined; part of its state. A 1:1 conversation has the friendship alone.

    Attributes:
        name: What it is called.
        description: What it is for.
        history: Whether those who join see what was before.
        approval: Whether who comes by a link must be let in.
        invites: The links that are good.
        created_by: Who began it.
        created_at: When its author's home accepted that, microseconds since the epoch.
        channel: What only a channel has.
        friendship: How the two of a 1:1 conversation stand; None if nobody has asked.
        pins: Messages that all members find, the last one put there last.
        pinned: The seq by which they changed last.
        picture: What stands for it; None for nothing.
        acknowledgement: One of `ACKNOWLEDGEMENTS`.
    """

    name: str = ""
    description: str = ""
    history: bool = True
    approval: bool = False
    invites: tuple[Invite, ...] = ()
    created_by: str = ""
    created_at: int = 0
    channel: ChannelState | None = None
    friendship: Friendship | None = None
    pins: tuple[Pin, ...] = ()
    pinned: int = 0
    picture: Picture | None = None
    acknowledgement: str = ""


NO_DETAILS: Final = Details()
