"""Ranges of publications: overlap is harmless, a jump is a break."""

from hypothesis import given
from hypothesis import strategies as st

from region.delivery import Range
from region.gateway.continuity import Continuity


def test_ranges_that_follow_each_other_are_no_break() -> None:
    """Also when they are empty, as heartbeats are."""
    continuity = Continuity(2)

    assert continuity.take([Range(0, 5, 9), Range(1, 1, 0)]) == []
    assert continuity.established
    assert continuity.take([Range(0, 10, 9), Range(1, 1, 4)]) == []
    assert continuity.covered == {0: 9, 1: 4}


def test_a_jump_is_a_break_of_that_partition() -> None:
    """What is between was published while nobody listened."""
    continuity = Continuity(2)
    continuity.take([Range(0, 1, 5), Range(1, 1, 5)])

    assert continuity.take([Range(0, 7, 8), Range(1, 6, 6)]) == [0]
    assert continuity.covered == {0: 8, 1: 6}


def test_an_overlap_does_not_go_back() -> None:
    """Fan-out repeats after a crash."""
    continuity = Continuity(1)
    continuity.take([Range(0, 1, 9)])

    assert continuity.take([Range(0, 3, 5)]) == []
    assert continuity.covered == {0: 9}


def test_nothing_is_established_until_every_partition_was_heard_of() -> None:
    """And not after everything was forgotten."""
    continuity = Continuity(2)
    continuity.take([Range(0, 1, 1)])
    assert not continuity.established

    continuity.take([Range(1, 1, 1)])
    assert continuity.established

    continuity.forget()
    assert not continuity.established


@given(cuts=st.lists(st.integers(1, 60), min_size=1), lost=st.sets(st.integers(0, 20)))
def test_a_break_is_seen_exactly_when_something_was_lost(cuts: list[int], lost: set[int]) -> None:
    """Whatever the publications' sizes: after a lost one with outputs, the next is a break; else none is."""
    continuity, position, missing = Continuity(1), 0, False
    continuity.take([Range(0, 1, 0)])
    for number, size in enumerate(cuts):
        stretch = Range(0, position + 1, position + size)
        position += size
        if number in lost:
            missing = True
            continue
        assert continuity.take([stretch]) == ([0] if missing else [])
        missing = False
