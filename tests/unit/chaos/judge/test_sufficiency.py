"""A ledger with too little in it is unknown, whatever is in it."""

from collections.abc import Callable

import pytest

from chaos.judge import events as e
from chaos.judge.judgement import CHECKERS, Judgement, judge
from chaos.judge.ledger import numbered
from chaos.judge.rehearsal import Plan, rehearse
from chaos.judge.sufficiency import Needs
from chaos.judge.verdict import Verdict

GOOD = list(rehearse(Plan()))


def without(*kinds: type[e.Event]) -> list[e.Event]:
    """Return the good ledger without events of these kinds."""
    return [event for event in GOOD if not isinstance(event, kinds)]


def one_region_accepts_nothing() -> list[e.Event]:
    """Return the good ledger, but that the region which was struck accepts nothing once its fault has ended."""
    fault = next(event for event in GOOD if isinstance(event, e.FaultBegun))
    ended = next(event.at for event in GOOD if isinstance(event, e.FaultEnded))
    theirs = {
        event.op
        for event in GOOD
        if isinstance(event, e.Invoke) and event.kind == "send" and fault.target.startswith(f"{event.region}/")
    }
    return [event for event in GOOD if not (isinstance(event, e.Ok) and event.at > ended and event.op in theirs)]


def lifted(seconds: float) -> list[e.Event]:
    """Return the good ledger, but that its fault was taken off so soon after it was seen."""
    seen = next(event.at for event in GOOD if isinstance(event, e.FaultSeen))
    return [
        e.FaultEnded(event.at, event.fault, lifted=seen + seconds) if isinstance(event, e.FaultEnded) else event
        for event in GOOD
    ]


def failed() -> list[e.Event]:
    """Return the good ledger, but that its fault could not be put on."""
    return [
        e.FaultEnded(event.at, event.fault, failed="nobody may.") if isinstance(event, e.FaultEnded) else event
        for event in GOOD
    ]


def settled_without(device: str) -> list[e.Event]:
    """Return the good ledger, but that a device left before everything had settled."""
    place = next(place for place, event in enumerate(GOOD) if isinstance(event, e.Settled))
    opened = [event for event in GOOD[:place] if isinstance(event, e.Opened) and event.device == device]
    return [*GOOD[:place], e.Closed(GOOD[place].at, opened[-1].connection), *GOOD[place:]]


WITH_A_CHANNEL = list(rehearse(Plan(channels=1)))
EVERYBODY = Needs(everybody=True)
DEVICE = next(event.device for event in GOOD if isinstance(event, e.Opened))


def answered() -> list[e.Event]:
    """Return the good ledger, without the sends of which nobody knows the outcome."""
    unknown = {event.op for event in GOOD if isinstance(event, e.Info)}
    return [event for event in GOOD if getattr(event, "op", None) not in unknown]


def reasons(judgement: Judgement) -> str:
    """Return all doubts as one text."""
    return "; ".join(doubt.what for ruling in judgement.rulings for doubt in ruling.doubts)


@pytest.mark.parametrize(
    ("events", "needs", "why"),
    [
        (without(e.FaultSeen), Needs(), "nobody saw it from outside"),
        (without(e.FaultEnded), Needs(), "it never ended"),
        (without(e.FaultBegun), Needs(), "which never began"),
        (without(e.FaultBegun, e.FaultSeen, e.FaultEnded), Needs(), "0 faults"),
        (GOOD, Needs(faults=2), "1 faults, of 2"),
        (GOOD, Needs(before=1000), "accepted before"),
        (GOOD, Needs(during=1000), "accepted during"),
        (GOOD, Needs(after=1000), "accepted after"),
        (GOOD, Needs(rest=60.0), "of rest"),
        (one_region_accepts_nothing(), Needs(), "sends were accepted after it in"),
        (lifted(0.1), Needs(), "accepted during"),
        (failed(), Needs(), "it could not be put on: nobody may."),
        (WITH_A_CHANNEL, Needs(posts=1000), "posts were accepted in channels before the first fault"),
        (WITH_A_CHANNEL, Needs(posts=1000), "posts were accepted in channels while faults lasted"),
        (WITH_A_CHANNEL, Needs(posts=1000), "posts were accepted in channels after the last fault"),
        (settled_without(DEVICE), EVERYBODY, f"device {DEVICE} was not connected"),
        (GOOD, EVERYBODY, "sends were never answered"),
        (without(e.Settled), Needs(), "never settled"),
        (without(e.Ended), Needs(), "its end"),
        (without(e.Run), Needs(), "its beginning"),
        ([*GOOD[:20], GOOD[30], *GOOD[20:]], Needs(), "time goes back"),
        ([*GOOD[:-1], e.FaultBegun(GOOD[-1].at, "f0", "kill", "us/edge"), GOOD[-1]], Needs(), "begins again"),
        ([*GOOD[:-1], e.Refused(GOOD[-1].at, 999_999, "v", "busy"), GOOD[-1]], Needs(), "never was a send"),
        ([*GOOD[:-1], e.Page(GOOD[-1].at, 999_999, "d", []), GOOD[-1]], Needs(), "reads nothing"),
        ([*GOOD[:-1], e.Ok(GOOD[-1].at, 999_999), GOOD[-1]], Needs(), "not under way"),
    ],
)
def test_nothing_is_true_in_a_ledger_that_says_too_little(events: list[e.Event], needs: Needs, why: str) -> None:
    """No checker says true; none finds what is not there; and the reason is told."""
    judgement = judge(numbered(events), needs)

    assert judgement.named(Verdict.TRUE) == set()
    assert judgement.verdict is not Verdict.TRUE
    assert why in reasons(judgement)


