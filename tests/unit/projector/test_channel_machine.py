"""Whatever people of three regions do to a channel at the same time: its rules hold, and regions agree, though none has all its members in memory."""

import os

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from region.projector.rehearsal import deed
from replication import alterations as a
from replication import channels as c
from replication import groups as g
from replication.ids import region_of
from replication.records import Entry, LogBody
from tests.unit.projector.channel import CHANNEL, Channel
from tests.unit.projector.world import ALICE, SEATS, as_held, digest

people = st.sampled_from(sorted(SEATS))
mostly_alice = st.one_of(st.just(ALICE), st.just(ALICE), people)
regions = st.sampled_from(("us", "eu", "ap"))
ALTERING = (a.MessageEdited, a.MessageDeleted, a.MessagePinned, a.MessageUnpinned, a.ReactionAdded)


class Channels(RuleBasedStateMachine):
    """A channel, and people who do this and that; nothing arrives before it is carried."""

    def __init__(self) -> None:
        """Nothing has happened yet."""
        super().__init__()
        self.deeds = 0

    @initialize(public=st.booleans(), others=st.sets(people.filter(lambda user: user != ALICE)))
    def begin(self, public: bool, others: set[str]) -> None:  # noqa: FBT001 — drawn
        """Alice makes the channel and a link, and some subscribe."""
        self.channel = Channel()
        self.channel.subscribe(*sorted(others))
        self.channel.act(ALICE, c.ChannelChanged("open or close", public=public))
        self.channel.act(ALICE, g.InviteMade("link", "link", g.digest_of("token"), 10**15))

    def _do(self, author: str, body: LogBody) -> None:
        self.channel.regions[region_of(author)].submit(deed(author, CHANNEL, body))

    def _name(self) -> str:
        self.deeds += 1
        return f"deed {self.deeds}"

    @rule(author=mostly_alice)
    def post(self, author: str) -> None:
        """Somebody posts."""
        name = self._name()
        self._do(author, c.ChannelMessageSent(name, name))

    @rule(author=mostly_alice, number=st.integers(0, 40), kind=st.sampled_from(ALTERING))
    def alter(self, author: str, number: int, kind: type[a.MessageEdited]) -> None:
        """Somebody edits, deletes, pins, unpins or reacts to a post, which may be gone already."""
        entries = self.channel.regions["us"].tables.visible(CHANNEL)
        posts = [entry.message_id for entry in entries if isinstance(entry.body, c.ChannelMessageSent)]
        if posts:
            more = ("\N{THUMBS UP SIGN}",) if kind in {a.MessageEdited, a.ReactionAdded} else ()
            self._do(author, kind(self._name(), posts[number % len(posts)], *more))

    @rule(author=people, token=st.sampled_from(("", "token", "wrong")))
    def subscribe(self, author: str, token: str) -> None:
        """Somebody subscribes, by a link or not."""
        self._do(author, g.MemberJoined(self._name(), token))

    @rule(author=people)
    def leave(self, author: str) -> None:
        """Somebody leaves."""
        self._do(author, g.MemberLeft(self._name()))

    @rule(author=mostly_alice, user=people, kind=st.sampled_from((g.MemberRemoved, g.MemberBanned, g.MemberUnbanned)))
    def turn_out(self, author: str, user: str, kind: type[g.MemberRemoved]) -> None:
        """Somebody removes, bans or lets back somebody."""
        self._do(author, kind(self._name(), user))

    @rule(author=mostly_alice, user=people, role=st.sampled_from(("owner", "admin", "member")), hand_over=st.booleans())
    def give_role(self, author: str, user: str, role: g.Role, hand_over: bool) -> None:  # noqa: FBT001 — drawn
        """Somebody promotes, demotes or hands over."""
        self._do(author, g.RoleChanged(self._name(), user, role, hand_over))

    @rule(author=mostly_alice, public=st.booleans())
    def change(self, author: str, public: bool) -> None:  # noqa: FBT001 — drawn
        """Somebody opens or closes it."""
        self._do(author, c.ChannelChanged(self._name(), public=public))

    @rule(region=regions, most=st.integers(1, 5))
    def project(self, region: str, most: int) -> None:
        """A region judges some of what waits."""
        self.channel.regions[region].project(most)

    @rule()
    def carry(self) -> None:
        """What is on its way arrives."""
        self.channel.carry()

    @invariant()
    def the_owners_state_counts_its_members(self) -> None:
        """How many subscribe, where, is what a list would say; somebody owns it while anybody is there."""
        found = self.channel.regions["us"].tables.conversations[CHANNEL]
        active = found.active()
        state = self.channel.state("us")
        assert state.subscribers == len(active)
        assert {one.region: one.subscribers for one in state.regions} == {
            region: count for region in ("us", "eu", "ap") if (count := sum(m.home == region for m in active))
        }
        assert not active or any(member.role == "owner" for member in active)

    @invariant()
    def nothing_is_poison(self) -> None:
        """Whatever anybody does can be judged."""
        assert all(region.tables.poison == [] for region in self.channel.regions.values())
        assert all(region.tables.made_up == [] for region in self.channel.regions.values())

    def teardown(self) -> None:
        """In the end, regions with a subscriber have the owner's state and posts, and who posted was allowed to."""
        if not hasattr(self, "channel"):
            return
        self.channel.settle()
        self.the_owners_state_counts_its_members()
        us = self.channel.regions["us"].tables
        log = us.visible(CHANNEL)
        self._check_posts(log)
        for presence in self.channel.state("us").regions:
            there = self.channel.regions[presence.region].tables
            here = there.conversations[CHANNEL]
            assert here.details == us.conversations[CHANNEL].details
            assert here.head == us.conversations[CHANNEL].head
            mine = {m.user_id: m.role for m in here.active() if m.home == presence.region}
            theirs = {m.user_id: m.role for m in us.conversations[CHANNEL].active() if m.home == presence.region}
            assert mine == theirs
            held = {seq for conversation, seq in there.entries if conversation == CHANNEL}
            shown = {entry.seq for entry in log if c.follows_of(entry.body) is not None}
            lacking = {seq for first, last in here.missing for seq in range(first, last + 1)}
            assert shown <= held | lacking, "a post is neither here nor known to be missing"
            self._check_digest(presence.region, log)
        for name in ("eu", "ap"):
            self._check_made(name, log)
        assert all(region.tables.pendings == {} for region in self.channel.regions.values())

    def _check_digest(self, region: str, log: list[Entry]) -> None:
        """What a region has of the log is what the owner has of it: the same entries under the same numbers."""
        rows = self.channel.regions[region].tables.entries
        held = {seq: entry for (conversation, seq), (entry, _) in rows.items() if conversation == CHANNEL}
        ours = {entry.seq: as_held(entry, held[entry.seq]) for entry in log if entry.seq in held}
        assert digest(list(held.values())) == digest(list(ours.values()))

    def _check_made(self, region: str, log: list[Entry]) -> None:
        """A region that has all of what was done to a post has what it came to; of a post that was deleted none has anything."""
        us, there = self.channel.regions["us"].tables, self.channel.regions[region].tables
        for (conversation, seq), made in us.aftermaths.items():
            assert not made.reactions
            if (conversation, seq) not in there.entries:
                continue
            known = there.aftermaths.get((conversation, seq), a.NOTHING)
            about = {e.seq for e in log if isinstance(e.body, a.ALTERATIONS) and e.body.target_seq == seq}
            if made.deleted:
                assert known.deleted == made.deleted
                assert there.entries[conversation, seq][0].text == ""
            elif all((conversation, one) in there.entries for one in about):
                assert known == made

    def _check_posts(self, log: list[Entry]) -> None:
        """Each post is an owner's or a poster's, by the log before it, and follows the one shown before."""
        roles: dict[str, str] = {}
        shown = 0
        for entry in log:
            body, author = entry.body, entry.author
            if isinstance(body, a.ALTERATIONS):
                assert c.follows_of(body) == shown
                shown = entry.seq
                assert roles.get(author) in {"owner", "admin"} or isinstance(body, a.MessageDeleted)
            if isinstance(body, c.CHANNEL_BODIES):
                assert isinstance(body, c.ChannelCreated) or roles.get(author) in {"owner", "admin"}
                assert c.follows_of(body) == shown
                shown = entry.seq
            match body:
                case c.ChannelCreated():
                    roles[author] = "owner"
                case g.MemberJoined():
                    roles[author] = "member"
                case g.MemberLeft():
                    del roles[author]
                case g.MemberRemoved() | g.MemberBanned():
                    del roles[body.user_id]
                case g.RoleChanged():
                    roles[body.user_id] = body.role
                    if body.hand_over:
                        roles[author] = "admin"
                case _:
                    pass


Channels.TestCase.settings = settings(
    max_examples=int(os.environ.get("CAUSEWAY_EXAMPLES", "25")), stateful_step_count=30, deadline=None
)
test_any_interleaving_keeps_the_rules_of_channels = Channels.TestCase
