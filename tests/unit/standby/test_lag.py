"""How far somebody is behind, in seconds, by beats."""

from hypothesis import given
from hypothesis import strategies as st

from region.standby.lag import Beats
from region.standby.publisher import stale
from region.standby.repository.publishing import Reader


def test_whoever_has_the_last_beat_is_not_behind() -> None:
    """And whoever lacks one is behind since it was made, however many came after."""
    beats = Beats()
    assert beats.behind(0, 100.0) == 0.0
    for turn in range(10):
        beats.beat(turn * 10, 100.0 + turn)

    assert beats.behind(90, 109.5) == 0.0
    beats.beat(100, 110.0)
    beats.beat(110, 111.0)
    assert beats.behind(95, 112.0) == 2.0
    assert beats.behind(100, 112.0) == 1.0
    assert beats.behind(110, 112.0) == 0.0


def test_beats_of_a_log_that_was_replaced_are_forgotten() -> None:
    """A store that was lost begins anew, mostly at a lower position: nobody ever takes in what only the lost one had."""
    beats = Beats()
    beats.beat(1000, 100.0)
    beats.beat(2000, 101.0)

    beats.beat(300, 150.0)
    assert beats.behind(200, 152.0) == 2.0
    assert beats.behind(300, 152.0) == 0.0


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 60)), min_size=1, max_size=40))
def test_it_is_never_less_than_the_age_of_what_is_missing(steps: list[tuple[int, int]]) -> None:
    """Whatever was taken in when: nothing that is missing is younger."""
    beats, position, taken, now, made = Beats(), 0, 0, 0.0, []
    for grown, taken_in in steps:
        position, now = position + grown + 1, now + 1.0
        beats.beat(position, now)
        made.append((position, now))
        taken = max(taken, min(position, taken_in))
        missing = [at for reached, at in made if reached > taken]
        assert beats.behind(taken, now) == (now - min(missing) if missing else 0.0)


def reader(slot: str, *, active: bool = False, idle: float = 4000.0) -> Reader:
    """Return a slot as the server tells of it."""
    return Reader(slot, active, kept=True, read=0, idle_seconds=0.0 if active else idle)


def test_nothing_is_kept_for_those_who_will_not_come_back() -> None:
    """A former standby, a table whose copying was given up, a former life, a former copy; the standby's own stays, however long it is away."""
    own, former = reader("standby_eu_a1_t1"), reader("standby_eu_a1_t0")
    others = [reader("standby_ap_a1_t1"), reader("pg_1_sync_2_3"), reader("standby_eu_b2_t1")]

    assert stale([own, *others], "eu", "a1") == [one.slot for one in others]
    assert stale([reader("standby_eu_a1_t1", active=True), former], "eu", "a1") == [former.slot]
    assert stale([reader(one.slot, idle=60.0) for one in others], "eu", "a1") == []
    assert stale([reader(one.slot, active=True) for one in others], "eu", "a1") == []
