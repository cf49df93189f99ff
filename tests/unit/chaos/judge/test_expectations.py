"""What must hold while a fault lasts, and soon after it: by short ledgers, each with one thing that is wrong, or nothing."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.judge import events as e
from chaos.judge.expectations import expected_of
from chaos.judge.judgement import CHECKERS, EXPECTED, Judgement, judge
from chaos.judge.ledger import numbered
from chaos.judge.sufficiency import Needs
from chaos.judge.verdict import Verdict

ANN, BOB, CEM, DAN = "u1-us", "u2-us", "u3-eu", "u4-eu"
HOMES = {ANN: "us", BOB: "us", CEM: "eu", DAN: "eu"}
INSIDE, ACROSS, ABROAD = "d1-us", "d2-us", "d3-eu"
MEMBERS = {INSIDE: (ANN, BOB), ACROSS: (ANN, CEM), ABROAD: (CEM, DAN)}
GROUP = "g1-us"
SPLIT = e.Expectation(spares=(("us",), ("eu",)), soon=5.0, converges=10.0)
NEEDS = Needs(faults=0, before=0, during=0, after=0, rest=0.0)


def sent(
    number: int, at: float, talk: str, *, took: float = 0.5, shown: float | None = None, by: str = ANN
) -> Iterator[e.Event]:
    """A message that is accepted, and shown to both, so many seconds later; `shown` is when the other is shown it."""
    other = next(user for user in MEMBERS[talk] if user != by)
    entry = e.Sighting(1, number, f"m{talk}{number}", by, f"t{talk}{number}")
    op = number + 1000 * list(MEMBERS).index(talk)
    yield e.Invoke(at, op, "send", f"v{by}", by, HOMES[by], talk, f"t{talk}{number}")
    yield e.Ok(at + took, op, talk, entry.message)
    yield e.Live(at + took, f"v{by}", talk, entry)
    yield e.Live(at + took if shown is None else shown, f"v{other}", talk, entry)


def abroad(at: float = 20.0) -> Iterator[e.Event]:
    """Somebody is served within `eu`."""
    return sent(1, at, ABROAD, by=CEM)


def struck(*faults: tuple[str, float, float, float, e.Expectation | None]) -> Iterator[e.Event]:
    """Faults: name, when each begins, is taken off, and ends; each is seen a second after its beginning."""
    for name, begun, lifted, ended, expects in faults:
        yield e.FaultBegun(begun, name, "split", "us|eu", expects)
        yield e.FaultSeen(begun + 1, name, "seen")
        yield e.FaultEnded(ended, name, lifted=lifted)


def judged(*parts: Iterator[e.Event], standbys: dict[str, str] | None = None) -> Judgement:
    """Judge these events, in the order of their times, with everybody connected from the beginning to the settling."""
    begin: list[e.Event] = [e.Run(0.0, 1, standbys=standbys or {})]
    begin += [e.Lives(0.0, user, home) for user, home in HOMES.items()]
    begin += [e.Opened(0.0, f"v{user}", f"v{user}", user, home) for user, home in HOMES.items()]
    begin += [e.Member(0.0, talk, user, HOMES[user]) for talk, users in MEMBERS.items() for user in users]
    middle = sorted((event for part in parts for event in part), key=lambda event: event.at)
    last = middle[-1].at
    return judge(numbered([*begin, *middle, e.Settled(last + 10), e.Ended(last + 11)]), NEEDS)


def test_without_expectations_nothing_more_is_asked() -> None:
    """What a fault is not said to spare, nobody asks for."""
    judgement = judged(sent(1, 20.0, INSIDE), struck(("f1", 10.0, 30.0, 31.0, None)))

    assert {ruling.checker for ruling in judgement.rulings} == set(CHECKERS)


def test_whom_a_fault_spares_is_served() -> None:
    """Also the author of what crosses it, who sees it numbered; the other waits until it is over, which is well. How long all took is told."""
    judgement = judged(
        sent(1, 20.0, INSIDE), sent(1, 21.0, ACROSS, shown=33.0), abroad(), struck(("f1", 10.0, 30.0, 31.0, SPLIT))
    )

    assert judgement.named(Verdict.FALSE) == set()
    assert judgement["served"].verdict is judgement["converged"].verdict is Verdict.TRUE
    (measured,) = judgement.measured
    assert (measured.spared, measured.slowest, measured.arrived, measured.converged) == (3, 0.5, 3, 3.0)
    assert (measured.answered, measured.elsewhere) == (3, 0)


@pytest.mark.parametrize(("took", "shown"), [(6.0, None), (0.5, 26.0)])
def test_whom_a_fault_should_have_spared_waits(took: float, shown: float | None) -> None:
    """For being accepted, or for being shown: within a side both must go on."""
    judgement = judged(sent(1, 20.0, INSIDE, took=took, shown=shown), struck(("f1", 10.0, 30.0, 31.0, SPLIT)))

    assert judgement.named(Verdict.FALSE) == {"served"}


@pytest.mark.parametrize(("back", "found"), [(24.0, 0), (26.0, 1), (None, 1)])
def test_who_loses_a_connection_is_let_in_again_soon(back: float | None, found: int) -> None:
    """Whom the fault spares: a second device of Ann, at home."""
    away: list[e.Event] = [e.Opened(1.0, "o.1", "o", ANN, "us"), e.Closed(20.0, "o.1")]
    if back is not None:
        away.append(e.Opened(back, "o.2", "o", ANN, "us", resumed=True))

    judgement = judged(iter(away), sent(1, 12.0, INSIDE), abroad(), struck(("f1", 10.0, 30.0, 31.0, SPLIT)))

    assert judgement["served"].found == found
    assert judgement["served"].judged == 3


def test_who_is_bridged_through_another_side_may_stay_away() -> None:
    """The way home is what was cut."""
    away: list[e.Event] = [e.Opened(1.0, "o.1", "o", ANN, "eu"), e.Closed(20.0, "o.1")]

    judgement = judged(iter(away), sent(1, 12.0, INSIDE), struck(("f1", 10.0, 30.0, 31.0, SPLIT)))

    assert judgement["served"].found == 0


def test_of_a_fault_that_nobody_saw_nothing_is_expected() -> None:
    """It could not be put on, or was not there: what is slow meanwhile is not its doing, and the verdict is unknown, not false."""
    unseen = [event for event in struck(("f1", 10.0, 30.0, 31.0, SPLIT)) if not isinstance(event, e.FaultSeen)]

    judgement = judged(iter(unseen), sent(1, 20.0, INSIDE, took=9.0))

    assert judgement["served"].verdict is Verdict.UNKNOWN
    assert judgement.named(Verdict.FALSE) == set()


def test_what_arrives_late_after_healing_is_found() -> None:
    """The limit counts from when it is taken off, however long those who look need to see that."""
    judgement = judged(
        sent(1, 20.0, INSIDE), sent(1, 21.0, ACROSS, shown=40.5), struck(("f1", 10.0, 30.0, 35.0, SPLIT))
    )

    assert judgement.named(Verdict.FALSE) == {"converged"}
    assert judgement.measured[0].converged == 10.5


def test_what_must_start_again_first_may() -> None:
    """Then the limit counts from when it is well again."""
    expects = e.Expectation(converges=10.0, once_well=True)

    judgement = judged(sent(1, 21.0, ACROSS, shown=40.5), struck(("f1", 10.0, 30.0, 35.0, expects)))

    assert judgement["converged"].verdict is Verdict.TRUE
    assert judgement.measured[0].converged == 5.5


def test_faults_that_overlap_spare_what_all_of_them_spare() -> None:
    """While a second one lasts that spares only `eu`, nothing is asked of `us`; and all of it is over when the last is."""
    other = e.Expectation(spares=(("eu",),), soon=5.0)

    judgement = judged(
        sent(1, 12.0, INSIDE),
        sent(2, 22.0, INSIDE, took=9.0),
        sent(1, 13.0, ACROSS, shown=44.0),
        struck(("f1", 10.0, 30.0, 31.0, SPLIT), ("f2", 20.0, 35.0, 36.0, other)),
    )  # of `eu` nobody sent anything, so it is in doubt

    assert judgement["served"].found == 0
    assert {one.fault: one.spared for one in judgement.measured} == {"f1": 2}
    assert judgement["converged"].verdict is Verdict.TRUE
    assert next(one.converged for one in judgement.measured if one.fault == "f1") == 9.0


def test_nobody_who_was_spared_and_said_anything_leaves_it_unknown() -> None:
    """What nobody tried is not known to work."""
    judgement = judged(sent(1, 5.0, INSIDE), sent(2, 21.0, ACROSS), struck(("f1", 10.0, 20.5, 21.0, SPLIT)))

    assert judgement["served"].verdict is Verdict.UNKNOWN
    assert judgement.named(Verdict.FALSE) == set()


def test_a_checker_that_must_rule_does_so_whatever_the_ledger_asks() -> None:
    """A ledger that lost what was expected of its faults is not true."""
    needs = Needs(faults=0, before=0, during=0, after=0, rest=0.0, expects=frozenset(EXPECTED))

    judgement = judge(numbered([e.Run(0.0, 1), e.Settled(1.0), e.Ended(2.0)]), needs)

    assert all(judgement[checker].verdict is Verdict.UNKNOWN for checker in EXPECTED)


@given(
    moments=st.lists(st.floats(11.5, 25.0), min_size=1, max_size=8),
    took=st.lists(st.floats(0.01, 4.9), min_size=8, max_size=8),
    late=st.integers(0, 7),
)
def test_one_that_waits_is_found_among_any_number_that_do_not(
    moments: list[float], took: list[float], late: int
) -> None:
    """Planted into a good ledger: the same without it is true, and with it `served` alone is false."""
    fault = list(struck(("f1", 10.0, 30.0, 31.0, SPLIT)))
    good = [list(sent(number, at, INSIDE, took=took[number - 1])) for number, at in enumerate(sorted(moments), 1)]
    place = late % len(good)
    bad = list(sent(place + 1, sorted(moments)[place], INSIDE, took=5.1))

    assert judged(iter(fault), abroad(), *map(iter, good))["served"].verdict is Verdict.TRUE
    planted = judged(iter(fault), abroad(), *(iter(bad if number == place else one) for number, one in enumerate(good)))
    assert "served" in planted.named(Verdict.FALSE)
    assert planted["served"].found == 1


def gathered(*others: e.Event) -> Iterator[e.Event]:
    """A group of `us` that Ann has made with Bob and Cem, and what else happens in it."""
    made = e.Change("group_created", (BOB, CEM), history=True)
    entry = e.Sighting(1, 1, "mg1", ANN, "cg1", change=made)
    yield e.Invoke(1.0, 5000, "change", f"v{ANN}", ANN, "us", None, change=made)
    yield e.Ok(1.5, 5000, GROUP)
    for user in (ANN, BOB, CEM):
        yield e.Live(2.0, f"v{user}", GROUP, entry)
    yield from others


def posted(seq: int, at: float, by: str, shown: dict[str, float]) -> list[e.Event]:
    """Somebody posts, and those are shown it then."""
    entry, op = e.Sighting(1, seq, f"mg{seq}", by, f"tg{seq}"), 5000 + seq
    begin: list[e.Event] = [e.Invoke(at, op, "send", f"v{by}", by, HOMES[by], GROUP, f"tg{seq}")]
    begin.append(e.Ok(at + 0.1, op, GROUP, f"mg{seq}"))
    return [*begin, *(e.Live(then, f"v{user}", GROUP, entry) for user, then in shown.items())]


def refused(op: int, at: float, told: float, by: str, where: str) -> list[e.Event]:
    """Somebody writes, and is told that it is refused."""
    return [
        e.Invoke(at, op, "send", f"v{by}", by, HOMES[by], where, f"t{op}"),
        e.Ok(at + 0.1, op, where, f"m{op}"),
        e.Refused(told, op, f"v{by}", "not-a-member"),
    ]


def removed(seq: int, at: float, who: str) -> list[e.Event]:
    """Ann removes somebody from the group."""
    change = e.Change("member_removed", (who,))
    entry, op = e.Sighting(1, seq, f"mg{seq}", ANN, f"cg{seq}", change=change), 5000 + seq
    begin: list[e.Event] = [e.Invoke(at, op, "change", f"v{ANN}", ANN, "us", GROUP, change=change)]
    begin.append(e.Ok(at, op, GROUP, f"mg{seq}"))
    return [*begin, *(e.Live(at + 0.2, f"v{user}", GROUP, entry) for user in (ANN, BOB, CEM))]


ASKED = ("f1", 10.0, 30.0, 31.0, SPLIT)


def test_a_refusal_is_an_answer_that_may_be_wrong() -> None:
    """Of what two write to each other nothing is refused, nor to who never left a group; who was removed is told so, soon."""
    two = judged(struck(ASKED), sent(1, 12.0, INSIDE), abroad(), iter(refused(70, 20.0, 20.5, ANN, INSIDE)))
    stayed = judged(struck(ASKED), sent(1, 12.0, INSIDE), abroad(), gathered(*refused(70, 20.0, 20.5, BOB, GROUP)))
    out = [*removed(2, 15.0, BOB), *refused(70, 20.0, 20.5, BOB, GROUP)]
    rightly = judged(struck(ASKED), sent(1, 12.0, INSIDE), abroad(), gathered(*out))
    out = [*removed(2, 15.0, BOB), *refused(70, 20.0, 25.5, BOB, GROUP)]
    slowly = judged(struck(ASKED), sent(1, 12.0, INSIDE), abroad(), gathered(*out))

    assert [one["served"].found for one in (two, stayed, rightly, slowly)] == [1, 1, 0, 1]
    assert stayed["served"].evidence[0].what.endswith("spares, was turned down")
    assert slowly["served"].evidence[0].what.endswith("spares, was turned down after 5.5 s")


def test_what_is_refused_long_after_healing_came_late() -> None:
    """Its author waited for that."""
    out = [*removed(2, 15.0, CEM), *refused(70, 20.0, 40.5, CEM, GROUP)]

    judgement = judged(struck(ASKED), sent(1, 12.0, INSIDE), abroad(), gathered(*out))

    assert judgement.named(Verdict.FALSE) == {"converged"}


@pytest.mark.parametrize(("user", "at", "checker"), [(BOB, 26.0, "served"), (CEM, 40.5, "converged")])
def test_who_belongs_to_a_group_throughout_is_shown_it(user: str, at: float, checker: str) -> None:
    """Within a side meanwhile, and all of them soon after it."""
    well = {ANN: 20.2, BOB: 20.3, CEM: 32.0}
    rest = (sent(1, 12.0, INSIDE), abroad())

    assert not judged(struck(ASKED), *rest, gathered(*posted(2, 20.0, ANN, well))).named(Verdict.FALSE)
    late = judged(struck(ASKED), sent(1, 12.0, INSIDE), abroad(), gathered(*posted(2, 20.0, ANN, well | {user: at})))
    assert late.named(Verdict.FALSE) == {checker}


def test_who_was_away_from_a_group_may_be_shown_what_is_old() -> None:
    """Whenever they come back."""
    shown = {ANN: 20.2, BOB: 20.3, CEM: 50.0}
    events = gathered(*removed(2, 15.0, CEM), *posted(3, 20.0, ANN, shown))

    assert judged(struck(ASKED), sent(1, 12.0, INSIDE), abroad(), events)["converged"].found == 0


def test_what_was_done_before_a_fault_began_is_not_counted_as_arrived() -> None:
    """It proves nothing of how soon the rest came."""
    judgement = judged(struck(ASKED), sent(1, 5.0, INSIDE), sent(1, 21.0, ACROSS, shown=33.0))
    nothing = judged(struck(ASKED), sent(1, 5.0, INSIDE), sent(2, 33.0, INSIDE))

    assert judgement.measured[0].arrived == 1
    assert nothing["converged"].verdict is Verdict.UNKNOWN


def test_who_only_waits_for_the_end_is_served_by_nobody() -> None:
    """All that was sent in the last seconds, and shown as soon as it was over, is in time; but nobody knows whether it was the fault that let it wait."""
    waiting = judged(struck(ASKED), sent(1, 27.0, INSIDE, shown=30.5), abroad())
    served = judged(struck(ASKED), sent(1, 27.0, INSIDE, shown=29.5), abroad())

    assert (waiting["served"].verdict, waiting["served"].found) == (Verdict.UNKNOWN, 0)
    assert served["served"].verdict is Verdict.TRUE


def test_one_side_s_answers_prove_nothing_of_the_other() -> None:
    """Nobody of `eu` sent anything."""
    judgement = judged(struck(ASKED), sent(1, 20.0, INSIDE))

    assert judgement["served"].verdict is Verdict.UNKNOWN
    assert any("of eu" in doubt.what for doubt in judgement["served"].doubts)


def test_who_came_through_another_edge_is_not_taken_for_served_at_home() -> None:
    """Bob's device had failed over to `eu` before: what cuts it off is the split; what it sends is counted apart."""
    over = iter([e.Through(5.0, f"v{BOB}", BOB, "eu")])
    judgement = judged(
        struck(ASKED), over, sent(1, 20.0, INSIDE, shown=32.0), sent(2, 22.0, INSIDE, took=9.0, by=BOB), abroad()
    )
    back = iter([e.Through(5.0, f"v{BOB}", BOB, "eu"), e.Through(8.0, f"v{BOB}", BOB, "us")])
    late = judged(struck(ASKED), back, sent(1, 20.0, INSIDE, shown=32.0), abroad())

    assert judgement["served"].verdict is Verdict.TRUE
    assert (judgement.measured[0].spared, judgement.measured[0].elsewhere) == (2, 1)
    assert late["served"].found == 1


