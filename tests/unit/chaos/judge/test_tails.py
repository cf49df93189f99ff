"""What a takeover took out of a log: by short ledgers of a conversation whose owner dies, each with one thing that is wrong, or nothing."""

import pytest

from chaos.judge import events as e
from chaos.judge.judgement import Judgement, judge
from chaos.judge.ledger import numbered
from chaos.judge.story import ANN, BOB, HOMES, TALK, Story
from chaos.judge.sufficiency import Needs
from chaos.judge.verdict import Verdict

T, F = Verdict.TRUE, Verdict.FALSE
NEEDS = Needs(faults=0, expects=frozenset({"tails"}))


def begun() -> Story:
    """Two messages that all have, and one that only the owner's people were shown before it died."""
    story = Story()
    for user, home in HOMES.items():
        story.events.insert(1, e.Lives(0.0, user, home))
    for seq, text in enumerate(("a1", "a2"), 1):
        story.send(text)
        story.show_both(text, seq)
    story.send("a3")
    story.show(ANN, "a3", 3)
    story.note(e.Closed(story.now, ANN))
    story.connect(ANN, "again", resumed=True)
    return story


def withdraw(story: Story, seq: int = 2) -> None:
    """Ann's device is told that nothing stands above a place."""
    story.note(e.Withdrawn(story.now + 1, "again", TALK, 1, seq))


def go_on(story: Story, *texts: str, at: int = 3) -> None:
    """Epoch 2 numbers these, and shows them to both."""
    for seq, text in enumerate(texts, at):
        story.show(ANN, text, seq, epoch=2, over="again")
        story.show(BOB, text, seq, epoch=2)


def ruled(story: Story) -> Judgement:
    """Judge it, with whole histories at the end."""
    story.settle()
    last: dict[int, e.Sighting] = {}
    for event in story.events:
        if isinstance(event, e.Live) and (event.entry.epoch, 0) >= (last.get(event.entry.seq, event.entry).epoch, 0):
            last[event.entry.seq] = event.entry
    for user in (ANN, BOB):
        story.read(user, *(last[seq] for seq in sorted(last)))
    story.note(e.Ended(story.now + 1))
    return judge(numbered(story.events), NEEDS)


def test_a_tail_that_comes_again_later_is_well() -> None:
    """Its number goes to another message first, and everybody who had shown it is told."""
    story = begun()
    story.send("b4", BOB)
    withdraw(story)
    go_on(story, "b4", "a3")
    judgement = ruled(story)

    assert judgement["tails"].verdict is T, judgement["tails"]
    assert judgement.named(F) == set(), judgement


def test_a_tail_that_keeps_its_number_is_well() -> None:
    """It was taken out, and nothing came before it."""
    story = begun()
    withdraw(story)
    go_on(story, "a3")

    assert ruled(story).named(F) == set()


def test_a_screen_that_is_told_nothing_goes_on_showing_it() -> None:
    """It has another message at that number than everybody else."""
    story = begun()
    story.send("b4", BOB)
    go_on(story, "b4", "a3")
    story.events = [
        event
        for event in story.events
        if not (isinstance(event, e.Live) and event.entry.epoch == 2 and event.connection == "again")
    ]

    assert ruled(story)["tails"].verdict is F


def test_a_screen_that_takes_it_out_and_is_not_shown_what_came_in_its_place_lacks_that() -> None:
    """That it had shown the number before is no excuse."""
    story = begun()
    story.send("b4", BOB)
    withdraw(story)
    story.show(BOB, "b4", 3, epoch=2)
    story.show(BOB, "a3", 4, epoch=2)
    story.show(ANN, "a3", 4, epoch=2, over="again")
    judgement = ruled(story)

    assert judgement.named(F) == {"lost", "stream"}, judgement


def test_a_tail_that_never_comes_again_is_lost() -> None:
    """Also if it had not been accepted: its author saw it numbered."""
    story = begun()
    story.events = [event for event in story.events if not (isinstance(event, e.Ok) and event.message == "ma3")]
    story.send("b4", BOB)
    withdraw(story)
    go_on(story, "b4")

    assert ruled(story).named(F) == {"tails"}


def test_nobody_elsewhere_had_been_shown_it() -> None:
    """Nothing leaves a region before who stands by it has it: so a tail is its own people's alone."""
    story = begun()
    story.show(BOB, "a3", 3)
    story.send("b4", BOB)
    withdraw(story)
    story.note(e.Withdrawn(story.now + 1, BOB, TALK, 1, 2))
    go_on(story, "b4", "a3")

    assert ruled(story).named(F) == {"tails"}


def test_marks_go_back_with_the_tail_that_they_marked() -> None:
    """And no further."""
    for read, verdict in ((2, T), (1, F)):
        story = begun()
        story.note(e.Marked(story.now, "v" + ANN, TALK, BOB, 1, 3, 3))
        story.send("b4", BOB)
        withdraw(story)
        story.note(e.Marked(story.now, "v" + ANN, TALK, BOB, 1, read, read))
        go_on(story, "b4", "a3")
        assert ruled(story)["marks"].verdict is verdict


def test_without_a_second_epoch_nothing_can_be_said() -> None:
    """Nobody took over."""
    story = begun()
    story.show(BOB, "a3", 3)

    assert ruled(story)["tails"].verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("connection", ["nobody's", ""])
def test_what_is_told_over_no_connection_breaks_the_ledger(connection: str) -> None:
    """As anything else does."""
    story = begun()
    story.note(e.Withdrawn(story.now, connection, TALK, 1, 2))

    assert ruled(story)["tails"].verdict is Verdict.UNKNOWN
