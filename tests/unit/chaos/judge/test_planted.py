"""A good ledger is found good, whatever its seed; each fault that is planted in one is found by the checker for it, and no other."""

from random import Random

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from chaos.judge.grafting import BarrenError
from chaos.judge.judgement import CHECKERS, judge
from chaos.judge.leaked import LEAKED
from chaos.judge.ledger import numbered
from chaos.judge.mangled import MANGLED
from chaos.judge.planted import PLANTED, Planted
from chaos.judge.rehearsal import Plan, rehearse
from chaos.judge.sufficiency import Needs
from chaos.judge.usurped import USURPED
from chaos.judge.verdict import Verdict

FEW = settings(max_examples=2, deadline=None)
"""A fault shows in whatever ledger it is planted in, and each run has others."""
NEEDS = Needs(before=5, during=5, after=0, altered=0, posts=0)  # few write after it in a small one
plans = st.builds(
    Plan,
    seed=st.integers(0, 10_000),
    people=st.integers(4, 7),
    messages=st.integers(150, 250),
    trouble=st.sampled_from([0.0, 0.1, 0.3]),
    faults=st.integers(1, 2),
)
with_groups = st.builds(
    Plan,
    seed=st.integers(0, 10_000),
    people=st.integers(4, 6),
    messages=st.integers(200, 250),
    trouble=st.sampled_from([0.0, 0.1, 0.3]),
    groups=st.integers(1, 2),
)

with_channels = st.builds(
    Plan,
    seed=st.integers(0, 10_000),
    people=st.integers(4, 6),
    messages=st.integers(200, 250),
    trouble=st.sampled_from([0.0, 0.1, 0.3]),
    channels=st.integers(1, 2),
)

with_alterations = st.builds(
    Plan,
    seed=st.integers(0, 10_000),
    people=st.integers(4, 6),
    messages=st.integers(150, 200),
    trouble=st.sampled_from([0.0, 0.1, 0.3]),
    altered=st.just(0.2),
)


@given(plan=st.one_of(plans, with_groups, with_channels, with_alterations))
@settings(max_examples=25, deadline=None)
def test_a_good_ledger_is_green(plan: Plan) -> None:
    """Timeouts that arrived or not, refusals, failures, repeats, lost connections and resumes are all well."""
    judgement = judge(numbered(rehearse(plan)), NEEDS)

    assert judgement.named(Verdict.TRUE) == set(CHECKERS), judgement
    assert judgement.verdict is Verdict.TRUE


@pytest.mark.parametrize("name", sorted(PLANTED))
@given(plan=plans, seed=st.integers(0, 1_000))
@example(plan=Plan(seed=70, people=7, messages=236, trouble=0.3, faults=1), seed=631)  # shown again after a resume
@FEW
def test_a_planted_fault_is_red(name: str, plan: Plan, seed: int) -> None:
    """Exactly the checkers that are for it rule false, with evidence; all others say true."""
    is_found_by_the_checkers_for_it_alone(PLANTED[name], plan, seed)


@pytest.mark.parametrize("name", sorted(USURPED))
@given(plan=with_groups, seed=st.integers(0, 1_000))
@example(
    plan=Plan(seed=292, people=5, messages=200, trouble=0.0, groups=2), seed=285
)  # a group ends while somebody is away
@example(
    plan=Plan(seed=2934, people=4, messages=200, trouble=0.1, groups=1), seed=1
)  # an entry comes to all after its guest is back
@FEW
def test_a_fault_planted_in_a_group_is_red(name: str, plan: Plan, seed: int) -> None:
    """Likewise, where membership is what the log says, seq by seq."""
    is_found_by_the_checkers_for_it_alone(USURPED[name], plan, seed)


@pytest.mark.parametrize("name", sorted(LEAKED))
@given(plan=with_channels, seed=st.integers(0, 1_000))
@FEW
def test_a_fault_planted_in_a_channel_is_red(name: str, plan: Plan, seed: int) -> None:
    """Likewise, where nobody but those whom it concerns is told who comes and goes."""
    is_found_by_the_checkers_for_it_alone(LEAKED[name], plan, seed)


@pytest.mark.parametrize("name", sorted(MANGLED))
@given(plan=with_alterations, seed=st.integers(0, 1_000))
@FEW
def test_a_fault_planted_in_alterations_is_red(name: str, plan: Plan, seed: int) -> None:
    """Likewise, where messages are edited, deleted and reacted to."""
    is_found_by_the_checkers_for_it_alone(MANGLED[name], plan, seed)


def is_found_by_the_checkers_for_it_alone(planted: Planted, plan: Plan, seed: int) -> None:
    """Plant it in that rehearsal, and judge."""
    try:
        events = planted.plant(list(rehearse(plan)), Random(seed))
    except BarrenError:
        assume(condition=False)

    judgement = judge(numbered(events), NEEDS)

    assert judgement.named(Verdict.FALSE) == planted.red, judgement
    assert judgement.named(Verdict.TRUE) == set(CHECKERS) - planted.red
    assert judgement.verdict is Verdict.FALSE
    for checker in planted.red:
        for evidence in judgement[checker].evidence:
            assert evidence.what
            assert evidence.ids
            assert all(0 < line <= len(events) for line in evidence.lines)


def test_every_checker_is_proven_by_a_fault_of_its_own() -> None:
    """Each alone turns red by something."""
    alone = {
        checker
        for planted in [*PLANTED.values(), *USURPED.values(), *LEAKED.values(), *MANGLED.values()]
        if len(planted.red) == 1
        for checker in planted.red
    }

    assert alone == set(CHECKERS)
