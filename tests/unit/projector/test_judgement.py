"""What the judge makes of single records: each rule of the write path, and what never may come in."""

import pytest
from msgspec.structs import replace

from region.projector import entries
from region.projector.messages import ASK_AGAIN
from region.projector.rehearsal import Rehearsal, deed, message, submission
from replication.accounts import (
    AccountConfirmed,
)
from replication.alterations import MessageEdited
from replication.groups import InviteMade
from replication.ids import direct_conversation_id, group_id, message_id
from replication.poison.records import Kind
from replication.records import (
    ConversationAnswered,
    Entry,
    Mark,
    MessageRead,
    MessageReceived,
    MessageSent,
    Opening,
    Outcome,
    Refusal,
    Stream,
    Submission,
    Via,
)

ALICE = "u100000000000000000000001-us"
BOB = "u200000000000000000000002-us"
EVA = "u300000000000000000000003-eu"
ADA = "u000000000000000000000004-eu"
"""Alice's conversation with Eva is owned by us, that with Ada by eu."""


@pytest.fixture
def us() -> Rehearsal:
    """Region us, where Alice and Bob live."""
    region = Rehearsal("us")
    region.befriend(ALICE)
    region.befriend(BOB)
    return region


def via(sequence: int = 1, *, origin: str = "eu") -> Via:
    """Return a place in the stream from another region."""
    return Via(Stream(origin, 1, 1, "us", 0), sequence, sequence)


def mark(reader: str, peer: str, seq: int, *, read: bool = True, reply_to: str = "") -> Submission:
    """Return a mark as the reader's gateway submits it."""
    body = (MessageRead if read else MessageReceived)(1, seq)
    return submission(reader, body, conversation_id=direct_conversation_id(reader, peer), reply_to=reply_to)


def entry(sent: Submission, seq: int) -> Entry:
    """Return the entry that a message's owner makes of it."""
    assert isinstance(sent.body, MessageSent)
    return Entry(
        conversation_id=sent.conversation_id,
        seq=seq,
        epoch=1,
        incarnation=1,
        count=seq,
        message_id=sent.id,
        author=sent.author,
        home=sent.home,
        content_hash=sent.content_hash,
        body=sent.body,
        sent_at=sent.submitted_at,
    )


def test_a_local_message_is_numbered_and_told_to_both_and_to_who_waits(us: Rehearsal) -> None:
    """Owner, author and recipient at home here: one output, nothing relayed."""
    us.submit(message(ALICE, BOB, "hello", reply_to="gateway"))
    us.project()

    ((_, output),) = us.outputs
    assert (set(output.users), output.reply_to, output.known) == ({ALICE, BOB}, "gateway", False)
    (told,) = us.told(BOB)
    assert isinstance(told, Entry)
    assert (told.seq, told.count, told.hops[-1].stage) == (1, 1, "us.projector")
    assert us.relayed_to("eu") == []


def test_a_message_to_nobody_is_refused_and_stays_refused(us: Rehearsal) -> None:
    """An unknown recipient is a refusal; the same message again gets the same refusal, even once they exist."""
    nobody = "u900000000000000000000009-us"
    us.submit(message(ALICE, nobody, "hello", reply_to="gateway"))
    us.project()
    us.befriend(nobody)
    us.submit(message(ALICE, nobody, "hello", reply_to="gateway"))
    us.project()

    first, again = us.replied("gateway")
    assert isinstance(first, Refusal)
    assert first == again
    assert first.code == "recipient-unknown"
    assert us.tables.entries == {}


def test_an_unconfirmed_recipient_is_nobody(us: Rehearsal) -> None:
    """An account that was not confirmed cannot be written to."""
    us.tables.users[BOB].confirmed = False
    us.submit(message(ALICE, BOB, "hello"))
    us.project()

    assert [refusal.code for refusal, _ in us.tables.refusals.values()] == ["recipient-unknown"]


