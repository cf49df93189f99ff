"""Records survive the journey, whatever is in them; what newer software wrote is read as far as it can be, or refused."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replication.accounts import (
    AccountConfirmed,
    AccountCreated,
    DeviceAdded,
    DeviceRefreshed,
    DeviceRevoked,
    PasswordChanged,
    ProfileChanged,
)
from replication.alterations import ALTERATIONS, Aftermath, Edit, Mention, MessageEdited, Reaction, Reference
from replication.channels import CHANNEL_BODIES, ChannelChanged, ChannelCreated
from replication.charters import Charter, Membership
from replication.codec import (
    LAST_VERSION,
    NEWEST,
    READABLE,
    VERSION,
    UndecodableRecordError,
    UnknownVersionError,
    decode_journaled,
    decode_record,
    decode_relayed,
    encode,
    encode_record,
    stamped,
    version_of,
)
from replication.concealed import MessageConcealed
from replication.groups import GROUP_BODIES, Details, GroupChanged, GroupCreated, GroupMessageSent, Invite
from replication.outputs import Output, decode_outputs, encode_outputs
from replication.pictures import NO_PICTURE, Picture
from replication.preferences import PreferencesChanged
from replication.records import (
    ConversationAnswered,
    Entry,
    Hop,
    Journaled,
    Mark,
    MessageRead,
    MessageReceived,
    MessageSent,
    Opening,
    Outcome,
    Receipt,
    Refusal,
    Relayed,
    Stream,
    Submission,
    Via,
)

texts = st.text(max_size=40)
counts = st.integers(0, 2**53)
hops = st.lists(st.builds(Hop, texts, counts), max_size=3).map(tuple)
messages = st.builds(MessageSent, texts, texts, texts)


def filled(kind: Any, **given: Any) -> Any:
    """Whatever fits a struct's fields, with numbers that a record can hold."""
    numbers = {field.name: counts for field in msgspec.structs.fields(kind) if field.type is int}
    pictures = {"picture": st.none() | filled(Picture)} if "picture" in kind.__struct_fields__ else {}
    return st.builds(kind, **numbers | pictures | given)


deeds = st.one_of(*(filled(kind) for kind in (*GROUP_BODIES, *CHANNEL_BODIES, *ALTERATIONS)))
"""What may stand in a group's log, or a channel's: whatever fits its fields."""
bodies = st.one_of(
    messages,
    deeds,
    st.builds(MessageReceived, counts, counts),
    st.builds(MessageRead, counts, counts),
    st.builds(ConversationAnswered, texts),
    st.builds(AccountCreated, texts, texts, texts, texts),
    st.builds(AccountConfirmed, texts),
    st.builds(DeviceAdded, texts, texts, texts, texts),
    st.builds(DeviceRefreshed, texts, texts, counts),
    st.builds(DeviceRevoked, texts, texts),
    st.builds(PasswordChanged, texts, texts, texts),
    filled(
        ProfileChanged,
        display_name=st.none() | texts,
        status_text=st.none() | texts,
        findable=st.none() | st.booleans(),
    ),
    st.builds(
        PreferencesChanged,
        about=texts,
        muted_until=st.none() | counts,
        archived=st.none() | st.booleans(),
        marked_unread=st.none() | st.booleans(),
        draft=st.none() | texts,
        pinned=st.none() | st.booleans(),
        replaces=st.none() | counts,
        version=counts,
    ),
    filled(MessageConcealed, about=texts, target=texts),
)
submissions = st.builds(
    Submission,
    id=texts,
    author=texts,
    home=texts,
    home_epoch=counts,
    body=bodies,
    submitted_at=counts,
    device=texts,
    conversation_id=texts,
    content_hash=st.binary(max_size=16),
    reply_to=texts,
    hops=hops,
)
entries = st.builds(
    Entry,
    conversation_id=texts,
    seq=counts,
    epoch=counts,
    incarnation=counts,
    count=counts,
    message_id=texts,
    author=texts,
    home=texts,
    content_hash=st.binary(max_size=16),
    body=messages | deeds,
    sent_at=counts,
    hops=hops,
)
refusals = st.builds(
    Refusal,
    message_id=texts,
    conversation_id=texts,
    author=texts,
    code=texts,
    detail=texts,
    content_hash=st.binary(max_size=16),
    epoch=counts,
    client_message_id=texts,
    hops=hops,
)
marks = st.builds(Mark, conversation_id=texts, user_id=texts, received=counts, read=counts, epoch=counts)
openings = st.builds(Opening, conversation_id=texts, author=texts, recipient=texts, epoch=counts)
outcomes = st.builds(Outcome, id=texts, code=texts, detail=texts)
streams = st.builds(Stream, texts, counts, counts, texts, counts)
vias = st.builds(Via, streams, counts, counts)
VIA = Via(Stream("us", 1, 1, "eu", 0), 1, 1)
OUTCOME = Outcome(id="i")
charters = st.builds(
    Charter,
    conversation_id=texts,
    epoch=counts,
    seq=counts,
    count=counts,
    details=filled(Details, invites=st.lists(filled(Invite), max_size=2).map(tuple)),
    members=st.lists(filled(Membership), max_size=2).map(tuple),
)
receipts = st.builds(Receipt, entry=entries, user_id=texts)
journalable = st.one_of(submissions, entries, refusals, marks, openings, charters, receipts)
records = st.one_of(journalable, outcomes)
journaled = st.builds(Journaled, record=journalable, via=st.none() | vias)


