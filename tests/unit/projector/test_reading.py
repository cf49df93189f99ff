"""What newer software wrote goes aside with all that follows it, and with nothing else."""

from infra.kafka import Record
from region.projector.reading import LONGEST_KEY, Held, cases_of, key_of
from region.projector.rehearsal import message
from replication.codec import NEWEST, encode
from replication.ids import new_user_id
from replication.poison.records import Kind, Room
from replication.records import Journaled

ALICE, BOB = new_user_id("us"), new_user_id("us")


def record(offset: int, key: str, *, newer: bool = False) -> Record:
    """Return a journal record of partition 0."""
    value = encode(Journaled(record=message(ALICE, BOB, str(offset))))
    return Record(0, offset, 0, key.encode() or None, bytes((NEWEST + 1,)) + value[1:] if newer else value)


def test_what_follows_a_newer_record_of_its_key_waits_behind_it() -> None:
    """Other keys go on; the next batch knows it too."""
    held = Held()
    first = {0: [record(0, "a"), record(1, "a", newer=True), record(2, "b"), record(3, "a")]}
    cases, newer = cases_of(first, held)
    more, _ = cases_of({0: [record(4, "a", newer=True), record(5, "b")]}, held)

    assert newer == {}
    assert [(case.offset, case.record is None, case.kind) for case in cases if case.flaw] == [
        (1, True, Kind.NEWER),
        (3, True, Kind.BEHIND),
    ]
    assert [(case.offset, case.kind) for case in more if case.flaw] == [(4, Kind.NEWER)]
    assert len(held) == 1


def test_without_a_key_or_room_the_partition_waits() -> None:
    """Nothing is put aside whose order could be lost, and no more than a store can bear."""
    batches = {0: [record(0, "a"), record(1, "", newer=True), record(2, "a")]}
    cases, newer = cases_of(batches, Held())
    assert [case.offset for case in cases] == [0]
    assert list(newer) == [0]
    assert [kept.offset for kept in batches[0]] == [0]

    batches = {0: [record(0, "a", newer=True), record(1, "b"), record(2, "a"), record(3, "b")]}
    cases, newer = cases_of(batches, Held(Room(records=1)))
    assert [case.offset for case in cases] == [0, 1]
    assert list(newer) == [0]


def test_a_partition_that_begins_with_what_must_wait_is_left_out() -> None:
    """There is nothing of it to project."""
    batches = {0: [record(0, "", newer=True)]}
    cases, newer = cases_of(batches, Held())
    assert (cases, list(newer), batches) == ([], [0], {})


def test_any_key_can_be_kept() -> None:
    """A store takes no NUL and no half character; else a poison record could not even be put aside."""
    assert key_of(Record(0, 0, 0, b"a\0\xff", b"")) == "a\ufffd"
    assert key_of(Record(0, 0, 0, None, b"")) == ""
    assert len(key_of(Record(0, 0, 0, b"k" * 10_000, b""))) == LONGEST_KEY
