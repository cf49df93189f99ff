"""What is told of the web app's measurement follows from what was measured."""

import pytest

from chaos.bench.web import Scroll, quantile, smoothness

FRAME = 1000 / 60


def test_a_frame_that_is_late_has_let_others_go_by() -> None:
    """At sixty a second; what is a little late has dropped none."""
    times = [0.0, FRAME, FRAME * 2.3, FRAME * 6.3]

    assert smoothness(times) == Scroll(frames=3, dropped=3, longest=66.7)
    assert smoothness([]) == smoothness([5.0]) == Scroll(frames=0, dropped=0, longest=0.0)


@pytest.mark.parametrize(("share", "value"), [(0.5, 6), (0.95, 10), (0.0, 1), (1.0, 10)])
def test_a_quantile_is_one_of_the_values(share: float, value: float) -> None:
    """Of ten, the sixth stands for half of them."""
    assert quantile([10, 9, 8, 7, 6, 5, 4, 3, 2, 1], share) == value
    assert quantile([], share) == 0