def with_unknown_fields(value: Any) -> Any:
    """Return a decoded message with a field more in each of its objects, as newer software might write it."""
    if isinstance(value, dict):
        return {"from_the_future": 1, **{key: with_unknown_fields(inner) for key, inner in value.items()}, "zz": [{}]}
    return value


@given(message=journaled)
def test_a_journal_record_survives(message: Journaled) -> None:
    """What was appended is what is read, stream place and all."""
    assert decode_journaled(encode(message)) == message


@given(record=records, via=vias, at=counts)
def test_a_relay_record_survives_with_its_inner_record(record: Any, via: Via, at: int) -> None:
    """The inner record stays encoded on its way, and is the same at its end."""
    relayed = decode_relayed(encode(Relayed(via=via, record=encode_record(record), forwarded_at=at)))

    assert (relayed.via, relayed.forwarded_at, relayed.is_heartbeat) == (via, at, False)
    assert decode_record(relayed.record, relayed.version) == record


@given(via=vias)
def test_a_heartbeat_is_one_after_the_journey(via: Via) -> None:
    """A heartbeat carries no record."""
    assert decode_relayed(encode(Relayed(via=via))).is_heartbeat


@given(message=journaled)
def test_unknown_fields_are_ignored(message: Journaled) -> None:
    """Regions are never upgraded at once: fields that newer software adds do no harm."""
    plain = msgspec.msgpack.decode(encode(message)[1:])
    newer = bytes((VERSION,)) + msgspec.msgpack.encode(with_unknown_fields(plain))

    assert decode_journaled(newer) == message


def test_fields_that_older_software_does_not_write_have_defaults() -> None:
    """A submission with nothing but what it had on the first day is read."""
    body = {"type": "message_sent", "recipient_id": "b", "client_message_id": "c", "text": "t"}
    record = {
        "type": "submission", "id": "i", "author": "a", "home": "us", "home_epoch": 1, "body": body, "submitted_at": 5,
    }  # fmt: skip
    found = decode_journaled(bytes((VERSION,)) + msgspec.msgpack.encode({"record": record})).record

    assert isinstance(found, Submission)
    assert (found.reply_to, found.hops, found.content_hash) == ("", (), b"")


@given(version=st.integers(NEWEST + 1, LAST_VERSION), message=journaled)
def test_newer_versions_are_refused_by_name(version: int, message: Journaled) -> None:
    """A record of a newer version is never guessed at; the error names both."""
    with pytest.raises(UnknownVersionError, match=f"version {version}"):
        decode_journaled(bytes((version,)) + encode(message)[1:])


