"""The projector's process: Kafka's journal in, the store out; it waits for whatever is away, and starts over when fenced."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Self

import psycopg
import structlog
from pydantic import Field, model_validator
from redis.asyncio import Redis

from global_directory.client import DirectoryClient
from infra.administration import ensure_topics
from infra.backoff import Backoff
from infra.errors import CausewayError
from infra.health import Health
from infra.kafka import Consumer, KafkaError, Record
from infra.pace import Pace
from infra.postgres import LOST_RACES, STORE_FAILURES, Pool, make_pool
from infra.schema.guard import Guard
from infra.serve import Host
from infra.settings import RegionalSettings, read
from infra.tasks import heed_cancellation
from infra.telling import told
from region.holding.renewal import Renewer
from region.holding.stand_in import StandIn
from region.holding.tenure import Tenure
from region.projector import metrics
from region.projector.lived import (
    AnotherJournalError,
    begin_notes,
    note_decided,
    see_that_it_is_new,
    see_what_was_noted,
)
from region.projector.loop import Committed, Projection
from region.projector.memory import Memory
from region.projector.nudge import Nudger
from region.projector.pruning import prune_forever
from region.projector.reading import cases_of
from region.projector.sharing import Alone, Share, ShareChangedError, Sharing
from region.projector.trimming import KEEPS_ALL, trim_forever
from region.projector.watch import watch
from region.store.repository.committing import FencedError
from region.store.repository.setup import prepare
from region.store.revisions import SCHEMA
from region.store.rows import Place
from replication.codec import UnknownVersionError
from replication.poison import keeping
from replication.poison.records import Room
from replication.topics import JOURNAL, journal_topic
from replication.turns.decided import decided_group
from replication.turns.waiting import in_turn

log = structlog.get_logger()

CONDITIONS = ("store", "journal", "version")

PACE_SECONDS = 0.008
"""Between the beginnings of two batches, at least: a batch has a price, in every part that follows it."""

REPLAY_SECONDS = 2.0
"""How often to look whether somebody wants something replayed, or a gap has closed below what is aside."""

REMIND_SECONDS = 60.0
"""How often to look whether something waits for another region for so long that it is asked for again."""

LOOK_SECONDS = 0.1
"""How often one that has no partitions looks whether it has any."""

NOWHERE = 4
"""After so many sessions in a row that failed it leaves its partitions to others."""

REST_SECONDS = 0.03
"""The longest rest after a batch; up to that, as long as the batch took."""


class ProjectorSettings(RegionalSettings):
    """What a projector needs.

    Attributes:
        projector_partitions: The partitions that it takes, comma-separated; all when empty.
        projector_shared: Whether several projectors of this region divide all partitions among themselves.
        projector_batch: The most records in a batch.
        projector_conversations: The most conversations kept in memory.
        journal_retention_days: How long the journal keeps records that are decided.
        retention_days: How long the store keeps outputs and relay rows that everybody has followed.
        aside_retention_days: How long the store keeps what was put aside: since it was taken in, or put aside for good.
        reports_retention_days: How long the store keeps reports that were closed.
        refresh_seconds: How long refresh tokens are good, and devices are kept that were logged out.
        edit_hours: For how long after it was sent a message may be edited.
        peers: Other region to its gateway's URL, as JSON; who stands by is asked for the lease while the directory says nothing.
    """

    projector_partitions: str = Field("", pattern=r"^(\d+(,\d+)*)?$")
    projector_shared: bool = False
    projector_batch: int = Field(500, ge=1, le=5000)
    projector_conversations: int = Field(20_000, ge=100)
    journal_retention_days: int = Field(7, ge=1)
    retention_days: float = Field(7, gt=0)
    aside_retention_days: float = Field(default=30, gt=0)
    reports_retention_days: float = Field(default=180, gt=0)
    refresh_seconds: int = Field(default=90 * 24 * 3600, ge=60)
    edit_hours: float = Field(default=48, gt=0)
    peers: dict[str, str] = Field(default_factory=dict)

    @property
    def own_partitions(self) -> tuple[int, ...]:
        """The partitions that this process projects, unless they are shared."""
        if not self.projector_partitions:
            return tuple(range(self.partitions))
        return tuple(int(number) for number in self.projector_partitions.split(","))

    @model_validator(mode="after")
    def _one_or_the_other(self) -> Self:
        if self.projector_shared and self.projector_partitions:
            raise ValueError(
                "partitions are shared (CAUSEWAY_PROJECTOR_SHARED) or named (CAUSEWAY_PROJECTOR_PARTITIONS), not both"
            )
        return self

    def share(self) -> Share:
        """Return what tells which partitions this process projects."""
        if not self.projector_shared:
            return Alone(self.own_partitions)
        return Sharing(self.store, instance=self.instance, partitions=self.partitions)


class JournalLostError(CausewayError):
    """Partition {partition} of the journal holds offsets {first} to {end}, but the store has projected up to {next_offset}: the journal lost records. Nothing is guessed; see docs/operations/incarnation.md, Kafka."""

    code = "journal-lost"
    definite = True


class NewerRecordError(CausewayError):
    """Partition {partition} waits at offset {offset}: a record of version {version}, which this projector cannot read. Upgrade this region's projector; nothing is lost meanwhile."""

    code = "newer-record"
    definite = True


