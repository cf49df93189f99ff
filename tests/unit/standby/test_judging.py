"""What is done with a copy: it is never replaced by less than it is, and a store that is not the one that was copied is not followed."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from region.standby.judging import Held, Step, judge, life_in, slot_name
from region.standby.repository.copying import Content, Subscription
from region.standby.repository.publishing import Source

SLOT = slot_name("eu", "a1", "t1")
SOURCE = Source(life="a1", position=100, revision=19, tables=frozenset({"x", "y"}), slots={SLOT: True})
FOLLOWS = Subscription(SLOT, "", enabled=True, missing=frozenset(), tables=frozenset({"x", "y"}), applied=90, errors=0)
WHOLE = Held(Content("a1", 5, 19, {0: 7}), FOLLOWS)
LEFT = replace(WHOLE, subscription=None)


def draft(**differs: object) -> Held:
    """Return a copy that is being made, and what differs in how it follows."""
    return Held(Content("a1", 5, 19, {0: 9}), replace(FOLLOWS, **differs))  # type: ignore[arg-type]


def test_a_slot_names_the_life_that_is_followed() -> None:
    """And nothing else does by chance."""
    assert life_in(SLOT) == "a1"
    assert life_in("pg_16833_sync_16836_7712376663516619888") == ""
    assert life_in("standby_eu_a1") == ""


def test_a_copy_is_made_waited_for_and_put_in_its_place() -> None:
    """Whole means every table that the store publishes, also one that was published a moment ago."""
    assert judge(SOURCE, None, None).step is Step.BEGIN
    assert judge(SOURCE, None, draft(missing=frozenset({"y"}))).step is Step.WAIT
    assert judge(SOURCE, None, draft(tables=frozenset({"x"}))).step is Step.WAIT
    assert judge(SOURCE, None, draft()).step is Step.EXCHANGE
    assert judge(SOURCE, WHOLE, None).step is Step.FOLLOW


def test_what_was_begun_and_cannot_go_on_is_thrown_away() -> None:
    """Nothing came of it yet: its store keeps its changes no more, or never did."""
    assert judge(SOURCE, None, Held(Content(), None)).step is Step.DISCARD
    assert judge(replace(SOURCE, slots={}), None, draft()).step is Step.DISCARD
    assert judge(replace(SOURCE, slots={SLOT: False}), LEFT, draft()).step is Step.DISCARD


@pytest.mark.parametrize("slots", [{}, {SLOT: False}])
def test_a_copy_that_was_away_for_too_long_stays_until_another_is_whole(slots: dict[str, bool]) -> None:
    """It is left as it is, and a new one is begun beside it."""
    late = replace(SOURCE, slots=slots)
    assert judge(late, WHOLE, None).step is Step.LEAVE
    assert judge(late, LEFT, None).step is Step.BEGIN
    fresh = slot_name("eu", "a1", "t2")
    again = replace(SOURCE, slots={fresh: True})
    assert judge(again, LEFT, draft(slot=fresh, missing=frozenset({"x"}))).step is Step.WAIT
    assert judge(again, LEFT, draft(slot=fresh)).step is Step.EXCHANGE


def test_a_new_copy_that_has_less_is_not_put_in_the_place_of_the_old() -> None:
    """Whatever the store says of itself: somebody may be about to fill it from this very copy."""
    less = Held(Content("a1", 5, 19, {0: 6}), FOLLOWS)
    none = Held(Content("a1", 5, 19, {}), FOLLOWS)
    for one in (less, none):
        assert judge(SOURCE, LEFT, one).step is Step.STOP


@pytest.mark.parametrize(
    ("source", "held"),
    [
        (replace(SOURCE, life="b2"), WHOLE),
        (replace(SOURCE, life="b2"), LEFT),
        (replace(SOURCE, life="b2", slots={}), WHOLE),
        (replace(SOURCE, position=89), WHOLE),
        (SOURCE, replace(WHOLE, content=Content("c3", 5, 19, {0: 7}))),
        (SOURCE, replace(LEFT, content=Content("c3", 5, 19, {0: 7}))),
        (SOURCE, replace(WHOLE, subscription=replace(FOLLOWS, parted=True))),
    ],
    ids=["another", "another, left", "another, and no slot", "older", "own life", "own life, left", "parting"],
)
def test_a_store_that_is_not_the_one_that_was_copied_is_not_followed(source: Source, held: Held) -> None:
    """It was lost and begins anew, it was brought back as it was, or the copy is a store of its own by now."""
    assert judge(source, held, None).step is Step.STOP
    assert judge(source, None, held).step is Step.STOP


lives = st.sampled_from(["a1", "b2"])
contents = st.builds(
    Content, life=st.sampled_from(["", "a1", "b2"]), positions=st.dictionaries(st.just(0), st.integers(0, 9))
)
subscriptions = st.none() | st.builds(
    Subscription,
    slot=st.builds(slot_name, st.just("eu"), lives, st.sampled_from(["t1", "t2"])),
    conninfo=st.just(""),
    enabled=st.booleans(),
    missing=st.sampled_from([frozenset(), frozenset({"x"})]),
    tables=st.sampled_from([frozenset({"x"}), frozenset({"x", "y"})]),
    applied=st.integers(0, 9),
    errors=st.just(0),
    parted=st.booleans(),
)
helds = st.none() | st.builds(Held, contents, subscriptions)
sources = st.builds(
    Source,
    life=lives,
    position=st.integers(0, 9),
    revision=st.just(19),
    tables=st.just(frozenset({"x", "y"})),
    slots=st.dictionaries(
        st.builds(slot_name, st.just("eu"), lives, st.sampled_from(["t1", "t2"])), st.booleans(), max_size=4
    ),
)


@given(sources, helds, helds)
def test_whatever_there_is_no_whole_copy_gives_way_to_less(
    source: Source, copy: Held | None, made: Held | None
) -> None:
    """Nor to what is not whole, or is of another life."""
    step = judge(source, copy, made).step
    if step is Step.EXCHANGE:
        assert made is not None
        assert made.subscription is not None
        assert made.lives <= {source.life}
        assert not made.subscription.missing
        assert made.subscription.tables == source.tables
        if copy is not None:
            assert copy.subscription is None, "it was left first"
            assert copy.lives <= {source.life}
            assert all(made.content.positions.get(one, -1) >= at for one, at in copy.content.positions.items())
    if copy is not None and copy.lives - {source.life}:
        assert step is Step.STOP
    if step in {Step.BEGIN, Step.EXCHANGE, Step.DISCARD} and copy is not None:
        assert copy.subscription is None


def test_what_the_duties_were_handed_over_with_is_no_copy() -> None:
    """Nothing takes its place, and nobody is alarmed, until another epoch has begun at home: then a new copy is made beside it, and takes its place."""
    away = Held(Content("b2", 5, 20, {0: 9}, epoch=2, elsewhere=True), None)
    left = replace(SOURCE, epoch=1)
    assert judge(left, away, None).step is Step.HOLD
    back = replace(SOURCE, life="b2", epoch=2)
    assert judge(back, away, None).step is Step.HOLD, "it may be handed back yet"
    fresh = slot_name("eu", "b2", "t3")
    again = replace(back, epoch=3, slots={fresh: True})
    assert judge(again, away, None).step is Step.BEGIN
    made = Held(Content("b2", 5, 20, {0: 9}, epoch=3), replace(FOLLOWS, slot=fresh))
    assert judge(again, away, made).step is Step.EXCHANGE
    heard = Held(Content("a1", 5, 20, {0: 7}, epoch=1, elsewhere=True, leaves=True), None)
    assert judge(left, heard, None).step is Step.BEGIN, "nobody began with it: its changes were lost on the way"
    assert judge(replace(left, life="z9"), heard, None).step is Step.HOLD
    assert judge(again, replace(made, content=away.content), None).step is Step.FOLLOW, "what follows is a copy"
