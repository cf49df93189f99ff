"""What of a returned site's journal can be read, and what is missing of it: told, and never read past."""

import pytest

from region.evacuation.seats import Seat
from region.failover.losses import describe, stretch_of

SEAT = Seat("us", "us", "us", "us", 1, ("eu",), None, frozenset({"projector"}), ())


def test_a_journal_that_reaches_back_is_read_from_what_is_wanted() -> None:
    """Nothing is missing, also where nothing was accepted since."""
    stretch = stretch_of({0: 5, 1: 7}, {0: (0, 9), 1: (7, 7)})
    assert (stretch.starts, stretch.gone, stretch.is_another) == ({0: 5, 1: 7}, {}, False)


def test_what_was_deleted_meanwhile_is_counted() -> None:
    """It is the same journal, so what is there of it is read from its beginning."""
    stretch = stretch_of({0: 5, 1: 7}, {0: (8, 9), 1: (0, 7)})
    assert (stretch.starts, stretch.gone, stretch.is_another) == ({0: 8, 1: 7}, {0: 3}, False)


def test_a_journal_whose_kafka_knows_nothing_is_another_one() -> None:
    """It has grown everywhere by now; where nothing was ever decided there is nothing to know."""
    stretch = stretch_of({0: 5, 1: 0}, {0: (0, 9), 1: (0, 3)}, noted=())
    assert (stretch.starts, stretch.is_another) == ({0: 0, 1: 0}, True)
    assert not stretch_of({0: 0}, {0: (0, 3)}, noted=()).gone
    assert stretch_of({0: 0}, {0: (0, 3)}, noted=(), certain={0}).is_another, "it was told, and knows nothing of it"
    assert not stretch_of({0: 0}, {0: (0, 3)}, noted={0}, certain={0}).gone


@pytest.mark.parametrize("grown", [7, 8, 900])
def test_another_journal_is_read_whole(grown: int) -> None:
    """Also where it has grown by now beyond what was wanted of the old one: all that stands in it was accepted since."""
    stretch = stretch_of({0: 5, 1: 7}, {0: (0, 4), 1: (0, grown)}, noted=())
    assert stretch.starts == {0: 0, 1: 0}
    assert stretch.is_another
    assert set(stretch.gone) == {0, 1}, "nobody can tell what the old one had"
    assert "began anew" in describe(stretch, SEAT)


def test_a_partition_that_is_the_same_is_not_decided_again_for_anothers_sake() -> None:
    """What people have set would be set again, though they have changed it since."""
    stretch = stretch_of({0: 5, 1: 7, 2: 3}, {0: (0, 4), 1: (0, 9), 2: (5, 8)}, noted={0, 1, 2})
    assert (stretch.starts, stretch.gone) == ({0: 0, 1: 7, 2: 5}, {0: -1, 2: 2})
    said = describe(stretch, SEAT)
    assert "2 records, in 1 partitions" in said
    assert "1 partitions of the journal at us are not those" in said
