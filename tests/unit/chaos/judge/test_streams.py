"""What may come again over a connection, which marks may be lower, and what is whose."""

import pytest

from chaos.judge import events as e
from chaos.judge import streams
from chaos.judge.story import ANN, BOB, TALK, Story
from chaos.judge.verdict import Verdict

T, F, U = Verdict.TRUE, Verdict.FALSE, Verdict.UNKNOWN


def test_a_stream_may_skip_what_its_device_was_told_that_it_lacks() -> None:
    """It reads that, and the live entries go on above it."""
    for told, verdict in ((True, T), (False, F)):
        story = Story()
        for seq, text in enumerate(("a1", "a2", "a3"), 1):
            story.send(text)
            story.show(ANN, text, seq)
        story.show(BOB, "a1", 1)
        if told:
            story.note(e.Changed(story.now, BOB, TALK, 2))
        story.show(BOB, "a3", 3)
        assert story.judged()["stream"].verdict is verdict


def test_a_new_connection_may_repeat_and_must_not_skip() -> None:
    """A token may be a little old; it is never too new."""
    for seq, verdict in ((1, T), (2, T), (3, F)):
        story = Story()
        for number in (1, 2, 3):
            story.send(f"a{number}")
            story.show(ANN, f"a{number}", number)
        story.show(BOB, "a1", 1)
        story.note(e.Closed(story.now, BOB))
        story.connect(BOB, "again", resumed=True)
        story.show(BOB, f"a{seq}", seq, over="again")
        assert story.judged()["stream"].verdict is verdict


def test_the_answer_to_ones_own_repeated_send_may_come_again() -> None:
    """Only to its sender."""
    for user, verdict in ((ANN, T), (BOB, F)):
        story = Story()
        story.send("a1")
        story.show_both("a1", 1)
        story.show(user, "a1", 1, again=True)
        assert story.judged()["stream"].verdict is verdict


def test_two_readings_under_way_at_once_are_not_compared() -> None:
    """The page that came last may have been read first."""
    story = Story()
    story.send("a1")
    for op in (98, 99):
        story.note(e.Invoke(story.now, op, "history", "v" + ANN, ANN, "us", TALK))
    story.note(e.Page(story.now, 98, TALK, [story.entry("a1", 1, status="read")]))
    story.note(e.Page(story.now, 99, TALK, [story.entry("a1", 1, status="unread")]))
    assert story.judged()["marks"].verdict is T

    story.read(ANN, story.entry("a1", 1, status="unread"))
    assert story.judged()["marks"].verdict is F


def test_a_tombstone_tells_nothing_to_whom_it_is_not_for_and_hides_nothing_from_a_member() -> None:
    """For Bob, who left after the first entry, it is right; while he is a member, it is a loss."""
    for last, lost in ((1, T), (None, F)):
        story = Story()
        story.note(e.Member(story.now, TALK, BOB, "eu", 1, last))
        for number in (1, 2):
            story.send(f"a{number}")
            story.show(ANN, f"a{number}", number)
        story.show(BOB, "a1", 1)
        story.show(BOB, None, 2)
        story.settle()
        assert story.judged()["entitlement"].verdict is T
        assert story.judged()["lost"].verdict is lost


def test_digests_before_the_settling_are_not_compared() -> None:
    """What a region holds may still change then."""
    story = Story()
    story.note(e.Digest(story.now, "us", TALK, 1, 5, "one"))
    story.note(e.Digest(story.now, "eu", TALK, 1, 5, "other"))
    story.settle()

    assert story.judged()["digests"].verdict is U


def test_a_standby_may_hold_what_its_region_does() -> None:
    """And nobody else who has no member."""
    for standbys, verdict in (({"eu": "ap"}, T), ({}, F)):
        story = Story()
        story.events[0] = e.Run(0.0, 1, standbys=standbys)
        story.note(e.Digest(story.now, "ap", TALK, 1, 5, "one"))
        assert story.judged()["entitlement"].verdict is verdict


def test_more_jumps_than_are_kept_leave_it_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that were not looked at may be violations."""
    monkeypatch.setattr(streams, "MOST_JUMPS", 0)
    story = Story()
    for seq, text in enumerate(("a1", "a2", "a3"), 1):
        story.send(text)
        story.show(ANN, text, seq)
    story.show(BOB, "a1", 1)
    story.show(BOB, "a3", 3)

    assert story.judged()["stream"].verdict is U
