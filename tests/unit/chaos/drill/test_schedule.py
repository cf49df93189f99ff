"""The schedule of a drill follows from its seed, strikes everything when there is time, and never two things at once."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.drill.schedule import (
    LONG_FROM_SECONDS,
    LONG_LONGEST,
    LONG_SHORTEST,
    ON_LINKS,
    SLOTS,
    Fault,
    Kind,
    Name,
    Targets,
    by_slot,
    plan,
)
from chaos.judge.spans import kind_of_part

REGIONS = ("ap", "eu", "us")
PARTS = ("directory", *(f"{region}/{part}" for region in REGIONS for part in ("front", "kafka", "mirror", "projector")))
LINKS = ("ap-eu", "ap-us", "eu-us")
TARGETS = Targets(
    PARTS,
    LINKS,
    caches=tuple(f"{region}/redis" for region in REGIONS),
    mirrors=tuple(f"{region}/mirror" for region in REGIONS),
    services=("directory", *(f"{region}/{part}" for region in REGIONS for part in ("front", "projector"))),
    disks=tuple(f"{region}/kafka" for region in REGIONS),
)


def parts(*, seconds: float, seed: int, rate: float = 300) -> tuple[Fault, ...]:
    """Return the schedule of the drill `parts`."""
    return plan(Name.PARTS, TARGETS, seconds=seconds, rate=rate, seed=seed)


def is_long(fault: Fault) -> bool:
    """Whether a fault lasts longer than whoever waits for a part."""
    return fault.hold >= LONG_SHORTEST


@given(name=st.sampled_from(Name), seed=st.integers(), seconds=st.floats(30, 900), rate=st.floats(5, 500))
def test_a_seed_repeats_its_faults(name: Name, seed: int, seconds: float, rate: float) -> None:
    """The same arguments, the same schedule, in every drill."""
    faults = plan(name, TARGETS, seconds=seconds, rate=rate, seed=seed)

    assert faults == plan(name, TARGETS, seconds=seconds, rate=rate, seed=seed)
    assert [fault.number for fault in faults] == list(range(1, len(faults) + 1))


@given(seed=st.integers(), seconds=st.floats(30, 900))
def test_nothing_is_struck_twice_in_the_same_way(seed: int, seconds: float) -> None:
    """There are more faults than time."""
    faults = parts(seconds=seconds, seed=seed)

    assert len({(fault.kind, fault.target) for fault in faults}) == len(faults)


@given(seed=st.integers(), seconds=st.floats(60, 900))
def test_pairs_strike_two_things_at_once(seed: int, seconds: float) -> None:
    """Never the same one twice, the second a little later; and never a link together with the only one who answers at its end."""
    slots = by_slot(plan(Name.PAIRS, TARGETS, seconds=seconds, rate=300, seed=seed))

    for one, other in slots:
        assert one.target != other.target
        assert one.at == other.at
        assert one.later == 0 <= other.later < one.hold + other.hold
        for link, part in ((one, other), (other, one)):
            if link.kind in ON_LINKS:
                assert part.target != f"{link.target.partition('-')[2]}/front"


@given(seed=st.integers())
@pytest.mark.parametrize(
    ("name", "kinds", "struck"),
    [
        (Name.RELAY, {Kind.REPEAT, Kind.TRUNCATE, Kind.KILL, *ON_LINKS}, {*TARGETS.mirrors}),
        (Name.DOUBLES, {Kind.DOUBLE}, {*TARGETS.services}),
        (Name.DISKS, {Kind.FULL}, {*TARGETS.disks}),
    ],
)
def test_the_other_drills_strike_what_is_theirs(name: Name, kinds: set[Kind], struck: set[str], seed: int) -> None:
    """All of it, when there is time."""
    faults = plan(name, TARGETS, seconds=1200, rate=300, seed=seed)

    assert {fault.kind for fault in faults} == kinds
    assert {fault.target for fault in faults if fault.kind not in ON_LINKS} == struck


@given(seed=st.integers(), seconds=st.floats(30, 900))
def test_each_fault_has_a_slot_of_its_own_within_the_traffic(seed: int, seconds: float) -> None:
    """They follow one another, with calm before the first and after the last; long pauses come on top."""
    faults = parts(seconds=seconds, seed=seed)

    for before, after in pairwise(faults):
        assert after.at - before.at > before.hold
        assert after.at - before.at >= SLOTS[Name.PARTS] - 0.01
    assert faults[0].at == SLOTS[Name.PARTS]
    assert faults[-1].at + faults[-1].hold < seconds + sum(fault.hold for fault in faults if is_long(fault))


@given(name=st.sampled_from([Name.PARTS, Name.PAIRS]), seed=st.integers(), seconds=st.floats(30, 900))
def test_every_third_pause_is_long_when_there_is_time(name: Name, seed: int, seconds: float) -> None:
    """It outlasts whatever waits for a part, by some; shorter drills have none, and nothing but a pause is long."""
    faults = plan(name, TARGETS, seconds=seconds, rate=300, seed=seed)
    pauses = [fault for fault in faults if fault.kind is Kind.PAUSE]

    assert all(fault.kind is Kind.PAUSE and fault.hold <= LONG_LONGEST for fault in faults if is_long(fault))
    assert [is_long(fault) for fault in pauses[::3]] == [seconds >= LONG_FROM_SECONDS] * len(pauses[::3])


@given(seed=st.integers(), seconds=st.floats(600, 900))
def test_one_part_of_every_kind_is_paused_for_long_in_ten_minutes(seed: int, seconds: float) -> None:
    """Whichever region's."""
    long = [fault.target for fault in parts(seconds=seconds, seed=seed) if is_long(fault)]

    assert {kind_of_part(target) for target in long} == {"directory", "front", "kafka", "mirror", "projector"}


