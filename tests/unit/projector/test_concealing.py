"""What users delete for themselves alone: decided at home, for good, and bounded; devices of theirs are told."""

import pytest

from region.projector import concealing
from region.projector.rehearsal import Rehearsal, submission
from replication.concealed import MessageConcealed
from replication.ids import direct_conversation_id, message_id, partition_of
from replication.records import Outcome, Stream, Submission, Via

ALICE, BOB = "u800000000000000000000008-us", "u900000000000000000000009-us"
ABOUT = direct_conversation_id(ALICE, BOB)
TARGET = message_id(BOB, ABOUT, "one")


def conceal(us: Rehearsal, first: int, last: int | None = None) -> str:
    """Delete something for Alice; return the answer's code."""
    body = MessageConcealed(about=ABOUT, target=TARGET, first=first, last=last or first)
    us.submit(submission(ALICE, body, reply_to="gateway"))
    us.project()
    answer = us.replied("gateway")[-1]
    assert isinstance(answer, Outcome)
    return answer.code


def told(us: Rehearsal, user: str = ALICE) -> list[tuple[int, int]]:
    """What the user's devices were told."""
    bodies = [record.body for record in us.told(user) if isinstance(record, Submission)]
    return [(body.first, body.last) for body in bodies if isinstance(body, MessageConcealed)]


def test_what_stands_together_is_one_run_and_the_same_again_changes_nothing() -> None:
    """Devices are told once of each; the other member of nothing."""
    us = Rehearsal("us")

    assert [conceal(us, seq) for seq in (3, 5, 4, 5, 3)] == [""] * 5

    assert us.tables.concealed[ALICE, ABOUT].runs == ((3, 5),)
    assert told(us) == [(3, 3), (5, 5), (4, 4)]
    assert not told(us, BOB)


def test_in_a_channel_what_nobody_is_shown_goes_with_a_post() -> None:
    """So what is below a run is what was shown before it."""
    us = Rehearsal("us")

    assert conceal(us, 3, 7) == ""

    assert us.tables.concealed[ALICE, ABOUT].runs == ((3, 7),)


def test_with_no_room_it_is_refused_and_what_stands_beside_still_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs are bounded, not messages."""
    monkeypatch.setattr(concealing, "MOST_RUNS", 2)
    us = Rehearsal("us")

    codes = [conceal(us, seq) for seq in (1, 3, 5, 1, 2)]

    assert codes == ["", "", "too-many-concealed", "", ""]
    assert us.tables.concealed[ALICE, ABOUT].runs == ((1, 3),)


@pytest.mark.parametrize(
    "body",
    [
        MessageConcealed(about="x", target=TARGET, first=1, last=1),
        MessageConcealed(about=ABOUT, target="x", first=1, last=1),
        MessageConcealed(about=ABOUT, target=TARGET, first=0, last=1),
        MessageConcealed(about=ABOUT, target=TARGET, first=2, last=1),
    ],
)
def test_what_is_about_no_message_is_put_aside(body: MessageConcealed) -> None:
    """A gateway never lets it through; and who waits for it is told."""
    us = Rehearsal("us")
    us.submit(submission(ALICE, body, reply_to="gateway"))
    us.project()

    assert (len(us.tables.poison), len(us.tables.concealed)) == (1, 0)
    [answer] = us.replied("gateway")
    assert isinstance(answer, Outcome)
    assert answer.code


def test_another_region_has_no_say() -> None:
    """It is the home's alone, whatever a peer sends."""
    us = Rehearsal("us")
    author = "u800000000000000000000008-eu"
    via = Via(Stream("eu", 1, 1, "us", partition_of(author, us.partitions)), 1, 1)
    us.submit(submission(author, MessageConcealed(about=ABOUT, target=TARGET, first=1, last=1)), via=via)
    us.project()

    assert (len(us.tables.poison), len(us.tables.concealed)) == (1, 0)
