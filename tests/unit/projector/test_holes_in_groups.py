"""Whatever members do to a group while streams lose records: once all of it is found, every region has the same log and state, and shows it to the same people."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from region.projector.rehearsal import submission
from replication import alterations as a
from replication import groups as g
from replication.accounts import UserBlocked
from replication.ids import message_id, region_of
from replication.records import Entry
from tests.unit.projector.holes import Holes, check_ranges, check_reminders, check_standings
from tests.unit.projector.test_group_machine import Groups, entitled_to
from tests.unit.projector.world import AKI, ALICE, BOB, EDI, EVA, GROUP, SEATS, World

abroad = st.sampled_from((EVA, EDI, AKI))


class GroupsWithHoles(Holes, Groups):
    """A group over streams that lose records; some who live elsewhere block some who do not."""

    def __init__(self) -> None:
        """Nothing has happened yet."""
        super().__init__()
        self.mine: list[str] = []
        self.blocks: set[tuple[str, str]] = set()

    @initialize(
        others=st.sets(abroad, max_size=2),
        history=st.booleans(),
        approval=st.booleans(),
        blocks=st.sets(st.tuples(abroad, st.sampled_from((ALICE, BOB))), max_size=2),
    )
    def begin(
        self,
        others: set[str],
        history: bool,  # noqa: FBT001 — drawn
        approval: bool,  # noqa: FBT001 — drawn
        blocks: set[tuple[str, str]],
    ) -> None:
        """Blocks are there before the group is."""
        self.blocks = blocks
        for blocker, blocked in sorted(blocks):
            self.world.regions[region_of(blocker)].submit(submission(blocker, UserBlocked(blocked)))
        super().begin(others, history, approval)

    def seas(self) -> World:
        """Return the regions, and what is between them."""
        return self.world

    @rule(user=abroad, out=st.integers(0, 2))
    def let_in_or_out(self, user: str, out: int) -> None:
        """Who may does it, more often than by chance."""
        name = self._name()
        self._do(ALICE, g.MemberAdded(name, user, region_of(user)) if out else g.MemberRemoved(name, user))

    @rule(history=st.booleans())
    def show_history(self, history: bool) -> None:  # noqa: FBT001 — drawn
        """Likewise."""
        self._do(ALICE, g.GroupChanged(self._name(), history=history))

    @rule(number=st.integers(0, 20), what=st.sampled_from(("say", "edit", "delete", "react")))
    def alter(self, number: int, what: str) -> None:
        """Likewise, to a message of one's own."""
        name = self._name()
        if what == "say" or not self.mine:
            self._do(ALICE, g.GroupMessageSent(name, f"said by {ALICE}: {name}"))
            self.mine.append(message_id(ALICE, GROUP, name))
            return
        target = self.mine[number % len(self.mine)]
        alterations: dict[str, a.Alteration] = {
            "edit": a.MessageEdited(name, target, name),
            "delete": a.MessageDeleted(name, target),
            "react": a.ReactionAdded(name, target, "\N{THUMBS UP SIGN}"),
        }
        self._do(ALICE, alterations[what])

    @rule(user=abroad, leave=st.booleans())
    def come_or_go(self, user: str, leave: bool) -> None:  # noqa: FBT001 — drawn
        """Somebody who lives elsewhere does."""
        name = self._name()
        self._do(user, g.MemberLeft(name) if leave else g.MemberJoined(name, "token"))

    def teardown(self) -> None:
        """First with the holes, then once everything is found."""
        self.world.settle()
        check_reminders(self.world, GROUP)
        self.find_all()
        super().teardown()
        for region in self.world.regions.values():
            assert region.tables.pendings == {}
            found = region.tables.conversations.get(GROUP)
            if found is not None and any(member.home == region.name for member in found.active()):
                blockers = {blocker for blocker, _ in self.blocks}
                check_standings(self.world.regions["us"], region, GROUP, but=blockers)
        self._check_blocks()

    def _check_entitlement(self, log: list[Entry]) -> None:
        blockers = {blocker for blocker, _ in self.blocks}
        told = {user: self.world.told(user) for user in SEATS if user not in blockers}
        check_ranges(self.world, GROUP, told, entitled_to(log))

    def _check_blocks(self) -> None:
        """Nobody stays where somebody blocked has put them, unless they would leave the group without an owner."""
        us = self.world.regions["us"].tables
        by: dict[str, Entry] = {}
        for entry in us.visible(GROUP):
            if isinstance(entry.body, g.GroupCreated):
                by |= {seat.user_id: entry for seat in entry.body.members}
            elif isinstance(entry.body, g.MemberAdded):
                by[entry.body.user_id] = entry
            elif isinstance(entry.body, g.MemberJoined):
                by.pop(entry.author, None)
        members = us.conversations[GROUP].members
        for user, entry in by.items():
            stopped = (user, entry.author) in self.blocks
            left = message_id(user, GROUP, f"stopped {entry.message_id}")
            assert not (stopped and members[user].active) or left in us.refusals


GroupsWithHoles.TestCase.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)
test_any_interleaving_ends_the_same_whatever_is_lost_and_found = GroupsWithHoles.TestCase
