"""A standby takes over by itself when everything speaks for it, and each thing that speaks against it is enough."""

from dataclasses import replace

import pytest

from replication.holding.acting import Known, Policy, Work, hindrance
from replication.holding.detecting import SECOND, Proposal, Verdict
from replication.holding.duty import Duty
from replication.holding.lease import Promise

NOW = 1_000_000 * SECOND
POLICY = Policy(automatic=True, pause=600 * SECOND, longest=3600 * SECOND)
DUTY = Duty("us", 4, "us", 3, "eu", frozenset({("us", 3), ("eu", 3)}), Promise(4, NOW - SECOND))
PROPOSAL = Proposal("us", 4, NOW - SECOND, frozenset({"ap", "eu"}))
DOWN = Verdict(down=True, alive=False, why="ap, eu see it down", witnesses=frozenset({"ap", "eu"}))
GOOD = Known(DUTY, "eu", PROPOSAL, DOWN, expelled=False, work=(), now=NOW)


def work(*, begun: int, ended: int | None = None, done: bool = False, what: str = "evacuate") -> Work:
    """Return an operation that was begun, and ended, so many seconds ago."""
    return Work(what, "ada", NOW - begun * SECOND, None if ended is None else NOW - ended * SECOND, done)


def test_a_region_that_is_taken_for_down_is_taken_over_by_who_stands_by() -> None:
    """Nothing speaks against it, so nothing is said."""
    assert hindrance(GOOD, "eu", POLICY) == ""


def test_by_default_nobody_acts() -> None:
    """A deployment has to want it."""
    assert "only proposed" in hindrance(GOOD, "eu", Policy())


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (replace(GOOD, duty=replace(DUTY, holder="eu")), "eu holds its duties"),
        (replace(GOOD, named="ap"), "ap was named"),
        (replace(GOOD, named=""), "nobody was named"),
        (replace(GOOD, proposal=None), "not taken for down"),
        (replace(GOOD, proposal=replace(PROPOSAL, epoch=3)), "not taken for down"),
        (replace(GOOD, proposal=replace(PROPOSAL, doubted=NOW)), "in doubt"),
        (replace(GOOD, verdict=Verdict(down=False, alive=True, why="ap reaches it")), "in doubt: ap reaches it"),
        (replace(GOOD, verdict=Verdict(down=False, alive=False, why="1 of 2 witnesses")), "in doubt: 1 of 2 witnesses"),
        (replace(GOOD, expelled=True), "expelled"),
        (replace(GOOD, duty=replace(DUTY, keepers=frozenset({("us", 3)}))), "passed by"),
        (replace(GOOD, duty=replace(DUTY, keepers=frozenset({("us", 3), ("eu", 2)}))), "passed by"),
        (replace(GOOD, work=(work(begun=5),)), "`evacuate` by ada is under way"),
        (replace(GOOD, work=(work(begun=900, ended=5, done=True, what="restore"),)), "595 s more"),
        (replace(GOOD, work=(work(begun=900, ended=5),)), "595 s more"),
    ],
)
def test_each_reason_against_it_is_enough(known: Known, said: str) -> None:
    """Alone, with everything else as it must be."""
    assert said in hindrance(known, "eu", POLICY)


def test_who_does_not_stand_by_takes_nothing_over() -> None:
    """Whatever it keeps."""
    duty = replace(DUTY, keepers=frozenset({("us", 3), ("ap", 3)}))
    assert "not ap" in hindrance(replace(GOOD, duty=duty), "ap", POLICY)


def test_what_operators_have_done_long_ago_hinders_nothing() -> None:
    """The pause is over to the microsecond; what nobody has ended is not believed for ever."""
    over = work(begun=700, ended=600, done=True, what="restore")
    assert hindrance(replace(GOOD, work=(over,)), "eu", POLICY) == ""
    assert hindrance(replace(GOOD, work=(work(begun=3600),)), "eu", POLICY) == ""
    assert "under way" in hindrance(replace(GOOD, work=(work(begun=3599),)), "eu", POLICY)


def test_what_was_killed_hinders_nothing_once_a_later_operation_has_come_to_its_end() -> None:
    """It would not have beside it; one that failed, or was begun before, says nothing."""
    killed = work(begun=2000)
    for later, hinders in (
        (work(begun=1500, ended=1000, done=True), False),
        (work(begun=1500, ended=1000), True),
        (work(begun=2500, ended=1000, done=True), True),
    ):
        assert ("under way" in hindrance(replace(GOOD, work=(killed, later)), "eu", POLICY)) is hinders


def test_the_pause_is_the_deployment_s_to_say() -> None:
    """None at all, if it wants that; what is under way hinders even so."""
    none = replace(POLICY, pause=0)
    assert hindrance(replace(GOOD, work=(work(begun=9, ended=0, done=True),)), "eu", none) == ""
    assert "under way" in hindrance(replace(GOOD, work=(work(begun=9),)), "eu", none)