@pytest.mark.parametrize(
    ("part", "kind"),
    [("us/kafka-2", "kafka"), ("eu/kafka", "kafka"), ("directory-postgres", "directory-postgres")],
)
def test_brokers_are_of_one_kind(part: str, kind: str) -> None:
    """And a store of the directory is not one of a region."""
    assert kind_of_part(part) == kind


@given(seed=st.integers())
def test_every_part_is_killed_when_there_is_time(seed: int) -> None:
    """Ten minutes are enough for these; what time is left goes to every other kind."""
    faults = parts(seconds=600, seed=seed)

    assert {fault.target for fault in faults if fault.kind is Kind.KILL} == set(PARTS)
    assert {fault.kind for fault in faults} == {Kind.KILL, Kind.PAUSE, Kind.RESTART, Kind.WIPE, *ON_LINKS}


@given(seed=st.integers())
def test_a_short_drill_mixes_its_kinds(seed: int) -> None:
    """No part is struck twice, and kills, pauses, restarts and links all happen."""
    faults = parts(seconds=120, seed=seed)
    on_parts = [fault.target for fault in faults if fault.kind not in ON_LINKS]

    assert len(on_parts) == len(set(on_parts))
    assert {Kind.KILL, Kind.PAUSE, Kind.RESTART} <= {fault.kind for fault in faults}
    assert any(fault.kind in ON_LINKS for fault in faults)


@pytest.mark.parametrize("rate", [5, 50, 300])
def test_faults_last_until_enough_traffic_has_met_them(rate: float) -> None:
    """Twenty sends must be accepted meanwhile, though a region of three may accept none."""
    faults = parts(seconds=300, rate=rate, seed=1)

    assert all(fault.hold * rate * 2 / 3 >= 20 for fault in faults)


def test_links_are_struck_from_either_end() -> None:
    """A one-way cut has a direction; seeds choose both."""
    targets = {
        fault.target for seed in range(20) for fault in parts(seconds=600, seed=seed) if fault.kind is Kind.ONE_WAY
    }

    assert {"us-eu", "eu-us"} <= targets
