"""What comes above a gap, or again, or not in its order: it does all that it would have done in its place."""

import pytest

from replication import alterations as a
from replication import groups as g
from tests.unit.projector.world import ALICE, EDI, EVA, GROUP, World


@pytest.fixture
def world() -> World:
    """Nothing has happened yet."""
    return World()


def lose_next(world: World, author: str, body: g.GroupBody | a.Alteration, *, conversation: str = GROUP) -> None:
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
