"""What may happen in a group, who is told, and what each region holds of it."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from region.projector import rules
from region.projector.rehearsal import Rehearsal, deed, message, submission
from region.store.rows import Member
from replication import groups as g
from replication.charters import Charter
from replication.groups import MOST_MEMBERS
from replication.ids import group_id, region_of
from replication.records import Entry, LogBody, Mark, MessageRead, Receipt, Refusal
from replication.runs import MOST_HIDDEN
from tests.unit.projector.world import AKI, ALICE, BOB, EDI, EVA, GROUP, World


@pytest.fixture
def world() -> World:
    """Nothing has happened yet."""
    return World()


def kinds(entries: Sequence[Entry]) -> list[str]:
    """Return what happened, in a word each."""
    return [str(entry.body.__struct_config__.tag) for entry in entries]


def test_a_group_of_three_regions_has_one_log(world: World) -> None:
    """Created here, posted to from everywhere: the same entries, in the same order, told to each member."""
    world.begin(EVA, AKI)
    for author in (ALICE, EVA, AKI):
        world.say(author, f"from {author}")

    logs = [[(e.seq, e.message_id) for e in world.told(user)] for user in (ALICE, EVA, AKI)]
    assert [seq for seq, _ in logs[0]] == [1, 2, 3, 4]
    assert logs[0] == logs[1] == logs[2]
    assert world.roles("us") == world.roles("eu") == world.roles("ap") == {ALICE: "owner", EVA: "member", AKI: "member"}
    assert all(region.tables.poison == [] for region in world.regions.values())
    assert all(region.tables.pendings == {} for region in world.regions.values())


def test_a_region_without_a_member_has_nothing(world: World) -> None:
    """No body rests where nobody belongs to the group, before somebody does and after the last has left."""
    world.begin(EVA)
    world.say(ALICE, "between two")
    assert world.regions["ap"].tables.conversations == {}

    world.add(AKI)
    world.say(ALICE, "among three")
    world.do(AKI, g.MemberLeft("bye"))
    world.say(ALICE, "between two again")
    assert world.texts("ap") == ["among three"]
    assert world.texts("eu") == ["between two", "among three", "between two again"]


def test_who_joins_is_given_the_state_and_goes_on_from_there(world: World) -> None:
    """A region that gains its first member takes over the state, and knows which seqs it lacks."""
    world.begin(BOB)
    world.do(ALICE, g.RoleChanged("promote", BOB, "admin"))
    world.say(ALICE, "before")
    world.add(EVA)
    world.say(EVA, "after")

    held = world.regions["eu"].tables.conversations[GROUP]
    assert (held.head, held.missing) == (5, ((1, 3),))
    assert world.roles("eu") == {ALICE: "owner", BOB: "admin", EVA: "member"}
    assert kinds(world.told(EVA)) == ["member_added", "group_message_sent"]
    assert world.texts("eu") == ["after"]
    assert held.members[EVA].may_see(1)


def test_what_was_missing_is_kept_when_a_gateway_has_asked_for_it(world: World) -> None:
    """It is entered where it belongs, once, and changes nothing else."""
    world.begin()
    world.say(ALICE, "before")
    world.add(EVA)
    eu, owned = world.regions["eu"], world.regions["us"].tables.visible(GROUP)
    for entry in (*owned[:2], owned[1]):
        eu.submit(entry)
    eu.project()

    assert [entry.seq for entry in eu.tables.visible(GROUP)] == [1, 2, 3]
    assert eu.tables.conversations[GROUP].missing == ()
    assert world.roles("eu") == {ALICE: "owner", EVA: "member"}
    assert kinds(world.told(EVA)) == ["member_added"]


def test_who_was_removed_neither_posts_nor_sees_more(world: World) -> None:
    """A message that was on its way is refused, and its author told; what follows the removal is not theirs."""
    world.begin(EVA, EDI)
    late = deed(EVA, GROUP, g.GroupMessageSent("late", "late"))
    world.regions["eu"].submit(late)
    world.do(ALICE, g.MemberRemoved("out", EVA), settle=False)
    world.regions["us"].project()
    world.settle()
    world.say(ALICE, "without Eva")

    assert world.code(late.id) == "not-a-member"
    assert any(isinstance(r, Refusal) and r.message_id == late.id for r in world.regions["eu"].told(EVA))
    assert kinds(world.told(EVA)) == ["group_created", "member_removed"]
    eva = world.regions["eu"].tables.conversations[GROUP].members[EVA]
    assert [seq for seq in range(1, 5) if eva.may_see(seq)] == [1, 2]
    assert kinds(world.told(EDI))[-1] == "group_message_sent"


def test_who_comes_back_does_not_see_what_was_meanwhile(world: World) -> None:
    """Unless the group shows its history; the seqs between are hidden, not missing from the count."""
    world.begin(EVA, history=False)
    world.do(ALICE, g.MemberRemoved("out", EVA))
    world.say(ALICE, "meanwhile")
    world.add(EVA, "again")
    eva = world.regions["us"].tables.conversations[GROUP].members[EVA]
    assert [seq for seq in range(1, 5) if eva.may_see(seq)] == [1, 2, 4]

    world.do(ALICE, g.GroupChanged("open", history=True))
    world.do(ALICE, g.MemberRemoved("out again", EVA))
    world.add(EVA, "third")
    for region in ("us", "eu"):
        member = world.regions[region].tables.conversations[GROUP].members[EVA]
        assert all(member.may_see(seq) for seq in range(1, 8))


def test_how_messages_are_acknowledged_is_part_of_the_state_everywhere(world: World) -> None:
    """So that each sender's own region knows; other changes leave it as it is, and it can be taken back."""
    world.begin(EVA)
    for change, expected in (
        (g.GroupChanged("careful", acknowledgement="replicated"), "replicated"),
        (g.GroupChanged("named", name="Walkers"), "replicated"),
        (g.GroupChanged("usual", acknowledgement=""), ""),
    ):
        world.do(ALICE, change)
        states = {region: world.regions[region].tables.conversations[GROUP].details for region in ("us", "eu")}
        assert {details.acknowledgement for details in states.values()} == {expected}


