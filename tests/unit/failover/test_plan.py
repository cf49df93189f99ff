"""Which step of a takeover is next: from wherever it was left, and never from where it would lose something."""

from dataclasses import replace

import pytest

from region.failover.plan import CannotTakeOverError, Known, Step, begun, next_step
from replication.turns.records import Phase, Turn

COPY = Turn("us", 1, 1, "us")
DEAD = Known("us", "us", "eu", "us", 1, 1, COPY, follows=True)
CLAIMED = replace(DEAD, holder="eu", epoch=2, incarnation=2)
BEGUN = replace(CLAIMED, copy=begun(CLAIMED), follows=False)


def test_it_goes_on_wherever_it_was_left() -> None:
    """Claimed, detached or begun with: what is next follows from the directory and the copy alone."""
    assert next_step(DEAD) is Step.CLAIM
    assert next_step(CLAIMED) is Step.BEGIN
    assert next_step(replace(CLAIMED, follows=False)) is Step.BEGIN
    assert next_step(BEGUN) is Step.SERVE
    assert next_step(replace(BEGUN, serving=True)) is Step.DONE
    assert begun(CLAIMED) == Turn("us", 2, 2, "eu", Phase.SERVING)


@pytest.mark.parametrize("mark", ["", "m1"])
def test_a_copy_that_nobody_serves_is_begun_with(mark: str) -> None:
    """Its home gave way, or was evacuating as it died: the copy still knows how far home's journal was decided, and that is noted."""
    handed = replace(COPY, holder="eu", phase=Phase.HANDED, mark=mark)
    assert next_step(replace(CLAIMED, copy=handed)) is Step.BEGIN
    assert next_step(replace(DEAD, copy=handed)) is Step.CLAIM


@pytest.mark.parametrize(
    ("known", "why"),
    [
        (replace(DEAD, copy=None), "no whole copy"),
        (replace(DEAD, follows=False), "did not follow"),
        (replace(DEAD, epoch=3), "epoch 1, the directory knows 3"),
        (replace(DEAD, incarnation=2), "epoch 1"),
        (replace(DEAD, holder="ap"), "ap holds"),
        (replace(BEGUN, epoch=4), "the directory knows 4"),
        (replace(BEGUN, copy=Turn("us", 2, 2, "us")), "the directory knows 2"),
    ],
)
def test_what_would_lose_something_is_not_begun(known: Known, why: str) -> None:
    """A copy of another epoch, one that had stopped following, one that another region's claim has overtaken."""
    with pytest.raises(CannotTakeOverError, match=why):
        next_step(known)
