"""A region is never taken for down on one witness, nor on one that is cut off itself, nor while anything shows that it lives."""

from collections.abc import Iterator
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replication.holding.detecting import (
    SECOND,
    USUAL,
    Patience,
    Proposal,
    Report,
    Verdict,
    View,
    go_on,
    judge,
    look,
    may_act,
)

THREE = ("ap", "eu", "us")
FIVE = ("af", "ap", "eu", "sa", "us")
DOWN = Verdict(down=True, alive=False, why="", witnesses=frozenset({"ap", "eu"}))
ALIVE = Verdict(down=False, alive=True, why="")
UNTOLD = Verdict(down=False, alive=False, why="")


def said(name: str, regions: tuple[str, ...]) -> Iterator[Report | None]:
    """Everything that a region may have told, or not, or too long ago."""
    others = [one for one in regions if one != name]
    yield None
    for age in (0, USUAL.fresh + 1):
        for seen in product(("up", "down", "?"), repeat=len(others)):
            up = frozenset(one for one, how in zip(others, seen, strict=True) if how == "up")
            down = frozenset(one for one, how in zip(others, seen, strict=True) if how == "down")
            yield Report(age, up, down)


def test_in_a_world_of_three_nothing_but_two_sound_witnesses_takes_a_region_for_down() -> None:
    """Every state of all reports, lease and plan: who is taken for down is seen down by both others, who see each other, and says nothing itself."""
    times = 0
    for reports in product(*(tuple(said(name, THREE)) for name in THREE)):
        told = {name: one for name, one in zip(THREE, reports, strict=True) if one is not None}
        for lease_runs, laid_down in product((False, True), repeat=2):
            verdict = judge("us", told, regions=THREE, lease_runs=lease_runs, laid_down=laid_down)
            both = all(
                name in told and told[name].age == 0 and "us" in told[name].down and other in told[name].up
                for name, other in (("ap", "eu"), ("eu", "ap"))
            )
            silent = "us" not in told or told["us"].age > 0
            assert verdict.down is (both and silent and not lease_runs and not laid_down)
            assert not (verdict.down and verdict.alive)
            times += verdict.down
    assert times == 10  # us has told nothing, or any of nine things too long ago


def reported(name: str, regions: tuple[str, ...]) -> st.SearchStrategy[Report]:
    """What a region may have told."""
    others = [one for one in regions if one != name]
    seen = st.lists(st.sampled_from(["up", "down", "?"]), min_size=len(others), max_size=len(others))

    def make(age: int, how: list[str]) -> Report:
        sides = {
            side: frozenset(one for one, is_ in zip(others, how, strict=True) if is_ == side) for side in ("up", "down")
        }
        return Report(age, **sides)

    return st.builds(make, st.sampled_from([0, USUAL.fresh, USUAL.fresh + 1]), seen)


@given(st.fixed_dictionaries({}, optional={name: reported(name, FIVE) for name in FIVE}))
def test_whatever_is_reported_no_single_report_decides(told: dict[str, Report]) -> None:
    """Of what was enough, any two witnesses are; without all but one of them it is not, whoever that one is."""
    verdict = judge("us", told, regions=FIVE, lease_runs=False, laid_down=False)
    if not verdict.down:
        return
    assert len(verdict.witnesses) >= 2
    for one in verdict.witnesses:
        alone = {name: report for name, report in told.items() if name == one or name not in verdict.witnesses}
        assert not judge("us", alone, regions=FIVE, lease_runs=False, laid_down=False).down
        assert len(told[one].up - {"us"}) >= 2, "it sees most of the others"


@given(side=st.sets(st.sampled_from(FIVE)), lonely=st.sampled_from(FIVE))
def test_a_split_takes_only_the_smaller_side_for_down(side: set[str], lonely: str) -> None:
    """Whoever is cut off may believe what it likes of the others, and even tell it: it does not count."""

    def sees(name: str) -> Report:
        mine = side if name in side else set(FIVE) - side
        return Report(0, frozenset(mine - {name}), frozenset(set(FIVE) - mine))

    told = {name: sees(name) for name in FIVE if name != lonely}
    verdict = judge(lonely, told, regions=FIVE, lease_runs=False, laid_down=False)
    mine = side if lonely in side else set(FIVE) - side
    if verdict.down:
        assert len(mine) < len(set(FIVE) - mine)
        assert verdict.witnesses <= set(FIVE) - mine
    if mine == {lonely}:
        assert verdict.down


