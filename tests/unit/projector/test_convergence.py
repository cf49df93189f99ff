"""Whatever is sent, repeated, delayed, disordered or crashed: two regions end with one log, and nothing accepted is lost."""

from collections import Counter
from dataclasses import dataclass
from typing import TypeAlias
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from region.projector import entries
from region.projector.rehearsal import Rehearsal, Tables, message, submission
from replication.concealed import MessageConcealed
from replication.ids import content_hash, direct_conversation_id, message_id, region_of
from replication.poison.records import Kind
from replication.records import Entry, Mark, MessageRead, MessageReceived, Outcome, Refusal, Submission

USERS = (
    "u100000000000000000000001-us",
    "u200000000000000000000002-eu",
    "u300000000000000000000003-us",
    "u400000000000000000000004-eu",
)
GHOSTS = ("u000000000000000000000009-us", "u500000000000000000000005-eu")

people = st.sampled_from(USERS)


@dataclass(frozen=True)
class Send:
    """Somebody sends a message, perhaps one that was sent before."""

    author: str
    recipient: str
    name: int
    text: str


@dataclass(frozen=True)
class Marking:
    """Somebody has received or read up to a seq, which may not exist."""

    author: str
    peer: str
    seq: int
    read: bool


@dataclass(frozen=True)
class Project:
    """A region projects some of its journal; it may crash before it has committed."""

    region: str
    most: int
    crash: bool


@dataclass(frozen=True)
class Deliver:
    """A region gets the next records from the other, or any one that was relayed before, once more."""

    region: str
    most: int
    again: int | None


@dataclass(frozen=True)
class Conceal:
    """Somebody deletes a message for oneself alone, which may be gone already, or have no number yet."""

    author: str
    peer: str
    seq: int


Action: TypeAlias = Send | Marking | Project | Deliver | Conceal

sends = st.builds(Send, people, st.sampled_from((*USERS, *GHOSTS)), st.integers(0, 5), st.sampled_from("ab")).filter(
    lambda send: send.author != send.recipient
)
markings = st.builds(Marking, people, people, st.integers(-1, 9), st.booleans()).filter(lambda m: m.author != m.peer)
conceals = st.builds(Conceal, people, people, st.integers(1, 5)).filter(lambda c: c.author != c.peer)
projects = st.builds(Project, st.sampled_from(("us", "eu")), st.integers(1, 6), st.booleans())
deliveries = st.builds(Deliver, st.sampled_from(("us", "eu")), st.integers(1, 5), st.none() | st.integers(0, 40))
actions = st.lists(st.one_of(sends, sends, markings, projects, deliveries, conceals), max_size=60)


class Federation:
    """Two rehearsed regions, and what is on its way between them."""

    def __init__(self, *, ordered: bool) -> None:
        """Begin; unless `ordered`, what was relayed may arrive in any order."""
        self.regions = {"us": Rehearsal("us"), "eu": Rehearsal("eu")}
        self.ordered = ordered
        self.taken: dict[str, set[int]] = {"us": set(), "eu": set()}
        self.accepted: dict[str, set[bytes]] = {}
        self.marks: dict[tuple[str, str, str], tuple[int, int]] = {}
        for user in USERS:
            self.regions[region_of(user)].befriend(user)

    def perform(self, action: Action) -> None:
        """Do one thing."""
        if isinstance(action, Send):
            sent = message(action.author, action.recipient, action.text, name=str(action.name), reply_to="gateway")
            self.accepted.setdefault(sent.id, set()).add(sent.content_hash)
            self.regions[region_of(action.author)].submit(sent)
        elif isinstance(action, Marking):
            body = (MessageRead if action.read else MessageReceived)(1, action.seq)
            conversation_id = direct_conversation_id(action.author, action.peer)
            marked = submission(action.author, body, conversation_id=conversation_id)
            self.regions[region_of(action.author)].submit(marked)
        elif isinstance(action, Conceal):
            about = direct_conversation_id(action.author, action.peer)
            target = message_id(action.author, about, str(action.seq))
            gone = MessageConcealed(about=about, target=target, first=action.seq, last=action.seq)
            self.regions[region_of(action.author)].submit(submission(action.author, gone))
        elif isinstance(action, Project):
            self.project(action.region, action.most, crash=action.crash)
        else:
            self.deliver(action.region, action.most, action.again)

    def project(self, name: str, most: int, *, crash: bool = False) -> None:
        """Project, and check what never may happen."""
        region = self.regions[name]
        if crash:
            region.project_in_vain(most)
            return
        region.project(most)
        for conversation in region.tables.conversations.values():
            for member in conversation.members.values():
                key = name, conversation.conversation_id, member.user_id
                before = self.marks.get(key, (0, 0))
                assert member.received >= before[0]
                assert member.read >= before[1]
                assert member.read <= member.received
                self.marks[key] = member.received, member.read

    def deliver(self, name: str, most: int, pick: int | None) -> None:
        """Bring the region something from the other: what is next, or anything."""
        relayed = self.regions["eu" if name == "us" else "us"].relayed_to(name)
        fresh = [number for number in range(len(relayed)) if number not in self.taken[name]]
        chosen = fresh[:most]
        if pick is not None and relayed and not self.ordered:
            chosen = [pick % len(relayed)]
        for number in chosen:
            self.taken[name].add(number)
            self.regions[name].submit(relayed[number].record, via=relayed[number].via)

    def drain(self) -> None:
        """Go on until nothing is under way."""
        for _ in range(100):
            for name, region in self.regions.items():
                self.deliver(name, 1000, None)
                while region.waiting():
                    self.project(name, 7)
            if all(
                len(self.taken[n]) == len(self.regions["eu" if n == "us" else "us"].relayed_to(n)) for n in self.regions
            ):
                return
        pytest.fail("it never comes to rest")