@given(version=st.just(0) | st.integers(LAST_VERSION + 1, 255), message=journaled)
def test_what_is_no_version_is_damage(version: int, message: Journaled) -> None:
    """Nobody waits for an upgrade because of a record that begins with text or with MessagePack, and so with no version."""
    with pytest.raises(UndecodableRecordError) as caught:
        decode_journaled(bytes((version,)) + encode(message)[1:])
    assert not isinstance(caught.value, UnknownVersionError)


def test_a_relay_record_with_a_newer_inner_record_is_refused_by_name() -> None:
    """An inner record keeps the version that it was put out with, whoever forwards it."""
    newer = encode(Relayed(via=VIA, record=encode_record(OUTCOME), version=NEWEST + 1))

    with pytest.raises(UnknownVersionError, match=f"version {NEWEST + 1}"):
        decode_relayed(newer)
    with pytest.raises(UnknownVersionError, match=f"version {NEWEST + 1}"):
        decode_record(encode_record(OUTCOME), NEWEST + 1)


def test_an_output_says_which_version_its_record_has() -> None:
    """It survives in the store, so that old outputs are read after an upgrade, and newer ones are refused."""
    (found,) = decode_outputs(encode_outputs((Output(1, encode_record(OUTCOME), version=NEWEST + 1),)))

    assert found.version == NEWEST + 1
    assert Output(1, encode_record(OUTCOME)).version == VERSION


@given(message=journaled, record=records, via=vias)
def test_the_release_that_reads_a_version_before_it_writes_it_reads_both(
    message: Journaled, record: Any, via: Via
) -> None:
    """Neighbours are one release apart: what the next one will write, unknown fields and all, this one reads, and writes what it wrote."""
    newer = NEWEST + 1
    plain = msgspec.msgpack.decode(encode(message)[1:])
    ahead = bytes((newer,)) + msgspec.msgpack.encode(with_unknown_fields(plain))
    relayed = Relayed(via=via, record=encode_record(record), version=newer)
    with pytest.raises(UnknownVersionError):
        decode_journaled(ahead)
    with pytest.MonkeyPatch.context() as release:
        release.setattr("replication.codec.READABLE", READABLE | {newer})

        assert decode_journaled(ahead) == message
        assert decode_journaled(encode(message)) == message
        assert encode(message)[0] in READABLE
        outer = bytes((newer,)) + encode(relayed)[1:]
        for read in (decode_relayed(outer), decode_relayed(encode(relayed))):
            assert decode_record(read.record, read.version) == record


@pytest.mark.parametrize("depth", [10_000, 200_000])
def test_a_record_of_many_layers_is_undecodable(depth: int) -> None:
    """An unknown field may be nested deeper than Python's stack; that is the record's fault, not the reader's."""
    layers = b"\x91" * depth + b"\xc0"
    outer = bytes((VERSION,)) + b"\x81\xa1z" + layers

    for read in (decode_journaled, decode_relayed):
        with pytest.raises(UndecodableRecordError):
            read(outer)
    with pytest.raises(UndecodableRecordError):
        decode_record(msgspec.Raw(b"\x82\xa4type\xa7outcome\xa1z" + layers), VERSION)
    with pytest.raises(UndecodableRecordError):
        decode_outputs(b"\x91\x92\x01" + layers)


@given(data=st.binary(max_size=60) | st.binary(max_size=60).map(lambda rest: bytes((VERSION,)) + rest))
def test_garbage_is_undecodable_and_nothing_else(data: bytes) -> None:
    """Whatever stands in a journal, reading it raises one kind of error."""
    for decode in (decode_journaled, decode_relayed):
        with pytest.raises(UndecodableRecordError):
            decode(data)


@given(message=journaled, cut=st.integers(1, 20))
def test_a_record_that_was_cut_is_undecodable(message: Journaled, cut: int) -> None:
    """Half a record is no record."""
    whole = encode(message)
    with pytest.raises(UndecodableRecordError):
        decode_journaled(whole[: max(0, len(whole) - cut)])


def test_a_tombstone_is_undecodable() -> None:
    """Nothing is written without a value."""
    with pytest.raises(UndecodableRecordError, match="empty"):
        decode_journaled(None)


