"""Whether what was accepted as replicated outlives its region: by short ledgers, each with one promise that is broken, or none."""

from collections.abc import Iterator

from chaos.judge import events as e
from chaos.judge.judgement import Judgement, judge
from chaos.judge.ledger import numbered
from chaos.judge.promises import ENOUGH
from chaos.judge.sufficiency import Needs
from chaos.judge.verdict import Verdict

ANN, CEM = "u1-us", "u2-eu"
HOMES = {ANN: "us", CEM: "eu"}
GONE = e.Expectation(taken_over=("us",))
LAST = ENOUGH
"""The number of the last message that was promised before the region died."""


def sent(
    number: int, at: float, *, shown: float | None, seq: int = 0, epoch: int = 1, replicated: bool | None = True
) -> Iterator[e.Event]:
    """A message of Ann, whose region dies; when Cem, who lives elsewhere, is shown it."""
    entry = e.Sighting(epoch, seq or number, f"m{number}", ANN, f"t{number}")
    yield e.Invoke(at, number, "send", f"v{ANN}", ANN, "us", "d1-us", f"t{number}")
    yield e.Live(at + 0.1, f"v{ANN}", "d1-us", entry)
    yield e.Ok(at + 0.2, number, "d1-us", f"m{number}", replicated=replicated)
    if shown is not None:
        yield e.Live(shown, f"v{CEM}", "d1-us", entry)


def judged(*parts: Iterator[e.Event], replicated: bool | None = True, many: int = LAST - 1) -> Judgement:
    """Judge a death from 30 to 60 s, before which so many were promised and kept."""
    begin: list[e.Event] = [e.Run(0.0, 1)]
    begin += [e.Lives(0.0, user, home) for user, home in HOMES.items()]
    begin += [e.Opened(0.0, f"v{user}", f"v{user}", user, home) for user, home in HOMES.items()]
    begin += [e.Member(0.0, "d1-us", user, home) for user, home in HOMES.items()]
    kept = [sent(number, 1.0 + number, shown=1.5 + number, replicated=replicated) for number in range(1, many + 1)]
    fault: list[e.Event] = [
        e.FaultBegun(29.0, "f1", "region death", "us>eu", GONE),
        e.FaultSeen(30.0, "f1", "12 processes are gone"),
        e.FaultEnded(80.0, "f1", lifted=60.0),
    ]
    events = [*fault, *(event for part in (*kept, *parts) for event in part)]
    ledger = [*begin, *sorted(events, key=lambda event: event.at), e.Settled(100.0), e.Ended(101.0)]
    return judge(numbered(ledger), Needs(before=0, during=0, after=0))


def test_a_promise_that_is_kept_is_well() -> None:
    """It was shown before, or who stands by had it, and showed it under the same number."""
    later = e.Live(45.0, f"v{CEM}", "d1-us", e.Sighting(1, LAST, f"m{LAST}", ANN, f"t{LAST}"))

    assert judged(sent(LAST, 27.0, shown=27.5))["replicated"].verdict is Verdict.TRUE
    assert judged(sent(LAST, 28.5, shown=None), iter([later]))["replicated"].verdict is Verdict.TRUE


def test_what_waits_until_the_region_is_back_was_not_replicated() -> None:
    """It was in its journal alone, whatever its author was told."""
    judgement = judged(sent(LAST, 28.5, shown=70.0))

    assert judgement["replicated"].verdict is Verdict.FALSE
    assert judgement["replicated"].evidence[0].ids[0] == f"m{LAST}"


def test_what_is_numbered_again_was_not_replicated() -> None:
    """Though it came in time: its device had sent it again."""
    again = e.Live(45.0, f"v{CEM}", "d1-us", e.Sighting(2, LAST + 1, f"m{LAST}", ANN, f"t{LAST}"))

    assert judged(sent(LAST, 28.5, shown=None), iter([again]))["replicated"].verdict is Verdict.FALSE


def test_a_refusal_is_what_became_of_it() -> None:
    """Also one that comes after the region died."""
    refused = e.Refused(50.0, LAST, f"v{ANN}", "not-a-member")

    assert judged(sent(LAST, 28.5, shown=None), iter([refused]))["replicated"].verdict is Verdict.TRUE


def test_what_was_not_promised_is_not_held_against_it() -> None:
    """Nor what was promised by who took over, nor anything where acceptance waits for nobody."""
    unsure = sent(LAST + 1, 28.5, shown=70.0, replicated=False)
    assert judged(sent(LAST, 27.0, shown=27.5), unsure)["replicated"].verdict is Verdict.TRUE
    after = sent(LAST + 1, 58.0, shown=70.0)
    assert judged(sent(LAST, 27.0, shown=27.5), after)["replicated"].verdict is Verdict.TRUE
    assert "replicated" not in {ruling.checker for ruling in judged(replicated=None).rulings}


def test_too_few_promises_say_nothing() -> None:
    """A region that had just begun to promise proves nothing."""
    assert judged(many=3)["replicated"].verdict is Verdict.UNKNOWN
