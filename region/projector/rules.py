"""What may happen in a group, by its state at that moment of its log. Pure; each rule answers with the body that is numbered, or why not."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from msgspec.structs import replace

from region.store.rows import ASKING, BANNED, Conversation, Member
from replication.channels import ChannelBody
from replication.groups import (
    MOST_MEMBERS,
    MOST_SEATS,
    RANKS,
    GroupBody,
    GroupChanged,
    GroupCreated,
    GroupMessageSent,
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
    digest_of,
)

MOST_INVITES: Final = 50
MOST_BANNED: Final = 1_000
MOST_ASKING: Final = 1_000
"""Each region that gains a member is told of all of these in one record, the charter."""
ADMIN, OWNER = RANKS["admin"], RANKS["owner"]

NOT_A_MEMBER: Final = "not-a-member"
NOT_ALLOWED: Final = "not-allowed"
USER_UNKNOWN: Final = "user-unknown"
GROUP_FULL: Final = "group-full"
BANNED_CODE: Final = "banned"
LAST_OWNER: Final = "last-owner"
ALREADY: Final = "already-a-member"
WAITING: Final = "already-waiting"
NO_SUCH_MEMBER: Final = "no-such-member"
INVITE: Final = "invite-not-good"
TOO_MANY: Final = "too-many-invites"
NOBODY_LEFT: Final = "nobody-left"
TOO_MANY_BANNED: Final = "too-many-banned"
TOO_MANY_ASKING: Final = "too-many-asking"
TOO_MANY_FORMER: Final = "too-many-former"

DETAILS: Final = {
    NOT_A_MEMBER: "You are no member of this group, or not any more. Ask an admin to add you.",
    NOT_ALLOWED: "Your role in this group does not allow that. Ask an admin or an owner.",
    USER_UNKNOWN: "There is nobody of that id. Check whom you meant.",
    GROUP_FULL: f"The group has {MOST_MEMBERS} members, which is the most. Somebody must leave first.",
    BANNED_CODE: "The user is banned from this group. An admin may lift that.",
    LAST_OWNER: "A group needs an owner. Make somebody else an owner first.",
    ALREADY: "The user is a member already.",
    WAITING: "You have asked to join already. Wait until an admin lets you in.",
    NO_SUCH_MEMBER: "The user is no member of this group.",
    INVITE: "This link is not good, or not any more. Ask for a new one.",
    TOO_MANY: f"The group has {MOST_INVITES} links, which is the most. End one first.",
    NOBODY_LEFT: "Everybody has left, so it has no owner who could let you in. Begin another one.",
    TOO_MANY_BANNED: f"{MOST_BANNED} users are banned from this group, which is the most. Lift a ban first.",
    TOO_MANY_ASKING: f"{MOST_ASKING} users wait to be let in, which is the most. Try again when an admin has answered them.",
    TOO_MANY_FORMER: f"{MOST_SEATS} users have had to do with this group by now, which is the most. Begin another one.",
}
"""What a refusal's author reads, by code."""


@dataclass(frozen=True, slots=True)
class Denial:
    """It may not happen, for the reason that the code names."""

    code: str


@dataclass(frozen=True, slots=True)
class Question:
    """May this happen?

    Attributes:
        conversation: The group as it stands.
        author: Who wants it.
        now: By the owner's clock, microseconds since the epoch; only links look at it.
        at: When the author's home accepted it; only slow mode looks at it, and compares the same home's times.
        exists: Whether there may be a user of that id, as far as can be told here.
    """

    conversation: Conversation
    author: str
    now: int
    exists: Callable[[str], bool]
    at: int = 0

    def member(self, user_id: str) -> Member | None:
        """Return a present member."""
        found = self.conversation.members.get(user_id)
        return found if found is not None and found.active else None

    def role_of(self, user_id: str) -> str:
        """Return where somebody stands; empty for a stranger."""
        found = self.conversation.members.get(user_id)
        return found.role if found is not None else ""

    @property
    def rank(self) -> int:
        """What the author may do; 0 for who is no member."""
        found = self.member(self.author)
        return found.rank if found is not None else 0

    def number(self, role: str) -> int:
        """Return how many stand so."""
        return sum(member.role == role for member in self.conversation.members.values())

    def is_one_too_many(self, user_id: str) -> bool:
        """Whether that is a stranger, and no more are taken note of; who has left counts, since what they may see is kept."""
        members = self.conversation.members
        return user_id not in members and len(members) >= MOST_SEATS

    @property
    def is_full(self) -> bool:
        """Whether nobody more may join."""
        return len(self.conversation.active()) >= MOST_MEMBERS

    def objection(self, least: int) -> Denial | None:
        """Return why the author may not do what needs that rank."""
        if not self.rank:
            return Denial(NOT_A_MEMBER)
        return None if self.rank >= least else Denial(NOT_ALLOWED)


Ruling: TypeAlias = GroupBody | ChannelBody | Denial


def create(question: Question, body: GroupCreated) -> Ruling:
    """Anybody may; the others must exist, as far as can be told."""
    if len(body.members) >= MOST_MEMBERS:
        return Denial(GROUP_FULL)
    return body if all(question.exists(seat.user_id) for seat in body.members) else Denial(USER_UNKNOWN)


def post(question: Question, body: GroupMessageSent) -> Ruling:
    """Members may."""
    return question.objection(1) or body


def change(question: Question, body: GroupChanged | InviteEnded) -> Ruling:
    """Admins may."""
    return question.objection(ADMIN) or body


