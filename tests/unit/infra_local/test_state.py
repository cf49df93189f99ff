"""What events make of a part's condition."""

from infra.local.state import FIRST_BACK_OFF, LONGEST_BACK_OFF, STEADY, Condition

WELL = Condition("healthy", since=100.0)


def test_a_part_becomes_healthy_when_it_answers() -> None:
    """And may take its time until then."""
    starting = Condition("starting", since=1.0)

    assert starting.asked(50.0, well=False) is starting
    assert starting.asked(51.0, well=True).phase == "healthy"


def test_one_missed_answer_is_forgiven() -> None:
    """Two in a row are not; an answer heals."""
    once = WELL.asked(101.0, well=False)
    twice = once.asked(102.0, well=False)

    assert once.phase == "healthy"
    assert once.asked(102.0, well=True).misses == 0
    assert twice.phase == "unhealthy"
    assert twice.asked(103.0, well=True).phase == "healthy"


def test_a_paused_part_is_not_judged() -> None:
    """Whatever a late probe says."""
    paused = WELL.to("paused", 101.0)

    assert paused.asked(102.0, well=False) is paused
    assert paused.asked(102.0, well=True) is paused


def test_crashes_back_off_up_to_a_cap() -> None:
    """Each crash doubles the wait; a crash after a long good time starts anew."""
    condition, waits = Condition("starting"), []
    for _ in range(10):
        condition = condition.ended(1.0, 1)
        waits.append(condition.back_off())

    assert waits[:3] == [FIRST_BACK_OFF, 2 * FIRST_BACK_OFF, 4 * FIRST_BACK_OFF]
    assert waits[-1] == LONGEST_BACK_OFF

    steady = condition.to("healthy", 10.0).asked(10.0 + STEADY, well=True)

    assert steady.ended(100.0, 1).back_off() == FIRST_BACK_OFF


def test_a_part_that_is_not_asked_while_it_is_well_starts_anew_too() -> None:
    """Kafka and PostgreSQL are only watched: four crashes in a month are not a crash loop."""
    condition = Condition("starting", crashes=3).to("healthy", 10.0)

    assert condition.ended(10.0 + STEADY, -9).crashes == 1
    assert condition.ended(9.0 + STEADY, -9).crashes == 4


def test_restarts_are_counted_for_good() -> None:
    """Also those after which it was well for long."""
    again = WELL.ended(101.0, -9).to("healthy", 102.0).asked(102.0 + STEADY, well=True)

    assert (again.crashes, again.restarts) == (0, 1)


def test_a_part_that_says_why_it_is_not_well_is_believed() -> None:
    """When it is unhealthy, and when it does not get well at first."""
    once = WELL.asked(101.0, well=False, why="kafka: away")

    assert once.asked(102.0, well=False, why="kafka: away").reason == "kafka: away"
    assert Condition("starting").asked(1.0, well=False, why="store: away").reason == "store: away"


def test_what_is_known_of_an_end_is_added() -> None:
    """A broker on a full disk only says that it ends."""
    assert Condition("healthy").ended(1, 1, "The disk is full.").reason == "it ended with status 1: The disk is full."


def test_the_reason_of_an_end_is_kept() -> None:
    """A signal and a status are told apart."""
    assert "signal 9" in WELL.ended(101.0, -9).reason
    assert "status 2" in WELL.ended(101.0, 2).reason