def test_the_same_id_with_other_content_is_a_conflict(us: Rehearsal) -> None:
    """What is stored is not touched, and who waits learns of the conflict."""
    us.submit(message(ALICE, BOB, "hello", name="1"))
    us.submit(message(ALICE, BOB, "goodbye", name="1", reply_to="gateway"))
    us.project()

    (answer,) = us.replied("gateway")
    assert isinstance(answer, Outcome)
    assert answer.code == "content-conflict"
    assert [e.text for e, _ in us.tables.entries.values()] == ["hello"]


def test_a_message_owned_elsewhere_waits_and_is_relayed(us: Rehearsal) -> None:
    """The author sees it as pending; the owner gets the submission; its entry resolves it."""
    sent = message(ALICE, ADA, "hello", reply_to="gateway")
    us.submit(sent)
    us.project()

    (pending,) = us.told(ALICE)
    assert isinstance(pending, Submission)
    assert us.replied("gateway") == [pending]
    assert us.tables.pendings[sent.id].waits_for == "eu"
    assert [relayed.record for relayed in us.relayed_to("eu")] == [pending]

    us.submit(entry(sent, 1), via=via())
    us.project()
    assert us.tables.pendings == {}
    assert isinstance(us.told(ALICE)[-1], Entry)


def test_a_refusal_by_the_owner_ends_a_pending(us: Rehearsal) -> None:
    """The author is told, once, and the refusal is kept."""
    sent = message(ALICE, ADA, "hello")
    us.submit(sent)
    us.project()
    refusal = Refusal(
        message_id=sent.id,
        conversation_id=sent.conversation_id,
        author=ALICE,
        code="recipient-unknown",
        detail="d",
        content_hash=sent.content_hash,
        epoch=1,
        client_message_id="hello",
    )
    us.submit(refusal, via=via(1))
    us.submit(refusal, via=via(2))
    us.project()

    assert us.tables.pendings == {}
    assert [r.code for r in us.told(ALICE) if isinstance(r, Refusal)] == ["recipient-unknown"]


def test_an_owner_refuses_nothing_of_another_conversation(us: Rehearsal) -> None:
    """One that names a conversation of its own, and the id of a message that waits for somebody else, ends nothing."""
    sent = message(ALICE, ADA, "hello")
    us.submit(sent)
    us.project()
    forged = Refusal(
        message_id=sent.id,
        conversation_id=direct_conversation_id(ALICE, "u000000000000000000000005-eu"),
        author=ALICE,
        code="recipient-unknown",
        detail="d",
        content_hash=sent.content_hash,
        epoch=1,
        client_message_id="hello",
    )
    us.submit(forged, via=via(1))
    us.project()

    assert list(us.tables.pendings) == [sent.id]
    assert us.tables.refusals == {}
    assert ["does not follow" in aside.reason for aside in us.tables.poison] == [True]


def test_an_owner_refuses_nothing_that_nobody_has_said(us: Rehearsal) -> None:
    """What is refused waits here since before it was sent on: else an owner could make up refusals without an end, to be kept for good."""
    sent = message(ALICE, ADA, "hello")
    invented = Refusal(
        message_id=sent.id,
        conversation_id=sent.conversation_id,
        author=ALICE,
        code="recipient-unknown",
        detail="d",
        content_hash=sent.content_hash,
        epoch=1,
        client_message_id="hello",
    )
    us.submit(invented, via=via(1))
    us.project()

    assert us.tables.refusals == {}
    assert us.told(ALICE) == []
    assert len(us.tables.poison) == 1

    us.submit(sent)
    us.submit(invented, via=via(2))  # now it is true
    us.project()
    assert list(us.tables.refusals) == [sent.id]
    assert us.tables.pendings == {}


