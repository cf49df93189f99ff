"""From journal records to cases; what newer software wrote is put aside with all that follows it, so that it keeps its order.

Pure. Order matters within a conversation, and within what is a user's alone: the key of a journal record, which Kafka shows
though its bytes cannot be read. `docs/decisions/0006-newer-records-go-aside-with-their-conversation.md` tells why.
"""

from dataclasses import replace
from typing import Final

from infra.kafka import Record
from region.projector.cases import Case
from replication.codec import UndecodableRecordError, UnknownVersionError, decode_journaled
from replication.poison.records import Amount, Kind, Poison, Room

MOST_ASIDE: Final = Room(10_000, 64 * 1024 * 1024)
"""How much of one partition may be aside for a newer version; a newer gateway would fill the store otherwise."""

LONGEST_KEY: Final = 200
"""Bytes of a key that are kept; ids are shorter."""


class Held:
    """Conversations and users of whom a record of a newer version is aside, so that what follows must wait behind it."""

    def __init__(self, room: Room = MOST_ASIDE) -> None:
        """Begin with nobody.

        Args:
            room: How much of a partition may be aside for that; then the partition waits.
        """
        self._room = room
        self._keys: set[tuple[int, str]] = set()
        self._aside: dict[int, Amount] = {}

    def __len__(self) -> int:
        """How many conversations and users there are."""
        return len(self._keys)

    def has(self, partition: int, key: str) -> bool:
        """Whether something of a newer version is aside for that key."""
        return (partition, key) in self._keys

    def room(self, partition: int) -> bool:
        """Whether one more record of a partition may be put aside."""
        return self._room.left(self._aside.get(partition, Amount()))

    def add(self, partition: int, key: str, value: bytes | None) -> None:
        """Note that a record is put aside for that key."""
        self._keys.add((partition, key))
        self._aside[partition] = self._aside.get(partition, Amount()).plus(value)


def cases_of(batches: dict[int, list[Record]], held: Held) -> tuple[list[Case], dict[int, UnknownVersionError]]:
    """Return the cases of what was read, and the partitions that must wait for an upgrade, with the reason.

    What newer software wrote is put aside, and whatever follows of the same conversation or user: so it keeps its order. Only
    where that cannot be told, or where so much is aside already that there is no room, the whole partition waits.

    Args:
        batches: Records by partition; cut off before the first of each that must wait.
        held: Whom something of a newer version is aside for; those that are added here are known from now on.
    """
    cases: list[Case] = []
    newer: dict[int, UnknownVersionError] = {}
    for partition, records in list(batches.items()):
        before = len(cases)
        for record in records:
            key = key_of(record)
            try:
                case = case_of(record)
            except UnknownVersionError as error:
                if not key or not held.room(partition):
                    newer[partition] = error
                    break
                held.add(partition, key, record.value)
                flaw = f"it is of version {error.details['version']}, which this software cannot read"
                case = Case(partition, record.offset, None, None, record.value, flaw, Kind.NEWER, key)
            else:
                if held.has(partition, key):
                    if not held.room(partition):
                        newer[partition] = UnknownVersionError(
                            version="a newer one, which is aside", readable="older ones"
                        )
                        break
                    held.add(partition, key, record.value)
                    flaw = "it follows a record of a newer version"
                    case = Case(partition, record.offset, None, None, record.value, flaw, Kind.BEHIND, key)
            cases.append(case)
        if partition in newer:
            batches[partition] = records[: len(cases) - before]
            if not batches[partition]:
                del batches[partition]
    return cases, newer


def key_of(record: Record) -> str:
    """Return by what a record was journaled, as the store can keep it; empty if by nothing."""
    return (record.key or b"")[:LONGEST_KEY].decode("utf-8", "replace").replace("\0", "")


def case_of(record: Record) -> Case:
    """Return the case of a journal record; one that cannot be read has a flaw.

    Raises:
        UnknownVersionError: Newer software wrote it.
    """
    key = key_of(record)
    try:
        journaled = decode_journaled(record.value)
    except UnknownVersionError:
        raise
    except UndecodableRecordError as error:
        return Case(record.partition, record.offset, None, value=record.value, flaw=str(error), key=key)
    return Case(
        record.partition,
        record.offset,
        journaled.record,
        journaled.via,
        record.value,
        key=key,
        overtaken=journaled.overtaken,
        trace=record.trace,
    )


def revived(kept: Poison) -> Case:
    """Return the case of a record that was put aside, to be judged again.

    Raises:
        UnknownVersionError: It still cannot be read.
    """
    case = case_of(Record(kept.partition, kept.offset, 0, kept.key.encode() or None, kept.value))
    return replace(case, revived=True, condemned=kept.kind is Kind.IMPOSSIBLE)
