"""A channel of a rehearsal: its log, whose subscribers come and go, and what each of them is shown of it."""

from dataclasses import dataclass, field

from chaos.judge import events as e
from chaos.judge.channels import Channel
from chaos.judge.groups import ADMIN, Group
from chaos.judge.troupe import Troupe


@dataclass(slots=True)
class Herald(Troupe):
    """A channel; the first of its people owns it, the second posts too, the third comes and goes, and whoever follows never belongs to it."""

    state: Group = field(default_factory=Channel)
    shown_to_all: list[int] = field(default_factory=list)
    """The seqs that everybody is shown."""

    def opening(self) -> list[tuple[str, e.Change]]:
        """Return who does what, by which it begins."""
        poster = self.people[1]
        return [
            (self.owner, e.Change("channel_created")),
            (poster, e.Change("member_joined")),
            (self.guest, e.Change("member_joined")),
            (self.owner, e.Change("role_changed", (poster,), "admin")),
        ]

    def next_deed(self, number: int) -> tuple[str, e.Change]:
        """Return who does what next: the guest leaves, or is removed, and subscribes again; now and then a link is made."""
        if number % 5 == 4:  # noqa: PLR2004  # the fifth
            return self.owner, e.Change("invite_made")
        if self.guest not in self.state.roles:
            return self.guest, e.Change("member_joined")
        removed = self.owner, e.Change("member_removed", (self.guest,))
        return removed if number % 2 else (self.guest, e.Change("member_left"))

    def may_post(self) -> list[str]:
        """Return who posts."""
        return sorted(user for user in self.state.roles if self.state.rank(user) >= ADMIN)

    def number(self, author: str, message: str, content: str) -> None:
        """Append a post, which stands for what nobody is shown before it."""
        before = self.shown_to_all[-1] if self.shown_to_all else 0
        from_seq = before + 1 if before < self.head else 0
        self.log.append(e.Sighting(1, self.head + 1, message, author, content, "unread", from_seq))
        self.shown_to_all.append(self.head)

    def change(self, author: str, message: str, change: e.Change) -> None:
        """Append a change; that it begins is all that everybody is shown of them."""
        Troupe.change(self, author, message, change)
        if self.head == 1:
            self.shown_to_all.append(1)

    def concerns(self, user: str) -> list[e.Sighting]:
        """Return the changes that are told that user: their own, and what was done to them."""
        return [one for one in self.log if one.change is not None and user in {one.sender, *one.change.users}]

    def page(self, user: str, above: int) -> list[e.Sighting]:
        """Return what a user reads above a seq: posts, and a tombstone for what is above the last one."""
        membership = self.state.members.get(user)
        if membership is None:
            return []
        last = max(self.head if last is None else last for last in membership.stretches.values())
        shown = [self.log[seq - 1] for seq in self.shown_to_all if above < seq <= last]
        reached = shown[-1].seq if shown else above
        if reached < last:
            shown.append(e.Sighting(0, last, "", "", None, "", reached + 1))
        return shown

    def live(self, user: str, above: int) -> list[e.Sighting]:
        """Return what comes to a user's device above a seq: posts while they are subscribed, and what concerns them."""
        membership = self.state.members.get(user)
        if membership is None:
            return []
        concerned = {one.seq for one in self.concerns(user)}
        return [
            one for one in self.log[above:]
            if one.seq in concerned or (one.seq in self.shown_to_all and membership.comes_live(one.seq))
        ]  # fmt: skip