@pytest.mark.parametrize(
    ("author", "body", "code"),
    [
        (EVA, g.GroupMessageSent("x", "x"), "not-a-member"),
        (BOB, g.MemberAdded("x", EVA, "eu"), "not-allowed"),
        (BOB, g.GroupChanged("x", acknowledgement="local"), "not-allowed"),
        (AKI, g.GroupChanged("x", acknowledgement="replicated"), ""),
        (BOB, g.MemberRemoved("x", ALICE), "not-allowed"),
        (AKI, g.MemberRemoved("x", ALICE), "not-allowed"),
        (AKI, g.MemberRemoved("x", AKI), "not-allowed"),
        (AKI, g.RoleChanged("x", BOB, "admin"), "not-allowed"),
        (AKI, g.MemberBanned("x", ALICE), "not-allowed"),
        (ALICE, g.MemberRemoved("x", EVA), "no-such-member"),
        (ALICE, g.RoleChanged("x", EVA, "admin"), "no-such-member"),
        (ALICE, g.RoleChanged("x", ALICE, "admin"), "last-owner"),
        (ALICE, g.MemberLeft("x"), "last-owner"),
        (ALICE, g.MemberAdded("x", BOB, "us"), "already-a-member"),
        (ALICE, g.MemberAdded("x", "u900000000000000000000009-us", "us"), "user-unknown"),
        (ALICE, g.MemberUnbanned("x", BOB), "no-such-member"),
        (ALICE, g.JoinDeclined("x", BOB), "no-such-member"),
        (ALICE, g.RoleChanged("x", BOB, "admin", hand_over=True), "not-allowed"),
        (EVA, g.MemberJoined("x", "guessed"), "invite-not-good"),
        (BOB, g.InviteMade("x", "i", b"d", 1), "not-allowed"),
        (AKI, g.GroupChanged("x", name="Tramps"), ""),
        (AKI, g.MemberAdded("x", EVA, "eu"), ""),
        (AKI, g.MemberRemoved("x", BOB), ""),
        (BOB, g.MemberLeft("x"), ""),
        (ALICE, g.RoleChanged("x", AKI, "owner"), ""),
    ],
)
def test_each_role_may_what_it_may(world: World, author: str, body: LogBody, code: str) -> None:
    """Alice owns the group, Aki is an admin, Bob a member, Eva a stranger."""
    world.begin(BOB, AKI)
    world.do(ALICE, g.RoleChanged("promote", AKI, "admin"))

    assert world.code(world.do(author, body)) == code