def islanded(*events: e.Event) -> Judgement:
    """Judge what happens in a group of `us`, whose lease was to lapse by a fault from 10 to 30 s, and which says so from 15 to 25 s."""
    expects = e.Expectation(lapses=("us",))
    lease = iter([e.Islanded(15.0, "us", since=True), e.Islanded(25.5, "us", since=False, last=25.0)])
    return judged(struck(("f1", 10.0, 30.0, 31.0, expects)), lease, iter(events))


def let_in(op: int, at: float, answer: e.Event | None, *, numbered_at: float | None = None) -> list[e.Event]:
    """Ann adds Cem to the group; if it is numbered, both see that."""
    change = e.Change("member_added", (CEM,))
    events: list[e.Event] = [e.Invoke(at, op, "change", f"v{ANN}", ANN, "us", GROUP, change=change)]
    if numbered_at is not None:
        events.append(e.Ok(numbered_at, op, GROUP, f"m{op}"))
        events.append(e.Live(numbered_at, f"v{ANN}", GROUP, e.Sighting(1, 2, f"m{op}", ANN, f"c{op}", change=change)))
    return [*events, *([answer] if answer is not None else [])]


def test_a_stale_decision_that_is_refused_is_well() -> None:
    """By the gateway at once, or by the projector later."""
    judgement = islanded(
        *let_in(1, 16.0, e.Fail(16.5, 1, "islanded")), *let_in(2, 17.0, e.Refused(18.0, 2, f"v{ANN}", "islanded"))
    )

    assert judgement["holder"].verdict is Verdict.TRUE
    assert judgement["holder"].judged == 2


