"""Whether every request is served soon while parts are killed that others stand in for: by short ledgers, each with one thing that is wrong, or nothing."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from math import inf, isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.judge import events as e
from chaos.judge.expectations import UNDER_WAY_SECONDS, expected_of
from chaos.judge.judgement import Judgement, judge
from chaos.judge.ledger import numbered
from chaos.judge.spans import Fault
from chaos.judge.sufficiency import Needs
from chaos.judge.verdict import Verdict
from chaos.judge.waits import ALL, BEFORE, BOUNDS, Request, waits

ANN, BOB, CEM = "u1-us", "u2-us", "u3-eu"
HOMES = {ANN: "us", BOB: "us", CEM: "eu"}
PAIR, ACROSS, CHANNEL = "d1-us", "d2-us", "c1-us"
MEMBERS = {PAIR: (ANN, BOB), ACROSS: (ANN, CEM)}
PROMPT = e.Expectation(prompt=10.0, usual=1.5)
NEEDS = Needs(faults=0, before=0, during=0, after=0, posts=0, rest=0.0)


def sent(op: int, at: float, *, accepted: float = 0.1, shown: float = 0.2, talk: str = PAIR) -> Iterator[e.Event]:
    """Ann's message: after how many seconds it is accepted and shown to her, and shown to the other."""
    entry = e.Sighting(1, op, f"m{op}", ANN, f"t{op}")
    yield e.Invoke(at, op, "send", f"v{ANN}", ANN, "us", talk, f"t{op}")
    if accepted < inf:
        yield e.Ok(at + accepted, op, talk, entry.message)
        yield e.Live(at + accepted, f"v{ANN}", talk, entry)
    if shown < inf:
        yield e.Live(at + shown, f"v{MEMBERS[talk][1]}", talk, entry)


def refused(op: int, at: float, *, talk: str = PAIR) -> Iterator[e.Event]:
    """Ann's message is refused after half a second."""
    yield e.Invoke(at, op, "send", f"v{ANN}", ANN, "us", talk, f"t{op}")
    yield e.Ok(at + 0.25, op, talk, f"m{op}")
    yield e.Refused(at + 0.5, op, f"v{ANN}", "no-member")


def changed(op: int, at: float, *answers: e.Event) -> Iterator[e.Event]:
    """Ann changes something."""
    change = e.Change("member_added", (BOB,))
    yield e.Invoke(at, op, "change", f"v{ANN}", ANN, "us", "g1-us", change=change)
    yield from answers


def killed(*kills: tuple[float, str], lasts: float = 4.0) -> Iterator[e.Event]:
    """Parts that are killed, when; each is seen at once, and well after so long."""
    for number, (at, target) in enumerate(kills, 1):
        yield e.FaultBegun(at, f"f{number}", "kill", target, PROMPT)
        yield e.FaultSeen(at + 0.01, f"f{number}", "process 7 is gone")
        yield e.FaultEnded(at + lasts, f"f{number}", lifted=at + 3.0)


def judged(*parts: Iterable[e.Event]) -> Judgement:
    """Judge these events, in the order of their times."""
    begin: list[e.Event] = [e.Run(0.0, 1)]
    begin += [e.Lives(0.0, user, home) for user, home in HOMES.items()]
    begin += [e.Opened(0.0, f"v{user}", f"v{user}", user, home) for user, home in HOMES.items()]
    begin += [e.Member(0.0, talk, user, HOMES[user]) for talk, users in MEMBERS.items() for user in users]
    middle = sorted((event for part in parts for event in part), key=lambda event: event.at)
    last = max(event.at for event in middle)
    return judge(numbered([*begin, *middle, e.Settled(last + 10), e.Ended(last + 11)]), NEEDS)


ONE = ((10.0, "us/kafka-2"),)


def test_it_is_asked_for_where_a_replica_is_killed() -> None:
    """And nowhere else."""
    assert expected_of(PROMPT) == {"prompt"}
    assert "prompt" not in {ruling.checker for ruling in judged(sent(1, 11.0)).rulings}


