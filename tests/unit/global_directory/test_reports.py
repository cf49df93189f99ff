"""What the directory makes of what a region's processes have told: the newest that is seen, and plans for as long as they are told."""

import pytest

from global_directory.holding.detection import _reports
from global_directory.holding.schemas import Sighted
from replication.holding.detecting import SECOND, USUAL, Report


@pytest.mark.parametrize(("age", "believed"), [(0, True), (60, True), (61, False)])
def test_a_plan_is_believed_for_a_minute(age: int, believed: bool) -> None:  # noqa: FBT001 — a parameter of the test
    """Whoever carries it out tells it again; whoever was killed does not, and the region may be taken for down again."""
    now = 1000 * SECOND
    told = [
        ("us", now - 2 * SECOND, Sighted("gateway", ("ap",), ("eu",))),
        ("us", now - age * SECOND, Sighted("evacuation", planned=("us",), sees=False)),
    ]
    found = _reports(told, now, USUAL.plan)
    planned = frozenset({"us"} if believed else ())
    assert found == {"us": Report(2 * SECOND, frozenset({"ap"}), frozenset({"eu"}), planned)}