def add(question: Question, body: MemberAdded) -> Ruling:
    """Admins may, while there is room; it lets in who has asked, too."""
    if denied := question.objection(ADMIN):
        return denied
    if question.member(body.user_id):
        return Denial(ALREADY)
    if question.role_of(body.user_id) == BANNED:
        return Denial(BANNED_CODE)
    if not question.exists(body.user_id):
        return Denial(USER_UNKNOWN)
    if question.is_one_too_many(body.user_id):
        return Denial(TOO_MANY_FORMER)
    return Denial(GROUP_FULL) if question.is_full else body


def join(question: Question, body: MemberJoined) -> Ruling:
    """Who has a good link may, or is heard, where approval is needed."""
    if denied := obstacle(question):
        return denied
    if not question.conversation.active():
        return Denial(NOBODY_LEFT)
    if denied := crowd(question):
        return denied
    link = good_link(question, body.token)
    if link is None:
        return Denial(INVITE)
    waits = question.role_of(question.author) == ASKING
    if question.conversation.details.approval:
        return Denial(WAITING) if waits else JoinAsked(body.client_message_id, link)
    used = "" if waits else link  # by asking it was used already
    return Denial(GROUP_FULL) if question.is_full else replace(body, token="", invite_id=used)


def obstacle(question: Question) -> Denial | None:
    """Return why the author may not become a member, whatever the link."""
    if question.role_of(question.author) == BANNED:
        return Denial(BANNED_CODE)
    return Denial(ALREADY) if question.member(question.author) else None


def crowd(question: Question) -> Denial | None:
    """Return that so many have had to do with the group, or wait to be let in, that no more are taken note of."""
    if question.is_one_too_many(question.author):
        return Denial(TOO_MANY_FORMER)
    waits = question.role_of(question.author) == ASKING
    full = question.conversation.details.approval and not waits and question.number(ASKING) >= MOST_ASKING
    return Denial(TOO_MANY_ASKING) if full else None


def good_link(question: Question, token: str) -> str | None:
    """Return the name of the link that has this secret; None if none has, or it is good no more."""
    digest = digest_of(token)
    for invite in question.conversation.details.invites:
        if invite.digest == digest and invite.uses and question.now < invite.expires_at:
            return invite.invite_id
    return None


def leave(question: Question, body: MemberLeft) -> Ruling:
    """Members may; the last owner only when nobody is left behind."""
    if denied := question.objection(1):
        return denied
    alone = len(question.conversation.active()) == 1
    return Denial(LAST_OWNER) if is_last_owner(question, question.author) and not alone else body


def remove(question: Question, body: MemberRemoved) -> Ruling:
    """Admins may, whom they outrank."""
    if denied := question.objection(ADMIN):
        return denied
    target = question.member(body.user_id)
    if target is None:
        return Denial(NO_SUCH_MEMBER)
    return body if question.rank > target.rank else Denial(NOT_ALLOWED)


def ban(question: Question, body: MemberBanned) -> Ruling:
    """Admins may, whom they outrank; strangers, too, who must exist, as far as can be told; so many at a time."""
    if denied := question.objection(ADMIN):
        return denied
    target = question.member(body.user_id)
    if target is not None and question.rank <= target.rank:
        return Denial(NOT_ALLOWED)
    role = question.role_of(body.user_id)
    if not role and not question.exists(body.user_id):
        return Denial(USER_UNKNOWN)
    if question.is_one_too_many(body.user_id):
        return Denial(TOO_MANY_FORMER)
    if (
        role == BANNED or question.conversation.is_channel
    ):  # of a channel not all are in memory, and a charter tells of few
        return body
    return Denial(TOO_MANY_BANNED) if question.number(BANNED) >= MOST_BANNED else body


def unban(question: Question, body: MemberUnbanned) -> Ruling:
    """Admins may."""
    if denied := question.objection(ADMIN):
        return denied
    return body if question.role_of(body.user_id) == BANNED else Denial(NO_SUCH_MEMBER)


def change_role(question: Question, body: RoleChanged) -> Ruling:
    """Owners may, except that owners are demoted by themselves alone, and never the last one."""
    if denied := question.objection(OWNER):
        return denied
    target = question.member(body.user_id)
    if target is None:
        return Denial(NO_SUCH_MEMBER)
    if body.hand_over and (body.role != "owner" or body.user_id == question.author):
        return Denial(NOT_ALLOWED)
    if target.rank == OWNER and body.role != "owner":
        if body.user_id != question.author:
            return Denial(NOT_ALLOWED)
        if is_last_owner(question, body.user_id):
            return Denial(LAST_OWNER)
    return body


def invite(question: Question, body: InviteMade) -> Ruling:
    """Admins may, so many at a time; those that are over do not count."""
    if denied := question.objection(ADMIN):
        return denied
    good = [one for one in question.conversation.details.invites if one.uses and question.now < one.expires_at]
    return Denial(TOO_MANY) if len(good) >= MOST_INVITES else body


def decline(question: Question, body: JoinDeclined) -> Ruling:
    """Admins may, who has asked."""
    if denied := question.objection(ADMIN):
        return denied
    return body if question.role_of(body.user_id) == ASKING else Denial(NO_SUCH_MEMBER)


def is_last_owner(question: Question, user_id: str) -> bool:
    """Whether there would be no owner without that user."""
    owners = [member.user_id for member in question.conversation.active() if member.rank == OWNER]
    return owners == [user_id]