def test_whoever_was_answered_and_is_connected_raises_no_doubt() -> None:
    """Refusals and definite failures are answers."""
    assert reasons(judge(numbered(GOOD), Needs())) == ""
    assert "never answered" not in reasons(judge(numbered(answered()), EVERYBODY))


def test_posts_are_asked_for_only_where_there_is_a_channel() -> None:
    """An older ledger says no less than it did; and without a fault, all posts together count."""
    assert "posts" not in reasons(judge(numbered(GOOD), Needs(posts=1000)))
    calm = [event for event in WITH_A_CHANNEL if not isinstance(event, e.FaultBegun | e.FaultSeen | e.FaultEnded)]
    assert "posts" not in reasons(judge(numbered(calm), Needs(faults=0, posts=5)))
    assert "accepted in channels, of 1000" in reasons(judge(numbered(calm), Needs(faults=0, posts=1000)))


def test_a_fault_that_shows_itself_as_it_is_taken_off_lasted_until_then() -> None:
    """What was accepted between its beginning and that counts."""
    assert "accepted during" not in reasons(judge(numbered(lifted(-0.1)), Needs(during=12)))


def test_a_fault_seen_after_its_end_was_not_seen() -> None:
    """What is seen then is something else."""
    seen = next(event for event in GOOD if isinstance(event, e.FaultSeen))
    ended = next(place for place, event in enumerate(GOOD) if isinstance(event, e.FaultEnded))
    late = e.FaultSeen(GOOD[ended].at, seen.fault, seen.by)
    events = [event for event in [*GOOD[: ended + 1], late, *GOOD[ended + 1 :]] if event is not seen]

    assert judge(numbered(events)).named(Verdict.UNKNOWN) == set(CHECKERS)


@pytest.mark.parametrize(
    ("checker", "kept"),
    [
        ("digests", lambda event: not isinstance(event, e.Digest)),
        ("stream", lambda event: not isinstance(event, e.Live)),
        ("marks", lambda event: not isinstance(event, e.Marked | e.Page | e.Live)),
    ],
)
def test_a_checker_that_saw_nothing_of_its_matter_is_unknown(checker: str, kept: Callable[[e.Event], bool]) -> None:
    """However much there is of other things."""
    judgement = judge(numbered(event for event in GOOD if kept(event)))

    assert judgement[checker].verdict is Verdict.UNKNOWN


def test_one_region_alone_proves_no_order_between_regions() -> None:
    """The same entries in two regions is what is to be shown."""
    judgement = judge(numbered(rehearse(Plan(regions=("us",)))))

    assert judgement.named(Verdict.FALSE) == set()
    assert judgement["order"].verdict is Verdict.UNKNOWN
    assert judgement["digests"].verdict is Verdict.UNKNOWN


def test_where_all_are_members_nobody_could_have_seen_too_much() -> None:
    """Entitlement needs somebody who is not entitled."""
    members = {event.user for event in GOOD if isinstance(event, e.Member)}
    conversations = {event.conversation for event in GOOD if isinstance(event, e.Member)}
    everybody: list[e.Event] = [e.Member(0.0, one, user, "us") for one in conversations for user in members]

    judgement = judge(numbered([GOOD[0], *everybody, *GOOD[1:]]))

    assert judgement["entitlement"].verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(("last", "is_served"), [(15.0, False), (25.0, True)])
def test_a_region_whose_people_are_served_from_elsewhere_is_not_known_to_be_back(
    last: float, *, is_served: bool
) -> None:
    """Its own edge must have shown something after the fault, to who never comes through another one."""
    events: list[e.Event] = [
        e.Run(0.0, 1),
        e.Opened(1.0, "o.1", "o", "u1-us", "us", pinned=True),
        e.FaultBegun(10.0, "f1", "kill", "us/front"),
        e.FaultSeen(11.0, "f1", "gone"),
        e.FaultEnded(20.0, "f1"),
        e.Invoke(21.0, 1, "send", "d", "u1-us", "us", "d1-us", "t"),
        e.Ok(22.0, 1, "d1-us", "m"),
        e.Live(last, "o.1", "d1-us", e.Sighting(1, 1, "m", "u1-us", "t")),
        e.Settled(40.0),
        e.Ended(41.0),
    ]
    judgement = judge(numbered(sorted(events, key=lambda event: event.at)), Needs(before=0, during=0, after=1))

    assert ("through the edge of us" not in reasons(judgement)) is is_served
