"""Who belongs to a group, seq by seq, and what breaks its rules."""

import pytest

from chaos.judge.events import Change, Invoke, Page, Sighting
from chaos.judge.groups import MOST_MEMBERS, Group
from chaos.judge.marks import Marks
from chaos.judge.verdict import Verdict

ANN, BOB, EVE = "u1-us", "u2-eu", "u3-ap"


def told(*changes: tuple[str, Change], history: bool = True) -> tuple[Group, list[str]]:
    """Return a group that Ann made with Bob, after these changes from seq 2 on, and what broke a rule."""
    group = Group()
    why = group.take(1, ANN, Change("group_created", (BOB,), history=history))
    for seq, (author, change) in enumerate(changes, 2):
        why += group.take(seq, author, change)
    return group, why


def test_who_comes_and_goes_has_stretches() -> None:
    """From the entry by which one comes to the one by which one goes, and again; with history, from the start."""
    coming_and_going = (
        (ANN, Change("member_removed", (BOB,))),
        (ANN, Change("invite_made")),
        (BOB, Change("member_joined")),
        (BOB, Change("member_left")),
    )
    hides, why = told(*coming_and_going, history=False)
    shows, _ = told(*coming_and_going)

    assert why == []
    assert hides.members[BOB].stretches == {1: 2, 4: 5}
    assert shows.members[BOB].stretches == {1: 5}
    assert shows.members[BOB].present == {1: 2, 4: 5}
    assert [shows.members[BOB].comes_live(seq) for seq in range(1, 7)] == [True, True, False, True, True, False]
    assert shows.roles == {ANN: "owner"}


def test_ownership_is_handed_over() -> None:
    """The other is the owner, who handed it over an admin, by one entry."""
    group, why = told((ANN, Change("role_changed", (BOB,), "owner", hand_over=True)))

    assert (why, group.roles) == ([], {ANN: "admin", BOB: "owner"})


@pytest.mark.parametrize(
    ("author", "change", "words"),
    [
        (BOB, Change("member_added", (EVE,)), "as member"),
        (EVE, Change("member_removed", (BOB,)), "as no member"),
        (BOB, Change("role_changed", (BOB,), "owner"), "as member"),
        (ANN, Change("member_added", (BOB,)), "a member already"),
        (BOB, Change("member_joined"), "a member already"),
        (ANN, Change("member_removed", (EVE,)), "no member"),
        (ANN, Change("member_removed", (ANN,)), "who is owner"),
        (EVE, Change("member_left"), "no member"),
        (ANN, Change("member_left"), "no owner"),
        (ANN, Change("role_changed", (ANN,), "member"), "no owner"),
        (ANN, Change("group_created"), "first entry"),
    ],
)
def test_what_breaks_a_rule_is_told(author: str, change: Change, words: str) -> None:
    """Rank, presence, the last owner, the beginning."""
    _, why = told((author, change))

    assert any(words in one for one in why), why


def test_who_is_banned_does_not_come_back() -> None:
    """Until that is lifted."""
    ban = (ANN, Change("member_banned", (BOB,)))
    back = (ANN, Change("member_added", (BOB,)))

    assert any("banned" in one for one in told(ban, back)[1])
    assert told(ban, (ANN, Change("member_unbanned", (BOB,))), back)[1] == []


def test_a_hundred_are_the_most() -> None:
    """The hundredth may come, the next one may not."""
    everybody = [(ANN, Change("member_added", (f"u{10 + number}-us",))) for number in range(MOST_MEMBERS - 1)]

    assert told(*everybody[:-1])[1] == []
    assert any("101 members" in one for one in told(*everybody)[1])
    assert told(*everybody)[0].most == MOST_MEMBERS + 1


@pytest.mark.parametrize(("then", "verdict"), [("unread", Verdict.TRUE), ("read", Verdict.FALSE)])
def test_a_status_in_a_group_speaks_for_itself_alone(then: str, verdict: Verdict) -> None:
    """What Ann posted while she was alone stays unread, though Bob has read what she posted later; what was read stays so."""
    marks = Marks()
    for op, statuses in enumerate(((then, "read"), ("unread", "read")), 1):
        marks.invoked(Invoke(op, op, "history", "da", ANN, "us", "g1-us"))
        entries = [Sighting(1, seq, f"m{seq}", ANN, f"{seq}", status) for seq, status in enumerate(statuses, 1)]
        marks.page(op, Page(op, op, "g1-us", entries))
        marks.ended(op)

    assert marks.findings.rule().verdict is verdict