@pytest.mark.parametrize("bound", ["MOST_HELD", "MOST_HELD_BYTES"])
@pytest.mark.parametrize("edits", [False, True], ids=["messages", "edits"])
def test_no_more_than_a_bound_is_held_above_a_gap(
    us: Rehearsal,
    monkeypatch: pytest.MonkeyPatch,
    bound: str,
    edits: bool,  # noqa: FBT001 — a parameter of the test
) -> None:
    """An owner that never sends the first entry fills no memory: the rest goes aside by its seq, and is taken in once the gap is closed."""
    monkeypatch.setattr(entries, bound, 3 if bound == "MOST_HELD" else 8_000)
    sent = [entry(message(ADA, ALICE, f"{seq} {'x' * 2_000}", name=str(seq)), seq) for seq in range(1, 8)]
    if edits:
        sent[1:] = [
            replace(one, body=MessageEdited(str(one.seq), "", one.text, recipient_id=ALICE)) for one in sent[1:]
        ]
    for one in sent[1:]:
        us.submit(one, via=via(one.seq))
        us.project()
    conversation = us.tables.conversations[sent[0].conversation_id]
    assert (conversation.head, sorted(conversation.held)) == (0, [2, 3, 4])
    assert ["lacks 1 to 1" in aside.reason for aside in us.tables.poison] == [True] * 3
    assert [(aside.kind, aside.key, aside.seq) for aside in us.tables.poison] == [
        (Kind.HELD, sent[0].conversation_id, seq) for seq in (5, 6, 7)
    ]

    us.submit(sent[0], via=via(1))
    us.project()
    assert us.tables.conversations[sent[0].conversation_id].head == 4
    for one in sent[4:]:
        us.submit(one, via=via(one.seq))
    us.project()
    assert [e.seq for e in us.tables.visible(sent[0].conversation_id)] == list(range(1, 8))


def test_a_conversation_asks_once_and_an_answer_numbers_all_in_order(us: Rehearsal) -> None:
    """One opening however many messages; nothing is numbered before the answer; a second answer changes nothing."""
    for text in ("one", "two", "three"):
        us.submit(message(ALICE, EVA, text))
        us.project()
    openings = [relayed.record for relayed in us.relayed_to("eu")]
    assert [type(record) for record in openings] == [Opening]
    assert us.tables.entries == {}

    answer = submission(EVA, ConversationAnswered(""), conversation_id=direct_conversation_id(ALICE, EVA))
    us.submit(answer, via=via(1))
    us.submit(answer, via=via(2))
    us.submit(message(ALICE, EVA, "four"))
    us.project()
    log = us.tables.visible(direct_conversation_id(ALICE, EVA))
    assert [(e.seq, e.text) for e in log] == [(1, "one"), (2, "two"), (3, "three"), (4, "four")]
    assert [r.record for r in us.relayed_to("eu")][1:] == log


def test_an_opening_that_went_astray_is_asked_again_by_a_later_message(us: Rehearsal) -> None:
    """It may have been lost in a hole of the stream: the next message a minute later asks again, and resolves all."""
    us.submit(message(ALICE, EVA, "one"))
    us.project()
    for text in ("two", "three"):
        us.now += ASK_AGAIN
        us.submit(message(ALICE, EVA, text))
        us.submit(message(ALICE, EVA, f"{text} at once"))
        us.project()
    assert [type(relayed.record) for relayed in us.relayed_to("eu")] == [Opening] * 3

    us.submit(submission(EVA, ConversationAnswered(""), conversation_id=direct_conversation_id(ALICE, EVA)), via=via(1))
    us.project()
    log = us.tables.visible(direct_conversation_id(ALICE, EVA))
    assert [e.text for e in log] == ["one", "two", "two at once", "three", "three at once"]


def test_an_answer_that_refuses_refuses_all_and_the_next_message_asks_again(us: Rehearsal) -> None:
    """Somebody who registers later can be written to later."""
    us.submit(message(ALICE, EVA, "one"))
    us.submit(message(ALICE, EVA, "two"))
    us.project()
    no = submission(EVA, ConversationAnswered("recipient-unknown"), conversation_id=direct_conversation_id(ALICE, EVA))
    us.submit(no, via=via())
    us.project()
    assert {r.code for r, _ in us.tables.refusals.values()} == {"recipient-unknown"}
    assert (us.tables.pendings, us.tables.conversations) == ({}, {})

    us.submit(message(ALICE, EVA, "three"))
    us.project()
    assert [type(relayed.record) for relayed in us.relayed_to("eu")] == [Opening, Opening]