def test_a_stale_decision_that_is_taken_is_found() -> None:
    """Somebody is let in while the region says that its lease has lapsed."""
    judgement = islanded(*let_in(1, 16.0, e.Fail(16.5, 1, "islanded")), *let_in(2, 17.0, None, numbered_at=18.0))

    assert judgement["holder"].verdict is Verdict.FALSE
    assert judgement["holder"].found == 1


@pytest.mark.parametrize(("asked", "numbered"), [(14.9, 16.0), (24.0, 25.2), (26.0, 27.0)])
def test_who_is_let_in_before_or_after_is_let_in_rightly(asked: float, numbered: float) -> None:
    """Asked before it lapsed, or numbered after it was last said to have: nobody knows how the lease was at that moment."""
    judgement = islanded(*let_in(1, 16.0, e.Fail(16.5, 1, "islanded")), *let_in(2, asked, None, numbered_at=numbered))

    assert judgement["holder"].found == 0


def test_an_answer_that_was_lost_is_not_taken_for_an_earlier_one() -> None:
    """Somebody was added before; that the same is asked again, and nobody knows what came of it, lets nobody in."""
    judgement = islanded(
        *let_in(1, 5.0, None, numbered_at=6.0),
        *let_in(2, 16.0, e.Fail(16.5, 2, "islanded")),
        *let_in(3, 17.0, e.Info(18.0, 3, "timeout")),
    )

    assert judgement["holder"].found == 0


