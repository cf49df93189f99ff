"""What an ingester does with one record: admission, stamps, gaps, and progress that survives in commit metadata."""

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.ingester import intake
from relay.ingester.admission import object_to_record, object_to_stream
from relay.ingester.intake import BEAT, HAD, Append, Aside, Beat, Early, Had, Intake, Judged, UnknownEpochError
from replication.accounts import AccountConfirmed
from replication.charters import Charter, Membership
from replication.codec import NEWEST, decode_journaled, encode, encode_record, is_newer
from replication.friends import Friendship
from replication.groups import LONGEST_DESCRIPTION, LONGEST_NAME, MOST_MEMBERS, Details, Invite
from replication.ids import direct_conversation_id, group_id, message_id, partition_of
from replication.limits import (
    CLIENT_ID_CHARACTERS,
    CODE_CHARACTERS,
    DETAIL_CHARACTERS,
    LATEST_TIME,
    MOST_HOPS,
    TEXT_BYTES,
)
from replication.moderation import UserReported
from replication.poison.records import Kind
from replication.progress import LIMIT, MOST_STREAMS, Taken, UnreadableProgressError, fit, read
from replication.records import (
    ConversationAnswered,
    Entry,
    Hop,
    Mark,
    MessageSent,
    Opening,
    Outcome,
    Record,
    Refusal,
    Relayed,
    Stream,
    Submission,
    Via,
)
from replication.streams import Park, Progress

AUTHOR, FRIEND = "u" + "1" * 24 + "-us", "u" + "2" * 24 + "-eu"
OWNED_BY_US = direct_conversation_id(AUTHOR, FRIEND)
GROUP_OF_US = group_id(AUTHOR, "c")
OTHER = "u" + "0" * 24 + "-eu"
OWNED_BY_EU = direct_conversation_id(OTHER, AUTHOR)
STREAM = Stream("us", 1, 1, "eu", 2)
INTAKE = Intake("us", "eu", partitions=8)
BODY = MessageSent(recipient_id=FRIEND, client_message_id="c", text="hello")


def submission(conversation: str = OWNED_BY_EU, **changes: object) -> Submission:
    """Return a submission of us's user to eu."""
    plain = Submission(
        id=message_id(AUTHOR, conversation, "c"),
        author=AUTHOR,
        home="us",
        home_epoch=1,
        body=BODY if conversation == OWNED_BY_US else msgspec.structs.replace(BODY, recipient_id=OTHER),
        submitted_at=5,
        conversation_id=conversation,
        hops=(Hop("us.gateway", 1),),
    )
    return msgspec.structs.replace(plain, **changes)


def entry(conversation: str = OWNED_BY_US) -> Entry:
    """Return an entry of a conversation that us owns."""
    return Entry(
        conversation_id=conversation,
        seq=1,
        epoch=1,
        incarnation=1,
        count=1,
        message_id=message_id(AUTHOR, conversation, "c"),
        author=AUTHOR,
        home="us",
        content_hash=b"",
        body=BODY,
        sent_at=5,
    )


def relayed(sequence: int, record: Record | None = None, stream: Stream = STREAM) -> bytes:
    """Return a relay record; a heartbeat without a record."""
    via = Via(stream, sequence, sequence * 10)
    if record is None:
        return encode(Relayed(via=via, forwarded_at=7))
    return encode(Relayed(via=via, record=encode_record(record), forwarded_at=7))


def test_a_new_record_goes_to_the_journal_with_its_place_and_stamps() -> None:
    """The key decides the local partition; the stream place and both hops travel along."""
    taken = Taken()

    judged = INTAKE.take(relayed(1, entry()), partition=2, taken=taken, now=9)

    assert isinstance(judged.step, Append)
    assert judged.step.partition == partition_of(OWNED_BY_US, 8)
    journaled = decode_journaled(judged.step.value)
    assert journaled.via == Via(STREAM, 1, 10)
    assert isinstance(journaled.record, Entry)
    assert journaled.record.hops == (Hop("us.forwarder", 7), Hop("eu.ingester", 9))
    assert taken.streams == {(1, 1): Progress(last=1)}