def test_a_recipients_home_answers_an_opening(us: Rehearsal) -> None:
    """The answer is authored by the recipient, the same each time, and says whether they exist."""
    for sequence, recipient in enumerate((BOB, BOB, "u900000000000000000000009-us"), start=1):
        opening = Opening(
            conversation_id=direct_conversation_id(ADA, recipient), author=ADA, recipient=recipient, epoch=1
        )
        us.submit(opening, via=via(sequence))
        us.project()

    answers = [relayed.record for relayed in us.relayed_to("eu")]
    assert all(isinstance(answer, Submission) for answer in answers)
    codes = [a.body.code for a in answers if isinstance(a, Submission) and isinstance(a.body, ConversationAnswered)]
    assert codes == ["", "", "recipient-unknown"]
    ids = [answer.id for answer in answers if isinstance(answer, Submission)]
    assert ids[0] == ids[1]


def test_a_relayed_duplicate_is_answered_with_what_is_known(us: Rehearsal) -> None:
    """The author's home asks again when it lost the answer; the owner tells the entry again, and numbers nothing."""
    sent = message(EVA, ALICE, "hello")
    us.submit(sent, via=via(1))
    us.submit(sent, via=via(2))
    us.project()

    first, again = (relayed.record for relayed in us.relayed_to("eu"))
    assert first == again
    assert len(us.tables.entries) == 1
    assert len([r for r in us.told(ALICE) if isinstance(r, Entry)]) == 1


def test_marks_are_clamped_merged_and_told_once_a_batch(us: Rehearsal) -> None:
    """Read implies received; the highest counts; nothing is told when nothing rises."""
    for text in ("one", "two", "three"):
        us.submit(message(ALICE, BOB, text))
    us.submit(mark(BOB, ALICE, 1, read=False))
    us.submit(mark(BOB, ALICE, 2))
    us.submit(mark(BOB, ALICE, 99, read=False))
    us.project()
    us.submit(mark(BOB, ALICE, 1))
    us.submit(mark(BOB, ALICE, 3, read=False))
    us.project()

    marks = [record for record in us.told(ALICE) if isinstance(record, Mark)]
    assert [(m.user_id, m.received, m.read) for m in marks] == [(BOB, 3, 2)]


def test_marks_in_conversations_owned_elsewhere_are_relayed_with_their_final_values(us: Rehearsal) -> None:
    """However many marks a batch holds, at most one of each kind crosses the sea."""
    for seq, text in enumerate(("one", "two", "three"), start=1):
        us.submit(entry(message(ADA, ALICE, text), seq), via=via(seq))
    for seq in (1, 2):
        us.submit(mark(ALICE, ADA, seq, read=False))
        us.submit(mark(ALICE, ADA, seq))
    us.submit(mark(ALICE, ADA, 3, read=False))
    us.project()

    bodies = [relayed.record.body for relayed in us.relayed_to("eu") if isinstance(relayed.record, Submission)]
    assert bodies == [MessageReceived(1, 3), MessageRead(1, 2)]


def test_marks_of_strangers_are_dropped_and_who_waits_is_told(us: Rehearsal) -> None:
    """A mark in a conversation that one is no member of does nothing."""
    us.submit(message(ALICE, BOB, "one"))
    conversation = direct_conversation_id(ALICE, BOB)
    stranger = "u700000000000000000000007-us"
    us.submit(submission(stranger, MessageRead(1, 1), conversation_id=conversation, reply_to="gateway"))
    docket = us.project()

    assert docket.counted["dropped", "not-a-member"] == 1
    (answer,) = us.replied("gateway")
    assert isinstance(answer, Outcome)
    assert answer.code == "not-found"


def test_a_mark_above_a_held_up_head_is_shown_when_the_head_has_risen(us: Rehearsal) -> None:
    """The peer's mark is never lost to a gap, and never shown above the head."""
    entries = [entry(message(ALICE, ADA, text), seq) for seq, text in enumerate(("one", "two", "three"), start=1)]
    us.submit(entries[0], via=via(1))
    us.submit(entries[2], via=via(3))
    us.submit(Mark(conversation_id=entries[0].conversation_id, user_id=ADA, received=3, read=3, epoch=1), via=via(4))
    us.project()
    us.submit(entries[1], via=via(2))
    us.project()

    marks = [record for record in us.told(ALICE) if isinstance(record, Mark)]
    assert [(m.received, m.read) for m in marks] == [(1, 1), (3, 3)]