def check_bounds(place: Place, first: int, end: int) -> None:
    """Check that a journal partition still holds what comes next.

    Raises:
        JournalLostError: It was truncated, or emptied, or made anew.
    """
    if not first <= place.next_offset <= end:
        raise JournalLostError(partition=place.partition, first=first, end=end, next_offset=place.next_offset)


async def service(host: Host) -> None:
    """Project this region's journal until cancelled."""
    settings = read(ProjectorSettings)
    await in_turn(settings, "projector", host.health, partial(_project, settings, host), finish=host.finish)


async def _project(settings: ProjectorSettings, host: Host) -> None:
    tenure = Tenure.of(settings)
    keeping.begin(JOURNAL)
    guard = Guard(SCHEMA, settings.store, instance=settings.instance, service="projector", health=host.health)
    tls = host.mutual_tls(settings.region)
    stand_in = StandIn(settings.region, settings.standby if settings.here == settings.region else "", settings.peers)
    async with (
        DirectoryClient(settings.directory, tls=tls) as directory,
        asyncio.TaskGroup() as group,  # the projector makes a new store, so it does not wait for the guard
    ):
        group.create_task(guard.run(), name="schema guard")
        group.create_task(stand_in.run(tls.client if tls else None), name="stand-in")
        await project_forever(
            host.health,
            settings,
            topic=journal_topic(settings.region, settings.here),
            tenure=tenure,
            renewer=Renewer("projector", tenure, directory, stand_in=stand_in),
            may_begin=partial(see_that_it_is_new, settings.region, directory),
        )