def test_the_directory_alone_takes_nobody_for_down() -> None:
    """While it is away every lease lapses and every report grows old; once it is back all see each other."""
    old = {name: Report(USUAL.fresh + 1, frozenset(THREE) - {name}) for name in THREE}
    back = {name: Report(0, frozenset(THREE) - {name}) for name in ("ap", "eu")}
    for told in (old, back, {}):
        assert not judge("us", told, regions=THREE, lease_runs=False, laid_down=False).down


def test_of_its_plan_a_region_itself_is_believed_and_nobody_else() -> None:
    """Else one region could keep all others from ever being taken for down."""
    told = {
        name: Report(0, frozenset(THREE) - {name, "us"}, frozenset({"us"}), frozenset(THREE)) for name in ("ap", "eu")
    }
    assert judge("us", told, regions=THREE, lease_runs=False, laid_down=False).down
    told["us"] = Report(2**53, planned=frozenset({"us"}))
    assert judge("us", told, regions=THREE, lease_runs=False, laid_down=False).alive


def test_two_regions_never_judge_each_other() -> None:
    """There is no second witness."""
    told = {"eu": Report(0, frozenset(), frozenset({"us"}))}
    assert not judge("us", told, regions=("eu", "us"), lease_runs=False, laid_down=False).down
    with pytest.raises(ValueError, match="one witness"):
        Patience(witnesses=1)


def test_nobody_is_taken_for_down_while_the_duties_are_handed_over_by_plan() -> None:
    """Its services end then, and nobody answers; that one of all regions knows of the plan is enough, however long ago it said so."""
    told = {name: Report(0, frozenset(THREE) - {name, "us"}, frozenset({"us"})) for name in ("ap", "eu")}
    assert judge("us", told, regions=THREE, lease_runs=False, laid_down=False).down
    told["us"] = Report(60 * SECOND, planned=frozenset({"us"}))
    assert judge("us", told, regions=THREE, lease_runs=False, laid_down=False).alive


@given(st.lists(st.booleans(), max_size=200))
def test_a_region_counts_as_down_only_after_it_failed_without_a_break(answers: list[bool]) -> None:
    """And as up only after it answered without one: what flickers stays what it was."""
    view = View()
    for second, answered in enumerate(answers):
        before, view = view, look(view, answered=answered, now=second * SECOND)
        if view.up is not before.up:
            needed = (USUAL.up if view.up else USUAL.down) // SECOND
            assert answers[second - needed : second + 1] == [view.up] * (needed + 1)
    fails = (USUAL.down // SECOND) + 1
    for second in range(len(answers), len(answers) + fails):
        view = look(view, answered=False, now=second * SECOND)
    assert not view.up


def test_a_region_that_is_killed_is_proposed_within_fifteen_seconds() -> None:
    """Looks and reports once a second, a lease of six that was renewed just before, and each step as late as it may be."""
    lease, margin, views = 6 * SECOND, SECOND // 2, {"ap": View(), "eu": View()}
    proposal, now = None, 0
    while proposal is None:
        now += SECOND
        views = {name: look(view, answered=False, now=now) for name, view in views.items()}
        told = {
            name: Report(
                SECOND,
                frozenset(THREE) - {name} - (frozenset() if view.up else {"us"}),
                frozenset() if view.up else frozenset({"us"}),
            )
            for name, view in views.items()
        }
        verdict = judge("us", told, regions=THREE, lease_runs=now <= lease + margin, laid_down=False)
        proposal = go_on(None, verdict, region="us", epoch=1, now=now)
    assert now + 2 * SECOND <= 15 * SECOND
    assert may_act(proposal, verdict)


@given(st.lists(st.sampled_from([DOWN, ALIVE, UNTOLD]), max_size=100))
def test_a_proposal_is_taken_back_only_after_a_lasting_doubt_and_never_acted_upon_in_one(
    verdicts: list[Verdict],
) -> None:
    """It is made once in an epoch, and keeps the time at which it was; while nothing can be told it stays, and nobody acts."""
    proposal: Proposal | None = None
    for second, verdict in enumerate(verdicts):
        before = proposal
        proposal = go_on(proposal, verdict, region="us", epoch=1, now=second * SECOND)
        assert not may_act(proposal, verdict) or verdict is DOWN
        if before is not None and proposal is not None:
            assert proposal.since == before.since
        if before is not None and proposal is None:
            lasting = verdicts[second - USUAL.calm // SECOND : second + 1]
            assert DOWN not in lasting
        if before is None and proposal is not None:
            assert verdict is DOWN
        assert go_on(proposal, UNTOLD, region="us", epoch=2, now=second * SECOND) is None