def hello(**changes: object) -> Submission:
    """Return Alice's hello to Bob, with changes."""
    return replace(message(ALICE, BOB, "hello"), **changes)


@pytest.mark.parametrize(
    ("record", "place"),
    [
        (hello(conversation_id=direct_conversation_id(ALICE, EVA)), None),
        (hello(id=message_id(BOB, direct_conversation_id(ALICE, BOB), "hello")), None),
        (hello(body=MessageSent(ALICE, "hello", "hello")), None),
        (hello(body=MessageSent("nobody", "hello", "hello")), None),
        (hello(body=MessageSent("zz", "hello", "hello")), None),
        (hello(home="eu"), None),
        (hello(), via()),
        (message(EVA, ALICE, "hello"), None),
        (message(EVA, ALICE, "hello"), via(origin="ap")),
        (message(ADA, ALICE, "hello"), via()),
        (entry(message(ADA, ALICE, "hello"), 1), None),
        (entry(message(ADA, ALICE, "hello"), 0), via()),
        (entry(message(EVA, ALICE, "hello"), 1), via()),
        (entry(message(ADA, EVA, "hello"), 1), via()),
        (Mark(conversation_id=direct_conversation_id(ALICE, BOB), user_id=BOB, received=1, read=1, epoch=1), via()),
        (Opening(conversation_id=direct_conversation_id(ALICE, EVA), author=EVA, recipient=ALICE, epoch=1), via()),
        (submission(EVA, AccountConfirmed("r")), via()),
        (submission(ALICE, ConversationAnswered(""), conversation_id=direct_conversation_id(ALICE, EVA)), None),
        (mark(ADA, ALICE, 1), via()),
    ],
)
def test_what_cannot_be_is_put_aside_and_changes_nothing(us: Rehearsal, record: Submission, place: Via | None) -> None:
    """Forged origins, ids that contradict each other, records that the other side may not send: aside, and on we go."""
    us.submit(record, via=place)
    us.submit(message(BOB, ALICE, "next"))
    us.project()

    assert len(us.tables.poison) == 1
    assert [e.text for e, _ in us.tables.entries.values()] == ["next"]
    assert us.relayed_to("eu") == []


def test_a_relayed_message_that_its_owner_cannot_apply_is_refused_to_its_author(us: Rehearsal) -> None:
    """The home takes it out of what waits, and tells its author: nothing accepted stays queued for ever."""
    eu = Rehearsal("eu")
    sent = message(EVA, ALICE, "hello")
    eu.submit(sent)
    eu.project()
    (relayed,) = eu.relayed_to("us")
    us.submit(replace(sent, body=MessageSent(ALICE, "hello", "he\0llo")), via=relayed.via)
    us.project()
    (back,) = us.relayed_to("eu")
    eu.submit(back.record, via=back.via)
    eu.project()

    assert len(us.tables.poison) == 1
    assert eu.tables.pendings == {}
    told = eu.told(EVA)[-1]
    assert isinstance(told, Refusal)
    assert (told.message_id, told.code) == (sent.id, "impossible-record")


def test_an_entry_of_a_time_that_no_calendar_has_is_put_aside(us: Rehearsal) -> None:
    """Its owner may say so; nobody here is shown it."""
    us.submit(replace(entry(message(ADA, ALICE, "hi"), 1), sent_at=2**62), via=via())
    us.project()

    assert us.tables.entries == {}
    assert [kept.kind for kept in us.tables.poison] == [Kind.IMPOSSIBLE]


def test_a_link_that_is_over_when_no_calendar_knows_is_never_made(us: Rehearsal) -> None:
    """It would go to every region that has a member; its author's home is told that it is refused."""
    made = deed(EVA, group_id(ALICE, "g"), InviteMade("link", "i", b"", 2**62))
    us.submit(made, via=Via(Stream("eu", 1, 1, "us", 0), 1, 1))
    us.project()

    assert [kept.kind for kept in us.tables.poison] == [Kind.IMPOSSIBLE]
    (told,) = us.relayed_to("eu")
    assert isinstance(told.record, Refusal)
