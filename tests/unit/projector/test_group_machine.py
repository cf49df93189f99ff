"""Whatever members of three regions do to a group at the same time: its rules hold, and all regions end up with the same log."""

import os
from unittest.mock import patch

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from region.projector import rules
from region.projector.rehearsal import deed
from replication import alterations as a
from replication import groups as g
from replication.ids import message_id, region_of
from replication.records import Entry, LogBody, Refusal, Submission
from tests.unit.projector.world import ALICE, GROUP, SEATS, World, as_held, digest, target

people = st.sampled_from(sorted(SEATS))
regions = st.sampled_from(("us", "eu", "ap"))
roles = st.sampled_from(("owner", "admin", "member"))
MOST_MEMBERS = 3
"""In place of a hundred, since there are five people."""


class Groups(RuleBasedStateMachine):
    """A group, and people who do this and that; nothing arrives before it is carried."""

    def __init__(self) -> None:
        """Nothing has happened yet."""
        super().__init__()
        self.limit = patch.object(rules, "MOST_MEMBERS", MOST_MEMBERS)
        self.limit.start()
        self.world = World()
        self.asked: dict[str, Submission] = {}
        self.deeds = 0
        self.posts: list[str] = []

    @initialize(
        others=st.sets(people.filter(lambda user: user != ALICE), max_size=2),
        history=st.booleans(),
        approval=st.booleans(),
    )
    def begin(self, others: set[str], history: bool, approval: bool) -> None:  # noqa: FBT001 — drawn
        """Alice makes the group, and a link."""
        self.world.begin(*sorted(others), history=history, approval=approval)
        self.world.do(ALICE, g.InviteMade("link", "link", g.digest_of("token"), 10**15))

    def _do(self, author: str, body: LogBody) -> None:
        wanted = deed(author, GROUP, body)
        self.asked[wanted.id] = wanted
        self.world.regions[region_of(author)].submit(wanted)

    def _name(self) -> str:
        self.deeds += 1
        return f"deed {self.deeds}"

    @rule(author=people)
    def post(self, author: str) -> None:
        """Somebody posts."""
        name = self._name()
        self._do(author, g.GroupMessageSent(name, f"said by {author}"))
        self.posts.append(message_id(author, GROUP, name))

    @precondition(lambda self: self.posts)
    @rule(author=people, data=st.data())
    def edit(self, author: str, data: st.DataObject) -> None:
        """Somebody edits a message, which may not be numbered yet, or be another's."""
        name = self._name()
        self._do(author, a.MessageEdited(name, data.draw(st.sampled_from(self.posts)), f"edited by {author}: {name}"))

    @precondition(lambda self: self.posts)
    @rule(author=people, moderated=st.booleans(), data=st.data())
    def delete(self, author: str, moderated: bool, data: st.DataObject) -> None:  # noqa: FBT001 — drawn
        """Somebody deletes a message, or a moderator does in somebody's name."""
        target = data.draw(st.sampled_from(self.posts))
        self._do(author, a.MessageDeleted(self._name(), target, moderated=moderated))

    @precondition(lambda self: self.posts)
    @rule(author=people, kind=st.sampled_from((a.ReactionAdded, a.ReactionRemoved)), data=st.data())
    def react(self, author: str, kind: type[a.ReactionAdded], data: st.DataObject) -> None:
        """Somebody reacts to a message, or takes that back."""
        self._do(author, kind(self._name(), data.draw(st.sampled_from(self.posts)), "\N{THUMBS UP SIGN}"))

    @precondition(lambda self: self.posts)
    @rule(author=people, kind=st.sampled_from((a.MessagePinned, a.MessageUnpinned)), data=st.data())
    def pin(self, author: str, kind: type[a.MessagePinned], data: st.DataObject) -> None:
        """Somebody pins a message, or takes it away."""
        self._do(author, kind(self._name(), data.draw(st.sampled_from(self.posts))))

    @precondition(lambda self: self.asked)
    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        """Something comes once more, however late."""
        submission = data.draw(st.sampled_from(list(self.asked.values())))
        self.world.regions[submission.home].submit(submission)

    @rule(author=people, user=people)
    def add(self, author: str, user: str) -> None:
        """Somebody adds somebody."""
        self._do(author, g.MemberAdded(self._name(), user, region_of(user)))

    @rule(author=people)
    def join(self, author: str) -> None:
        """Somebody comes by the link."""
        self._do(author, g.MemberJoined(self._name(), "token"))

    @rule(author=people)
    def leave(self, author: str) -> None:
        """Somebody leaves."""
        self._do(author, g.MemberLeft(self._name()))

    @rule(
        author=people,
        user=people,
        kind=st.sampled_from((g.MemberRemoved, g.MemberBanned, g.MemberUnbanned, g.JoinDeclined)),
    )
    def turn_out(self, author: str, user: str, kind: type[g.MemberRemoved]) -> None:
        """Somebody removes, bans, lets back or declines somebody."""
        self._do(author, kind(self._name(), user))

    @rule(author=people, user=people, role=roles, hand_over=st.booleans())
    def promote(self, author: str, user: str, role: g.Role, hand_over: bool) -> None:  # noqa: FBT001 — drawn
        """Somebody gives somebody a role."""
        self._do(author, g.RoleChanged(self._name(), user, role, hand_over))

    @rule(history=st.booleans(), author=people)
    def change(self, history: bool, author: str) -> None:  # noqa: FBT001 — drawn
        """Somebody changes what joiners see."""
        self._do(author, g.GroupChanged(self._name(), history=history))

    @rule(region=regions, most=st.integers(1, 4), crash=st.booleans())
    def project(self, region: str, most: int, crash: bool) -> None:  # noqa: FBT001 — drawn
        """A region projects some of its journal; it may crash before it has committed."""
        if crash:
            self.world.regions[region].project_in_vain(most)
        else:
            self.world.regions[region].project(most)

    @rule()
    def carry(self) -> None:
        """What is under way arrives."""
        self.world.carry()

    @invariant()
    def rules_hold(self) -> None:
        """No more than may be, and an owner while there is anybody: in every region, at every moment."""
        for region in self.world.regions.values():
            found = region.tables.conversations.get(GROUP)
            members = found.active() if found is not None else []
            assert len(members) <= MOST_MEMBERS
            assert not members or any(member.role == "owner" for member in members)
            assert region.tables.poison == []
            assert region.tables.made_up == []

    def teardown(self) -> None:
        """Once everything has arrived, nothing is lost, and nobody was told what is not theirs."""
        try:
            self._check_all()
        finally:
            self.limit.stop()

    def _check_all(self) -> None:
        self.world.settle()
        self.rules_hold()
        log = self.world.regions["us"].tables.visible(GROUP)
        assert [entry.seq for entry in log] == list(range(1, len(log) + 1))
        self._check_ends(log)
        self._check_digests(log)
        self._check_entitlement(log)
        self._check_aftermaths(log)

    def _check_ends(self, log: list[Entry]) -> None:
        numbered = [entry.message_id for entry in log]
        assert len(set(numbered)) == len(numbered)
        for name, wanted in self.asked.items():
            author = wanted.author
            home = self.world.regions[region_of(author)]
            refused = {record.message_id for record in home.told(author) if isinstance(record, Refusal)}
            assert (name in numbered) != (name in refused)
            assert name not in home.tables.pendings

    def _check_digests(self, log: list[Entry]) -> None:
        owner = self.world.regions["us"].tables.conversations.get(GROUP)
        for region in self.world.regions.values():
            held = {seq: entry for (_, seq), (entry, _) in region.tables.entries.items()}
            near = [m for m in owner.members.values() if m.home == region.name] if owner is not None else []
            blind = [entry for entry in log if entry.seq in held and as_held(entry, held[entry.seq]) is not entry]
            for entry in blind:
                assert not any(m.active and m.may_see(entry.seq) and m.may_see(target(entry)) for m in near)
            assert digest(list(held.values())) == digest(
                [as_held(entry, held[entry.seq]) for entry in log if entry.seq in held]
            )
            found = region.tables.conversations.get(GROUP)
            if found is None or owner is None or not any(member.home == region.name for member in found.active()):
                continue
            assert found.held == {}
            assert found.details.pins == owner.details.pins
            assert {m.user_id: m.role for m in found.active()} == {m.user_id: m.role for m in owner.active()}
            missing = {seq for first, last in found.missing for seq in range(first, last + 1)}
            assert held.keys() | missing == set(range(1, len(log) + 1))
            assert not held.keys() & missing

    def _check_entitlement(self, log: list[Entry]) -> None:
        """Whoever was told an entry was a member when it was numbered, or became or ceased to be one by it; no region has others."""
        entitled = entitled_to(log)
        for user in SEATS:
            told = self.world.told(user)
            own = {entry.seq for entry in log if entry.author == user}  # told again to who repeats them, member or not
            seen = {entry.seq for entry in told} - own
            for entry in told:
                if isinstance(entry.body, a.Alteration) and entry.body.target_seq:
                    owner = self.world.regions["us"].tables.conversations[GROUP]
                    assert owner.members[user].may_see(entry.body.target_seq)
            assert seen == {seq for seq, users in entitled.items() if user in users} - own
        for region in self.world.regions.values():
            for (_, seq), (entry, _) in region.tables.entries.items():
                near = {user for user in entitled[seq] if region_of(user) == region.name}
                assert near or region.name == "us", f"{entry.body} rests where nobody may see it"

    def _check_aftermaths(self, log: list[Entry]) -> None:
        """What was made of a message follows from the entries that a region has of it; of what was deleted nothing rests anywhere."""
        for region in self.world.regions.values():
            made: dict[int, a.Aftermath] = {}
            for (_, _seq), (entry, _) in sorted(region.tables.entries.items()):
                if isinstance(entry.body, a.Alteration) and entry.body.target_seq:
                    known = made.get(entry.body.target_seq, a.NOTHING)
                    made[entry.body.target_seq] = a.altered(known, entry.body, entry.author, entry.seq)
            for (_, seq), aftermath in region.tables.aftermaths.items():
                assert aftermath.deleted or aftermath == made[seq]
        gone = {entry.body.target_seq for entry in log if isinstance(entry.body, a.MessageDeleted)}
        for region in self.world.regions.values():
            for (_, seq), (entry, _) in region.tables.entries.items():
                assert seq not in gone or not entry.text
                if isinstance(entry.body, a.MessageEdited):
                    assert entry.body.target_seq not in gone or not entry.body.text


def entitled_to(log: list[Entry]) -> dict[int, set[str]]:
    """Return who is to be told of each seq, by a model of membership of its own."""
    belonged: set[str] = set()
    entitled: dict[int, set[str]] = {}
    for entry in log:
        before, body = set(belonged), entry.body
        if isinstance(body, g.GroupMessageSent):
            assert entry.author in belonged
        elif isinstance(body, g.GroupCreated):
            belonged |= {entry.author, *(seat.user_id for seat in body.members)}
        elif isinstance(body, g.MemberAdded):
            belonged.add(body.user_id)
        elif isinstance(body, g.MemberJoined):
            belonged.add(entry.author)
        elif isinstance(body, g.MemberLeft):
            belonged.discard(entry.author)
        elif isinstance(body, g.MemberRemoved | g.MemberBanned):
            belonged.discard(body.user_id)
        entitled[entry.seq] = before | belonged
    return entitled


Groups.TestCase.settings = settings(
    max_examples=int(os.environ.get("CAUSEWAY_EXAMPLES", "25")), stateful_step_count=30, deadline=None
)
test_any_interleaving_keeps_the_rules = Groups.TestCase
