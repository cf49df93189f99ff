"""What sort of decision a body wants: what lets somebody in hangs on the lease, what keeps somebody out is never put off. Pure."""

from collections.abc import Mapping
from typing import Final

from replication.accounts import AccountCreated, DeviceRevoked, PasswordChanged, UserBlocked
from replication.channels import ChannelChanged, ChannelCreated
from replication.friends import FriendRemoved
from replication.groups import (
    GroupCreated,
    InviteEnded,
    JoinDeclined,
    MemberAdded,
    MemberBanned,
    MemberJoined,
    MemberRemoved,
    RoleChanged,
)
from replication.holding.deciding import Kind
from replication.moderation import AccountRestored

KINDS: Final[Mapping[type, Kind]] = {
    AccountCreated: Kind.PERMIT,
    AccountRestored: Kind.PERMIT,
    GroupCreated: Kind.PERMIT,
    ChannelCreated: Kind.PERMIT,
    MemberAdded: Kind.PERMIT,
    MemberJoined: Kind.PERMIT,
    MemberRemoved: Kind.RESTRICTION,
    MemberBanned: Kind.RESTRICTION,
    JoinDeclined: Kind.RESTRICTION,
    InviteEnded: Kind.RESTRICTION,
    RoleChanged: Kind.RESTRICTION,
    FriendRemoved: Kind.RESTRICTION,
    UserBlocked: Kind.RESTRICTION,
    DeviceRevoked: Kind.RESTRICTION,
    PasswordChanged: Kind.RESTRICTION,
}
"""What is no message, or as free as one."""


def kind_of(body: object, *, widens: bool | None = None) -> Kind:
    """Return what sort of decision a body wants.

    Args:
        body: Of a submission, or as its owner ruled: who only asks to be let in is let in by nobody yet.
        widens: Whether a change, of a role or of who may look into a channel, gives more than there was. Who does not know the group
            cannot tell: then it does if it can.
    """
    if isinstance(body, ChannelChanged) and (body.public is True if widens is None else widens):
        return Kind.PERMIT
    if isinstance(body, RoleChanged) and (body.role != "member" if widens is None else widens):
        return Kind.PERMIT
    return KINDS.get(type(body), Kind.MESSAGE)