def test_handing_over_is_one_entry(world: World) -> None:
    """There is always an owner: the one lays down by the entry by which the other takes over."""
    world.begin(EVA)
    world.do(ALICE, g.RoleChanged("take it", EVA, "owner", hand_over=True))
    assert world.roles("us") == world.roles("eu") == {ALICE: "admin", EVA: "owner"}

    assert world.code(world.do(EVA, g.MemberLeft("x"))) == "last-owner"
    assert world.code(world.do(ALICE, g.MemberLeft("y"))) == ""
    assert world.code(world.do(EVA, g.MemberLeft("z"))) == "", "nobody is left behind"


def test_a_hundred_is_the_most_whoever_joins_at_the_same_time(world: World) -> None:
    """Of many who come by a link at once from all regions, as many are let in as there is room for."""
    world.begin()
    world.do(ALICE, g.InviteMade("link", "i", g.digest_of("token"), 10**15))
    comers = [f"u{number:024x}-{('us', 'eu', 'ap')[number % 3]}" for number in range(MOST_MEMBERS + 20)]
    for number, user in enumerate(comers):
        region = world.regions[region_of(user)]
        region.befriend(user)
        region.submit(deed(user, GROUP, g.MemberJoined(f"j{number}", "token")))
    world.settle()

    members = world.regions["us"].tables.conversations[GROUP].active()
    refused = {name for region in world.regions.values() for name in region.tables.refusals}
    assert (len(members), len(refused)) == (MOST_MEMBERS, 21)
    assert {world.code(name) for name in refused} == {"group-full"}
    assert all(region.tables.pendings == {} for region in world.regions.values())


def test_a_link_is_good_until_it_is_used_up_ended_or_over(world: World) -> None:
    """Its secret stands in no entry."""
    world.begin()
    world.do(ALICE, g.InviteMade("once", "one", g.digest_of("once"), 10**15, 1))
    world.do(ALICE, g.InviteMade("over", "two", g.digest_of("over"), 2))
    world.do(ALICE, g.InviteMade("ended", "three", g.digest_of("ended"), 10**15))
    world.do(ALICE, g.InviteEnded("end it", "three"))

    codes = [world.code(world.do(EVA, g.MemberJoined(token, token))) for token in ("over", "ended", "once")]
    assert codes == ["invite-not-good", "invite-not-good", ""]
    assert world.code(world.do(AKI, g.MemberJoined("late", "once"))) == "invite-not-good"
    joined = world.told(ALICE)[-1].body
    assert joined == g.MemberJoined("once", token="", invite_id="one")


def test_a_group_that_everybody_left_is_joined_by_nobody(world: World) -> None:
    """A good link would make a group without an owner of it."""
    world.begin()
    world.do(ALICE, g.InviteMade("link", "i", g.digest_of("token"), 10**15))
    world.do(ALICE, g.MemberLeft("bye"))
    for user in (ALICE, EVA):
        assert world.code(world.do(user, g.MemberJoined("back", "token"))) == "nobody-left"


