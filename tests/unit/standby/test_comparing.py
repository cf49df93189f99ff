"""Whether a table is the same on both sides, told from readings that are never of one moment."""

from hypothesis import given
from hypothesis import strategies as st

from region.standby.comparing import STEADY, Digest, Verdict, verdict

A, B, C = (1, 10), (1, 11), (2, 12)


def test_what_was_once_the_same_as_beside_it_is_the_same() -> None:
    """Late or not: the copy had what the store had just then, or a moment later."""
    assert verdict([A, A], [A]) is Verdict.SAME
    assert verdict([A, B], [A]) is Verdict.SAME
    assert verdict([A, B], [B]) is Verdict.SAME
    assert verdict([A, B, B], [C, B]) is Verdict.SAME


def test_what_rests_and_is_not_the_same_differs() -> None:
    """Also if it is not there at all on one side."""
    assert verdict([A] * (STEADY + 1), [B] * STEADY) is Verdict.DIFFERENT
    assert verdict([A] * (STEADY + 1), [None] * STEADY) is Verdict.DIFFERENT
    assert verdict([None] * (STEADY + 1), [A] * STEADY) is Verdict.DIFFERENT
    assert verdict([C, *[A] * STEADY], [B] * STEADY) is Verdict.DIFFERENT


def test_of_what_does_not_rest_nothing_is_said() -> None:
    """Nor before it has rested for as long as a copy may be late."""
    assert verdict([(n, n) for n in range(20)], [(n - 5, n - 5) for n in range(19)]) is Verdict.BUSY
    assert verdict([A, A], [B]) is Verdict.BUSY


@given(st.lists(st.integers(0, 3), min_size=2, max_size=30), st.integers(1, 3))
def test_a_copy_that_is_late_and_right_never_differs(writes: list[int], late: int) -> None:
    """However the store is written, as long as it is no later than what is waited for."""
    total, store = 0, list[Digest]()
    for number in writes:
        total += number
        store.append((total, total))
    copy = [store[max(0, place - late)] for place in range(len(store) - 1)]

    assert verdict(store, copy) is not Verdict.DIFFERENT
