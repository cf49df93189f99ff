"""What is lost and what is not yet, what may be shown and what must not."""

from chaos.judge import events as e
from chaos.judge.story import ANN, BOB, TALK, Story
from chaos.judge.verdict import Verdict

T, F, U = Verdict.TRUE, Verdict.FALSE, Verdict.UNKNOWN


def test_a_story_in_which_all_is_well() -> None:
    """What the others differ from."""
    story = Story()
    story.send("a1")
    story.show_both("a1", 1)
    story.note(e.Marked(story.now, "v" + ANN, TALK, BOB, 1, 1, 1))
    story.settle()
    for region in ("us", "eu"):
        story.note(e.Digest(story.now, region, TALK, 1, 1, "d"))

    assert story.judged().verdict is T


def test_what_is_not_shown_yet_is_no_loss_until_it_settled() -> None:
    """Acknowledged, numbered, on its way."""
    story = Story()
    story.send("a1")
    story.show(ANN, "a1", 1)
    assert story.judged(settled=False)["lost"].verdict is U

    ruling = story.judged()["lost"]
    assert ruling.verdict is F
    assert ruling.evidence[0].ids[0] == "ma1"


def test_what_is_shown_after_the_settling_came_too_late() -> None:
    """Time enough is time enough."""
    story = Story()
    story.send("a1")
    story.show(ANN, "a1", 1)
    story.settle()
    story.show(BOB, "a1", 1)

    assert story.judged()["lost"].verdict is F


def test_what_nobody_saw_is_lost_if_somebody_looked() -> None:
    """And unknown if nobody did."""
    story = Story()
    story.send("a1")
    story.settle()
    assert story.judged()["lost"].verdict is F

    nobody = Story(connected=False)
    nobody.send("a1")
    nobody.settle()
    assert nobody.judged()["lost"].verdict is U


def test_a_member_whom_nobody_watched_leaves_it_unknown() -> None:
    """Bob's device was away, and his history was not read; then it was."""
    story = Story()
    story.send("a1")
    story.show(ANN, "a1", 1)
    story.note(e.Closed(story.now, BOB))
    story.settle()
    assert story.judged()["lost"].verdict is U

    story.read(BOB, story.entry("a1", 1), whole=False)
    assert story.judged()["lost"].verdict is U
    story.read(BOB, story.entry("a1", 1))
    assert story.judged()["lost"].verdict is T


def test_a_device_that_came_later_is_owed_what_was_sent_before_only_if_it_resumed() -> None:
    """If it said nothing of where it was, it is told what happens from then on; so nobody knows of the rest."""
    for resumed, verdict in ((False, U), (True, F)):
        story = Story()
        story.note(e.Closed(story.now, BOB))
        story.send("a1")
        story.show(ANN, "a1", 1)
        story.connect(BOB, "again", resumed=resumed)
        story.send("a2")
        story.show(ANN, "a2", 2)
        story.show(BOB, "a2", 2, over="again")
        assert story.judged()["lost"].verdict is verdict

        if not resumed:
            story.settle()
            story.read(BOB, story.entry("a1", 1), story.entry("a2", 2))
            assert story.judged()["lost"].verdict is T


def test_a_refusal_that_its_author_was_told_is_no_loss() -> None:
    """Accepted is never the end: an entry or a refusal is."""
    story = Story()
    op = story.send("a1")
    story.send("a2")
    story.show_both("a2", 1)
    story.note(e.Refused(story.now, op, "v" + ANN, "recipient-unknown"))
    story.settle()

    assert story.judged().named(F) == set()


def test_a_send_of_unknown_outcome_may_appear_or_not() -> None:
    """But if it does, it does for everybody."""
    for shown, verdict in (((), T), ((ANN, BOB), T), ((ANN,), F)):
        story = Story()
        story.send("a1")
        story.show_both("a1", 1)
        story.time_out("a2")
        for user in shown:
            story.show(user, "a2", 2)
        story.settle()

        assert story.judged()["lost"].verdict is verdict
        assert story.judged()["phantom"].verdict is T


def test_a_definite_failure_must_not_appear_but_a_repeat_of_it_may() -> None:
    """Definite means that it certainly did not happen; what was sent again is another matter."""
    story = Story()
    story.fail("a1")
    story.show_both("a1", 1)
    assert story.judged()["phantom"].verdict is F

    story = Story()
    story.fail("a1")
    story.send("a1")
    story.show_both("a1", 1)
    assert story.judged()["phantom"].verdict is T


def test_an_outcome_learned_late_counts() -> None:
    """Unknown, then known: accepted after all."""
    story = Story()
    op = story.invoke("a1")
    story.note(e.Info(story.now, op, "timeout"))
    story.note(e.Ok(story.now + 1, op, TALK, "ma1"))
    story.settle()

    assert story.judged()["lost"].verdict is F


def test_an_entry_of_another_conversation_is_a_phantom() -> None:
    """It was sent, but not there."""
    story = Story()
    story.send("a1")
    story.show_both("a1", 1)
    story.note(e.Member(story.now, "d2-us", BOB, "eu"))
    story.note(e.Live(story.now, BOB, "d2-us", story.entry("a1", 1)))

    assert story.judged().named(F) == {"phantom"}


def test_a_repair_fills_the_screen() -> None:
    """What a device read for its screen was shown; what was read to be judged was not."""
    for kind, verdict in (("repair", T), ("history", F)):
        story = Story()
        story.send("a1")
        story.show(ANN, "a1", 1)
        invoke = e.Invoke(story.now, 99, "repair" if kind == "repair" else "history", "v" + BOB, BOB, "eu", TALK)
        story.note(invoke)
        story.note(e.Page(story.now, 99, TALK, [story.entry("a1", 1)]))
        story.note(e.Ok(story.now, 99))
        story.settle()
        assert story.judged()["lost"].verdict is verdict
