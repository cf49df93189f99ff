"""What a drill used of a month's budget of failures."""

from math import isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.drill.budget import BUDGET_SECONDS, LIMIT_MS, budget

millis = st.lists(st.floats(0, 10_000), max_size=50)


def test_a_month_leaves_four_minutes() -> None:
    """99.99 % of 30 days."""
    assert pytest.approx(259.2) == BUDGET_SECONDS


def test_what_is_late_counts_like_what_never_came() -> None:
    """One late and one never of four, over a minute: as if nothing was accepted for half a minute."""
    used = budget([10.0, LIMIT_MS, LIMIT_MS + 1], [10.0, 2000.0], unaccepted=1, seconds=60.0)

    assert (used.accepted, used.shown, used.lost) == (0.5, 0.5, 30.0)
    assert used.used == pytest.approx(30 / 259.2)


@given(acks=millis, screens=millis, unaccepted=st.integers(0, 9), seconds=st.floats(0, 1000))
def test_shares_are_shares(acks: list[float], screens: list[float], unaccepted: int, seconds: float) -> None:
    """Between 0 and 1, or unknown; and no more was lost than there was."""
    used = budget(acks, screens, unaccepted=unaccepted, seconds=seconds)

    assert isnan(used.accepted) if not acks and not unaccepted else 0 <= used.accepted <= 1
    assert isnan(used.shown) if not screens else 0 <= used.shown <= 1
    assert 0 <= used.lost <= seconds
