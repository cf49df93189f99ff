"""A moderator takes a message away in its author's name: the conversation's owner judges it, whether or not the author is a member still."""

import pytest

from region.projector.rehearsal import message
from replication import alterations as a
from replication import groups as g
from replication.channels import ChannelMessageSent
from replication.codec import NEWEST, version_of
from replication.ids import direct_conversation_id, message_id
from replication.records import Receipt
from tests.unit.projector.channel import CHANNEL, Channel
from tests.unit.projector.world import AKI, ALICE, BOB, EVA, GROUP, World


@pytest.fixture
def world() -> World:
    """A group of Alice's, Eva's and Aki's."""
    found = World()
    found.begin(EVA, AKI)
    return found


def test_it_is_gone_everywhere_though_its_author_was_removed(world: World) -> None:
    """Also where the author alone was, who is told once; nothing waits any more."""
    post = world.say(EVA, "rude")
    world.do(ALICE, g.MemberRemoved("out", EVA))

    assert world.code(world.do(EVA, a.MessageDeleted("own", post))) == "not-a-member"
    assert world.code(world.do(EVA, a.MessageDeleted("mod", post, moderated=True))) == ""

    for region in world.regions.values():
        assert world.texts(region.name) == []
        assert region.tables.pendings == {}
        assert region.tables.poison == []
    assert sum(isinstance(record, Receipt) for record in world.regions["eu"].told(EVA)) == 1
    deleted = [e for e in world.told(AKI) if isinstance(e.body, a.MessageDeleted)]
    assert [entry.body for entry in deleted if isinstance(entry.body, a.MessageDeleted) and entry.body.moderated]
    assert {version_of(entry) for entry in deleted} == {NEWEST}


def test_a_region_moderates_nobody_elsewhere(world: World) -> None:
    """It speaks in the name of its own users, about what they said."""
    post = world.say(ALICE, "fine")

    assert world.code(world.do(EVA, a.MessageDeleted("mod", post, moderated=True))) == "not-the-author"
    unknown = message_id(EVA, GROUP, "never said")
    assert world.code(world.do(EVA, a.MessageDeleted("mod 2", unknown, moderated=True))) == "message-unknown"
    assert world.texts("us") == ["fine"]


def test_twice_is_once(world: World) -> None:
    """By its id; under another name it is told that it is so."""
    post = world.say(EVA, "rude")
    first = world.do(EVA, a.MessageDeleted("mod", post, moderated=True))
    head = len(world.told(AKI))

    assert world.do(EVA, a.MessageDeleted("mod", post, moderated=True)) == first
    assert world.code(world.do(EVA, a.MessageDeleted("again", post, moderated=True))) == "message-deleted"
    assert len(world.told(AKI)) == head


def test_in_a_conversation_of_two_and_in_a_channel() -> None:
    """As in a group."""
    channel = Channel()
    channel.subscribe(EVA)
    channel.act(ALICE, g.RoleChanged("promote", EVA, "admin"))
    post = channel.act(EVA, ChannelMessageSent("rude", "rude"))
    channel.act(ALICE, g.MemberBanned("ban", EVA))
    said = message(EVA, BOB, "rude too")
    channel.regions["eu"].submit(said)
    channel.settle()

    assert channel.code(channel.act(EVA, a.MessageDeleted("mod", post, moderated=True))) == ""
    gone = a.MessageDeleted("mod", said.id, BOB, moderated=True)
    assert channel.code(channel.do(EVA, gone, conversation=direct_conversation_id(EVA, BOB))) == ""

    assert [channel.texts(region) for region in ("us", "eu", "ap")] == [[], [], []]
    assert all(region.tables.pendings == {} and region.tables.poison == [] for region in channel.regions.values())
    found = channel.regions["us"].tables.conversations[CHANNEL]
    assert found.head > 0
