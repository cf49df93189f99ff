"""Ranges are sets of numbers."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from chaos.judge.ranges import Ranges

numbers = st.lists(st.integers(1, 40), max_size=60)


def ranges_of(taken: list[int]) -> Ranges:
    """Take numbers in, in their order."""
    ranges = Ranges()
    for number in taken:
        ranges.add(number)
    return ranges


@given(taken=numbers)
def test_they_hold_what_was_added_and_never_touch(taken: list[int]) -> None:
    """Whatever the order, and however often."""
    ranges = ranges_of(taken)

    assert {number for first, last in ranges for number in range(first, last + 1)} == set(taken)
    assert all(number in ranges for number in taken)
    bounds = list(ranges)
    assert all(last + 1 < first for (_, last), (first, _) in pairwise(bounds))
    assert ranges.last == max(taken, default=0)


@given(taken=numbers, first=st.integers(1, 40), last=st.integers(1, 40))
def test_what_is_missing_is_the_rest(taken: list[int], first: int, last: int) -> None:
    """Between two numbers, both included."""
    missing = {n for begin, end in ranges_of(taken).missing(first, last) for n in range(begin, end + 1)}

    assert missing == set(range(first, last + 1)) - set(taken)


@given(taken=numbers, last=st.integers(0, 41), more=numbers)
def test_what_is_cut_off_may_come_again(taken: list[int], last: int, more: list[int]) -> None:
    """Up to a number all stays, above it nothing."""
    ranges = ranges_of(taken)
    ranges.cut(last)
    for number in more:
        ranges.add(number)

    assert {n for begin, end in ranges for n in range(begin, end + 1)} == {n for n in taken if n <= last} | set(more)