def test_without_an_attempt_nothing_is_known() -> None:
    """A refusal that nobody asked for proves nothing; another's refusal for another reason does not, either."""
    judgement = islanded(*let_in(1, 16.0, e.Fail(16.5, 1, "already-a-member")))

    assert judgement["holder"].verdict is Verdict.UNKNOWN


def slept(*events: e.Event, said: bool = True) -> Judgement:
    """Judge what happens in a group of `us`, whose projector sleeps from 11 to 25 s, and cannot reach the directory from 12.5 to 35 s; it says so from 27 s on."""
    faults: list[e.Event] = [
        e.FaultBegun(10.0, "f1", "pause", "us/back", e.Expectation(lapses=("us",))),
        e.FaultSeen(11.0, "f1", "it stands still"),
        e.FaultEnded(26.0, "f1", lifted=25.0),
        e.FaultBegun(11.5, "f2", "cut", "us-directory"),
        e.FaultSeen(12.5, "f2", "nobody answers"),
        e.FaultEnded(36.0, "f2", lifted=35.0),
    ]
    lease: list[e.Event] = [e.Islanded(27.0, "us", since=True), e.Islanded(34.5, "us", since=False, last=34.0)]
    return judged(iter(faults), iter(lease if said else []), iter(events))


@pytest.mark.parametrize("said", [True, False])
@pytest.mark.parametrize(("asked", "numbered"), [(15.0, 25.5), (24.0, 26.5), (26.0, 26.5)])
def test_what_a_region_decides_as_it_wakes_is_found(asked: float, numbered: float, *, said: bool) -> None:
    """Before it says that its lease has lapsed, or though it never does: it slept for longer than a lease, and could not ask for another."""
    judgement = slept(
        *let_in(1, 28.0, e.Fail(28.5, 1, "islanded")), *let_in(2, asked, None, numbered_at=numbered), said=said
    )

    assert judgement["holder"].verdict is Verdict.FALSE
    assert judgement["holder"].found == 1


