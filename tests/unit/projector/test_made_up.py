"""An owner that puts words into the mouths of others' users: their home knows that nobody there has said it."""

import pytest
from msgspec.structs import replace

from region.projector.rehearsal import Relayed
from region.projector.restraints import escapes
from replication import alterations as a
from replication import groups as g
from replication.ids import message_id
from replication.records import Entry, LogBody
from tests.unit.projector.world import AKI, ALICE, BOB, EVA, GROUP, World


@pytest.fixture
def world() -> World:
    """A group that us owns, with somebody in each region."""
    made = World()
    made.begin(BOB, EVA, AKI)
    made.say(EVA, "what I said")
    return made


def forged(world: World, region: str, author: str, body: LogBody) -> Relayed:
    """Return what the owner tells a region that somebody had done next."""
    last = next(one for one in reversed(world.regions["us"].relayed_to(region)) if isinstance(one.record, Entry))
    assert isinstance(last.record, Entry)
    identifier = message_id(author, GROUP, body.client_message_id)
    entry = replace(
        last.record, seq=last.record.seq + 1, message_id=identifier, author=author, home=author[-2:], body=body
    )
    return Relayed(entry, replace(last.via, sequence=last.via.sequence + 1, position=last.via.position + 1))


@pytest.mark.parametrize(
    "body",
    [g.GroupMessageSent("forged", "what I never said"), g.MemberLeft("forged"), a.MessageEdited("forged", "m", "x")],
)
@pytest.mark.parametrize("home", ["eu", "ap"])
def test_the_home_of_who_is_named_knows(world: World, home: str, body: LogBody) -> None:
    """Whatever they are said to have done, and wherever the owner says that they live; all else goes on, with one log everywhere."""
    if isinstance(body, a.MessageEdited):
        said = world.regions["eu"].tables.entries[GROUP, 2][0].message_id
        body = replace(body, target=said, target_seq=2)
    eu = world.regions["eu"]
    told = forged(world, "eu", EVA, body)
    assert isinstance(told.record, Entry)
    eu.submit(replace(told.record, home=home), via=told.via)
    eu.project()

    assert [entry.message_id for entry in eu.tables.made_up] == [told.record.message_id]
    assert eu.tables.conversations[GROUP].head == told.record.seq
    assert eu.tables.poison == []


def test_other_regions_cannot_know(world: World) -> None:
    """They believe the owner about whoever lives elsewhere."""
    told = forged(world, "ap", EVA, g.GroupMessageSent("forged", "what I never said"))
    ap = world.regions["ap"]
    ap.submit(told.record, via=told.via)
    ap.project()

    assert ap.tables.made_up == []
    assert ap.tables.visible(GROUP)[-1].author == EVA


def test_what_was_said_is_never_taken_for_made_up(world: World) -> None:
    """Once it comes again, nor when its author leaves a group that somebody blocked has added them to."""
    world.say(EVA, "more")
    world.say(ALICE, "of the owner's")
    us, eu = world.regions["us"], world.regions["eu"]
    for one in us.relayed_to("eu"):
        eu.submit(one.record, via=one.via)
    world.do(EVA, g.MemberLeft("bye"))
    eu.tables.blocks.add((EVA, ALICE))
    world.add(EVA, "back")

    assert any(escapes(entry.body) for entry, _ in us.tables.entries.values())
    assert all(region.tables.made_up == [] for region in world.regions.values())
