"""What waits for another region is asked for again, whatever was lost on the way there or back, and nothing happens twice."""

import pytest

from region.projector.messages import ASK_AGAIN
from region.projector.rehearsal import Rehearsal, message
from region.projector.reminders import AGES, MOST, drawn, due
from replication.ids import direct_conversation_id
from replication.records import Opening, Submission

ALICE = "u100000000000000000000001-us"
EVA = "u300000000000000000000003-eu"
ADA = "u000000000000000000000004-eu"
"""Alice's conversation with Eva is owned by us, that with Ada by eu."""


@pytest.fixture
def regions() -> tuple[Rehearsal, Rehearsal]:
    """Two regions and who lives there."""
    us, eu = Rehearsal("us"), Rehearsal("eu")
    us.befriend(ALICE)
    eu.befriend(EVA)
    eu.befriend(ADA)
    return us, eu


def carry(source: Rehearsal, target: Rehearsal, after: int) -> int:
    """Deliver what was relayed beyond the first so many, project it, and return how many there are."""
    relayed = source.relayed_to(target.name)
    for one in relayed[after:]:
        target.submit(one.record, via=one.via)
    target.project()
    return len(relayed)


@pytest.mark.parametrize("recipient", [EVA, ADA], ids=["owned here", "owned there"])
@pytest.mark.parametrize("lost", ["the way there", "the way back"])
def test_a_first_message_whose_question_or_answer_was_lost_ends_with_nobody_writing_again(
    regions: tuple[Rehearsal, Rehearsal], recipient: str, lost: str
) -> None:
    """A stream passed a hole: the only message of a conversation is pending, and no later one comes to ask again."""
    us, eu = regions
    us.submit(message(ALICE, recipient, "hello"))
    us.project()
    went = len(us.relayed_to("eu"))
    if lost == "the way back":
        carry(us, eu, 0)
    came = len(eu.relayed_to("us"))
    us.now += ASK_AGAIN
    us.remind()
    carry(us, eu, went)
    carry(eu, us, came)

    log = us.tables.visible(direct_conversation_id(ALICE, recipient))
    assert [(one.seq, getattr(one.body, "text", "")) for one in log] == [(1, "hello")]
    assert us.tables.pendings == {}
    us.now += ASK_AGAIN
    told = len(us.outputs)
    us.remind()
    assert len(us.outputs) == told


def test_reminders_change_nothing_where_nothing_was_lost(regions: tuple[Rehearsal, Rehearsal]) -> None:
    """They are duplicates there; each conversation is asked about once however many messages wait."""
    us, eu = regions
    for recipient in (EVA, ADA):
        for text in ("one", "two"):
            us.submit(message(ALICE, recipient, text))
    us.project()
    us.now += ASK_AGAIN
    us.remind()
    assert sorted(type(one.record).__name__ for one in us.relayed_to("eu")) == ["Opening"] * 2 + ["Submission"] * 4

    carry(us, eu, 0)
    carry(eu, us, 0)
    carry(us, eu, len([one for one in us.relayed_to("eu") if isinstance(one.record, Opening | Submission)]))
    for region in (us, eu):
        for recipient in (EVA, ADA):
            log = region.tables.visible(direct_conversation_id(ALICE, recipient))
            assert [getattr(one.body, "text", "") for one in log] == ["one", "two"]
        assert region.tables.poison == []
    assert us.tables.pendings == {}


def test_what_is_young_is_left_alone(regions: tuple[Rehearsal, Rehearsal]) -> None:
    """A minute is no long time between regions."""
    us, _ = regions
    us.submit(message(ALICE, ADA, "hello"))
    us.project()
    told = len(us.outputs)
    us.now = ASK_AGAIN - 10
    us.remind()

    assert len(us.outputs) == told


@pytest.mark.parametrize("pace", [ASK_AGAIN // 7, ASK_AGAIN, 3 * ASK_AGAIN])
def test_each_age_comes_once(pace: int) -> None:
    """However often somebody looks; a look that comes late makes up for those that were missed, once."""
    born = 10**15
    looks = [
        look - born
        for look in range(born, born + AGES[4] + ASK_AGAIN, pace)
        if any(first <= born < beyond for first, beyond in due(look - pace, look))
    ]

    passed = [next(at for at in range(0, 10**12, pace) if at > age) for age in AGES[:5]]
    assert looks == sorted({at for at in passed if at < AGES[4] + ASK_AGAIN})


@pytest.mark.parametrize(("here", "of", "most"), [(4, 4, MOST), (2, 4, 2 * MOST), (1, 64, 64 * MOST), (0, 4, 0)])
def test_who_has_a_share_of_the_partitions_looks_at_as_many_of_its_own_as_who_has_all(
    here: int, of: int, most: int
) -> None:
    """The store tells of all partitions."""
    assert drawn(here=here, of=of) == most