@pytest.mark.parametrize(("asked", "numbered"), [(10.5, 25.5), (15.0, 35.5), (26.0, 35.5), (36.5, 37.0)])
def test_what_may_have_been_decided_by_a_lease_is_left_alone(asked: float, numbered: float) -> None:
    """Asked before it slept, so perhaps decided before and shown later; or numbered when it could reach the directory again."""
    judgement = slept(*let_in(1, 28.0, e.Fail(28.5, 1, "islanded")), *let_in(2, asked, None, numbered_at=numbered))

    assert judgement["holder"].verdict is Verdict.TRUE


def test_whoever_got_no_answer_is_not_taken_for_let_in_since_they_were_before() -> None:
    """The same person is added before it slept; whether the second time came true nobody has seen. An entry that came after it, and is nobody else's, is its own."""
    asked = let_in(1, 28.0, e.Fail(28.5, 1, "islanded"))
    unanswered = let_in(3, 24.0, e.Info(44.0, 3, "timeout"))
    before = slept(*asked, *let_in(2, 5.0, None, numbered_at=6.0), *unanswered)
    change = e.Change("member_added", (CEM,))
    seen = e.Live(26.5, f"v{ANN}", GROUP, e.Sighting(1, 3, "m3", ANN, "c3", change=change))
    after = slept(*asked, *let_in(2, 5.0, None, numbered_at=6.0), *unanswered, seen)
    twice = slept(*asked, *let_in(2, 10.5, e.Info(30.5, 2, "timeout")), *unanswered, seen)

    assert twice["holder"].found == 0, (
        "the one that was asked before it slept may have come true, and the other one not"
    )
    assert (before["holder"].verdict, before["holder"].found) == (Verdict.TRUE, 0)
    assert (after["holder"].verdict, after["holder"].found) == (Verdict.FALSE, 1)


