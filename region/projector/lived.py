"""Sees that a store in which nothing is, or less than was decided, is not taken for a region that begins; nor another journal for the one that was decided."""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from typing import Final, Protocol

import structlog

from global_directory.holding.schemas import DutyView
from infra.errors import CausewayError
from infra.kafka import Committed, Consumer, KafkaError
from infra.postgres import Connection
from infra.tasks import heed_cancellation
from infra.telling import told
from region.store.rows import Place
from replication.turns.decided import behind, read_decided
from replication.turns.repository import note_in, noted_in

log = structlog.get_logger()

NOTE_SECONDS: Final = 1.0
"""So often the journal's Kafka is told how far the store has come; what was lost of a store within that time is not noticed by it."""

AGAIN_SECONDS: Final = 3600.0
"""So often that is told anew where nothing is decided: Kafka forgets what nobody repeats for days."""
NOTE_PATIENCE: Final = 10.0
"""So long Kafka may take to note that, or to tell it, seconds."""


class StoreLostError(CausewayError):
    """The store of {region} is empty, and {region} has lived: the directory knows it in epoch {epoch}, held by {holder}. Nothing is begun in it. If its disk is elsewhere, bring that back; if it is lost, see docs/operations/incarnation.md."""

    code = "store-lost"
    definite = True


class StoreWentBackError(CausewayError):
    """Partition {partition} of the journal was decided up to {decided}, and the store knows it up to {next_offset} only: an older store was put in its place. Nothing is decided in it, since others may have been told what would be numbered anew; see docs/operations/incarnation.md."""

    code = "store-went-back"
    definite = True


class AnotherJournalError(CausewayError):
    """Partition {partition} of the journal was decided up to {next_offset}, and its Kafka knows nothing of that: it is another journal than the one that was there. Nothing is decided; see docs/operations/incarnation.md, Kafka."""

    code = "another-journal"
    definite = True


class Directory(Protocol):
    """Who says who holds."""

    async def duties(self) -> tuple[DutyView, ...]:
        """Return who holds what; see `global_directory.client.DirectoryClient`."""
        ...


async def see_that_it_is_new(region: str, directory: Directory) -> None:
    """See that a region of which there is no store has never had one: a region announces itself once it has.

    Raises:
        StoreLostError: It has.
        CausewayError: The directory does not tell; then nothing is begun, either.
    """
    for duty in await directory.duties():
        if duty.region == region:
            raise StoreLostError(region=region, epoch=duty.epoch, holder=duty.holder)


def see_that_it_goes_on(places: Mapping[int, Place], decided: Mapping[int, int]) -> None:
    """See that a store has come as far as its journal's Kafka was told that it had.

    Raises:
        StoreWentBackError: It was further.
    """
    offsets = {partition: place.next_offset for partition, place in places.items()}
    if (partition := behind(offsets, decided)) is not None:
        raise StoreWentBackError(partition=partition, decided=decided[partition], next_offset=offsets[partition])


def see_that_it_is_the_same(places: Mapping[int, Place], decided: Mapping[int, int], noted: Collection[int]) -> None:
    """See that a journal is the one that was decided: its Kafka has what was noted there, also where it has grown beyond what the store goes on with.

    Args:
        places: How far the store has come.
        decided: Partition to how far it was decided, as its Kafka has noted it in this epoch.
        noted: Partitions of which that was noted in this epoch, as the store says.

    Raises:
        AnotherJournalError: It is not.
    """
    for partition, place in places.items():
        if place.next_offset > 0 and partition in noted and partition not in decided:
            raise AnotherJournalError(partition=partition, next_offset=place.next_offset)


async def see_what_was_noted(
    journal: Consumer, connection: Connection, places: Mapping[int, Place], *, epoch: int
) -> None:
    """See that a store and a journal belong together, by what was noted in both.

    Args:
        journal: Of the group that `decided_group` names.
        connection: To the store.
        places: How far the store has come.
        epoch: In which the region decides.

    Raises:
        StoreWentBackError: The store is an older one.
        AnotherJournalError: The journal is another one.
        KafkaError: Kafka does not tell.
        psycopg.Error: The store failed.
    """
    async with asyncio.timeout(NOTE_PATIENCE):
        decided = await read_decided(journal, places)
    see_that_it_goes_on(places, decided)
    see_that_it_is_the_same(places, decided, await noted_in(connection, epoch=epoch))


async def begin_notes(journal: Consumer, connection: Connection, places: Mapping[int, Place], *, epoch: int) -> None:
    """Note of partitions of which it never was in this epoch how far they are decided: in Kafka first, so that the store never says what is not there.

    Args:
        journal: As `note_decided` takes it, its partitions assigned.
        connection: To the store.
        places: How far the store has come.
        epoch: Which.

    Raises:
        KafkaError: It was not noted.
        psycopg.Error: The store failed.
    """
    if new := places.keys() - await noted_in(connection, epoch=epoch):
        async with asyncio.timeout(NOTE_PATIENCE):
            await journal.commit({partition: Committed(places[partition].next_offset, "") for partition in new})
        await note_in(connection, new, epoch=epoch)


async def note_decided(journal: Consumer, decided: Callable[[], Mapping[int, int]]) -> None:
    """Note again and again, where the journal lies, how far the store has come, until cancelled. Nothing waits for that: what fails is noted later.

    Args:
        journal: Of the group that `decided_group` names, in which something was noted of each partition.
        decided: Returns how far each partition is decided that is assigned to it.

    Raises:
        AnotherJournalError: What was noted before is not there any more: Kafka came back without its disk.
    """
    noted: Mapping[int, int] = {}
    again_at = 0.0
    while True:
        heed_cancellation()
        reached = decided()
        if reached and (reached != noted or time.monotonic() >= again_at):
            try:
                async with asyncio.timeout(NOTE_PATIENCE):
                    await _see_that_it_is_there(journal, reached)
                    await journal.commit({partition: Committed(at, "") for partition, at in reached.items()})
                noted, again_at = reached, time.monotonic() + AGAIN_SECONDS
            except (KafkaError, TimeoutError) as error:
                log.info("how far the journal is decided was not noted", reason=told(error))
        await asyncio.sleep(NOTE_SECONDS)


async def _see_that_it_is_there(journal: Consumer, reached: Mapping[int, int]) -> None:
    """All notes of a group lie in one place, and are lost together: so one is asked for."""
    partition = max(reached, key=lambda one: reached[one])
    if reached[partition] > 0 and await journal.committed(partition) is None:
        raise AnotherJournalError(partition=partition, next_offset=reached[partition])
