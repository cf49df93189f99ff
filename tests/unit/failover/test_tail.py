"""What of a returned region's journal is handed in: everything that was accepted there, once, without undoing what came later."""

import pytest

from region.failover.tail import counted, judge, must_have_outcome, slots_of, undone
from replication.accounts import DeviceRefreshed, PasswordChanged, ProfileChanged, UserBlocked, UserUnblocked
from replication.alterations import MessageEdited, MessagePinned, MessageUnpinned, ReactionAdded, ReactionRemoved
from replication.channels import ChannelChanged
from replication.concealed import MessageConcealed
from replication.groups import (
    GroupChanged,
    MemberAdded,
    MemberBanned,
    MemberRemoved,
    MemberUnbanned,
    RoleChanged,
)
from replication.records import Body, Journaled, MessageRead, MessageSent, Stream, Submission, Via

AUTHOR = "u0a1-us"
OURS, THEIRS = "d0a1-us", "d0a1-eu"


def submitted(body: Body, *, conversation: str = "", identifier: str = "m1") -> Journaled:
    """Return a journal record."""
    record = Submission(
        id=identifier,
        author=AUTHOR,
        home="us",
        home_epoch=1,
        body=body,
        submitted_at=5,
        conversation_id=conversation,
        reply_to="us/gateway",
    )
    return Journaled(record=record)


def handed_in(journaled: Journaled, newer: set[tuple[str, ...]], stands: dict[str, int] | None = None) -> Body | None:
    """Return what is handed in of a record."""
    found = judge(journaled, here="us", newer=newer, stands=stands or {}).submission
    return None if found is None else found.body


def test_a_message_is_handed_in_by_its_own_id() -> None:
    """And nobody waits for the answer any more."""
    verdict = judge(submitted(MessageSent("u0b1-eu", "c1", "hello"), conversation=OURS), here="us", newer=(), stands={})

    assert verdict.submission is not None
    assert (verdict.submission.id, verdict.submission.reply_to) == ("m1", "")
    assert must_have_outcome([verdict.submission]) == ["m1"]


def test_what_came_from_another_region_comes_from_there_again() -> None:
    """It is in that one's stream, which is read from the beginning."""
    came = submitted(MessageSent("u0b1-eu", "c1", "hello"), conversation=OURS)
    journaled = Journaled(record=came.record, via=Via(Stream("eu", 1, 1, "us", 0), 1, 1))

    assert handed_in(journaled, set()) is None
    assert counted([judge(journaled, here="us", newer=(), stands={})]) == {
        "it came from another region, and comes from there again": 1
    }


@pytest.mark.parametrize(
    ("body", "meanwhile", "expected"),
    [
        (UserBlocked("u0b1-eu"), UserUnblocked("u0b1-eu"), None),
        (UserBlocked("u0b1-eu"), UserUnblocked("u0c1-eu"), UserBlocked("u0b1-eu")),
        (ProfileChanged(display_name="A"), ProfileChanged(display_name="B"), None),
        (
            ProfileChanged(display_name="A", status_text="away"),
            ProfileChanged(display_name="B"),
            ProfileChanged(status_text="away"),
        ),
        (DeviceRefreshed("d1", "f", 5), DeviceRefreshed("d1", "f", 5), None),
        (DeviceRefreshed("d1", "f", 5), DeviceRefreshed("d2", "f", 5), DeviceRefreshed("d1", "f", 5)),
        (PasswordChanged("new", "old"), PasswordChanged("newer", "old"), PasswordChanged("new", "old")),
    ],
)
def test_what_was_set_meanwhile_stays(body: Body, meanwhile: Body, expected: Body | None) -> None:
    """Of each thing by itself; a password says itself which one it replaces."""
    later = submitted(meanwhile).record
    assert isinstance(later, Submission)

    assert handed_in(submitted(body), set(slots_of(later))) == expected


