"""What was put aside is judged again, but nothing is undone of what its author was told."""

from dataclasses import replace

import pytest

from region.projector.cases import Case, needs_of
from region.projector.docket import Docket, State
from region.projector.judge import judge
from region.projector.reading import revived
from region.projector.rehearsal import message
from region.store.rows import Place, User
from replication.codec import encode
from replication.ids import partition_of
from replication.poison.records import Kind, Poison
from replication.records import Journaled, Stream, Submission, Via

ALICE = "u100000000000000000000001-us"
BOB = "u200000000000000000000002-us"
EVA = "u300000000000000000000003-eu"
SENT = message(ALICE, BOB, "hello")


def aside(record: Submission, kind: Kind, *, via: Via | None = None) -> Case:
    """Return the case of a record that is replayed, of what kind of poison it was."""
    partition = partition_of(record.conversation_id, 1)
    kept = Poison("journal", partition, 7, kind, "", encode(Journaled(record=record, via=via)), record.conversation_id)
    return revived(kept)


def judged(case: Case) -> Docket:
    """Judge it, now that nothing stands against it."""
    user = User(BOB, BOB, BOB, "", "", 1, confirmed=True, created_at=0)
    state = State(users={BOB: user, ALICE: replace(user, user_id=ALICE)})
    docket = Docket(
        here="us", incarnation=1, epoch=1, partitions=1, now=1, state=state, places={0: Place(0, 100, 5)}
    )  # fmt: skip
    assert needs_of([case]).messages
    judge(docket, case)
    return docket


def via(origin: str) -> Via:
    """A place in a stream from there."""
    return Via(Stream(origin, 1, 1, "us", 0), 1, 1)


@pytest.mark.parametrize(
    "case",
    [aside(SENT, Kind.IMPOSSIBLE), aside(message(EVA, ALICE, "hello"), Kind.IMPOSSIBLE, via=via("eu"))],
    ids=["from here", "from its author's home"],
)
def test_a_message_whose_author_was_told_that_it_is_refused_stays_refused(case: Case) -> None:
    """It is taken out of what is aside, and nothing comes of it: two devices would show two outcomes else."""
    docket = judged(case)

    assert docket.writes.entries == []
    assert docket.writes.poison == []
    assert [(kept.partition, kept.offset) for kept in docket.writes.replayed] == [(0, 7)]
    assert all(move.position == 5 for move in docket.settle({}))


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.IMPOSSIBLE])
def test_what_nobody_was_told_of_is_judged(kind: Kind) -> None:
    """It was not read, or waited behind what was not; now it is numbered."""
    docket = judged(aside(SENT, kind))

    assert [one.message_id for one, _ in docket.writes.entries] == [SENT.id]
    assert len(docket.writes.replayed) == 1
