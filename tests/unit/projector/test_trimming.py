"""Where the journal is cut: never before what nobody has decided, nor what is still to be compared, and only what is old."""

from hypothesis import given
from hypothesis import strategies as st

from region.projector.trimming import cuts

OFFSETS = st.dictionaries(st.integers(0, 3), st.integers(0, 50))


def test_what_is_old_and_decided_goes() -> None:
    """The young stays, what is not decided stays, what is owed stays; and nothing is asked for where nothing goes."""
    assert cuts({0: 10, 1: 10}, {0: 20, 1: 4}, {0: 0, 1: 0}, {}) == {0: 10, 1: 4}
    assert cuts({0: 10, 1: 10}, {0: 20, 1: 20}, {0: 0, 1: 3}, {0: 7, 1: 2}) == {0: 7}
    assert cuts({0: 10}, {0: 10}, {0: 10}, {}) == {}
    assert cuts({0: 10}, {}, {0: 0}, {}) == {}, "whose place is not known is not touched"


@given(old=OFFSETS, decided=OFFSETS, owed=OFFSETS)
def test_nothing_goes_that_is_needed(old: dict[int, int], decided: dict[int, int], owed: dict[int, int]) -> None:
    """Whatever the places are."""
    for partition, at in cuts(old, decided, dict.fromkeys(range(4), 0), owed).items():
        assert 0 < at <= min(old[partition], decided[partition], owed.get(partition, at))