@pytest.mark.parametrize(
    ("body", "meanwhile", "expected"),
    [
        (MessageEdited("e1", "m0", "older"), MessageEdited("e2", "m0", "newer"), "refused"),
        (MessageEdited("e1", "m0", "older"), MessageEdited("e2", "m9", "newer"), "handed in"),
        (ReactionAdded("r1", "m0", "👍"), ReactionRemoved("r2", "m0", "👍"), "refused"),
        (ReactionAdded("r1", "m0", "👍"), ReactionRemoved("r2", "m0", "🎉"), "handed in"),
        (MessagePinned("p1", "m0"), MessageUnpinned("p2", "m0"), "refused"),
        (GroupChanged("g1", approval=False), GroupChanged("g2", approval=True), "refused"),
        (GroupChanged("g1", approval=False), GroupChanged("g2", name="New"), "handed in"),
        (ChannelChanged("c1", public=True), ChannelChanged("c2", public=False), "refused"),
        (RoleChanged("r1", "u0b1-us", "admin"), RoleChanged("r2", "u0b1-us", "member"), "refused"),
        (RoleChanged("r1", "u0b1-us", "owner"), RoleChanged("r2", "u0c1-us", "owner", hand_over=True), "handed in"),
        (MemberAdded("a1", "u0b1-us", "us"), MemberRemoved("a2", "u0b1-us"), "refused"),
        (MemberRemoved("a1", "u0b1-us"), MemberAdded("a2", "u0b1-us", "us"), "handed in"),
        (MemberBanned("a1", "u0b1-us"), MemberUnbanned("a2", "u0b1-us"), "handed in"),
        (MemberUnbanned("a1", "u0b1-us"), MemberBanned("a2", "u0b1-us"), "refused"),
        (MessageSent("u0b1-eu", "c1", "hello"), MessageEdited("e2", "m1", "newer"), "handed in"),
    ],
)
def test_what_was_changed_in_a_conversation_meanwhile_stays(body: Body, meanwhile: Body, expected: str) -> None:
    """The older one is refused, so that whoever wanted it hears of it; what takes something away stays whatever came since."""
    later = submitted(meanwhile, conversation=OURS).record
    assert isinstance(later, Submission)

    verdict = judge(submitted(body, conversation=OURS), here="us", newer=slots_of(later), stands={})

    assert verdict.submission is not None
    assert verdict.submission.body == body
    assert verdict.overtaken == (expected == "refused")
    assert counted([verdict]) == {
        "it was changed meanwhile, and is refused" if expected == "refused" else "handed in": 1
    }
    assert must_have_outcome([verdict.submission]) == ["m1"], "it is looked for, as entry or refusal"


def test_of_what_a_group_is_like_only_that_is_left_out_that_was_changed() -> None:
    """Each setting by itself; in another conversation nothing was."""
    changed = GroupChanged("g1", name="Old", approval=False)
    later = submitted(GroupChanged("g2", approval=True), conversation=OURS).record
    assert isinstance(later, Submission)

    assert handed_in(submitted(changed, conversation=OURS), set(slots_of(later))) == GroupChanged("g1", name="Old")
    assert handed_in(submitted(changed, conversation=THEIRS), set(slots_of(later))) == changed


def test_what_is_numbered_is_not_set_once_more() -> None:
    """It is known by its id, and nothing would come of it."""
    newer, older = _named("n1", MessageEdited("n1", "m0", "newer")), _named("t1", MessageEdited("t1", "m0", "older"))
    assert undone([newer, older], {"t1"}) == []


def _named(identifier: str, body: Body) -> Submission:
    record = submitted(body, identifier=identifier).record
    assert isinstance(record, Submission)
    return record


def test_what_was_set_while_it_was_handed_in_is_set_once_more() -> None:
    """Only what an older one has undone, and of a profile only that; who has set it anew since needs nothing."""
    unblocked, blocked = (_named("t1", UserUnblocked("u0b1-eu")), _named("n1", UserBlocked("u0b1-eu")))
    assert [one.id for one in undone([blocked, unblocked], {"t1"})] == ["n1"]
    assert undone([unblocked, blocked], {"t1"}) == []
    assert undone([blocked, unblocked, blocked], {"t1"}) == [], "that was done already"
    assert undone([blocked], {"t1"}) == []

    both = _named("n1", ProfileChanged(display_name="A", status_text="x"))
    text, name = (
        _named("n2", ProfileChanged(status_text="y")),
        _named("t1", ProfileChanged(display_name="old")),
    )
    assert [one.body for one in undone([both, text, name], {"t1"})] == [ProfileChanged(display_name="A")]

    refreshed = [_named(name, DeviceRefreshed("d1", "f", 5)) for name in ("n1", "t1")]
    assert undone(refreshed, {"t1"}) == [], "that would look like a stolen token"


def test_nothing_is_taken_away_by_a_number_that_another_message_has_by_now() -> None:
    """Whoever deleted it for oneself is shown it again, under its new number; what stands is taken away."""
    gone = MessageConcealed(about=OURS, target="m1", first=7, last=7)

    assert handed_in(submitted(gone), set(), {OURS: 6}) is None
    assert handed_in(submitted(gone), set(), {OURS: 7}) == gone
    assert handed_in(submitted(MessageConcealed(about=THEIRS, target="m1", first=7, last=7)), set()) is not None


def test_a_mark_is_lowered_to_what_still_stands() -> None:
    """What it marked above is numbered anew, and would be marked unread; another owner's numbers are as they were."""
    assert handed_in(submitted(MessageRead(1, 9), conversation=OURS), set(), {OURS: 7}) == MessageRead(1, 7)
    assert handed_in(submitted(MessageRead(1, 5), conversation=OURS), set(), {OURS: 7}) == MessageRead(1, 5)
    assert handed_in(submitted(MessageRead(1, 9), conversation=OURS), set()) is None
    assert handed_in(submitted(MessageRead(1, 9), conversation=THEIRS), set()) == MessageRead(1, 9)
