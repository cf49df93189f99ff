"""Which step of an evacuation is next: whatever was interrupted where, it goes on, and never with less than the step before has left."""

from dataclasses import replace

import pytest

from region.evacuation.plan import Known, LostTrackError, Step, begun, can_hand_back, is_under_way, next_step, places
from replication.turns.records import Phase, Turn

HOME = Turn("us", 1, 1, "us")
DRAINING, HANDED = replace(HOME, phase=Phase.DRAINING), replace(HOME, holder="eu", phase=Phase.HANDED, mark="m1")
BEGUN = Turn("us", 2, 2, "eu")
START = Known("us", "us", "eu", "us", 1, 1, HOME, None)
CLAIMED = replace(START, holder="eu", epoch=2, incarnation=2, at_source=HANDED, at_target=HANDED)


@pytest.mark.parametrize(
    ("known", "step"),
    [
        (START, Step.DRAIN),
        (replace(START, at_source=DRAINING), Step.SETTLE),
        (replace(START, at_source=HANDED), Step.COPY),
        (replace(START, at_source=HANDED, at_target=HOME), Step.COPY),  # a copy that still moved is none
        (replace(START, at_source=HANDED, at_target=BEGUN), Step.COPY),  # nor is one of another time
        (
            replace(START, at_source=HANDED, at_target=replace(HANDED, mark="m0")),
            Step.COPY,
        ),  # handed back since, and went on
        (replace(START, at_source=HANDED, at_target=HANDED), Step.CLAIM),
        (replace(START, at_source=HANDED, at_target=HANDED, follows=True), Step.COPY),  # a mark comes by itself
        (replace(START, at_source=HANDED, at_target=HANDED, follows=True, compared=True), Step.CLAIM),
        (replace(START, at_source=HANDED, at_target=HANDED, laid_down=True), Step.CLAIM),  # which was not answered
        (replace(START, at_source=HANDED, at_target=HANDED, follows=True, compared=True, laid_down=True), Step.CLAIM),
        (replace(START, at_source=HANDED, at_target=HANDED, follows=True, laid_down=True), Step.COPY),  # of another run
        (replace(START, at_source=HANDED, laid_down=True), Step.COPY),
        (replace(START, at_source=HANDED, at_target=replace(HANDED, mark="m0"), laid_down=True), Step.COPY),
        (CLAIMED, Step.BEGIN),
        (replace(CLAIMED, at_target=BEGUN), Step.SERVE),
        (replace(CLAIMED, at_target=BEGUN, serving=True), Step.DONE),
    ],
)
def test_what_is_next(known: Known, step: Step) -> None:
    """From the directory and both stores alone, so that any operator can go on."""
    assert next_step(known) is step


@pytest.mark.parametrize(
    "known",
    [
        replace(START, holder="ap"),
        replace(START, epoch=2),  # the store is older than what the directory knows
        replace(START, incarnation=2),
        replace(START, at_source=replace(HOME, holder="ap")),
        replace(START, at_source=replace(HANDED, holder="ap")),
        replace(CLAIMED, at_target=None),  # the copy is gone
        replace(CLAIMED, at_target=replace(HANDED, mark="")),  # it was claimed without a plan: that is to go on
        replace(CLAIMED, at_target=HOME),
        replace(CLAIMED, epoch=3),  # it is not of the epoch before
        replace(CLAIMED, at_target=replace(BEGUN, epoch=3)),
    ],
)
def test_what_does_not_fit_together_is_not_guessed_at(known: Known) -> None:
    """Nothing is done, and it is said why."""
    with pytest.raises(LostTrackError):
        next_step(known)


@pytest.mark.parametrize("at_source", [HOME, DRAINING])
def test_who_decides_nothing_any_more_is_not_waited_for(at_source: Turn) -> None:
    """A lease was laid down and its store went on: whoever starts there decides nothing, so it would never settle. Away from home nobody else has a copy."""
    laid_down = replace(START, at_source=at_source, laid_down=True)
    with pytest.raises(
        LostTrackError, match=r"decides nothing.*`causeway region fail us`.*`causeway region restore us`"
    ):
        next_step(laid_down)
    back = replace(laid_down, source="eu", target="us", holder="eu", at_source=replace(at_source, holder="eu"))
    with pytest.raises(LostTrackError, match=r"decides nothing.*nobody else has a copy") as raised:
        next_step(back)
    assert "region fail" not in str(raised.value)


def test_back_again_is_the_same_the_other_way_round() -> None:
    """The home's own store is of an older epoch, and is replaced by the copy."""
    held = Known("us", "eu", "us", "eu", 2, 2, BEGUN, HANDED)
    assert next_step(held) is Step.DRAIN
    handed = replace(BEGUN, holder="us", phase=Phase.HANDED, mark="m2")
    assert next_step(replace(held, at_source=handed)) is Step.COPY
    assert next_step(replace(held, at_source=handed, at_target=handed)) is Step.CLAIM
    home = replace(held, holder="us", epoch=3, incarnation=3, at_source=handed, at_target=handed)
    assert next_step(home) is Step.BEGIN
    assert begun(home) == Turn("us", 3, 3, "us")


@pytest.mark.parametrize(
    ("known", "under_way"),
    [
        (START, False),  # us holds, and has since the beginning
        (replace(START, holder="eu"), False),
        (CLAIMED, True),
        (replace(CLAIMED, at_target=BEGUN), True),
        (replace(CLAIMED, at_target=BEGUN, serving=True), False),
        (replace(CLAIMED, at_target=None), True),  # which is said when it goes on
        (replace(CLAIMED, at_target=replace(BEGUN, phase=Phase.DRAINING)), False),
        (replace(CLAIMED, at_target=replace(BEGUN, holder="us", phase=Phase.HANDED, mark="m2")), False),
    ],
)
def test_the_way_that_was_begun_is_the_one_to_go_on_with(known: Known, *, under_way: bool) -> None:
    """Nobody serves while a holder drains, nor before it begins: only its store tells which of both it is."""
    assert is_under_way(known) is under_way


def test_there_is_a_way_back_until_the_directory_says_otherwise() -> None:
    """Whatever was copied; a lease that was laid down is so for good."""
    copied = replace(START, at_source=HANDED, at_target=HANDED)
    assert can_hand_back(copied.holder, copied.source, laid_down=False)
    assert not can_hand_back(copied.holder, copied.source, laid_down=True)
    assert not can_hand_back(CLAIMED.holder, CLAIMED.source, laid_down=False)


def test_a_journal_is_read_on_where_its_former_life_stood() -> None:
    """So what a gateway accepted that was asleep while all others ended is decided after all; a site that is new begins at the end."""
    bounds = {0: (0, 9), 1: (5, 9), 2: (0, 3)}

    assert places({}, bounds) == {0: 9, 1: 9, 2: 3}
    assert places({0: 7, 1: 2, 2: 8}, bounds) == {0: 7, 1: 5, 2: 3}
