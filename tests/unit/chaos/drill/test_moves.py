"""How long a handing over took, what its people noticed, and what was lost: from short ledgers."""

from math import isnan

import pytest

from chaos.drill.moves import Decision, decisions, moves
from chaos.judge import events as e
from chaos.judge.ledger import numbered

ANN, CEM = "u1-us", "u2-eu"
HOMES = {ANN: "us", CEM: "eu"}


def sent(op: int, at: float, by: str, accepted: float | None, shown: float | None) -> list[e.Event]:
    """A message of one to the other."""
    other = CEM if by == ANN else ANN
    entry = e.Sighting(1, op, f"m{op}", by, f"t{op}")
    found: list[e.Event] = [e.Invoke(at, op, "send", f"v{by}", by, HOMES[by], "d1-us", f"t{op}")]
    if accepted is not None:
        found.append(e.Ok(accepted, op, "d1-us", f"m{op}"))
    if shown is not None:
        found += [e.Live(shown, f"v{by}", "d1-us", entry), e.Live(shown, f"v{other}", "d1-us", entry)]
    return found


def ledger(*events: e.Event, failed: str = "", kind: str = "evacuation", target: str = "us>eu") -> list[e.Event]:
    """A handing over from 10 to 30 s that begins to do something at 12 s."""
    found: list[e.Event] = [
        *(e.Opened(0.0, f"v{user}", f"v{user}", user, home) for user, home in HOMES.items()),
        e.FaultBegun(10.0, "f1", kind, target),
        e.Decided(12.0, "f1", "drain: us accepts nothing more"),
        e.Decided(15.0, "f1", "settle: all is decided"),
        e.FaultSeen(13.0, "f1", "us/front stands by"),
        e.FaultEnded(33.0, "f1", failed, lifted=30.0),
        *events,
    ]
    return sorted(found, key=lambda event: event.at)


def test_it_is_split_as_a_recovery_time_is() -> None:
    """Nobody detects what is planned; then it is decided, executed and caught up with."""
    (move,) = moves(
        numbered(
            ledger(
                *sent(1, 9.0, ANN, 9.5, 9.6),
                *sent(2, 14.0, ANN, 26.5, 27.0),
                *sent(3, 20.0, CEM, 20.1, 34.0),
                *sent(4, 21.0, CEM, 21.1, 21.3),
                *sent(5, 32.0, ANN, 32.1, 32.2),
            )
        )
    )

    assert (move.target, move.decide, move.execute, move.catch_up) == ("us>eu", 2.0, 18.0, 4.0)
    assert (move.silence, move.own_p99, move.others_p99) == (17.0, 13.0, 14.0)
    assert (move.accepted, move.lost) == (3, 0)


def test_what_was_accepted_and_never_shown_is_lost() -> None:
    """Unless its author was told that it is refused."""
    refused = e.Refused(29.0, 3, f"v{ANN}", "not-a-member")
    (move,) = moves(numbered(ledger(*sent(2, 14.0, ANN, 15.0, None), *sent(3, 14.0, ANN, 15.0, None), refused)))

    assert (move.accepted, move.lost) == (2, 1)


def test_what_was_edited_before_it_was_shown_is_not_lost() -> None:
    """Its recipient was shown another text, of the same message."""
    edited = e.Sighting(1, 2, "m2", ANN, "another text")
    (move,) = moves(numbered(ledger(*sent(2, 14.0, ANN, 15.0, None), e.Live(16.0, f"v{CEM}", "d1-us", edited))))

    assert (move.accepted, move.lost, move.own_p99) == (1, 0, 2.0)


def test_whose_duties_come_back_is_the_one_to_whom_they_come() -> None:
    """On the way home the region is the target."""
    events = ledger(*sent(1, 9.0, ANN, 9.5, 9.6), *sent(2, 31.0, ANN, 31.5, 31.6), kind="return", target="eu>us")

    (move,) = moves(numbered(events))

    assert move.silence == pytest.approx(22.0)


def test_a_death_is_detected_and_decided_and_what_waits_for_its_end_is_late() -> None:
    """Counted from the kill; what its journal alone had accepted comes when it is back, and is not lost."""
    events: list[e.Event] = [
        *(e.Opened(0.0, f"v{user}", f"v{user}", user, home) for user, home in HOMES.items()),
        e.FaultBegun(5.0, "f1", "region death", "us>eu"),
        *(
            e.Decided(at, "f1", what)
            for at, what in (
                (10.0, "kill: everything of us"),
                (13.0, "detect: nobody answers"),
                (14.5, "claim: waits for the lease"),
                (16.0, "claim: eu begins epoch 2"),
                (20.0, "taken: eu serves"),
                (70.0, "hand in: 3 records"),
                (75.0, "back: us holds again"),
            )
        ),
        e.FaultEnded(90.0, "f1", lifted=60.0),
        *sent(1, 9.0, ANN, 9.5, 9.6),
        *sent(2, 9.9, ANN, 10.2, 72.0),
        *sent(3, 10.1, ANN, 10.2, 71.0),
        *sent(4, 12.0, ANN, 26.0, 26.5),
        *sent(5, 15.0, CEM, 15.1, 15.2),
        e.Withdrawn(27.0, f"v{ANN}", "d1-us", 1, 4),
    ]
    (move,) = moves(numbered(sorted(events, key=lambda event: event.at)))

    assert (move.detect, move.decide, move.execute, move.catch_up, move.back) == (3.0, 1.5, 5.5, 6.5, 15.0)
    assert (move.accepted, move.lost, move.late, move.withdrawn) == (3, 0, 1, 1)
    assert move.silence == pytest.approx(15.8)


def test_one_that_failed_measures_nothing() -> None:
    """And other faults are none."""
    (move,) = moves(numbered(ledger(failed="something stands in the way")))

    assert isnan(move.execute)
    assert moves(numbered(ledger(kind="kill", target="us/kafka"))) == ()


def test_what_was_decided_and_said_of_leases_is_told_in_order() -> None:
    """For the timeline."""
    events = ledger(e.Islanded(14.0, "us", since=True), e.Islanded(16.0, "us", since=False, last=15.9))

    assert decisions(numbered(events)) == (
        Decision(12.0, "drain: us accepts nothing more"),
        Decision(14.0, "us: its lease has lapsed"),
        Decision(15.0, "settle: all is decided"),
        Decision(16.0, "us: it holds its lease again"),
    )
