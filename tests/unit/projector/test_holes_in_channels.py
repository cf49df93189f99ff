"""Whatever people do to a channel while streams lose records: once all of it is found, regions agree, though none has all its members in memory."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from replication import groups as g
from tests.unit.projector.channel import CHANNEL
from tests.unit.projector.holes import Holes, check_reminders, check_standings
from tests.unit.projector.test_channel_machine import Channels
from tests.unit.projector.world import AKI, ALICE, EDI, EVA, World

abroad = st.sampled_from((EVA, EDI, AKI))


class ChannelsWithHoles(Holes, Channels):
    """A channel over streams that lose records."""

    @initialize(public=st.booleans(), others=st.sets(abroad))
    def begin(self, public: bool, others: set[str]) -> None:  # noqa: FBT001 — drawn
        """Most of who subscribes lives elsewhere."""
        super().begin(public, others)

    def seas(self) -> World:
        """Return the regions, and what is between them."""
        return self.channel

    @rule(user=abroad, role=st.sampled_from(("admin", "admin", "member", "owner")))
    def promote(self, user: str, role: g.Role) -> None:
        """Who may does it, more often than by chance."""
        self._do(ALICE, g.RoleChanged(self._name(), user, role))

    @rule(user=abroad, leave=st.booleans())
    def come_or_go(self, user: str, leave: bool) -> None:  # noqa: FBT001 — drawn
        """Somebody who lives elsewhere does."""
        name = self._name()
        self._do(user, g.MemberLeft(name) if leave else g.MemberJoined(name))

    def teardown(self) -> None:
        """First with the holes, then once everything is found."""
        if not hasattr(self, "channel"):
            return
        self.channel.settle()
        check_reminders(self.channel, CHANNEL)
        self.find_all()
        super().teardown()
        for presence in self.channel.state("us").regions:
            check_standings(self.channel.regions["us"], self.channel.regions[presence.region], CHANNEL, but=set())


ChannelsWithHoles.TestCase.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)
test_any_interleaving_ends_the_same_whatever_is_lost_and_found = ChannelsWithHoles.TestCase