@given(kept=st.lists(st.tuples(records, st.lists(texts, max_size=2).map(tuple), texts, st.booleans()), max_size=4))
def test_outputs_survive(kept: list[tuple[Any, tuple[str, ...], str, bool]]) -> None:
    """A stored batch is what was put out."""
    outputs = tuple(Output(n, encode_record(r), users, to, known) for n, (r, users, to, known) in enumerate(kept, 1))
    found = decode_outputs(encode_outputs(outputs))

    assert [(o.position, o.users, o.reply_to, o.known) for o in found] == [
        (o.position, o.users, o.reply_to, o.known) for o in outputs
    ]
    assert [decode_record(output.record, output.version) for output in found] == [record for record, *_ in kept]


def test_stamps_are_added_at_the_end() -> None:
    """Hops tell the way in order."""
    assert stamped((Hop("us.gateway", 1),), "us.projector", 2) == (Hop("us.gateway", 1), Hop("us.projector", 2))


def test_what_stands_in_an_older_version_is_written_in_it() -> None:
    """Older software reads all that it could read before: only what is new is of a newer version."""
    body = GroupMessageSent("c", "hello")
    old = Submission(id="i", author="a", home="us", home_epoch=1, body=MessageSent("b", "c", "t"), submitted_at=1)
    new = msgspec.structs.replace(old, body=body)

    assert [encode(Journaled(record=record))[0] for record in (old, new)] == [1, 3]
    assert [version_of(record) for record in (old, new, Charter(conversation_id="g", epoch=1, seq=1, count=1))] == [
        1,
        3,
        3,
    ]


def test_what_is_done_to_messages_is_of_version_4_and_only_that() -> None:
    """A message that answers, names somebody or is forwarded, too: older software would lose that."""
    plain = Submission(id="i", author="a", home="us", home_epoch=1, body=MessageSent("b", "c", "t"), submitted_at=1)
    related = [
        MessageSent("b", "c", "t", answers=Reference("m")),
        GroupMessageSent("c", "t", forwarded="u"),
        GroupMessageSent("c", "t", mentions=(Mention("u"),)),
        MessageEdited("c", "m", "t"),
    ]
    assert version_of(plain) == 1
    assert [version_of(msgspec.structs.replace(plain, body=body)) for body in related] == [4, 4, 4, 4]


def test_a_picture_is_of_the_newest_version_and_what_says_nothing_of_one_is_not() -> None:
    """Older software would leave it out, and other regions would show another than the owner's; so it waits instead."""
    plain = Submission(id="i", author="a", home="us", home_epoch=1, body=MessageSent("b", "c", "t"), submitted_at=1)
    charter = Charter(conversation_id="g", epoch=1, seq=1, count=1)
    for picture in (NO_PICTURE, Picture("b1-us")):
        for body in (
            GroupCreated("c", "n"),
            GroupChanged("c"),
            ChannelCreated("c", "n"),
            ChannelChanged("c"),
            ProfileChanged(),
        ):
            without, of = (
                version_of(msgspec.structs.replace(plain, body=one))
                for one in (body, msgspec.structs.replace(body, picture=picture))
            )
            assert (without, of) == (3, NEWEST)
    pictured = msgspec.structs.replace(charter, details=Details(picture=Picture("b1-us")))
    assert (version_of(charter), version_of(pictured)) == (3, NEWEST)


def test_an_entry_of_before_there_were_aftermaths_has_none() -> None:
    """And what older software does not know, it ignores."""
    made = Aftermath("m", (Edit(3, "e"),), "new", (Mention("u"),), (Reaction("u", "!", 4, on=True),))
    entry = Entry(
        conversation_id="d",
        seq=1,
        epoch=1,
        incarnation=1,
        count=1,
        message_id="m",
        author="a",
        home="us",
        content_hash=b"",
        body=MessageSent("b", "c", "t"),
        sent_at=1,
        aftermath=made,
    )
    told = msgspec.msgpack.decode(encode_record(entry))
    assert decode_record(encode_record(entry), 4) == entry
    del told["aftermath"]
    old = decode_record(msgspec.Raw(msgspec.msgpack.encode(told)), 1)
    assert old == msgspec.structs.replace(entry, aftermath=Aftermath())
