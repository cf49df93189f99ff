"""What an entry changes in its group's state, the same in every region that has it. Pure; each returns whom it concerned."""

from msgspec.structs import replace

from region.store.rows import ASKING, BANNED, FORMER, Conversation, Member
from replication.groups import (
    Details,
    GroupChanged,
    GroupCreated,
    Invite,
    InviteEnded,
    InviteMade,
    JoinAsked,
    JoinDeclined,
    MemberAdded,
    MemberBanned,
    MemberJoined,
    MemberLeft,
    MemberRemoved,
    MemberUnbanned,
    RoleChanged,
)
from replication.ids import region_of
from replication.pictures import chosen
from replication.records import Entry


def none(_: Conversation, __: Entry, ___: object) -> list[Member]:
    """Change nothing: a message."""
    return []


def created(conversation: Conversation, entry: Entry, body: GroupCreated) -> list[Member]:
    """The group begins, with its author as its owner."""
    conversation.details = Details(
        body.name,
        body.description,
        body.history,
        body.approval,
        created_by=entry.author,
        created_at=entry.sent_at,
        picture=chosen(None, body.picture),
    )
    owner = whoever(conversation, entry.author, entry.home)
    owner.admit(entry.seq, entry.count, "owner", history=True)
    others = [whoever(conversation, seat.user_id, seat.home) for seat in body.members]
    for member in others:
        member.admit(entry.seq, entry.count, "member", history=True)
    return [owner, *others]


def changed(conversation: Conversation, _: Entry, body: GroupChanged) -> list[Member]:
    """Take over what is not None."""
    wanted = {name: getattr(body, name) for name in ("name", "description", "history", "approval", "acknowledgement")}
    conversation.details = replace(
        conversation.details,
        **{name: value for name, value in wanted.items() if value is not None},
        picture=chosen(conversation.details.picture, body.picture),
    )
    return []


def added(conversation: Conversation, entry: Entry, body: MemberAdded) -> list[Member]:
    """Somebody belongs to it from now on."""
    return [_admit(conversation, entry, body.user_id, body.home)]


def joined(conversation: Conversation, entry: Entry, body: MemberJoined) -> list[Member]:
    """The author belongs to it from now on; the link has been used once more."""
    _use(conversation, body.invite_id)
    return [_admit(conversation, entry, entry.author, entry.home)]


def left(conversation: Conversation, entry: Entry, _: MemberLeft) -> list[Member]:
    """The author belongs to it no more."""
    return [_dismiss(conversation, entry, entry.author, FORMER)]


def removed(conversation: Conversation, entry: Entry, body: MemberRemoved) -> list[Member]:
    """Somebody belongs to it no more."""
    return [_dismiss(conversation, entry, body.user_id, FORMER)]


def banned(conversation: Conversation, entry: Entry, body: MemberBanned) -> list[Member]:
    """Somebody belongs to it no more, and may not come back."""
    return [_dismiss(conversation, entry, body.user_id, BANNED)]


def let_be(conversation: Conversation, entry: Entry, body: MemberUnbanned | JoinDeclined) -> list[Member]:
    """Somebody stands as if never banned, or as if nothing was asked."""
    return [_dismiss(conversation, entry, body.user_id, FORMER)]


def role_changed(conversation: Conversation, entry: Entry, body: RoleChanged) -> list[Member]:
    """Somebody has another role; who hands over, too."""
    target, author = conversation.members[body.user_id], conversation.members[entry.author]
    target.role = body.role
    if not body.hand_over:
        return [target]
    author.role = "admin"
    return [target, author]


def invited(conversation: Conversation, entry: Entry, body: InviteMade) -> list[Member]:
    """There is a link more; those that were over by its making are forgotten."""
    made = Invite(body.invite_id, body.digest, body.expires_at, body.uses or -1, entry.author)
    kept = tuple(one for one in conversation.details.invites if one.uses and one.expires_at > entry.sent_at)
    conversation.details = replace(conversation.details, invites=(*kept, made))
    return []


def invite_ended(conversation: Conversation, _: Entry, body: InviteEnded) -> list[Member]:
    """The link is good no more."""
    kept = tuple(one for one in conversation.details.invites if one.invite_id != body.invite_id)
    conversation.details = replace(conversation.details, invites=kept)
    return []


def asked(conversation: Conversation, entry: Entry, body: JoinAsked) -> list[Member]:
    """The author waits to be let in."""
    _use(conversation, body.invite_id)
    asker = whoever(conversation, entry.author, entry.home)
    asker.role = ASKING
    return [asker]


def whoever(conversation: Conversation, user_id: str, home: str) -> Member:
    """Return where somebody stands, who may be a stranger until now."""
    found = conversation.members.get(user_id)
    if found is None:
        found = conversation.members[user_id] = Member(user_id, home, role=FORMER, since=0)
    return found


def _admit(conversation: Conversation, entry: Entry, user_id: str, home: str) -> Member:
    member = whoever(conversation, user_id, home)
    member.home = home
    member.admit(entry.seq, entry.count, "member", history=conversation.details.history)
    return member


def _dismiss(conversation: Conversation, entry: Entry, user_id: str, role: str) -> Member:
    member = whoever(conversation, user_id, region_of(user_id))
    member.dismiss(entry.seq, role)
    return member


def _use(conversation: Conversation, invite_id: str) -> None:
    conversation.details = replace(
        conversation.details,
        invites=tuple(
            replace(one, uses=one.uses - 1) if one.invite_id == invite_id and one.uses > 0 else one
            for one in conversation.details.invites
        ),
    )