def test_a_directory_that_was_away_for_longer_than_a_lease_ends_it_whatever_the_region_says() -> None:
    """It stood still, or was on the other side of a split: who lets somebody in all the same is found though it never said anything."""
    for kind, target in (("freeze", "directory"), ("split", "us|eu,directory")):
        fault: list[e.Event] = [
            e.FaultBegun(10.0, "f1", kind, target, e.Expectation(lapses=("us",))),
            e.FaultSeen(11.0, "f1", "seen"),
            e.FaultEnded(31.0, "f1", lifted=30.0),
        ]
        soon = judged(iter(fault), iter(let_in(1, 18.5, None, numbered_at=20.0)))
        late = judged(iter(fault), iter(let_in(1, 19.5, None, numbered_at=20.0)))

        assert (soon["holder"].found, late["holder"].found) == (0, 1)


@pytest.mark.parametrize(
    ("kind", "target", "found"),
    [
        ("freeze", "directory", 0),
        ("cut", "us-directory", 0),
        ("cut", "us-directory,us-eu", 1),
        ("split", "us,eu|ap,directory", 0),
        ("split", "us|eu,ap,directory", 1),
    ],
)
def test_whoever_reaches_the_standby_may_hold_a_lease_of_it(kind: str, target: str, found: int) -> None:
    """A directory that is away takes no lease, where who stands by can be asked."""
    fault: list[e.Event] = [
        e.FaultBegun(10.0, "f1", kind, target, e.Expectation(lapses=("us",))),
        e.FaultSeen(11.0, "f1", "seen"),
        e.FaultEnded(31.0, "f1", lifted=30.0),
    ]
    judgement = judged(iter(fault), iter(let_in(1, 19.5, None, numbered_at=20.0)), standbys={"us": "eu"})

    assert judgement["holder"].found == found