def run(script: list[Action], *, ordered: bool) -> Federation:
    """Perform everything, then come to rest."""
    federation = Federation(ordered=ordered)
    for action in script:
        federation.perform(action)
    federation.drain()
    return federation


def _members(tables: Tables, conversation_id: str) -> list[str]:
    """Return who belongs to a conversation, as a region has it."""
    found = tables.conversations.get(conversation_id)
    return list(found.members) if found is not None and found.head else []


def without_hops(entries: list[Entry]) -> list[Entry]:
    """Return entries as they must be the same everywhere."""
    return [replace(entry, hops=()) for entry in entries]


@given(script=actions)
@settings(max_examples=300, deadline=None)
def test_each_accepted_message_ends_once_as_entry_or_refusal(script: list[Action]) -> None:
    """Nothing accepted is lost or doubled, in any order of arrival, over any crash."""
    federation = run(script, ordered=False)

    for region in federation.regions.values():
        assert region.tables.poison == []
        assert region.tables.pendings == {}
        ended = Counter(entry.message_id for entry, _ in region.tables.entries.values()) + Counter(
            list(region.tables.refusals)
        )
        assert all(times == 1 for times in ended.values())
    for identifier, digests in federation.accepted.items():
        ends = {
            region.tables.refusals[identifier][0].content_hash
            if identifier in region.tables.refusals
            else next(e.content_hash for e, _ in region.tables.entries.values() if e.message_id == identifier)
            for region in federation.regions.values()
            if identifier in region.tables.refusals
            or any(e.message_id == identifier for e, _ in region.tables.entries.values())
        }
        assert len(ends) == 1
        assert ends <= digests


@given(script=actions)
@settings(max_examples=300, deadline=None)
def test_two_regions_converge_to_one_dense_log(script: list[Action]) -> None:
    """Both regions of a conversation hold the same entries, numbered without holes, in one order."""
    federation = run(script, ordered=False)
    us, eu = (federation.regions[name].tables for name in ("us", "eu"))

    for conversation_id in {*us.conversations, *eu.conversations}:
        logs = [t.visible(conversation_id) for t in (us, eu) if conversation_id in t.conversations]
        for log in logs:
            assert [entry.seq for entry in log] == list(range(1, len(log) + 1))
            assert [entry.count for entry in log] == [entry.seq for entry in log]
        if {region_of(u) for t in (us, eu) for u in _members(t, conversation_id)} == {"us", "eu"}:
            assert without_hops(us.visible(conversation_id)) == without_hops(eu.visible(conversation_id))
    for tables in (us, eu):
        assert all(not conversation.held for conversation in tables.conversations.values())


@given(script=actions, most=st.integers(1, 3))
@settings(max_examples=200, deadline=None)
def test_what_is_more_than_may_be_held_goes_aside_and_is_not_lost(script: list[Action], most: int) -> None:
    """Judged again once the gap is filled, it takes its place, in whatever order it comes."""
    with mock.patch.object(entries, "MOST_HELD", most):
        federation = run(script, ordered=False)
        for region in federation.regions.values():
            for _ in range(100):
                if not region.tables.poison:
                    break
                aside, region.tables.poison = region.tables.poison, []
                for kept in aside:
                    assert kept.kind is Kind.HELD
                    journaled = region.journal[kept.partition][kept.offset]
                    region.submit(journaled.record, via=journaled.via)
                region.project()
    us, eu = (federation.regions[name].tables for name in ("us", "eu"))

    for tables in (us, eu):
        assert tables.poison == []
        assert all(not conversation.held for conversation in tables.conversations.values())
        assert tables.pendings == {}
    for conversation_id in us.conversations.keys() & eu.conversations.keys():
        assert without_hops(us.visible(conversation_id)) == without_hops(eu.visible(conversation_id))