def test_a_report_goes_to_the_journal_by_its_author() -> None:
    """It concerns no conversation; whoever is reported lives here."""
    report = submission(conversation_id="", body=UserReported(FRIEND, "rude"))

    judged = INTAKE.take(relayed(1, report), partition=2, taken=Taken(), now=9)

    assert isinstance(judged.step, Append)
    assert (judged.step.partition, judged.step.key) == (partition_of(AUTHOR, 8), AUTHOR.encode())


def test_a_repeated_record_is_dropped() -> None:
    """MirrorMaker runs at least once."""
    taken = Taken()
    INTAKE.take(relayed(1, entry()), partition=2, taken=taken, now=9)

    assert INTAKE.take(relayed(1, entry()), partition=2, taken=taken, now=9).step == Had()


def test_a_jump_is_noticed_and_changes_nothing() -> None:
    """What to do about it is the lane's to say; the record is judged again when its turn has come."""
    taken = Taken()

    jump = INTAKE.take(relayed(3, entry()), partition=2, taken=taken, now=9)

    assert jump.gap is not None
    assert jump.gap.park == Park(1, 2)
    assert jump.step == Early(3)
    assert taken == Taken()


def test_a_heartbeat_reveals_a_lost_tail() -> None:
    """It tells how far the stream has come."""
    taken = Taken()

    beat = INTAKE.take(relayed(4), partition=2, taken=taken, now=9)

    assert beat.step == Beat()
    assert beat.gap is not None
    assert beat.gap.park == Park(1, 4)
    assert taken == Taken()


def test_a_record_put_aside_counts_as_had() -> None:
    """What may not come from there leaves no gap behind."""
    taken = Taken()

    judged = INTAKE.take(relayed(1, entry(OWNED_BY_EU)), partition=2, taken=taken, now=9)

    assert isinstance(judged.step, Aside)
    assert taken.streams == {(1, 1): Progress(last=1)}


def test_a_damaged_record_is_put_aside() -> None:
    """Garbage harms nobody else; what it stood for shows as a gap."""
    assert isinstance(INTAKE.take(b"\x01garbage", partition=2, taken=Taken(), now=9).step, Aside)
    assert isinstance(INTAKE.take(None, partition=2, taken=Taken(), now=9).step, Aside)
    broken = encode(Relayed(via=Via(STREAM, 1, 1), record=msgspec.Raw(b"\xc3")))
    assert isinstance(INTAKE.take(broken, partition=2, taken=Taken(), now=9).step, Aside)


def test_a_newer_version_is_put_aside_as_such() -> None:
    """Regions are not upgraded at once; what this one cannot read yet is kept, and stays a gap in its stream."""
    taken = Taken()
    for newer in (
        bytes((NEWEST + 1,)) + relayed(1, entry())[1:],
        encode(Relayed(via=Via(STREAM, 1, 1), record=encode_record(entry()), version=NEWEST + 1)),
    ):
        step = INTAKE.take(newer, partition=2, taken=taken, now=9).step
        assert isinstance(step, Aside)
        assert step.kind is Kind.NEWER
        assert is_newer(newer)
    assert taken == Taken()
    assert not is_newer(relayed(1, entry()))
    assert not is_newer(b"garbage")


def test_what_would_wait_is_told_from_what_would_not() -> None:
    """So that nothing more of it is read while as much as may be is aside: of a newer version, or of a home epoch that is not known yet."""
    early = submission(home_epoch=2)
    for waits in (relayed(1, early), bytes((NEWEST + 1,)) + relayed(1, entry())[1:]):
        assert INTAKE.must_wait(waits)
    forged = submission(home_epoch=2, author=OTHER, home="us")
    for goes_on in (relayed(1, entry()), relayed(1, submission()), relayed(1, forged), relayed(4), b"garbage", None):
        assert not INTAKE.must_wait(goes_on)


def test_what_was_put_aside_is_admitted_again_whether_or_not_it_counts_as_had() -> None:
    """It fills its hole, if it is one; what still may not come is put aside again."""
    taken = Taken({(1, 1): Progress(5, ((2, 2),))})

    assert isinstance(INTAKE.readmit(relayed(2, entry()), partition=2, taken=taken, now=9), Append)
    assert taken.streams[1, 1] == Progress(5)
    assert isinstance(INTAKE.readmit(relayed(2, entry()), partition=2, taken=taken, now=9), Append)
    for refused in (relayed(2, entry(OWNED_BY_EU)), relayed(2), b"garbage", None):
        assert isinstance(INTAKE.readmit(refused, partition=2, taken=taken, now=9), Aside)
    assert isinstance(INTAKE.readmit(relayed(2, entry()), partition=1, taken=taken, now=9), Aside)
    assert taken.streams[1, 1] == Progress(5)