@pytest.mark.parametrize(
    ("at", "answer", "verdict"),
    [
        (19.5, None, Verdict.TRUE),
        (18.5, None, Verdict.UNKNOWN),  # by a lease of before, perhaps
        (19.5, e.Fail(19.9, 1, "islanded"), Verdict.FALSE),
        (32.0, e.Fail(32.5, 1, "islanded"), Verdict.UNKNOWN),  # when it was over
        (19.5, e.Fail(19.9, 1, "already-a-member"), Verdict.UNKNOWN),
    ],
)
def test_whose_lease_is_renewed_goes_on_letting_people_in(at: float, answer: e.Fail | None, verdict: Verdict) -> None:
    """Though the directory is away for longer than a lease: somebody was, and nobody was refused for it."""
    fault: list[e.Event] = [
        e.FaultBegun(10.0, "f1", "freeze", "directory", e.Expectation(keeps=("us",))),
        e.FaultSeen(11.0, "f1", "seen"),
        e.FaultEnded(31.0, "f1", lifted=30.0),
    ]
    deed = let_in(1, at, answer, numbered_at=None if answer else at + 0.5)
    judgement = judged(iter(fault), iter(deed), standbys={"us": "eu"})

    assert judgement["holder"].verdict is verdict
    assert expected_of(e.Expectation(keeps=("us",))) == {"holder"}


def test_one_fault_s_refusals_prove_nothing_of_another() -> None:
    """The lease lapsed twice; in the second outage nobody asked."""
    expects = e.Expectation(lapses=("us",))
    leases = [
        e.Islanded(15.0, "us", since=True),
        e.Islanded(25.5, "us", since=False, last=25.0),
        e.Islanded(55.0, "us", since=True),
        e.Islanded(65.5, "us", since=False, last=65.0),
    ]
    both = struck(("f1", 10.0, 30.0, 31.0, expects), ("f2", 50.0, 70.0, 71.0, expects))
    judgement = judged(both, iter(leases), iter(let_in(1, 16.0, e.Fail(16.5, 1, "islanded"))))

    assert judgement["holder"].verdict is Verdict.UNKNOWN
    assert [doubt.ids for doubt in judgement["holder"].doubts] == [("f2",)]

    unsaid = struck(("f1", 10.0, 30.0, 31.0, expects), ("f2", 50.0, 70.0, 71.0, expects))
    asked = [*let_in(1, 16.0, e.Fail(16.5, 1, "islanded")), *let_in(2, 56.0, e.Fail(56.5, 2, "islanded"))]
    judgement = judged(unsaid, iter(leases[:2]), iter(asked))

    assert judgement["holder"].verdict is Verdict.UNKNOWN, "it was never seen to lapse again"


def test_what_is_expected_names_its_checkers() -> None:
    """So a drill knows beforehand who must rule."""
    assert expected_of(None) == set()
    assert expected_of(SPLIT) == {"served", "converged"}
    assert expected_of(e.Expectation(lapses=("us",))) == {"holder"}
