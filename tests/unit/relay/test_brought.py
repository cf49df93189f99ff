"""What an ingester begins with where a region's duties came to be held."""

from relay.ingester.brought import Brought
from replication.progress import Taken, fit, read, whole_up_to
from replication.streams import Progress


def test_in_the_first_epoch_all_is_as_it_always_was() -> None:
    """The same group of consumers, and nothing to begin with."""
    assert Brought().group("us") == "ingester-us"
    assert Brought().progress("ap", 0) is None


def test_a_later_epoch_begins_with_what_came_along() -> None:
    """Under a group of its own: what was committed by the same site in an earlier one is older than that."""
    text = fit(Taken({(1, 1): Progress(7, ((3, 4),))}))[1]
    brought = Brought(3, "postgresql://here", {("ap", 0): text})

    assert brought.group("us") == "ingester-us-3"
    found = brought.progress("ap", 0)
    assert found is not None
    assert read(found).streams == {(1, 1): Progress(7, ((3, 4),))}
    assert brought.progress("ap", 1) is None


def test_what_is_whole_ends_before_the_first_hole() -> None:
    """What lies above is not known to have come; of a stream that nobody has seen nothing is."""
    taken = Taken({(1, 1): Progress(7, ((3, 4),)), (2, 2): Progress(5)})

    assert [whole_up_to(taken, term) for term in ((1, 1), (2, 2), (3, 3))] == [2, 5, 0]


def test_after_a_takeover_nothing_is_known_of_what_was_taken_in() -> None:
    """A planned one has written it down; and in the first epoch nothing was before."""
    assert Brought().knows("ap", 0)
    brought = Brought(2, "postgresql://here", {("ap", 0): "x"})
    assert brought.knows("ap", 0)
    assert not brought.knows("ap", 1)