async def project_forever(
    health: Health,
    settings: ProjectorSettings,
    *,
    topic: str = JOURNAL,
    tenure: Tenure | None = None,
    renewer: Renewer | None = None,
    may_begin: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Project a journal until cancelled, over any failure of Kafka, the store or Redis.

    Args:
        health: Told of `store` and `journal`, and of `version`: whether all that was read is of a version that is known.
        settings: Of this process.
        topic: The journal's topic.
        tenure: How this region stands to its duties; if it is not given, nobody else can have them.
        renewer: Keeps its lease running.
        may_begin: Raises an error unless a store that has nothing may be made a new region's.
    """
    health.expect(*CONDITIONS)
    redis: Redis = Redis.from_url(settings.redis, socket_timeout=None)  # the nudger limits the time by itself
    nudger = Nudger(redis)
    pool = make_pool(settings.store, size=3, name=f"{settings.instance} projector")
    share = settings.share()
    await pool.open(wait=False)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(share.run(), name="share")
            group.create_task(nudger.run(), name="nudger")
            group.create_task(
                prune_forever(
                    pool,
                    retention=settings.retention_days * 86_400,
                    aside_retention=settings.aside_retention_days * 86_400,
                    devices_retention=settings.refresh_seconds,
                    reports_retention=settings.reports_retention_days * 86_400,
                    share=share,
                    destinations=settings.others,
                ),
                name="pruning",
            )
            group.create_task(
                trim_forever(
                    pool,
                    kafka=settings.kafka,
                    topic=topic,
                    site=settings.here,
                    keep=settings.journal_retention_days * 86_400,
                    share=share,
                ),
                name="trimming",
            )
            if renewer is not None:
                group.create_task(renewer.run(pool), name="lease")
            projector = Projector(health, settings, pool, nudger, share, topic=topic, tenure=tenure, renewer=renewer)
            await projector.run(may_begin)
    finally:
        await pool.close()
        await redis.aclose()


class Projector:
    """The process's main loop: sessions, one after the other, each of which ends with an error."""

    def __init__(
        self,
        health: Health,
        settings: ProjectorSettings,
        pool: Pool,
        nudger: Nudger,
        share: Share,
        *,
        topic: str,
        tenure: Tenure | None = None,
        renewer: Renewer | None = None,
    ) -> None:
        """Prepare it.

        Args:
            health: Told of `store`, `journal` and `version`.
            settings: Of this process.
            pool: Connections to the store.
            nudger: Told of each commit.
            share: Says which partitions are projected.
            topic: The journal's topic.
            tenure: How this region stands to its duties; if it is not given, nobody else can have them.
            renewer: Keeps its lease running.
        """
        self._tenure = tenure or Tenure(settings.region)
        self._renewer = renewer
        self._health = health
        self._settings = settings
        self._pool = pool
        self._nudger = nudger
        self._share = share
        self._topic = topic
        self._memory = Memory(conversations=settings.projector_conversations, users=50_000)
        self._backoff = Backoff()
        self._waiting: set[int] = set()
        self._projected: tuple[int, ...] = ()
        self._wait_ms = 200 if settings.projector_shared else 1000  # so soon it heeds that its share has changed

    async def run(self, may_begin: Callable[[], Awaitable[None]] | None = None) -> None:
        """Project until cancelled.

        Args:
            may_begin: As `prepare` asks it.
        """
        while True:
            heed_cancellation()
            failed = True
            try:
                await self._session(may_begin)
            except* ShareChangedError:
                failed = False
            except* FencedError as errors:
                metrics.FENCED.inc()
                self._note("store", errors)
            except* (*STORE_FAILURES, *LOST_RACES, psycopg.Error) as errors:
                self._note("store", errors)
            except* (KafkaError, OSError, JournalLostError, AnotherJournalError) as errors:
                self._note("journal", errors)
            except* CausewayError as errors:
                self._note("store", errors)
            finally:
                self._share.end()
            if failed:
                if self._backoff.attempts >= NOWHERE:
                    self._share.stand_back()
                await asyncio.sleep(self._backoff.next())

    def _note(self, what: str, errors: ExceptionGroup[Exception]) -> None:
        error = errors.exceptions[0]
        metrics.FAILURES.labels(type(error).__name__).inc()
        detail = told(error)
        self._health.tell(what, ok=False, detail=detail)
        log.warning("starting over", because=what, error=detail, kind=type(error).__name__)

    async def _session(self, may_begin: Callable[[], Awaitable[None]] | None) -> None:
        settings = self._settings
        region = await prepare(self._pool, region=settings.region, partitions=settings.partitions, may_begin=may_begin)
        self._tenure.begin(region.epoch, region.incarnation)
        await ensure_topics(
            settings.kafka,
            {self._topic: settings.partitions},
            config=KEEPS_ALL,
            replication=settings.kafka_replication,
        )
        partitions = await self._begin_share()
        async with self._pool.connection() as connection:
            room = Room(settings.aside_records, settings.aside_bytes)
            window = int(self._settings.edit_hours * 3_600_000_000)
            federation = {settings.region, *settings.others}
            projection = Projection(
                connection,
                region,
                self._memory,
                room=room,
                edit_window=window,
                federation=federation,
                tenure=self._tenure,
            )
            places = await projection.begin(partitions)
            client, notes = f"{settings.instance}-projector", decided_group(region)
            async with Consumer(settings.kafka, self._topic, client=client, group=notes) as consumer:
                await see_what_was_noted(consumer, connection, places, epoch=region.epoch)
                await self._mend()
                self._tell(await projection.revive())
                self._health.tell("store", ok=True)
                for place in places.values():
                    check_bounds(place, *(await consumer.bounds(place.partition)))
                expected = {place.partition: place.next_offset for place in places.values()}
                consumer.assign(expected)
                await begin_notes(consumer, connection, places, epoch=region.epoch)
                self._health.tell("journal", ok=True)
                self._waiting.clear()
                metrics.WAITING.set(0)
                self._tell_version(projection)
                async with asyncio.TaskGroup() as group:
                    group.create_task(watch(consumer, projection, expected, self._health), name="watch")
                    group.create_task(note_decided(consumer, lambda: dict(expected)), name="notes")
                    await self._read(consumer, projection, expected)

    async def _begin_share(self) -> tuple[int, ...]:
        """Wait for partitions, and return them.

        Raises:
            ShareChangedError: It had none before: what was read of the store until then may be old.
        """
        if not self._share.partitions:
            metrics.forget_partitions()
            self._projected = ()
            while not self._share.partitions:
                heed_cancellation()
                lacks = self._share.lacks
                for condition in CONDITIONS:
                    self._health.tell(
                        condition, ok=not lacks, detail=lacks or "others have all partitions; it waits to take over"
                    )
                await asyncio.sleep(LOOK_SECONDS)
            raise ShareChangedError
        partitions = await self._share.begin()
        if partitions != self._projected:
            metrics.forget_partitions()
            self._projected = partitions
        return partitions

    async def _read(self, consumer: Consumer, projection: Projection, expected: dict[int, int]) -> None:
        pace = Pace(least=PACE_SECONDS, longest_rest=REST_SECONDS)
        look_at, remind_at = 0.0, time.monotonic() + REMIND_SECONDS
        while True:
            heed_cancellation()
            self._share.check()
            await self._mend()
            if time.monotonic() >= look_at:
                self._tell(await projection.replay())
                self._tell(await projection.release())
                look_at = time.monotonic() + REPLAY_SECONDS
            if time.monotonic() >= remind_at:
                self._tell(await projection.remind())
                remind_at = time.monotonic() + REMIND_SECONDS
            await pace.rest()
            batches = await consumer.read(wait_ms=self._wait_ms, most=self._settings.projector_batch)
            if not batches:
                continue
            self._health.tell("journal", ok=True)
            pace.begin()
            for partition, records in batches.items():
                check_dense(expected, partition, records)
            cases, newer = cases_of(batches, projection.held)
            await self._mend()
            self._tell(await projection.project(cases))
            self._backoff.reset()
            self._health.tell("store", ok=True)
            metrics.RECORDS.inc(len(cases))
            metrics.BATCH_RECORDS.observe(len(cases))
            for partition, records in batches.items():
                expected[partition] = records[-1].offset + 1
                metrics.NEXT_OFFSET.labels(partition).set(expected[partition])
                metrics.PROCESSED.labels(partition).set(records[-1].timestamp / 1000)
                metrics.REACHED.labels(partition).set(records[-1].timestamp / 1000)
            if newer:
                self._wait_at(newer, consumer, expected)
            self._tell_version(projection)

    async def _mend(self) -> None:
        if self._renewer is not None:
            await self._renewer.mend()

    def _tell(self, committed: Committed) -> None:
        if committed.positions:
            self._nudger.tell(committed)

    def _tell_version(self, projection: Projection) -> None:
        """Tell whether something waits for newer software; a partition that stands still was told already."""
        if self._waiting:
            return
        if aside := len(projection.held):
            detail = f"records of a newer version are aside, of {aside} conversations or users: upgrade this region's projector, which then takes them in by itself, in order"
            self._health.tell("version", ok=False, detail=detail)
        else:
            self._health.tell("version", ok=True)

    def _wait_at(
        self, newer: Mapping[int, UnknownVersionError], consumer: Consumer, expected: Mapping[int, int]
    ) -> None:
        """Read no further in these partitions: whoever can read what stands there begins where the store is."""
        for partition, error in newer.items():
            waits = NewerRecordError(partition=partition, offset=expected[partition], version=error.details["version"])
            self._health.tell("version", ok=False, detail=str(waits))
            log.error("waiting for an upgrade", partition=partition, offset=expected[partition], error=str(error))
        self._waiting.update(newer)
        metrics.WAITING.set(len(self._waiting))
        for partition in newer:
            consumer.pause(partition)


def check_dense(expected: Mapping[int, int], partition: int, records: Sequence[Record]) -> None:
    """Check that what was read begins where it should, and has no holes: nothing in a journal is ever skipped.

    Raises:
        JournalLostError: Records are missing.
    """
    first, last = records[0].offset, records[-1].offset
    if first != expected[partition] or last != first + len(records) - 1:
        raise JournalLostError(partition=partition, first=first, end=last, next_offset=expected[partition])