def test_streams_of_other_terms_are_numbered_apart() -> None:
    """A new epoch begins at 1 again."""
    taken = Taken()
    INTAKE.take(relayed(1, entry()), partition=2, taken=taken, now=9)

    judged = INTAKE.take(relayed(1, entry(), replace_epoch(2)), partition=2, taken=taken, now=9)

    assert isinstance(judged.step, Append)
    assert set(taken.streams) == {(1, 1), (1, 2)}


@pytest.mark.parametrize(
    ("record", "admissible"),
    [
        (submission(), True),
        (submission(OWNED_BY_US), False),
        (submission(home="ap"), False),
        (submission(author=FRIEND), False),
        (submission(author="nonsense"), False),
        (submission(conversation_id=""), False),
        (submission(conversation_id="nonsense"), False),
        (submission(body=AccountConfirmed(reservation="r")), False),
        (entry(), True),
        (entry(OWNED_BY_EU), False),
        (entry("d" + "1" * 32 + "-us"), False),
        (submission(conversation_id="d" + "1" * 32 + "-eu"), False),
        (Opening(conversation_id="d" + "1" * 32 + "-us", author=AUTHOR, recipient=FRIEND, epoch=1), False),
        (Mark(conversation_id=OWNED_BY_US, user_id=AUTHOR, received=1, read=0, epoch=1), True),
        (Mark(conversation_id=OWNED_BY_EU, user_id=AUTHOR, received=1, read=0, epoch=1), False),
        (Opening(conversation_id=OWNED_BY_US, author=AUTHOR, recipient=FRIEND, epoch=1), True),
        (Outcome(id="x"), False),
        (
            Refusal(
                message_id="m",
                conversation_id=OWNED_BY_EU,
                author=AUTHOR,
                code="c",
                detail="d",
                content_hash=b"",
                epoch=1,
            ),
            False,
        ),
    ],
)
def test_an_origin_speaks_for_what_it_holds_only(record: Record, admissible: bool) -> None:  # noqa: FBT001 — a parameter of the test
    """Its own users' submissions, and outcomes of its own conversations."""
    assert (object_to_record(record, origin="us", here="eu") is None) == admissible


def refusal(**changes: object) -> Refusal:
    """Return us's refusal of what eu's user wrote to us's."""
    plain = Refusal(
        message_id=message_id(FRIEND, OWNED_BY_US, "c"),
        conversation_id=OWNED_BY_US,
        author=FRIEND,
        code="recipient-unknown",
        detail="There is nobody of that id.",
        content_hash=b"0" * 16,
        epoch=1,
        client_message_id="c",
    )
    return msgspec.structs.replace(plain, **changes)


@pytest.mark.parametrize(
    ("changes", "admissible"),
    [
        ({}, True),
        ({"message_id": "m"}, False),
        ({"message_id": message_id(AUTHOR, OWNED_BY_EU, "c")}, False),
        ({"message_id": message_id(FRIEND, OWNED_BY_US, "c")[:-2] + "eu"}, False),
        ({"message_id": "m" + "fff" + "1" * 32 + "-us"}, False),
        ({"author": AUTHOR}, False),
        ({"author": "somebody"}, False),
    ],
)
def test_a_refusal_is_of_a_message_that_somebody_here_sent_to_its_conversation(
    changes: dict[str, object],
    admissible: bool,  # noqa: FBT001 — a parameter of the test
) -> None:
    """As far as its ids tell; so an owner cannot refuse what another one decides about."""
    assert (object_to_record(refusal(**changes), origin="us", here="eu") is None) == admissible


LONG_HOPS = (Hop("us.gateway", 1),) * (MOST_HOPS + 1)


