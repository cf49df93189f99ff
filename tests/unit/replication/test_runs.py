"""Runs of seqs behave as the sets that they stand for."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from replication import runs
from replication.runs import Runs

some = st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), max_size=5).map(runs.joined)
bounds = st.tuples(st.integers(1, 40), st.integers(1, 40))


def numbers(found: Runs) -> set[int]:
    """The set that runs stand for."""
    return {number for first, last in found for number in range(first, last + 1)}


@given(one=some, other=some, bound=bounds)
def test_runs_are_sets(one: Runs, other: Runs, bound: tuple[int, int]) -> None:
    """Joining, cutting out and cutting to size; and each number is asked for by itself."""
    between = set(range(bound[0], bound[1] + 1))

    assert numbers(runs.joined((*one, *other))) == numbers(one) | numbers(other)
    assert numbers(runs.without(one, *bound)) == numbers(one) - between
    assert numbers(runs.within(one, *bound)) == numbers(one) & between
    assert {number for number in range(42) if runs.holds(one, number)} == numbers(one)


@given(found=some)
def test_runs_survive_as_text_and_do_not_touch(found: Runs) -> None:
    """What the store keeps is what was written; there is one way to write a set."""
    assert runs.read(runs.write(found)) == found
    assert all(before[1] + 1 < after[0] for before, after in itertools.pairwise(found))


@given(found=some, most=st.integers(1, 5))
def test_bounded_runs_hold_all_that_they_held_and_as_little_more_as_may_be(found: Runs, most: int) -> None:
    """What may not be seen stays so; it is the narrowest gaps that are closed."""
    bounded = runs.bounded(found, most)
    gaps = sorted(after[0] - before[1] - 1 for before, after in itertools.pairwise(found))

    assert len(bounded) == min(most, len(found))
    assert numbers(found) <= numbers(bounded)
    assert len(numbers(bounded)) - len(numbers(found)) == sum(gaps[: len(found) - len(bounded)])
