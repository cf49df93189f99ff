"""Sees that a store in which nothing is, or less than was decided, is not taken for a region that begins."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Final, Protocol

import structlog

from global_directory.holding.schemas import DutyView
from infra.errors import CausewayError
from infra.kafka import Committed, Consumer, KafkaError
from infra.tasks import heed_cancellation
from infra.telling import told
from region.store.rows import Place
from replication.turns.decided import behind

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


async def note_decided(journal: Consumer, decided: Callable[[], Mapping[int, int]]) -> None:
    """Note again and again, where the journal lies, how far the store has come, until cancelled. Nothing waits for that: what fails is noted later.

    Args:
        journal: Of the group that `decided_group` names.
        decided: Returns how far each partition is decided that is assigned to it.
    """
    noted: Mapping[int, int] = {}
    again_at = 0.0
    while True:
        heed_cancellation()
        reached = decided()
        if reached and (reached != noted or time.monotonic() >= again_at):
            try:
                async with asyncio.timeout(NOTE_PATIENCE):
                    await journal.commit({partition: Committed(at, "") for partition, at in reached.items()})
                noted, again_at = reached, time.monotonic() + AGAIN_SECONDS
            except (KafkaError, TimeoutError) as error:
                log.info("how far the journal is decided was not noted", reason=told(error))
        await asyncio.sleep(NOTE_SECONDS)
