"""What comes above a gap, or again, or not in its order: it does all that it would have done in its place."""

import pytest

from replication import alterations as a
from replication import channels as c
from replication import groups as g
from replication.accounts import UserBlocked
from replication.ids import region_of
from replication.records import LogBody
from tests.unit.projector.channel import CHANNEL, Channel
from tests.unit.projector.test_restraints import decide
from tests.unit.projector.world import ALICE, BOB, EDI, EVA, GROUP, World


@pytest.fixture
def world() -> World:
    """Nothing has happened yet."""
    return World()


def lose_next(world: World, author: str, body: LogBody, *, conversation: str = GROUP) -> None:
    """Let somebody at the owner's do something of which eu learns nothing."""
    world.do(author, body, settle=False, conversation=conversation)
    world.regions["us"].project()
    assert world.lose("us", "eu")


def test_a_charter_that_overtakes_what_was_held_leaves_none_of_it_undone(world: World) -> None:
    """A deletion that was held above a gap takes its message away, and who waits for an entry is told of it, though nobody is a member any more."""
    world.begin(EVA)
    said = world.say(ALICE, "secret")
    lose_next(world, ALICE, g.GroupMessageSent("lost", "lost"))
    mine = world.do(EVA, g.GroupMessageSent("mine", "mine"))
    deleted = world.do(ALICE, a.MessageDeleted("delete", said))
    removed = world.do(ALICE, g.MemberRemoved("remove", EVA))
    eu = world.regions["eu"].tables
    assert sorted(eu.conversations[GROUP].held) == [4, 5, 6]
    world.add(EDI)

    assert [entry.message_id for entry in world.told(EVA)[-3:]] == [mine, deleted, removed]
    assert world.texts("eu") == ["mine"]
    assert eu.pendings == {}
    assert eu.conversations[GROUP].missing == ((3, 3),)
    assert all(position for (_, seq), (_, position) in eu.entries.items() if seq in {4, 5, 6})


def test_what_is_held_is_taken_in_with_those_whom_it_concerns() -> None:
    """Also in a channel, of whose subscribers none is in memory when somebody else's entry closes the gap."""
    channel = Channel()
    channel.subscribe(EVA, EDI)
    lose_next(channel, ALICE, c.ChannelMessageSent("lost", "lost"), conversation=CHANNEL)
    channel.act(ALICE, g.RoleChanged("promote", EDI, "admin"))
    channel.act(EVA, g.MemberLeft("leave"))
    channel.find()
    channel.settle()

    theirs = channel.regions["us"].tables.conversations[CHANNEL].members
    mine = channel.regions["eu"].tables.conversations[CHANNEL].members
    assert (theirs[EDI].role, theirs[EVA].until) == ("admin", 6)
    for user in (EDI, EVA):
        member, known = theirs[user], mine[user]
        assert (known.role, known.joined, known.since, known.until) == (
            member.role,
            member.joined,
            member.since,
            member.until,
        )
        assert known.received >= known.joined


def test_who_is_added_by_somebody_blocked_leaves_also_if_that_was_held(world: World) -> None:
    """Whoever closes the gap."""
    world.begin(EDI, BOB)
    decide(world, EVA, UserBlocked(ALICE))
    lose_next(world, BOB, g.GroupMessageSent("lost", "lost"))
    world.do(ALICE, g.MemberAdded("add", EVA, region_of(EVA)))
    world.find()
    world.settle()

    assert world.told(EVA) == []
    assert EVA not in world.roles("us")


def test_who_is_no_member_is_told_again_what_became_of_a_request(world: World) -> None:
    """The receipt was lost, and the reminder brings another; no conversation is made of it."""
    world.begin(approval=True)
    world.do(ALICE, g.InviteMade("link", "link", g.digest_of("token"), 10**15))
    world.do(EVA, g.MemberJoined("ask", "token"), settle=False)
    world.regions["eu"].project()
    world.carry()
    world.regions["us"].project()
    assert world.lose("us", "eu")
    world.settle()
    assert world.regions["eu"].tables.pendings
    world.remind("eu")
    world.settle()

    assert world.regions["eu"].tables.pendings == {}
    assert GROUP not in world.regions["eu"].tables.conversations


def test_who_comes_back_to_the_history_reads_what_a_message_says_by_now(world: World) -> None:
    """Though nobody who was there when it was edited might see it."""
    world.begin(EVA, history=False)
    said = world.say(ALICE, "old words")
    world.add(EDI)
    world.do(EVA, g.MemberLeft("leave"))
    world.do(ALICE, a.MessageEdited("edit", said, "new words"))
    world.do(ALICE, a.ReactionAdded("react", said, "\N{THUMBS UP SIGN}"))
    world.do(ALICE, g.GroupChanged("open", history=True))
    world.add(EVA, "again")
    us, eu = world.regions["us"].tables, world.regions["eu"].tables

    assert eu.conversations[GROUP].missing == ()
    assert eu.aftermaths[GROUP, 2] == us.aftermaths[GROUP, 2]
    assert eu.aftermaths[GROUP, 2].edits
    assert all(entry.body != a.MessageEdited("edit", said, "new words", target_seq=2) for entry in world.told(EDI))


@pytest.mark.parametrize("above", [False, True], ids=["comes alone", "is held"])
def test_a_message_that_was_deleted_before_it_came_comes_without_its_text(world: World, *, above: bool) -> None:
    """It was lost on the way, and whom it was for have left: its deletion is a receipt, which nothing holds back."""
    world.begin(EVA)
    if above:
        lose_next(world, ALICE, g.GroupMessageSent("before", "before"))
    lost = world.do(ALICE, g.GroupMessageSent("secret", "secret"), settle=False)
    world.regions["us"].project()
    assert world.lose("us", "eu")
    world.do(ALICE, g.MemberRemoved("remove", EVA), settle=False)
    world.regions["us"].project()
    assert world.lose("us", "eu")
    world.do(ALICE, a.MessageDeleted("delete", lost))
    for number in (1, 0, 0) if above else (0, 0):
        world.find(number)
        world.settle()

    assert not {"secret"} & set(world.texts("eu"))
    assert "secret" not in [entry.text for entry in world.told(EVA)]
    eu = world.regions["eu"].tables.conversations[GROUP]
    assert (eu.head, eu.missing, eu.held) == (len(world.regions["us"].tables.visible(GROUP)) - 1, (), {})
