"""A group of a rehearsal: its log, whose members come and go, and what each of them may see of it."""

from collections import defaultdict
from dataclasses import dataclass, field

from chaos.judge import events as e
from chaos.judge.groups import Group
from chaos.judge.ledger import digest


@dataclass(slots=True)
class Troupe:
    """A group; the first two of its people stay, the third comes and goes, and whoever follows never belongs to it.

    Attributes:
        name: Its id.
        people: User ids.
        log: All of it.
        state: Who belongs to it by now, and what they may see.
        read: User id to how far they have read.
        shown: Device to how far it has been told.
    """

    name: str
    people: tuple[str, ...]
    log: list[e.Sighting] = field(default_factory=list)
    state: Group = field(default_factory=lambda: Group(history=False))
    read: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    shown: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def head(self) -> int:
        """The last seq."""
        return len(self.log)

    @property
    def owner(self) -> str:
        """Who founded it."""
        return self.people[0]

    @property
    def guest(self) -> str:
        """Who comes and goes."""
        return self.people[2]

    def opening(self) -> list[tuple[str, e.Change]]:
        """Return who does what, by which it begins; who joins later does not see what was before."""
        return [(self.owner, e.Change("group_created", self.people[1:3], history=False))]

    def next_deed(self, number: int) -> tuple[str, e.Change]:
        """Return who does what next: the guest is removed, or leaves, and is added again; now and then a link is made."""
        if number % 5 == 4:  # noqa: PLR2004  # the fifth
            return self.owner, e.Change("invite_made")
        if self.guest not in self.state.roles:
            return self.owner, e.Change("member_added", (self.guest,))
        return (
            (self.owner, e.Change("member_removed", (self.guest,)))
            if number % 2
            else (self.guest, e.Change("member_left"))
        )

    def may_post(self) -> list[str]:
        """Return who posts, if all goes well: whoever belongs to it now."""
        return sorted(self.state.roles)

    def number(self, author: str, message: str, content: str) -> None:
        """Append a message."""
        self.log.append(e.Sighting(1, self.head + 1, message, author, content, "unread"))

    def change(self, author: str, message: str, change: e.Change) -> None:
        """Append a change."""
        assert not self.state.take(self.head + 1, author, change)
        content = digest(f"{message} {change}")
        self.log.append(e.Sighting(1, self.head + 1, message, author, content, "unread", 0, change))

    def live(self, user: str, above: int) -> list[e.Sighting]:
        """Return what comes to a user's device above a seq."""
        return self.page(user, above)

    def page(self, user: str, above: int) -> list[e.Sighting]:
        """Return what a user is shown above a seq: entries, and a tombstone for each run that is not theirs to see."""
        membership = self.state.members.get(user)
        shown: list[e.Sighting] = []
        if membership is None:
            return shown
        last = max(self.head if last is None else last for last in membership.stretches.values())
        for entry in self.log[above:last]:
            if membership.covers(entry.seq):
                shown.append(entry)
            elif shown and shown[-1].content is None:
                shown[-1] = e.Sighting(0, entry.seq, "", "", None, "", shown[-1].from_seq)
            else:
                shown.append(e.Sighting(0, entry.seq, "", "", None, "", entry.seq))
        return shown