@pytest.mark.parametrize(
    ("request_", "verdict"),
    [
        (sent(1, 11.0), Verdict.TRUE),
        (sent(1, 11.0, accepted=9.9, shown=9.9), Verdict.TRUE),
        (sent(1, 11.0, accepted=10.1, shown=10.1), Verdict.FALSE),
        (sent(1, 11.0, accepted=0.1, shown=10.1), Verdict.FALSE),
        (sent(1, 11.0, accepted=0.1, shown=10.1, talk=ACROSS), Verdict.FALSE),
        (sent(1, 11.0, accepted=0.1, shown=inf), Verdict.FALSE),
        (sent(1, 11.0, accepted=inf, shown=inf), Verdict.FALSE),
        (refused(1, 11.0), Verdict.FALSE),
        (refused(1, 11.0, talk=CHANNEL), Verdict.TRUE),
        (changed(1, 11.0, e.Fail(12.0, 1, "forbidden")), Verdict.TRUE),
        (changed(1, 11.0, e.Ok(20.9, 1, "g1-us", "m1")), Verdict.TRUE),
        (changed(1, 11.0, e.Ok(21.1, 1, "g1-us", "m1")), Verdict.FALSE),
        (changed(1, 11.0, e.Info(20.0, 1, "timeout")), Verdict.FALSE),
        (sent(1, 9.9, accepted=10.5, shown=10.5), Verdict.FALSE),
        (sent(1, 9.9, accepted=0.05, shown=0.05), Verdict.UNKNOWN),
        (sent(1, 8.0, accepted=12.0, shown=12.0), Verdict.UNKNOWN),
    ],
)
def test_every_request_is_served_in_time(request_: Iterable[e.Event], verdict: Verdict) -> None:
    """Accepted, and shown to whom it concerns, however often the library repeated it; what was over before the first kill, or slow already, says nothing."""
    ruling = judged(request_, killed(*ONE))["prompt"]

    assert ruling.verdict is verdict
    assert bool(ruling.found) == (verdict is Verdict.FALSE)


def test_a_fault_that_is_planted_in_a_good_ledger_is_found() -> None:
    """Of many requests over several kills one alone comes late; which, and after what, is told."""
    good = [list(sent(op, 10.0 + op / 10)) for op in range(1, 500)]
    kills = list(killed((10.0, "us/kafka-1"), (30.0, "us/projector"), (50.0, "us/kafka-3")))
    spoilt = [*good[:299], list(sent(300, 40.0, shown=11.5)), *good[300:]]

    assert judged(*good, kills)["prompt"].verdict is Verdict.TRUE
    ruling = judged(*spoilt, kills)["prompt"]
    assert (ruling.verdict, ruling.found) == (Verdict.FALSE, 1)
    assert ruling.evidence[0].ids == ("op 300", "f2")
    assert "10.0 s after us/projector was killed" in ruling.evidence[0].what
    assert "shown to all whom it concerns after 11.5 s" in ruling.evidence[0].what


@pytest.mark.parametrize(("back", "found"), [(20.0, 0), (22.0, 1), (None, 1)])
def test_a_device_that_is_cut_off_is_let_in_again(back: float | None, found: int) -> None:
    """As soon as any request is served."""
    again = [] if back is None else [e.Opened(back, f"v{BOB}", f"v{BOB}", BOB, "us", resumed=True)]

    assert (
        judged([e.Closed(11.0, f"v{BOB}"), *again], sent(1, 13.0, talk=ACROSS), killed(*ONE))["prompt"].found == found
    )