@given(script=actions)
@settings(max_examples=200, deadline=None)
def test_marks_converge_and_unread_is_a_subtraction(script: list[Action]) -> None:
    """With streams in order, both regions agree on every mark, and a member's unread count is what counting would give."""
    federation = run(script, ordered=True)
    us, eu = (federation.regions[name].tables for name in ("us", "eu"))

    for conversation_id in us.conversations.keys() & eu.conversations.keys():
        here, there = us.conversations[conversation_id], eu.conversations[conversation_id]
        for user_id, member in here.members.items():
            other = there.members[user_id]
            assert (member.received, member.read, member.sent) == (other.received, other.read, other.sent)
    for name, tables in (("us", us), ("eu", eu)):
        for conversation_id, conversation in tables.conversations.items():
            log = tables.visible(conversation_id)
            for user_id, member in conversation.members.items():
                if region_of(user_id) == name:
                    unread = (conversation.message_count - member.read_count) - (member.sent - member.read_sent)
                    assert unread == sum(e.author != user_id for e in log if e.seq > member.read)


@given(script=actions)
@settings(max_examples=100, deadline=None)
def test_members_are_told_every_entry_and_authors_every_refusal(script: list[Action]) -> None:
    """What devices are told covers the log, in order; marks that they are told never go back."""
    federation = run(script, ordered=True)

    for user in USERS:
        region = federation.regions[region_of(user)]
        told = region.told(user)
        for conversation_id, conversation in region.tables.conversations.items():
            if user not in conversation.members:
                continue
            entries = [r for r in told if isinstance(r, Entry) and r.conversation_id == conversation_id]
            seqs = list(dict.fromkeys(entry.seq for entry in entries))
            assert seqs == list(range(1, conversation.head + 1))
        refused = {r.message_id for r in told if isinstance(r, Refusal)}
        own = {r.message_id for r, _ in region.tables.refusals.values() if r.author == user}
        assert own <= refused
        highest: dict[tuple[str, str], tuple[int, int]] = {}
        for mark in (r for r in told if isinstance(r, Mark)):
            key = mark.conversation_id, mark.user_id
            assert (mark.received, mark.read) >= highest.get(key, (0, 0))
            highest[key] = mark.received, mark.read


@given(script=actions)
@settings(max_examples=100, deadline=None)
def test_what_one_deletes_for_oneself_is_gone_for_good_and_for_nobody_else(script: list[Action]) -> None:
    """At home all of it is kept, whatever else happens and however often; only one's own devices are told, each of it once."""
    federation = run(script, ordered=False)

    gone: dict[tuple[str, str], set[int]] = {}
    for action in script:
        if isinstance(action, Conceal):
            key = action.author, direct_conversation_id(action.author, action.peer)
            gone.setdefault(key, set()).add(action.seq)
    for name, region in federation.regions.items():
        kept = {
            key: {seq for first, last in found.runs for seq in range(first, last + 1)}
            for key, found in region.tables.concealed.items()
        }
        assert kept == {key: seqs for key, seqs in gone.items() if region_of(key[0]) == name}
    for user in USERS:
        told = [
            (r.author, r.body.about, r.body.last)
            for r in federation.regions[region_of(user)].told(user)
            if isinstance(r, Submission) and isinstance(r.body, MessageConcealed)
        ]
        assert sorted(told) == sorted(
            (author, about, seq) for (author, about), seqs in gone.items() if author == user for seq in seqs
        )


@given(script=actions)
@settings(max_examples=100, deadline=None)
def test_every_submission_is_answered_to_the_gateway_that_waits(script: list[Action]) -> None:
    """A retry gets the outcome that is known, other content a conflict; nobody waits in vain."""
    federation = run(script, ordered=False)
    sends = Counter(region_of(action.author) for action in script if isinstance(action, Send))

    for name, region in federation.regions.items():
        answers = region.replied("gateway")
        assert len(answers) == sends[name]
        assert {a.code for a in answers if isinstance(a, Outcome)} <= {"content-conflict"}


def test_the_rehearsal_makes_what_gateways_make() -> None:
    """The content hash covers recipient and text, so a changed text is another content."""
    one = message(USERS[0], USERS[1], "a", name="1")

    assert one.content_hash == content_hash(USERS[1], "a")
    assert one.id == message(USERS[0], USERS[1], "b", name="1").id
