"""The plots of named drills follow from their seed, fit what there is to strike, and say what must hold all the same."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec import structs

from chaos.drill import catalogue
from chaos.drill.faults.links import links_of
from chaos.drill.nemesis import replicas
from chaos.drill.scenarios import (
    KILL_EVERY_SECONDS,
    PROMPT_SECONDS,
    TAKES_A_STANDBY,
    NoReplicaError,
    NoStandbyError,
    Scenario,
    plan,
)
from chaos.drill.schedule import MOVES, Fault, Kind, Name, Targets, by_slot
from chaos.judge.expectations import expected_of
from chaos.judge.holder import LEASE_SECONDS
from chaos.judge.spans import kind_of_part

SEVERAL = ("us/kafka-1", "us/kafka-2", "us/kafka-3", "us/projector", "us/projector-2")


def targets(regions: tuple[str, ...], standbys: dict[str, str] | None = None) -> Targets:
    """Return a federation of these regions, which has one process before and one behind in each; in us, three brokers and two projectors as well."""
    parts = (
        "directory",
        "directory-postgres",
        *SEVERAL,
        *(f"{r}/{p}" for r in regions for p in ("back", "front", "kafka", "mirror", "postgres", "redis")),
    )
    return Targets(
        parts,
        tuple(f"{one}-{other}" for one in regions for other in regions if one < other),
        caches=tuple(f"{region}/redis" for region in regions),
        mirrors=tuple(f"{region}/mirror" for region in regions),
        services=tuple(f"{region}/{part}" for region in regions for part in ("back", "front")),
        disks=tuple(f"{region}/kafka" for region in regions),
        regions=regions,
        projectors={region: f"{region}/back" for region in regions},
        standbys=standbys or {},
        replicas=replicas(SEVERAL),
    )


THREE, TWO = ("ap", "eu", "us"), ("eu", "us")
places = st.builds(
    targets, st.sampled_from([TWO, THREE]), st.sampled_from([None, {"us": "eu"}, {"eu": "us", "us": "eu"}])
)


@given(
    name=st.sampled_from(Scenario), where=places, seconds=st.floats(30, 900), hold=st.floats(3, 130), seed=st.integers()
)
def test_a_seed_repeats_its_plan(name: Scenario, where: Targets, seconds: float, hold: float, seed: int) -> None:
    """The same arguments, the same plan; numbered from 1, slot after slot, one after the other."""
    assume(where.standbys or name not in TAKES_A_STANDBY)
    faults = plan(name, where, seconds=seconds, hold=hold, seed=seed)

    assert faults == plan(name, where, seconds=seconds, hold=hold, seed=seed)
    assert [fault.number for fault in faults] == list(range(1, len(faults) + 1))
    slots = by_slot(faults)
    assert [slot[0].slot for slot in slots] == list(range(1, len(slots) + 1))
    assert all(len({fault.at for fault in slot}) == 1 for slot in slots)
    ends = [max(fault.at + fault.later + fault.hold for fault in slot) for slot in slots]
    assert all(end <= after[0].at for end, after in zip(ends, slots[1:], strict=False))


@given(name=st.sampled_from(Scenario), where=places, hold=st.floats(3, 130), seed=st.integers())
def test_each_strikes_only_what_is_there_and_expects_something(
    name: Scenario, where: Targets, hold: float, seed: int
) -> None:
    """Parts, regions, the directory, and links between them, both ways."""
    assume(where.standbys or name not in TAKES_A_STANDBY)
    ends = [*where.regions, "directory"]
    links = {f"{one}-{other}" for one in where.regions for other in ends if one != other}
    on_links = {Kind.SPLIT, Kind.SLOW, Kind.CUT, Kind.LATENCY, Kind.JITTER, Kind.BANDWIDTH}

    faults = plan(name, where, seconds=300, hold=hold, seed=seed)

    for fault in faults:
        struck = links_of(fault.target) if fault.kind in on_links else fault.target.split(">")
        assert set(struck) <= (links if fault.kind in on_links else {*where.parts, *ends})
        assert fault.expects is not None
        assert {region for side in fault.expects.spares for region in side} <= set(where.regions)
    assert {one for fault in faults for one in expected_of(fault.expects)}


@given(name=st.sampled_from(Scenario), hold=st.floats(8, 130), seed=st.integers())
def test_nobody_can_just_wait_for_the_end(name: Scenario, hold: float, seed: int) -> None:
    """Who is spared must be served well before a fault is over."""
    for fault in plan(name, targets(THREE, {"us": "eu"}), seconds=300, hold=hold, seed=seed):
        if fault.kind in MOVES:
            continue  # an operator's command ends when it has done its work
        assert fault.expects is not None
        assert not fault.expects.spares or fault.expects.soon <= max(5.0, fault.hold / 3)
        assert not fault.expects.spares or fault.expects.soon < fault.hold


@given(where=places, seed=st.integers())
def test_a_split_has_every_region_on_one_side(where: Targets, seed: int) -> None:
    """And the directory as well; each side is spared. The first leaves every region alone."""
    faults = plan(Scenario.SPLIT, where, seconds=600, hold=30, seed=seed)

    for fault in faults:
        sides = [tuple(side.split(",")) for side in fault.target.split("|")]
        assert sorted(end for side in sides for end in side) == sorted([*where.regions, "directory"])
        assert fault.expects is not None
        assert fault.expects.spares == tuple(tuple(end for end in side if end != "directory") for side in sides)
    assert faults[0].target.count("|") == len(where.regions) - 1


def test_in_a_split_whose_standby_is_at_hand_keeps_its_lease() -> None:
    """Without the directory; whoever is away from both loses it. A silent directory alone costs nobody a lease."""
    seen = set[bool]()
    for seed in range(20):
        for fault in plan(Scenario.SPLIT, targets(THREE, {"us": "eu"}), seconds=600, hold=60, seed=seed):
            [side] = [one.split(",") for one in fault.target.split("|") if "us" in one.split(",")]
            lapses = not {"eu", "directory"} & set(side)
            assert fault.expects is not None
            assert fault.expects.lapses == (("us",) if lapses else ())
            seen.add(lapses)
    assert seen == {True, False}

    silent = plan(Scenario.DIRECTORY, targets(THREE, {"us": "eu"}), seconds=600, hold=60, seed=1)
    assert all(fault.expects is not None and fault.expects.keeps == ("us",) for fault in silent)
    assert not any(fault.expects is None or fault.expects.lapses for fault in silent)


def test_links_of_a_split_cross_it() -> None:
    """Each once; none within a side, and none away from the directory."""
    assert set(links_of("us|ap,eu,directory")) == {"ap-us", "eu-us", "us-directory"}
    assert links_of("eu-us") == ("eu-us",)
    assert links_of("ap-eu,us-ap") == ("ap-eu", "us-ap")


@given(seed=st.integers(), hold=st.floats(3, 60))
def test_a_zombie_with_a_standby_wakes_without_it_and_the_directory(seed: int, hold: float) -> None:
    """It sleeps for longer than a lease, and cannot be granted another one before its stale decisions are refused."""
    faults = plan(Scenario.ZOMBIE, targets(THREE, {"us": "eu"}), seconds=300, hold=hold, seed=seed)

    asleep, cut = by_slot(faults)[0]
    assert (asleep.kind, asleep.target) == (Kind.PAUSE, "us/back")
    assert asleep.hold >= LEASE_SECONDS
    assert asleep.expects is not None
    assert asleep.expects.lapses == ("us",)
    assert (cut.kind, cut.target) == (Kind.CUT, "us-directory,us-eu")
    assert cut.later + cut.hold > asleep.hold + LEASE_SECONDS / 2
    others = [fault for fault in faults if not fault.target.startswith("us")]
    assert all(fault.expects is not None and not fault.expects.lapses for fault in others)


@given(where=places, seed=st.integers())
def test_everything_comes_at_once(where: Targets, seed: int) -> None:
    """In one slot; the witnesses of the cables have somebody to ask, and nothing is struck twice."""
    (together, *_) = by_slot(plan(Scenario.EVERYTHING, where, seconds=60, hold=10, seed=seed))

    assert len(together) == 6
    asleep = next(fault.target.partition("/")[0] for fault in together if fault.kind is Kind.PAUSE)
    cables = next(fault for fault in together if fault.kind is Kind.SLOW)
    assert all(link.partition("-")[2] != asleep for link in links_of(cables.target))
    assert len({fault.target for fault in together}) == len(together)
    assert sum(bool(fault.expects and fault.expects.converges) for fault in together) == 1


@given(where=places, seed=st.integers())
def test_the_tour_has_one_round_of_each(where: Targets, seed: int) -> None:
    """However little time there is, and one of a mirror that repeats itself: it is what runs with the tests."""
    kinds = [slot[0].kind for slot in by_slot(plan(Scenario.TOUR, where, seconds=30, hold=6, seed=seed))]

    assert kinds == [Kind.SPLIT, Kind.SLOW, Kind.FREEZE, Kind.PAUSE, Kind.REPEAT, Kind.TRUNCATE]


def test_every_drill_is_told_of() -> None:
    """Each that there is has an entry, which names nothing twice; and what there is not has a reason."""
    assert set(catalogue.DRILLS) == {*Scenario, *Name}
    assert all(one.about and one.strikes and one.holds and one.unseen for one in catalogue.DRILLS.values())
    assert [name for name in Scenario if not catalogue.DRILLS[name].hold] == [Scenario.EVACUATION], (
        "it lasts as long as it takes"
    )


@pytest.mark.parametrize("name", catalogue.DRILLS)
def test_every_drill_has_a_plan(name: str) -> None:
    """As long as it takes by default, on three regions."""
    drill = catalogue.of(name)

    faults: tuple[Fault, ...] = catalogue.plan_of(
        name, targets(THREE, {"us": "eu"}), seconds=60 * drill.minutes, rate=drill.rate, hold=drill.hold, seed=1
    )

    assert faults


def test_with_leeway_the_same_is_struck_and_whatever_must_hold_soon_may_take_longer() -> None:
    """Nothing else changes, not even whom a fault spares."""
    drill = catalogue.of("tour")

    def made(leeway: float) -> tuple[Fault, ...]:
        there = targets(THREE, {"us": "eu"})
        return catalogue.plan_of("tour", there, seconds=60, rate=drill.rate, hold=drill.hold, seed=1, leeway=leeway)

    for strict, lenient in zip(made(1), made(3), strict=True):
        assert strict.expects is not None
        longer = structs.replace(strict.expects, soon=3 * strict.expects.soon, converges=3 * strict.expects.converges)
        assert lenient == replace(strict, expects=longer)
    assert catalogue.said(1.0) == ""
    assert "3 times as long" in catalogue.said(3.0)


def test_a_drill_that_there_is_not_names_those_that_there_are() -> None:
    """Who mistypes a name need not look it up."""
    with pytest.raises(catalogue.UnknownDrillError, match="split, cable"):
        catalogue.of("spilt")


def test_duties_go_and_come_back() -> None:
    """Of each region by which another stands, whatever time there is; all others are to notice nothing."""
    faults = plan(Scenario.EVACUATION, targets(THREE, {"us": "eu", "ap": "us"}), seconds=30, hold=0, seed=1)

    assert [(fault.kind, fault.target) for fault in faults] == [
        (Kind.EVACUATE, "ap>us"), (Kind.RETURN, "us>ap"), (Kind.EVACUATE, "us>eu"), (Kind.RETURN, "eu>us"),
    ]  # fmt: skip
    assert [fault.expects.spares for fault in faults if fault.expects] == [(("eu", "us"),)] * 2 + [(("ap", "eu"),)] * 2


def test_a_standby_is_lost_as_a_whole() -> None:
    """Whom it stands by is to go on as ever."""
    (fault, *_) = plan(Scenario.STANDBY_LOSS, targets(TWO, {"us": "eu"}), seconds=60, hold=20, seed=1)

    assert (fault.kind, fault.target, fault.hold) == (Kind.DOWN, "eu", 20)
    assert fault.expects is not None
    assert fault.expects.spares == (("us",),)


def test_each_region_that_may_be_taken_over_dies_once() -> None:
    """Its people are to be served by who stands by, and all others as ever."""
    (fault,) = plan(Scenario.KILL, targets(THREE, {"us": "eu"}), seconds=600, hold=60, seed=1)

    assert (fault.kind, fault.target, fault.hold) == (Kind.DEATH, "us>eu", 60)
    assert fault.expects is not None
    assert fault.expects.taken_over == ("us",)
    assert fault.expects.spares == (("ap", "eu"),)


def test_a_lost_store_is_a_death_that_costs_it() -> None:
    """The same is expected of both."""
    (death,) = plan(Scenario.KILL, targets(THREE, {"us": "eu"}), seconds=600, hold=60, seed=1)
    (loss,) = plan(Scenario.STORE_LOSS, targets(THREE, {"us": "eu"}), seconds=600, hold=60, seed=1)

    assert (loss.kind, loss.target) == (Kind.LOSS, death.target)
    assert loss.expects == death.expects


@pytest.mark.parametrize("name", sorted(TAKES_A_STANDBY))
def test_what_takes_a_standby_says_so(name: Scenario) -> None:
    """With what to do."""
    with pytest.raises(NoStandbyError, match="--standby us=eu"):
        plan(name, targets(THREE), seconds=60, hold=20, seed=1)


@given(seed=st.integers(), hold=st.floats(3, 60), seconds=st.floats(30, 1800))
def test_replicas_are_killed_one_at_a_time_and_by_turns(seed: int, hold: float, seconds: float) -> None:
    """Every 20 s, or when what was killed has had its time; the kinds take turns, and so do those of a kind, so none is left out."""
    faults = plan(Scenario.REPLICAS, targets(THREE), seconds=seconds, hold=hold, seed=seed)

    apart = max(KILL_EVERY_SECONDS, hold + faults[0].rest)
    assert all(then.at - one.at == pytest.approx(apart, abs=0.11) for one, then in pairwise(faults))
    assert len(by_slot(faults)) == len(faults)
    assert {fault.kind for fault in faults} == {Kind.KILL}
    kinds = [kind_of_part(fault.target) for fault in faults]
    assert all(one != then for one, then in pairwise(kinds))
    for kind, alike in targets(THREE).replicas.items():
        struck = [fault.target for fault in faults if fault.target in alike]
        for first in range(0, len(struck) - len(alike) + 1, len(alike)):
            assert sorted(struck[first : first + len(alike)]) == sorted(alike), kind
    assert all(fault.expects is not None and fault.expects.prompt == PROMPT_SECONDS for fault in faults)


def test_half_an_hour_has_as_many_kills_as_it_has_room_for() -> None:
    """Every 20 s, from 10 s on."""
    drill = catalogue.of("replicas")
    faults = plan(Scenario.REPLICAS, targets(THREE), seconds=60 * drill.minutes, hold=drill.hold, seed=1)

    assert len(faults) == 90
    assert (faults[0].at, faults[-1].at) == (10.0, 1790.0)


def test_replicas_are_equal_parts_of_one_region() -> None:
    """Not of two, nor what only sounds alike; nor what belongs to no region, which is not numbered."""
    parts = ["us/kafka-1", "us/kafka-2", "eu/kafka", "us/projector", "us/projector-2", "us/front", "eu/front"]
    parts += ["directory", "directory-postgres", "us/postgres", "eu/us-front", "eu/us-projector", "eu/projector"]

    assert replicas(parts) == {
        "us/kafka": ("us/kafka-1", "us/kafka-2"),
        "us/projector": ("us/projector", "us/projector-2"),
    }


def test_where_nothing_has_a_replica_it_says_what_to_do() -> None:
    """With the options that give some."""
    with pytest.raises(NoReplicaError, match="--brokers us=3 --projectors us=2"):
        plan(Scenario.REPLICAS, Targets(("us/kafka", "us/projector")), seconds=60, hold=5, seed=1)
