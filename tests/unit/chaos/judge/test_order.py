"""What is concurrent and what is not; what a takeover may change in the order, and what it may not."""

import pytest

from chaos.judge import events as e
from chaos.judge import history
from chaos.judge.story import ANN, BOB, TALK, Story
from chaos.judge.verdict import Verdict

T, F = Verdict.TRUE, Verdict.FALSE


def test_overlapping_sends_may_be_numbered_either_way() -> None:
    """Neither was accepted when the other began; unless their device promised to keep their order."""
    for fifo, verdict in ((False, T), (True, F)):
        story = Story(fifo=fifo)
        ops = [story.invoke("a1"), story.invoke("a2")]
        for op, text in zip(ops, ("ma1", "ma2"), strict=True):
            story.note(e.Ok(story.now, op, TALK, text))
        story.show_both("a2", 1)
        story.show_both("a1", 2)
        assert story.judged()["order"].verdict is verdict


def test_sends_one_after_the_other_keep_their_order() -> None:
    """The first was accepted when the second began; those of two authors have no order."""
    for second, verdict in (("a2", F), ("b2", T)):
        story = Story()
        story.send("a1")
        story.send(second, by=BOB if second == "b2" else ANN)
        story.show_both(second, 1)
        story.show_both("a1", 2)
        assert story.judged()["order"].verdict is verdict


def after_a_takeover() -> Story:
    """Ann's second entry is taken out at 1.2, and comes back at 2.3."""
    story = Story()
    story.send("a1")
    story.show_both("a1", 1)
    story.send("a2")
    story.show_both("a2", 2)
    story.send("a3")
    story.show_both("a3", 2, epoch=2)
    story.show_both("a2", 3, epoch=2)
    return story


def test_a_tail_is_numbered_again_later() -> None:
    """It is neither lost, nor double, nor out of order; and who is behind may still be shown it where it was."""
    story = after_a_takeover()
    story.read(BOB, story.entry("a1", 1), story.entry("a2", 2), whole=False)

    assert story.judged().named(F) == set()


def test_a_tail_is_shown_where_it_was_to_nobody_in_the_end() -> None:
    """Once all has settled, there is one order."""
    story = after_a_takeover()
    story.settle()
    story.read(BOB, story.entry("a1", 1), story.entry("a2", 2), story.entry("a2", 3, epoch=2))

    assert story.judged().named(F) == {"duplicate"}


def test_a_tail_that_does_not_come_back_is_lost() -> None:
    """It was accepted, and its place is another's now."""
    story = Story()
    story.send("a1")
    story.show_both("a1", 1)
    story.send("a2")
    story.show_both("a2", 1, epoch=2)

    judgement = story.judged()
    assert judgement.named(F) == {"lost"}
    assert judgement["lost"].evidence[0].ids[0] == "ma1"


def test_an_entry_that_stands_in_two_epochs_is_doubled() -> None:
    """Numbered again, and not taken out."""
    story = Story()
    story.send("a1")
    story.show_both("a1", 1)
    story.show_both("a1", 2, epoch=2)

    assert story.judged().named(F) == {"duplicate"}


def test_a_lower_mark_of_a_later_epoch_went_with_its_tail() -> None:
    """Within an epoch marks only rise."""
    for epoch, verdict in ((1, F), (2, T)):
        story = Story()
        story.note(e.Marked(story.now, "v" + ANN, TALK, BOB, 1, 5, 4))
        story.note(e.Marked(story.now, "v" + ANN, TALK, BOB, epoch, 5, 3))
        assert story.judged()["marks"].verdict is verdict


def test_a_page_with_a_gap_is_a_hole_even_if_it_is_filled_later() -> None:
    """A conversation that misses a seq shows nothing above it."""
    story = Story()
    for number in (1, 2, 3):
        story.send(f"a{number}")
        story.show_both(f"a{number}", number)
    story.read(BOB, story.entry("a1", 1), story.entry("a3", 3), whole=False)

    assert story.judged().named(F) == {"hole"}


def test_more_that_is_odd_than_is_kept_leaves_it_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A checker that looked at a part of it must not say that all is well."""
    monkeypatch.setattr(history, "MOST_ODDITIES", 0)

    story = after_a_takeover()
    story.settle()
    story.read(BOB, story.entry("a1", 1), story.entry("a2", 2), story.entry("a2", 3, epoch=2))

    assert story.judged()["duplicate"].verdict is Verdict.UNKNOWN
