"""What users want of conversations for themselves alone: the last change counts, and devices of theirs are told what it is now."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from region.projector.rehearsal import Rehearsal, submission
from region.store.rows import PreferencesRow
from replication.ids import direct_conversation_id, partition_of
from replication.preferences import PreferencesChanged
from replication.records import Outcome, Stream, Submission, Via

ALICE, BOB = "u800000000000000000000008-us", "u900000000000000000000009-us"
ABOUT = direct_conversation_id(ALICE, BOB)


def told(us: Rehearsal, user: str = ALICE) -> list[PreferencesChanged]:
    """What the user's devices were told."""
    found = [record.body for record in us.told(user) if isinstance(record, Submission)]
    assert all(isinstance(body, PreferencesChanged) for body in found)
    return [body for body in found if isinstance(body, PreferencesChanged)]


def change(us: Rehearsal, **changes: object) -> str:
    """Change something; return the answer's code."""
    us.submit(submission(ALICE, PreferencesChanged(about=ABOUT, **changes), reply_to="gateway"))  # type: ignore[arg-type]
    us.project()
    answer = us.replied("gateway")[-1]
    assert isinstance(answer, Outcome)
    return answer.code


def test_what_is_not_named_stays_and_the_same_again_is_no_change() -> None:
    """Each device is told all of it, once for each change."""
    us = Rehearsal("us")

    assert [change(us, archived=True), change(us, draft="I will"), change(us, draft="I will"), change(us)] == [""] * 4

    assert [(body.archived, body.draft, body.version) for body in told(us)] == [(True, "", 1), (True, "I will", 2)]
    assert us.tables.preferences[ALICE, ABOUT].draft == "I will"
    assert not told(us, BOB)


def test_a_change_of_what_another_device_has_changed_meanwhile_is_refused() -> None:
    """So a late retry of a draft that was sent, and emptied since, does not bring it back."""
    us = Rehearsal("us")

    codes = [
        change(us, draft="I", replaces=0),
        change(us, draft="", replaces=1),
        change(us, draft="I", replaces=0),
        change(us, muted_until=5, replaces=2),
        change(us, archived=True, replaces=2),
    ]

    assert codes == ["", "", "version-conflict", "", "version-conflict"]
    last = told(us)[-1]
    assert (last.draft, last.muted_until, last.archived, last.version) == ("", 5, False, 3)


@pytest.mark.parametrize("body", [PreferencesChanged(about="x"), PreferencesChanged(about=ABOUT, draft="a\0b")])
def test_what_no_store_keeps_is_put_aside(body: PreferencesChanged) -> None:
    """A gateway never lets it through; and who waits for it is told."""
    us = Rehearsal("us")
    us.submit(submission(ALICE, body, reply_to="gateway"))
    us.project()

    assert (len(us.tables.poison), len(us.tables.preferences)) == (1, 0)
    [answer] = us.replied("gateway")
    assert isinstance(answer, Outcome)
    assert answer.code


def test_another_region_has_no_say() -> None:
    """They are their home's alone, whatever a peer sends."""
    us = Rehearsal("us")
    author = "u800000000000000000000008-eu"
    via = Via(Stream("eu", 1, 1, "us", partition_of(author, us.partitions)), 1, 1)
    us.submit(submission(author, PreferencesChanged(about=ABOUT, archived=True)), via=via)
    us.project()

    assert (len(us.tables.poison), len(us.tables.preferences)) == (1, 0)


@given(
    st.lists(st.tuples(st.sampled_from(["archived", "marked_unread", "pinned"]), st.booleans()), max_size=20), st.data()
)
def test_however_batches_are_cut_it_comes_to_the_same(changes: list[tuple[str, bool]], data: st.DataObject) -> None:
    """The last change of each counts; versions are dense."""
    us = Rehearsal("us")
    for name, value in changes:
        us.submit(submission(ALICE, PreferencesChanged(about=ABOUT, **{name: value})))  # type: ignore[arg-type]
        if data.draw(st.booleans()):
            us.project()
    us.project()

    seen = told(us)
    assert [body.version for body in seen] == list(range(1, len(seen) + 1))
    found = us.tables.preferences.get((ALICE, ABOUT), PreferencesRow(ALICE, ABOUT))
    for name in ("archived", "marked_unread", "pinned"):
        last = [value for changed, value in changes if changed == name][-1:]
        assert [getattr(found, name)] == (last or [False])
