"""What must be so before a region is declared dead."""

from dataclasses import replace

import pytest

from global_directory.holding.schemas import DutyView, Keeper
from region.evacuation.seats import Seat
from region.failover import late

EU = Seat("us", "eu", "eu", "", 1, ("ap", "eu"), None, frozenset(), ())
PASSED_BY = DutyView("us", "us", 1, 1, "eu", (Keeper("us", 1),), 0.0, laid_down=False)
KEPT = replace(PASSED_BY, keepers=(Keeper("eu", 1), Keeper("us", 1)))
LAID_DOWN = replace(PASSED_BY, laid_down=True)


@pytest.mark.parametrize(
    ("duty", "is_handed", "ok"),
    [
        (KEPT, False, True),
        (PASSED_BY, False, False),
        (PASSED_BY, True, False),  # it says so, and the lease is not laid down: the source may go on
        (LAID_DOWN, True, True),  # the site died in the midst of an evacuation
        (LAID_DOWN, False, False),  # it was handed back all the same, and others may know what it decided since
        (replace(KEPT, laid_down=True), False, True),
        (replace(KEPT, incarnation=2), False, False),
    ],
)
def test_who_takes_over_has_all_that_others_were_told(duty: DutyView, *, is_handed: bool, ok: bool) -> None:
    """Else what they have seen would change its place."""
    assert late.keeper(duty, EU, is_handed=is_handed).ok is ok
