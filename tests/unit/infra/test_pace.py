"""Steps keep their distance, and lose no time when they are late anyway."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from infra.pace import Pace


@given(work=st.lists(st.floats(0, 0.05), min_size=2, max_size=30))
async def test_steps_begin_at_least_that_far_apart_and_no_later_than_needed(work: list[float]) -> None:
    """Each step begins when the work before it is done, or when its time has come, whichever is later."""
    now = 100.0

    async def pause(seconds: float) -> None:
        nonlocal now
        now += seconds

    pace = Pace(0.01, clock=lambda: now, pause=pause)
    began: list[float] = []
    for seconds in work:
        await pace.step()
        began.append(now)
        now += seconds

    for (first, second), seconds in zip(itertools.pairwise(began), work, strict=False):
        assert abs(second - max(first + 0.01, first + seconds)) < 1e-9
