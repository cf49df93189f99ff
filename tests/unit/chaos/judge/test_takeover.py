"""Whether who stands by serves the people of a region that is gone: by short ledgers."""

from collections.abc import Iterator

import pytest

from chaos.judge import events as e
from chaos.judge.expectations import expected_of
from chaos.judge.judgement import judge
from chaos.judge.ledger import numbered
from chaos.judge.sufficiency import Needs
from chaos.judge.verdict import Verdict

ANN, BOB, CEM = "u1-us", "u2-us", "u3-eu"
HOMES = {ANN: "us", BOB: "us", CEM: "eu"}
GONE = e.Expectation(taken_over=("us",))
T, F, U = Verdict.TRUE, Verdict.FALSE, Verdict.UNKNOWN


def sent(op: int, at: float, by: str, *, accepted: float | None, shown: float | None) -> Iterator[e.Event]:
    """A message to Cem, or of Cem to Ann, and when it is accepted and shown to the other."""
    other = ANN if by == CEM else CEM
    entry = e.Sighting(1, op, f"m{op}", by, f"t{op}")
    yield e.Invoke(at, op, "send", f"v{by}", by, HOMES[by], "d1-us", f"t{op}")
    if accepted is not None:
        yield e.Ok(accepted, op, "d1-us", entry.message)
        yield e.Live(accepted, f"v{by}", "d1-us", entry)
    if shown is not None:
        yield e.Live(shown, f"v{other}", "d1-us", entry)


def ruled(*parts: Iterator[e.Event]) -> Verdict:
    """Judge a death from 10 to 60 s that is over at 80 s."""
    begin: list[e.Event] = [e.Run(0.0, 1)]
    begin += [e.Lives(0.0, user, home) for user, home in HOMES.items()]
    begin += [e.Opened(0.0, f"v{user}", f"v{user}", user, home) for user, home in HOMES.items()]
    fault: list[e.Event] = [
        e.FaultBegun(9.0, "f1", "region death", "us>eu", GONE),
        e.FaultSeen(10.0, "f1", "12 processes are gone"),
        e.FaultEnded(80.0, "f1", lifted=60.0),
    ]
    events = sorted([*fault, *(event for part in parts for event in part)], key=lambda event: event.at)
    ledger = numbered([*begin, *events, e.Settled(100.0), e.Ended(101.0)])
    return judge(ledger, Needs(before=0, during=0, after=0))["takeover"].verdict


def test_it_is_asked_for_where_a_region_dies() -> None:
    """And nowhere else."""
    assert expected_of(GONE) == {"takeover"}


@pytest.mark.parametrize(
    ("sends", "verdict"),
    [
        ([(20.0, ANN, 30.0, 31.0), (20.0, BOB, 40.0, 41.0), (20.0, CEM, 20.1, None)], T),
        ([(20.0, ANN, 30.0, 31.0), (20.0, BOB, 65.0, 66.0)], F),
        ([(20.0, ANN, 30.0, 61.0)], F),
        ([(20.0, ANN, None, None)], F),
        ([(20.0, ANN, 65.0, 66.0), (50.0, ANN, 55.0, 56.0)], T),
        ([(5.0, ANN, 30.0, 31.0), (20.0, CEM, 30.0, 31.0), (61.0, ANN, 62.0, 63.0)], U),
    ],
    ids=["served", "after its end", "shown after its end", "never", "served once", "nobody tried"],
)
def test_each_of_its_people_is_answered_before_it_is_back(
    sends: list[tuple[float, str, float | None, float | None]], verdict: Verdict
) -> None:
    """Whoever waits for the region itself was served by nobody; others' messages say nothing of that."""
    parts = [sent(op, at, by, accepted=accepted, shown=shown) for op, (at, by, accepted, shown) in enumerate(sends, 1)]

    assert ruled(*parts) is verdict


def test_a_refusal_is_an_answer() -> None:
    """Who stands by has judged."""

    def refused() -> Iterator[e.Event]:
        yield from sent(1, 20.0, ANN, accepted=30.0, shown=None)
        yield e.Refused(31.0, 1, f"v{ANN}", "not-a-member")

    assert ruled(refused()) is T
