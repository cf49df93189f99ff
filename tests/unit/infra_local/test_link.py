"""Delay lines and narrow wires, by a clock of the test's own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.link import BUFFER, BadQuantityError, Lane, Shape, Wire, parse_bandwidth, parse_seconds


def middle() -> float:
    """The chance that leaves jitter at nothing."""
    return 0.5


def test_a_transparent_link_passes_at_once() -> None:
    """Without a shape nothing is ever under way."""
    assert Lane(Wire()).passes()


def test_latency_is_a_delay_line_and_no_throttle() -> None:
    """However many chunks enter at once, each arrives one latency later."""
    lane = Lane(Wire(Shape(latency=0.04)))
    for _ in range(100):
        lane.enter(b"x" * 1000, 1.0, middle)

    assert lane.leave(1.039) == []
    assert len(lane.leave(1.041)) == 100


def test_bandwidth_spaces_bytes_out_and_is_shared() -> None:
    """Two connections on one wire of 8 kbit/s get 1,000 bytes a second together."""
    wire = Wire(Shape(bandwidth=8_000))
    one, other = Lane(wire), Lane(wire)
    one.enter(b"x" * 500, 0.0, middle)
    other.enter(b"y" * 500, 0.0, middle)

    assert (one.due(), other.due()) == (0.5, 1.0)


def test_an_idle_wire_saves_nothing_up() -> None:
    """After a pause the full bandwidth is there, and not more."""
    lane = Lane(Wire(Shape(bandwidth=8_000)))
    lane.enter(b"x" * 1000, 0.0, middle)
    lane.leave(1.0)
    lane.enter(b"x" * 1000, 10.0, middle)

    assert lane.due() == 11.0


@given(
    st.lists(
        st.tuples(st.floats(0, 1), st.floats(0, 1), st.integers(1, 10_000), st.floats(0, 0.2), st.floats(0, 0.2)),
        max_size=30,
    )
)
def test_nothing_overtakes_whatever_the_jitter_and_the_changes(
    steps: list[tuple[float, float, int, float, float]],
) -> None:
    """Bytes of a connection arrive in order, all of them, though the shape changes all the time."""
    lane, now = Lane(Wire()), 0.0
    for pause, chance, size, latency, jitter in steps:
        now += pause
        lane.wire.shape = Shape(latency=latency, jitter=jitter)
        lane.enter(bytes(size), now, lambda chance=chance: chance)  # type: ignore[misc]
    arrivals = [arrival for arrival, _ in lane.under_way]

    assert arrivals == sorted(arrivals)
    assert sum(map(len, lane.leave(now + 1))) == sum(size for _, _, size, _, _ in steps)
    assert lane.size == 0


def test_a_cut_holds_back_what_is_under_way_and_heals() -> None:
    """Nothing leaves while the direction is cut, and everything does afterwards."""
    lane = Lane(Wire(Shape(latency=0.01)))
    lane.enter(b"held", 0.0, middle)
    lane.wire.shape = Shape(cut=True)

    assert lane.leave(100.0) == []
    assert lane.due() is None

    lane.wire.shape = Shape()

    assert not lane.passes(), "what comes now must not overtake what was held"
    assert lane.leave(100.0) == [b"held"]
    assert lane.passes()


def test_a_narrow_wire_holds_its_sender_back_early() -> None:
    """What may wait for a narrow wire is a fraction of a second of it, not megabytes."""
    assert Lane(Wire(Shape(bandwidth=10e6))).limit() == pytest.approx(250_000)
    assert Lane(Wire(Shape(latency=1))).limit() == BUFFER


@pytest.mark.parametrize(("text", "seconds"), [("40ms", 0.04), ("1.5s", 1.5), ("0ms", 0)])
def test_times_are_read(text: str, seconds: float) -> None:
    """Milliseconds and seconds."""
    assert parse_seconds(text) == pytest.approx(seconds)


@pytest.mark.parametrize(("text", "bits"), [("10mbit", 10e6), ("500kbit", 500e3), ("1gbit", 1e9), ("none", 0)])
def test_bandwidths_are_read(text: str, bits: float) -> None:
    """Bits a second, in the units of `tc`."""
    assert parse_bandwidth(text) == bits


@pytest.mark.parametrize(
    "text",
    ["", "40", "ms", "-1ms", "nanms", "infs", "61s", "1e300ms", "fastbit", "-1mbit", "nanmbit", "0mbit", "1e300gbit"],
)
def test_other_quantities_are_refused_with_an_example(text: str) -> None:
    """The message shows how it is written."""
    with pytest.raises(BadQuantityError, match="40ms"):
        parse_seconds(text)
    with pytest.raises(BadQuantityError, match="10mbit"):
        parse_bandwidth(text)