def test_where_approval_is_needed_who_comes_has_asked_and_sees_nothing(world: World) -> None:
    """The one who asks is told that it was heard; an admin lets them in, or does not."""
    world.begin(approval=True)
    world.do(ALICE, g.InviteMade("link", "i", g.digest_of("token"), 10**15))
    for user in (EVA, AKI, BOB):
        world.do(user, g.MemberJoined(f"ask {user}", "token"))
        heard = [record for record in world.regions[region_of(user)].told(user) if isinstance(record, Receipt)]
        assert [receipt.entry.body for receipt in heard] == [g.JoinAsked(f"ask {user}", "i")]
    assert world.regions["eu"].tables.entries == {}
    assert world.regions["eu"].tables.pendings == {}
    assert world.told(BOB) == []

    world.add(EVA)
    world.do(ALICE, g.JoinDeclined("no", AKI))
    assert world.roles("us") == {ALICE: "owner", EVA: "member", BOB: "asking"}
    assert world.roles("eu") == world.roles("us")
    assert isinstance(world.regions["ap"].told(AKI)[-1], Receipt)


def test_nobody_uses_up_a_link_by_asking_again(world: World) -> None:
    """Who waits is refused, as is who belongs to it; and who has asked by a link comes in by it without using it once more."""

    def left() -> int:
        return world.regions["us"].tables.conversations[GROUP].details.invites[0].uses

    world.begin(approval=True)
    world.do(ALICE, g.InviteMade("link", "i", g.digest_of("token"), 10**15, 3))
    assert world.code(world.do(EVA, g.MemberJoined("ask", "token"))) == ""
    for number in range(3):
        assert world.code(world.do(EVA, g.MemberJoined(f"again {number}", "token"))) == "already-waiting"
    assert left() == 2

    world.do(ALICE, g.GroupChanged("open", approval=False))
    assert world.code(world.do(EVA, g.MemberJoined("in", "token"))) == ""
    assert world.code(world.do(EVA, g.MemberJoined("once more", "token"))) == "already-a-member"
    assert (world.roles("us"), left()) == ({ALICE: "owner", EVA: "member"}, 2)
    assert world.code(world.do(AKI, g.MemberJoined("join", "token"))) == ""
    assert left() == 1


def test_who_is_banned_stays_out_until_that_is_lifted(world: World) -> None:
    """By link, or added by an admin; strangers may be banned beforehand."""
    world.begin(EVA)
    world.do(ALICE, g.InviteMade("link", "i", g.digest_of("token"), 10**15))
    world.do(ALICE, g.MemberBanned("ban Eva", EVA))
    world.do(ALICE, g.MemberBanned("ban Aki", AKI))
    assert world.code(world.do(EVA, g.MemberJoined("back", "token"))) == "banned"
    assert world.code(world.do(AKI, g.MemberJoined("in", "token"))) == "banned"
    assert world.code(world.add(EVA)) == "banned"

    world.do(ALICE, g.MemberUnbanned("lift", EVA))
    assert world.code(world.do(EVA, g.MemberJoined("back again", "token"))) == ""
    assert world.code(world.do(EVA, g.MemberJoined("back", "token"))) == "banned", "a refusal is binding"


def test_only_so_many_are_banned_at_a_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every region that gains a member is told of all of them in one record; a ban may be repeated, and each that is lifted makes room."""
    monkeypatch.setattr(rules, "MOST_BANNED", 2)
    world.begin(BOB)
    for user in (AKI, EVA):
        world.do(ALICE, g.MemberBanned(f"ban {user}", user))

    assert world.code(world.do(ALICE, g.MemberBanned("ban Edi", EDI))) == "too-many-banned"
    assert world.code(world.do(ALICE, g.MemberBanned("ban Bob", BOB))) == "too-many-banned"
    assert world.code(world.do(ALICE, g.MemberBanned("ban Eva again", EVA))) == ""
    world.do(ALICE, g.MemberUnbanned("lift", EVA))
    assert world.code(world.do(ALICE, g.MemberBanned("ban Edi now", EDI))) == ""


def test_nobody_is_banned_who_does_not_exist(world: World) -> None:
    """As far as can be told here: ids that were made up would make the group's state larger without end."""
    world.begin()

    assert world.code(world.do(ALICE, g.MemberBanned("ban nobody", f"u{9:024x}-us"))) == "user-unknown"
    assert world.roles("us") == {ALICE: "owner"}


