"""Rules of a machine whose streams lose records, which may be found again; regions ask again meanwhile for what waits."""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from region.projector.rehearsal import Rehearsal
from replication.records import Entry
from tests.unit.projector.world import World

others = st.sampled_from(("eu", "ap"))


class Holes:
    """What happens to streams, beside all that people do."""

    def seas(self) -> World:
        """Return the regions, and what is between them."""
        raise NotImplementedError

    @rule(there=others, back=st.integers(0, 3), many=st.integers(1, 3))
    def lose(self, there: str, back: int, many: int) -> None:
        """What comes next on one way falls into a hole, mostly of what the owner tells."""
        origin, destination = ("us", there) if back else (there, "us")
        self.seas().regions[origin].project()
        for _ in range(many):
            self.seas().lose(origin, destination)

    @rule(number=st.integers(0, 20))
    def find(self, number: int) -> None:
        """Something that fell into a hole arrives after all."""
        if self.seas().lost:
            self.seas().find(number)

    @rule(region=others)
    def remind(self, region: str) -> None:
        """A region asks again for what waits."""
        self.seas().remind(region)

    @rule()
    def rest(self) -> None:
        """All that is under way arrives, and is taken in."""
        self.seas().settle()

    def find_all(self) -> None:
        """Whatever was lost arrives, one after another."""
        while self.seas().lost:
            self.seas().find()
            self.seas().settle()


def check_reminders(world: World, conversation: str) -> None:
    """Once every region has asked again, nothing waits any more but what is kept there, once everything before it has come.

    Raises:
        AssertionError: It is not so.
    """
    for name in ("eu", "ap"):
        world.remind(name)
    world.settle()
    owner = world.regions["us"].tables
    members = owner.conversations[conversation].members if conversation in owner.conversations else {}
    numbered = {entry.message_id: entry for entry in owner.visible(conversation)}
    for name in ("eu", "ap"):
        there = world.regions[name].tables
        for identifier, pending in there.pendings.items():
            entry, author = numbered[identifier], pending.submission.author
            kept = any(one.may_see(entry.seq) for one in members.values() if one.home == name)
            assert kept, f"{entry.body} waits for ever: {author} is told of it by nothing else"
        if not any(one.since for one in members.values() if one.home == name):
            assert conversation not in there.conversations, "a region has a conversation that nobody there was ever in"


def check_standings(owner: Rehearsal, there: Rehearsal, conversation: str, *, but: set[str]) -> None:
    """A region with a member knows of its own users what the owner does: since when they may see what.

    Args:
        owner: The owner's region.
        there: The other.
        conversation: The conversation.
        but: Of whom that is not compared.

    Raises:
        AssertionError: It is not so.
    """
    theirs = owner.tables.conversations[conversation].members
    mine = there.tables.conversations[conversation].members
    for user_id, member in theirs.items():
        if member.home == there.name and user_id not in but:
            known = mine[user_id]
            ranges = (known.role, known.joined, known.since, known.until, known.hidden)
            assert ranges == (member.role, member.joined, member.since, member.until, member.hidden)


def check_ranges(world: World, conversation: str, told: dict[str, list[Entry]], entitled: dict[int, set[str]]) -> None:
    """Whoever was a member at an entry is told of it, however late; and nobody is told what is not theirs to see.

    Args:
        world: The regions.
        conversation: The conversation.
        told: The entries that each user was told, who blocks nobody.
        entitled: Whom each seq is for.

    Raises:
        AssertionError: It is not so.
    """
    members = world.regions["us"].tables.conversations[conversation].members
    for user, entries in told.items():
        own = {entry.seq for entry in entries if entry.author == user}
        seen = {entry.seq for entry in entries} - own
        assert all(members[user].may_see(seq) for seq in seen)
        assert seen >= {seq for seq, users in entitled.items() if user in users} - own - _own(world, conversation, user)
    for name, region in world.regions.items():
        for _, seq in region.tables.entries:
            near = any(one.may_see(seq) for one in members.values() if one.home == name)
            assert near or name == "us", f"entry {seq} rests in {name}, where nobody may see it"


def _own(world: World, conversation: str, user: str) -> set[int]:
    """Return the seqs of what a user wrote: told again to who repeats it, member or not."""
    return {entry.seq for entry in world.regions["us"].tables.visible(conversation) if entry.author == user}
