"""Each gateway is told everything that concerns it, and its ranges leave nothing out."""

from hypothesis import given
from hypothesis import strategies as st

from region.delivery import Range
from region.fanout.plan import Ranges, concerned, users_of
from replication.codec import encode_record
from replication.outputs import Batch, Output
from replication.records import Outcome

RECORD = encode_record(Outcome(id="x"))


def batch(partition: int, first: int, *outputs: tuple[tuple[str, ...], str]) -> Batch:
    """A batch with one output for each pair of users and waiting gateway."""
    made = tuple(Output(first + n, RECORD, users, reply_to) for n, (users, reply_to) in enumerate(outputs))
    return Batch(partition, first, first + len(made) - 1, made, committed_at=0)


def test_an_output_goes_to_the_gateways_of_its_users_and_to_the_one_that_waits_once_each() -> None:
    """A gateway that has both users and waits as well is told once."""
    told = concerned([batch(0, 1, (("ann", "bob"), "g1"))], {"ann": ["g1", "g2"], "bob": ["g2"]})

    assert {gateway: len(outputs) for gateway, outputs in told.items()} == {"g1": 1, "g2": 1}


def test_nobody_is_told_what_concerns_nobody_here() -> None:
    """Users without a device online cost no publication."""
    assert concerned([batch(0, 1, (("ann",), ""))], {}) == {}
    assert users_of([batch(0, 1, (("ann", "bob"), ""), (("ann",), ""))]) == ["ann", "bob"]


def test_a_publication_covers_what_did_not_concern_its_gateway() -> None:
    """Otherwise a gateway could not tell a quiet time from a loss."""
    ranges = Ranges({0: 0, 1: 0})
    ranges.welcome(["g1"])
    ranges.advance([batch(0, 1, ((), "")), batch(1, 1, ((), ""))])
    ranges.advance([batch(0, 2, ((), ""))])

    assert ranges.cover("g1", (), now=1).ranges == (Range(0, 1, 2), Range(1, 1, 1))
    assert ranges.cover("g1", (), now=2).ranges == (Range(0, 3, 2), Range(1, 2, 1)), "a heartbeat covers nothing new"


def test_a_gateway_that_went_and_came_back_sees_a_break() -> None:
    """What it was not told meanwhile is between its ranges."""
    ranges = Ranges({0: 0})
    ranges.welcome(["g1"])
    ranges.cover("g1", (), now=0)
    ranges.welcome([])
    ranges.advance([batch(0, 1, ((), ""))])
    ranges.welcome(["g1"])
    ranges.advance([batch(0, 2, ((), ""))])

    assert ranges.cover("g1", (), now=1).ranges == (Range(0, 2, 2),)


def test_what_a_damaged_batch_held_is_a_break_for_every_gateway() -> None:
    """Its outputs are in the store alone: no gateway may take them for told, nor be told anything else differently."""
    ranges = Ranges({0: 0, 1: 0})
    ranges.welcome(["g1", "g2"])
    damaged = Batch(0, 2, 4, (), committed_at=0, damaged=True)
    ranges.advance([batch(0, 1, ((), "")), damaged, batch(0, 5, ((), "")), batch(1, 1, ((), ""))])

    for gateway in ("g1", "g2"):
        assert ranges.cover(gateway, (), now=1).ranges == (Range(0, 5, 5), Range(1, 1, 1))


@given(
    steps=st.lists(
        st.tuples(st.lists(st.integers(0, 2), max_size=3), st.booleans(), st.booleans()), min_size=1, max_size=30
    )
)
def test_ranges_of_a_gateway_that_stays_are_contiguous(steps: list[tuple[list[int], bool, bool]]) -> None:
    """However reading and telling interleave with other gateways, each range begins where the last one ended."""
    ranges = Ranges({0: 0, 1: 0, 2: 0})
    ranges.welcome(["stays"])
    heard = {0: 0, 1: 0, 2: 0}
    for partitions, tells, other in steps:
        ranges.welcome(["stays", *(["other"] if other else [])])
        for partition in partitions:
            ranges.advance([batch(partition, ranges.read[partition] + 1, ((), ""))])
        if tells:
            for stretch in ranges.cover("stays", (), now=0).ranges:
                assert stretch.first == heard[stretch.partition] + 1
                heard[stretch.partition] = stretch.last

    for stretch in ranges.cover("stays", (), now=0).ranges:
        heard[stretch.partition] = stretch.last
    assert heard == ranges.read
