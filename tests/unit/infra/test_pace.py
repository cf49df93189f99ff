"""Work keeps its distance, rests as long as it took, within bounds, and loses no time when it comes late anyway."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from infra.pace import Pace

LEAST, LONGEST = 0.01, 0.03


@given(pieces=st.lists(st.tuples(st.floats(0, 0.2), st.floats(0, 0.2)), min_size=2, max_size=30))
async def test_a_look_for_work_is_due_after_the_rest_that_the_last_work_asks_for(
    pieces: list[tuple[float, float]],
) -> None:
    """Each piece takes some time to come and some to do; the rest follows from what it took to do, and from nothing else."""
    now = 100.0

    async def pause(seconds: float) -> None:
        nonlocal now
        assert seconds > 0
        now += seconds

    pace = Pace(least=LEAST, longest_rest=LONGEST, clock=lambda: now, pause=pause)
    done: list[tuple[float, float, float]] = []
    for coming, doing in pieces:
        await pace.rest()
        looked = now
        now += coming
        pace.begin()
        done.append((looked, now, doing))
        now += doing

    for (_, began, doing), (looked, _, _) in itertools.pairwise(done):
        ended = began + doing
        assert abs(looked - max(began + LEAST, ended + min(doing, LONGEST))) < 1e-9


async def test_a_look_that_finds_nothing_costs_no_rest() -> None:
    """The reader's own wait is pause enough."""

    async def pause(seconds: float) -> None:
        raise AssertionError(seconds)

    pace = Pace(least=LEAST, longest_rest=LONGEST, pause=pause)
    await pace.rest()
    await pace.rest()