def test_only_so_many_wait_to_be_let_in(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes later is told to try again."""
    monkeypatch.setattr(rules, "MOST_ASKING", 1)
    world.begin(approval=True)
    world.do(ALICE, g.InviteMade("link", "i", g.digest_of("token"), 10**15))
    world.do(BOB, g.MemberJoined("in", "token"))

    assert world.code(world.do(AKI, g.MemberJoined("in", "token"))) == "too-many-asking"
    world.do(ALICE, g.JoinDeclined("no", BOB))
    assert world.code(world.do(AKI, g.MemberJoined("in then", "token"))) == ""


def test_only_so_many_have_to_do_with_a_group(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has left is still known, for what they may see; who is known may come back, strangers not any more."""
    monkeypatch.setattr(rules, "MOST_SEATS", 3)
    world.begin(BOB, EVA)
    world.do(ALICE, g.InviteMade("link", "i", g.digest_of("token"), 10**15))
    world.do(EVA, g.MemberLeft("bye"))

    assert world.code(world.add(AKI)) == "too-many-former"
    assert world.code(world.do(AKI, g.MemberJoined("in", "token"))) == "too-many-former"
    assert world.code(world.do(ALICE, g.MemberBanned("ban Aki", AKI))) == "too-many-former"
    assert world.code(world.add(EVA)) == ""


def test_nobody_is_taken_in_whose_region_is_none(world: World) -> None:
    """What is relayed there is read by nobody, and would have to be kept for ever; another home's admin may ask for it all the same."""
    nobody = f"u{9:024x}-zz"
    world.begin(EVA)
    world.do(ALICE, g.RoleChanged("promote", EVA, "admin"))

    assert world.code(world.do(EVA, g.MemberAdded("add", nobody, "zz"))) == "user-unknown"
    assert world.code(world.do(EVA, g.MemberBanned("ban", nobody))) == "user-unknown"
    made = g.GroupCreated("another", "Another", members=(g.Seat(nobody, "zz"),))
    assert world.code(world.do(ALICE, made, conversation=group_id(ALICE, "another"))) == "user-unknown"
    assert (
        world.code(world.do(BOB, g.MemberJoined("in", "token"), conversation=group_id(nobody, "g"))) == "not-a-member"
    )
    sent = message(BOB, nobody, "hello")
    world.regions["us"].submit(sent)
    world.settle()
    assert world.code(sent.id) == "recipient-unknown"
    assert all(region.relayed_to("zz") == [] for region in world.regions.values())


def test_a_charter_is_silent_about_who_was_never_in(world: World) -> None:
    """Bans that were lifted would make it larger without end."""
    world.begin()
    world.do(ALICE, g.MemberBanned("ban", EVA))
    world.do(ALICE, g.MemberUnbanned("lift", EVA))
    world.add(EDI)

    (charter,) = (one.record for one in world.regions["us"].relayed_to("eu") if isinstance(one.record, Charter))
    assert [member.user_id for member in charter.members] == [ALICE]


def test_who_comes_and_goes_for_ever_has_a_bounded_range() -> None:
    """Each absence hides a run; where there are too many, the shortest stay is seen no more, and never more than was."""
    member = Member(EVA, "eu", since=0)
    seen: set[int] = set()
    for round_ in range(2 * MOST_HIDDEN):
        joined = 10 * round_ + 1
        member.admit(joined, 0, "member", history=False)
        member.dismiss(joined + (2 if round_ == 7 else 4), "former")
        seen |= set(range(joined, member.until + 1))

    assert len(member.hidden) == MOST_HIDDEN
    assert {seq for seq in range(20 * MOST_HIDDEN) if member.may_see(seq)} <= seen
    assert not member.may_see(71)
    assert member.may_see(member.until)


def test_a_late_retry_brings_nothing_back(world: World) -> None:
    """Who was added, and left, is not added again by the same operation."""
    world.begin()
    world.add(EVA)
    world.do(EVA, g.MemberLeft("bye"))
    world.add(EVA)

    assert world.roles("us") == {ALICE: "owner"}


def test_marks_of_a_group_go_to_all_its_regions(world: World) -> None:
    """Everybody is told who has read up to where; who is no member marks nothing."""
    world.begin(EVA, AKI)
    world.say(ALICE, "read this")
    for reader in (EVA, BOB):
        region = world.regions[region_of(reader)]
        region.submit(submission(reader, MessageRead(1, 2), conversation_id=GROUP))
    world.settle()

    for user in (ALICE, AKI):
        marks = [record for record in world.regions[region_of(user)].told(user) if isinstance(record, Mark)]
        assert [(mark.user_id, mark.read) for mark in marks] == [(EVA, 2)]
    unread = world.regions["ap"].tables.conversations[GROUP]
    aki = unread.members[AKI]
    assert (unread.message_count - aki.read_count) - (aki.sent - aki.read_sent) == 1


def test_a_state_that_comes_late_fits_in(world: World) -> None:
    """What was held for it is shown then; the same state twice changes nothing."""
    world.begin()
    world.add(EVA)
    world.say(ALICE, "hello")
    eu = Rehearsal("eu")
    eu.befriend(EVA)
    charter, *entries = world.regions["us"].relayed_to("eu")
    assert isinstance(charter.record, Charter)
    for one in (*entries, charter, charter, *entries):
        eu.submit(one.record, via=one.via)
        eu.project()

    assert [record.seq for record in eu.told(EVA) if isinstance(record, Entry)] == [2, 3]
    assert eu.tables.conversations[GROUP].held == {}
    assert eu.tables.poison == []


@pytest.mark.parametrize(
    "body",
    [
        g.JoinAsked("x", "i"),
        g.GroupCreated("x", "another"),
        g.MemberRemoved("x", "nobody"),
        g.MemberAdded("x", EVA, "ap"),
        g.GroupChanged("x", name="n" * 101),
        g.GroupChanged("x", acknowledgement="hearsay"),
        g.GroupMessageSent("x", "with \0"),
    ],
)
def test_what_can_be_in_no_group_is_put_aside_and_refused(world: World, body: LogBody) -> None:
    """Ids that contradict each other, what follows from something else only, what no store keeps."""
    world.begin()
    world.do(ALICE, body)

    assert len(world.regions["us"].tables.poison) == 1
    assert isinstance(world.regions["us"].told(ALICE)[-1], Refusal)
    assert len(world.regions["us"].tables.visible(GROUP)) == 1


def test_entries_and_states_are_taken_from_the_owner_alone(world: World) -> None:
    """Another region cannot say who belongs to a group."""
    world.begin(EVA, AKI)
    (created,) = [r for r in world.regions["us"].relayed_to("ap") if isinstance(r.record, Entry)]
    forged = replace(created.via, stream=replace(created.via.stream, origin="eu"))
    ap = world.regions["ap"]
    ap.submit(replace(created.record, seq=2), via=forged)
    ap.submit(Charter(conversation_id=GROUP, epoch=1, seq=9, count=0), via=forged)
    ap.project()

    assert len(ap.tables.poison) == 2
    assert ap.tables.conversations[GROUP].head == 1


def test_a_state_that_says_what_no_body_may_say_is_put_aside(world: World) -> None:
    """How messages are acknowledged is for gateways to act by: what nobody knows does not get that far."""
    world.begin(EVA, AKI)
    (created,) = [r for r in world.regions["us"].relayed_to("ap") if isinstance(r.record, Entry)]
    ap = world.regions["ap"]
    details = replace(ap.tables.conversations[GROUP].details, acknowledgement="hearsay")
    ap.submit(Charter(conversation_id=GROUP, epoch=1, seq=9, count=0, details=details), via=created.via)
    ap.project()

    assert len(ap.tables.poison) == 1
    assert ap.tables.conversations[GROUP].head == 1