def test_how_long_requests_took_is_told_by_what_was_killed_last() -> None:
    """Each belongs to one kill, the one that it met or else the last; all together stand first."""
    kills = killed((10.0, "us/kafka-1"), (30.0, "us/projector"), (50.0, "us/kafka-3"))
    requests = [
        sent(1, 10.0),
        sent(2, 49.9, shown=2.0),
        sent(3, 30.0, shown=3.0),
        sent(4, 60.0, accepted=4.0, shown=4.0),
    ]

    whole, kafka, projector = judged(kills, *requests).waits

    assert [(one.of, one.kills, one.requests, one.soon, one.answered) for one in (whole, kafka, projector)] == [
        (ALL, 3, 4, 1, 3), ("kafka", 2, 3, 1, 2), ("projector", 1, 1, 0, 1),
    ]  # fmt: skip
    assert (whole.seconds, kafka.seconds, projector.seconds) == (50.0, 30.0, 20.0)
    assert (kafka.longest, kafka.longest_answer, kafka.back) == pytest.approx((4.0, 4.0, 4.0))
    assert projector.p999 == pytest.approx(3.0)


def test_what_came_before_the_first_kill_says_what_is_usual() -> None:
    """In a row of its own, which counts neither as a kill nor among all; it is judged by nobody, however slow."""
    judgement = judged(sent(1, 5.0, accepted=30.0, shown=30.0), sent(2, 6.0), sent(3, 12.0), killed(*ONE))

    whole, kafka, before = judgement.waits
    assert judgement["prompt"].verdict is Verdict.TRUE
    assert (whole.requests, kafka.requests) == (1, 1)
    assert (before.of, before.kills, before.requests, before.soon, before.seconds) == (BEFORE, 0, 2, 1, 5.0)


def test_what_was_over_long_before_the_first_kill_is_forgotten() -> None:
    """So a ledger costs no more for what nobody asks; a minute of it stays."""
    sends = [sent(op, float(op)) for op in range(1, 200)]

    *_, before = judged(*sends, killed((200.0, "us/kafka-1")), sent(200, 201.0)).waits

    assert before.requests == UNDER_WAY_SECONDS + 1


def test_what_nobody_asked_for_is_no_proof() -> None:
    """A kind of part after whose kills nobody began anything."""
    ruling = judged(sent(1, 12.0), killed((10.0, "us/kafka-1"), (30.0, "us/projector")))["prompt"]

    assert ruling.verdict is Verdict.UNKNOWN
    assert "after a projector was killed" in ruling.doubts[0].what


EMPTY = Fault("f1", 1, 0.0, PROMPT, "us/kafka-1")
times = st.one_of(st.floats(0, 100), st.just(inf))
requests = st.builds(
    lambda op, at, answered, more: Request(op, op, "send", at, answered, answered + more),
    st.integers(1, 99), st.floats(0, 100), times, times,
)  # fmt: skip


@given(asked=st.lists(requests, max_size=60), begun=st.lists(st.floats(0, 100), min_size=1, max_size=5, unique=True))
def test_no_request_is_left_out_or_counted_twice(asked: list[Request], begun: list[float]) -> None:
    """Those of all kinds together are those that began since the first kill, and whoever is late is found."""
    kinds = ("us/kafka-1", "us/projector-2", "eu/front-3")
    kills = [
        replace(EMPTY, name=f"f{number}", begun=at, target=kinds[number % 3], ended=at + 1)
        for number, at in enumerate(begun)
    ]

    findings, (whole, *rows) = waits(kills, asked)
    by_kind = [one for one in rows if one.of != BEFORE]

    first = min(begun)
    since = [
        one
        for one in asked
        if one.invoked >= first or (first - one.invoked <= 1.5 and first - one.invoked < one.served)
    ]
    assert whole.requests == sum(one.requests for one in by_kind) == len(since)
    assert whole.late == sum(one.late for one in by_kind) == sum(one.served > 10.0 for one in since)
    assert whole.soon == sum(one.soon for one in by_kind) == sum(one.served <= 1.5 for one in since)
    assert findings.rule().found == whole.late
    assert whole.kills == len(kills)
    assert len(asked) - len(since) == sum(one.requests for one in rows if one.of == BEFORE)
    assert whole.longer == tuple(sum(one.served > bound for one in since) for bound in BOUNDS)
    assert isnan(whole.p50) if not since else whole.p50 <= whole.p99 <= whole.p999 <= whole.longest
