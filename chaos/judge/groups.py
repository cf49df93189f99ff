"""Who belongs to a group, seq by seq: folded from the changes in its log, and what in it breaks the rules of groups. Pure.

The rules are those of `docs/conversations.md`, written down once more: a judge that asked the product's own would believe it.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Final, NamedTuple

from chaos.judge.events import DELETED, Change
from chaos.judge.facts import Log, Membership, Message

MOST_MEMBERS: Final = 100
RANKS: Final = {"member": 1, "admin": 2, "owner": 3}
ADMIN, OWNER = RANKS["admin"], RANKS["owner"]
FOR_ADMINS: Final = frozenset(
    {
        "group_changed", "invite_made", "invite_ended", "join_declined",
        "member_added", "member_removed", "member_banned", "member_unbanned",
    }
)  # fmt: skip
ENTERS: Final = frozenset({"member_added", "member_joined"})
GOES: Final = frozenset({"member_left", "member_removed", "member_banned"})


class Objection(NamedTuple):
    """Something in a group's log that breaks a rule.

    Attributes:
        seq: Where.
        message: The id of what stands there.
        line: Where in the ledger it is to be seen.
    """

    seq: int
    message: str
    line: int
    what: str


@dataclass(slots=True)
class Group:
    """A group as its log up to some seq has it.

    Attributes:
        members: Everybody who ever was one, and what they may see.
        roles: Of those who are.
        banned: Who may not come back.
        history: Whether those who join see what was before.
        most: How many belonged to it at once.
        changes: How many there were.
        broken: What breaks a rule of groups.
        strangers: Messages and alterations of who was no member.
        deleted_by: Seq of each deletion to the rank that its author had then.
        unsure: Of whom nobody can say when they belonged to it: what they did or was done to them is not judged.
    """

    what: ClassVar = "group"
    founding: ClassVar = "group_created"
    most_members: ClassVar = MOST_MEMBERS
    for_admins: ClassVar = FOR_ADMINS
    for_owners: ClassVar = frozenset({"role_changed"})

    members: dict[str, Membership] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    banned: set[str] = field(default_factory=set)
    history: bool = True
    most: int = 0
    changes: int = 0
    broken: list[Objection] = field(default_factory=list)
    strangers: list[Objection] = field(default_factory=list)
    deleted_by: dict[int, int] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)

    def rank(self, user: str) -> int:
        """Return what somebody may do; 0 for who is no member."""
        return RANKS.get(self.roles.get(user, ""), 0)

    def objects_to(self, message: Message) -> str:
        """Return why its author may not send that, or do that to a message; nothing if they may."""
        return "" if self.rank(message.author) else f"{message.author} was no member when it was numbered"

    def take(self, seq: int, author: str, change: Change) -> list[str]:
        """Go on by one change; return which rules it breaks. What is numbered is so, whether it should be or not."""
        self.changes += 1
        why = [] if self.unsure.intersection({author, *change.users}) else self._objections(seq, author, change)
        self._apply(seq, author, change)
        self.most = max(self.most, len(self.roles))
        if len(self.roles) > self.most_members:
            why.append(f"the {self.what} has {len(self.roles)} members by it")
        if self.roles and "owner" not in self.roles.values():
            why.append(f"the {self.what} has no owner by it")
        return why

    def _apply(self, seq: int, author: str, change: Change) -> None:
        kind, users = change.kind, change.users
        if change.history is not None:
            self.history = change.history
        if kind == self.founding:
            users = (author, *users)
        if kind in {*ENTERS, self.founding}:
            for user in users or (author,):
                self._admit(seq, user, "owner" if kind == self.founding and user == author else "member")
        elif kind in GOES:
            for user in users or (author,):
                self._dismiss(seq, user)
        if kind == "member_banned":
            self.banned.update(users)
        elif kind == "member_unbanned":
            self.banned.difference_update(users)
        elif kind == "role_changed":
            given = dict.fromkeys(users, change.role) | ({author: "admin"} if change.hand_over else {})
            self.roles.update((user, role) for user, role in given.items() if user in self.roles)

    def _objections(self, seq: int, author: str, change: Change) -> list[str]:
        kind, rank = change.kind, self.rank(author)
        why = []
        if (kind == self.founding) != (seq == 1):
            why.append(f"a {self.what} begins with its first entry, and only there")
        if (kind in self.for_admins and rank < ADMIN) or (kind in self.for_owners and rank < OWNER):
            why.append(f"{author} may not do that as {self.roles.get(author, 'no member')}")
        if kind == "member_left" and not rank:
            why.append(f"{author} is no member")
        for user in change.users or (author,):
            if kind in ENTERS and user in self.roles:
                why.append(f"{user} is a member already")
            if kind in ENTERS and user in self.banned:
                why.append(f"{user} is banned")
            if kind in {"member_removed", "role_changed"} and user not in self.roles:
                why.append(f"{user} is no member")
            if kind in {"member_removed", "member_banned"} and self.rank(user) >= max(rank, 1):
                why.append(f"{author} may not do that to {user}, who is {self.roles[user]}")
        return why

    def _admit(self, seq: int, user: str, role: str) -> None:
        membership = self.members.setdefault(user, Membership())
        if self.history:
            membership.stretches = {1: None}
        else:
            membership.stretches[seq] = None
        membership.present[seq] = None
        self.roles[user] = role

    def _dismiss(self, seq: int, user: str) -> None:
        membership = self.members.get(user)
        if self.roles.pop(user, None) is None or membership is None:
            return
        for stretches in (membership.stretches, membership.present):
            stretches.update({first: seq for first, last in stretches.items() if last is None})


def gathered(log: Log, group: Group) -> Group | None:
    """Return a group as its whole log has it, which is given as it is before; None if that is no group's."""
    for seq in sorted(log.places):
        _, message = log.places[seq]
        if message.change is None or message.change.alters:
            if message.change is not None and message.change.kind == DELETED:
                group.deleted_by[seq] = group.rank(message.author)
            if message.author not in group.unsure and (what := group.objects_to(message)):
                group.strangers.append(Objection(seq, message.id or "", message.line, what))
            continue
        for what in group.take(seq, message.author, message.change):
            group.broken.append(Objection(seq, message.id or "", message.line, what))
    return group if group.changes else None