@pytest.mark.parametrize(
    ("record", "larger"),
    [
        (
            submission(body=MessageSent(OTHER, "c" * CLIENT_ID_CHARACTERS, "x" * TEXT_BYTES), hops=LONG_HOPS[1:]),
            [
                {"body": MessageSent(OTHER, "c", "x" * (TEXT_BYTES + 1))},
                {"body": MessageSent(OTHER, "c", "é" * (TEXT_BYTES // 2) + "x")},
                {"body": MessageSent(OTHER, "c" * (CLIENT_ID_CHARACTERS + 1), "x")},
                {"body": ConversationAnswered("c" * (CODE_CHARACTERS + 1))},
                {"hops": LONG_HOPS},
                {"hops": (Hop("x" * 1000, 1),)},
                {"content_hash": b"x" * 1000},
                {"device": "v" * 1000},
                {"reply_to": "g" * 1000},
                {"id": "m" * 1000},
                {"submitted_at": LATEST_TIME + 1},
                {"submitted_at": -1},
            ],
        ),
        (
            entry(),
            [
                {"body": msgspec.structs.replace(BODY, text="x" * (TEXT_BYTES + 1))},
                {"body": msgspec.structs.replace(BODY, client_message_id="c" * (CLIENT_ID_CHARACTERS + 1))},
                {"hops": LONG_HOPS},
                {"content_hash": b"x" * 1000},
                {"message_id": "m" * 1000},
                {"home": "u" * 1000},
                {"sent_at": 2**62},
            ],
        ),
        (
            refusal(
                code="c" * CODE_CHARACTERS, detail="d" * DETAIL_CHARACTERS, client_message_id="c" * CLIENT_ID_CHARACTERS
            ),
            [
                {"code": "c" * (CODE_CHARACTERS + 1)},
                {"detail": "d" * (DETAIL_CHARACTERS + 1)},
                {"client_message_id": "c" * (CLIENT_ID_CHARACTERS + 1)},
                {"hops": LONG_HOPS},
                {"content_hash": b"x" * 1000},
            ],
        ),
        (
            Mark(conversation_id=OWNED_BY_US, user_id=AUTHOR, received=1, read=0, epoch=1),
            [{"user_id": "u" * 1000}],
        ),
        (
            Charter(
                conversation_id=GROUP_OF_US,
                epoch=1,
                seq=3,
                count=0,
                details=Details(name="n" * LONGEST_NAME, description="d" * LONGEST_DESCRIPTION),
                members=(Membership(AUTHOR, "us", "member", since=1, hidden="1-2," * 100),) * MOST_MEMBERS,
            ),
            [
                {"details": Details(description="d" * (LONGEST_DESCRIPTION + 1))},
                {"members": (Membership(AUTHOR, "u" * 1000, "member"),)},
                {"members": (Membership(AUTHOR, "us", "member"),) * 100_000},
                {"details": Details(created_at=2**62)},
                {"details": Details(invites=(Invite("i", b"", 2**62, -1, AUTHOR),))},
                {"details": Details(friendship=Friendship("friends", AUTHOR, 1, 2**62))},
            ],
        ),
    ],
    ids=["submission", "entry", "refusal", "mark", "charter"],
)
def test_nothing_is_taken_in_that_is_larger_than_any_region_makes_it(
    record: Record, larger: list[dict[str, object]]
) -> None:
    """A peer keeps to what a gateway keeps its devices to: else what it says would fill the store, and every device's memory."""
    assert object_to_record(record, origin="us", here="eu") is None
    for changes in larger:
        assert object_to_record(msgspec.structs.replace(record, **changes), origin="us", here="eu") is not None


def test_a_home_epoch_that_is_not_known_yet_is_kept_and_not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """As what newer software wrote; once it is known, the same record passes."""
    taken, value = Taken(), relayed(1, submission(home_epoch=2))

    step = INTAKE.take(value, partition=2, taken=taken, now=9).step
    assert isinstance(step, Aside)
    assert (step.kind, "home epoch 2" in step.reason) == (Kind.NEWER, True)

    monkeypatch.setattr(intake, "NEWEST_HOME_EPOCH", 2)
    assert isinstance(INTAKE.readmit(value, partition=2, taken=taken, now=9), Append)


def test_what_a_site_may_say_hangs_on_who_held_the_duties_in_its_epoch() -> None:
    """What comes by another way is put aside and changes nothing; of an epoch that nobody here has heard of yet nothing is taken in, nor lost."""
    held = {1: False, 2: True}
    intake = replace(INTAKE, held_at="ap", site="eu", holds=held.get)
    taken = Taken()

    assert (intake.topic, intake.way) == ("ap.held.us.relay.eu", "us@ap")
    stale = intake.take(relayed(1, entry()), partition=2, taken=taken, now=9).step
    assert isinstance(stale, Aside)
    assert (stale.kind, stale.reason) == (
        Kind.IMPOSSIBLE,
        "ap does not hold the duties of us in epoch 1, or did not lay them down",
    )
    assert intake.take(relayed(9), partition=2, taken=taken, now=9) == Judged(BEAT, 7), "it only says that it is there"
    second, third = replace_stream(epoch=2), replace_stream(epoch=3)
    assert isinstance(intake.take(relayed(1, entry(), second), partition=2, taken=taken, now=9).step, Append)
    for value in (relayed(1, entry(), third), relayed(4, None, third)):
        with pytest.raises(UnknownEpochError):
            intake.take(value, partition=2, taken=taken, now=9)
    assert taken.streams == {(2, 2): Progress(last=1)}


def test_what_a_site_said_in_an_epoch_that_was_taken_over_counts_as_had() -> None:
    """Its successor says it anew to whom it has not reached; nothing is noted, and nothing is alerted."""
    intake = replace(INTAKE, holds={1: False, 2: False}.get, over=lambda epoch: epoch == 1)
    taken = Taken()

    assert intake.take(relayed(1, entry()), partition=2, taken=taken, now=9) == Judged(HAD, 7)
    assert isinstance(
        intake.take(relayed(1, entry(), replace_stream(epoch=2)), partition=2, taken=taken, now=9).step, Aside
    )
    assert taken.streams == {}


def replace_stream(epoch: int) -> Stream:
    """Return us's stream of another epoch, and life of its store."""
    return Stream("us", epoch, epoch, "eu", 2)


@pytest.mark.parametrize(
    "stream", [Stream("ap", 1, 1, "eu", 2), Stream("us", 1, 1, "ap", 2), Stream("us", 1, 1, "eu", 3)]
)
def test_a_stream_that_came_by_the_wrong_way_is_refused(stream: Stream) -> None:
    """What us's topic carries begins in us, leads here and keeps its partition."""
    assert object_to_stream(STREAM, origin="us", here="eu", partition=2) is None
    assert object_to_stream(stream, origin="us", here="eu", partition=2) is not None


@given(
    st.dictionaries(
        st.tuples(st.integers(1, 5), st.integers(1, 20)),
        st.sets(st.integers(1, 10**9), max_size=400),
        max_size=40,
    )
)
@settings(max_examples=40, deadline=None)
def test_progress_always_fits_and_no_hole_is_lost(holes: dict[tuple[int, int], set[int]]) -> None:
    """Kafka takes 4,096 bytes; what does not fit becomes coarser, and what is read back equals what is gone on with."""
    streams = {term: Progress(10**9, tuple((n, n) for n in sorted(found))) for term, found in holes.items()}

    fitted, text = fit(Taken(dict(streams)))

    assert len(text.encode()) <= LIMIT
    assert read(text) == fitted
    assert set(sorted(streams)[-MOST_STREAMS:]) == set(fitted.streams)
    for term, progress in fitted.streams.items():
        assert progress.last == streams[term].last
        assert progress.missing >= streams[term].missing or not progress.holes
        for number, _ in streams[term].holes:
            assert any(first <= number <= last for first, last in progress.holes)


def test_a_forgotten_stream_counts_as_had() -> None:
    """Dozens of epochs later, a late repeat of the first one is not a new stream."""
    fitted, _ = fit(Taken({(1, epoch): Progress(last=5) for epoch in range(1, MOST_STREAMS + 3)}))

    assert fitted.floor == (1, 2)
    assert INTAKE.take(relayed(5, entry()), partition=2, taken=fitted, now=9).step == Had()
    assert fitted.of((1, 3)) == Progress(last=5)


@pytest.mark.parametrize("metadata", ["", "{}", "[2,[0,0],[]]", "[1,[0,0],[[1]]]"])
def test_progress_of_another_kind_is_told(metadata: str) -> None:
    """A position that some tool has committed must not be taken for progress."""
    with pytest.raises(UnreadableProgressError):
        read(metadata)


def replace_epoch(epoch: int) -> Stream:
    """Return the stream of another epoch."""
    return msgspec.structs.replace(STREAM, epoch=epoch)
