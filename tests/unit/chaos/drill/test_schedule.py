"""The schedule of a drill follows from its seed, strikes everything when there is time, and never two things at once."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.drill.schedule import LINK_KINDS, SLOT_SECONDS, Kind, plan

REGIONS = ("ap", "eu", "us")
PARTS = ("directory", *(f"{region}/{part}" for region in REGIONS for part in ("front", "kafka", "mirror", "projector")))
LINKS = ("ap-eu", "ap-us", "eu-us")


@given(seed=st.integers(), seconds=st.floats(30, 900), rate=st.floats(5, 500))
def test_a_seed_repeats_its_faults(seed: int, seconds: float, rate: float) -> None:
    """The same arguments, the same schedule; and each fault once."""
    faults = plan(PARTS, LINKS, seconds=seconds, rate=rate, seed=seed)

    assert faults == plan(PARTS, LINKS, seconds=seconds, rate=rate, seed=seed)
    assert len({(fault.kind, fault.target) for fault in faults}) == len(faults)
    assert len({fault.name for fault in faults}) == len(faults)


@given(seed=st.integers(), seconds=st.floats(30, 900))
def test_each_fault_has_a_slot_of_its_own_within_the_traffic(seed: int, seconds: float) -> None:
    """They follow one another, with calm before the first and after the last."""
    faults = plan(PARTS, LINKS, seconds=seconds, rate=300, seed=seed)

    for before, after in pairwise(faults):
        assert after.at - before.at >= SLOT_SECONDS > before.hold
    assert faults[0].at == SLOT_SECONDS
    assert faults[-1].at + faults[-1].hold < seconds


@given(seed=st.integers())
def test_every_part_is_killed_when_there_is_time(seed: int) -> None:
    """Ten minutes are enough for these; what time is left goes to every other kind."""
    faults = plan(PARTS, LINKS, seconds=600, rate=300, seed=seed)

    assert {fault.target for fault in faults if fault.kind is Kind.KILL} == set(PARTS)
    assert {fault.kind for fault in faults} == set(Kind)


@given(seed=st.integers())
def test_a_short_drill_mixes_its_kinds(seed: int) -> None:
    """No part is struck twice, and kills, pauses, restarts and links all happen."""
    faults = plan(PARTS, LINKS, seconds=120, rate=300, seed=seed)
    on_parts = [fault.target for fault in faults if fault.kind not in LINK_KINDS]

    assert len(on_parts) == len(set(on_parts))
    assert {Kind.KILL, Kind.PAUSE, Kind.RESTART} <= {fault.kind for fault in faults}
    assert any(fault.kind in LINK_KINDS for fault in faults)


@pytest.mark.parametrize("rate", [5, 50, 300])
def test_faults_last_until_enough_traffic_has_met_them(rate: float) -> None:
    """Twenty sends must be accepted meanwhile, though a region of three may accept none."""
    faults = plan(PARTS, LINKS, seconds=300, rate=rate, seed=1)

    assert all(fault.hold * rate * 2 / 3 >= 20 for fault in faults)


def test_links_are_struck_from_either_end() -> None:
    """A one-way cut has a direction; seeds choose both."""
    targets = {
        fault.target
        for seed in range(20)
        for fault in plan(PARTS, LINKS, seconds=600, rate=300, seed=seed)
        if fault.kind is Kind.ONE_WAY
    }

    assert {"us-eu", "eu-us"} <= targets
