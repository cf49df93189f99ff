"""How often something is let happen, and that what was left out is counted: nobody's noise hides another's, or itself."""

from hypothesis import given
from hypothesis import strategies as st

from global_directory.operators.bounds import MOST, Allowances, Kind, Refusals

SECOND = 1_000_000
MINUTE = 60 * SECOND
NOISE, OTHER = Kind("", "us", "expel"), Kind("", "eu", "expel")


def test_a_few_at_once_and_then_one_in_a_while() -> None:
    """Each key has its own; who is refused is told how long to wait."""
    allowed = Allowances(burst=3, every=2 * SECOND)
    assert [allowed.take("us", 10) for _ in range(4)] == [0, 0, 0, 2 * SECOND]
    assert allowed.take("eu", 10) == 0
    assert allowed.take("us", 10 + SECOND) == SECOND
    assert allowed.take("us", 10 + 2 * SECOND) == 0
    assert allowed.take("us", 10 + 2 * SECOND) == 2 * SECOND
    assert [allowed.take("us", MINUTE) for _ in range(4)] == [0, 0, 0, 2 * SECOND]


@given(steps=st.lists(st.integers(0, 5 * SECOND), max_size=60))
def test_never_more_than_the_burst_and_what_time_has_brought(steps: list[int]) -> None:
    """Whatever the times."""
    allowed, now, granted = Allowances(burst=4, every=SECOND), 0, 0
    for step in steps:
        now += step
        granted += allowed.take("us", now) == 0
        assert granted <= 4 + now // SECOND


def test_what_is_remembered_is_bounded() -> None:
    """Who comes by ever new names shares one allowance with all such."""
    allowed = Allowances(burst=1, every=MINUTE)
    assert all(allowed.take(str(n), 0) == 0 for n in range(MOST))
    assert allowed.take("one more", 0) == 0
    assert allowed.take("and one more", 0) > 0
    assert allowed.take("later", 2 * MINUTE) == 0, "those of before are forgotten"
    assert allowed.take("and another", 2 * MINUTE) == 0


def test_refusals_that_are_left_out_are_counted_in_the_next_that_is_written() -> None:
    """And the noise of one does not hide another."""
    refusals = Refusals()
    said = [refusals.let(NOISE, 0) for _ in range(40)]
    assert said == [0] * 10 + [None] * 30
    assert refusals.let(OTHER, 0) == 0
    assert refusals.let(NOISE, MINUTE) == 30
    assert refusals.let(NOISE, MINUTE) is None
    assert refusals.due(MINUTE + SECOND) == []
    assert refusals.due(2 * MINUTE) == [(NOISE, 1)]
    assert refusals.due(3 * MINUTE) == []


@given(steps=st.lists(st.tuples(st.booleans(), st.integers(0, MINUTE)), max_size=80))
def test_every_refusal_is_written_or_counted_once(steps: list[tuple[bool, int]]) -> None:
    """In whatever order refusals and looks come."""
    refusals, now, made, told = Refusals(), 0, 0, 0
    for refused, step in steps:
        now += step
        if refused:
            made += 1
            left_out = refusals.let(NOISE, now)
            told += 0 if left_out is None else 1 + left_out
        else:
            told += sum(count for _, count in refusals.due(now))
    told += sum(count for _, count in refusals.due(now + MINUTE))
    assert told == made
