"""True is said only when everything was looked at and nothing was found."""

import pytest

from chaos.judge.verdict import MOST_EVIDENCE, Evidence, Findings, Verdict, combine

T, F, U = Verdict.TRUE, Verdict.FALSE, Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("verdicts", "whole"), [([T, T], T), ([T, U], U), ([U, F], F), ([T, F, T], F), ([], U), ([U], U)]
)
def test_the_whole_is_no_better_than_its_parts(verdicts: list[Verdict], whole: Verdict) -> None:
    """One false is false; true needs all; nothing is nothing."""
    assert combine(verdicts) is whole


def test_nothing_judged_is_unknown() -> None:
    """A checker that saw nothing cannot say that all is well."""
    assert Findings("order").rule().verdict is U


def test_reservations_make_true_unknown_and_leave_false() -> None:
    """What was found stays found, however little there was."""
    findings = Findings("order")
    findings.judged = 1
    assert findings.rule().verdict is T
    assert findings.rule([Evidence("too little")]).verdict is U
    findings.found("two in one place", "m1", lines=(7,))
    assert findings.rule([Evidence("too little")]).verdict is F


def test_all_violations_are_counted_and_some_kept() -> None:
    """Evidence is for reading; memory is bounded."""
    findings = Findings("lost")
    for number in range(1000):
        findings.found("gone", number, lines=(number,))
    ruling = findings.rule()

    assert (ruling.found, len(ruling.evidence)) == (1000, MOST_EVIDENCE)
    assert ruling.evidence[3] == Evidence("gone", ("3",), (3,))
