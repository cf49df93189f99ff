"""Reads one origin's mirrored topic, appends what is new to the journal, and commits only what is safely there."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import structlog

from infra.backoff import Backoff
from infra.errors import CausewayError
from infra.health import Health
from infra.kafka import Committed, Consumer, KafkaError, Producer, Record, count_partitions
from infra.pace import Pace
from infra.tasks import heed_cancellation
from relay.ingester import metrics
from relay.ingester.intake import Append, Aside, Beat, Had, Intake, Judged, NewerOriginError
from relay.ingester.progress import Taken, UnreadableProgressError, fit, read
from replication.topics import JOURNAL, mirrored_topic

log = structlog.get_logger()

MOST_RECORDS: Final = 1000
COMMIT_SECONDS: Final = 0.5
"""How often progress is committed at most; a crash replays that much."""

PACE_SECONDS: Final = 0.008
REST_SECONDS: Final = 0.03
"""Between the beginnings of two batches at least, and the longest rest after one; see the projector's."""

TOPIC_CHECK_SECONDS: Final = 30.0
VERDICTS: Final = {Append: "passed", Had: "dropped", Aside: "refused", Beat: "heartbeat"}


class TopicChangedError(CausewayError):
    """The mirrored topic {topic} has {now} partitions, it had {before}; it is read anew."""

    code = "topic-changed"
    definite = True


class Reader:
    """One origin's reader; `run` it until cancelled."""

    def __init__(self, intake: Intake, *, kafka: str, health: Health) -> None:
        """Prepare.

        Args:
            intake: Judges the records.
            kafka: Bootstrap servers of this region.
            health: Where the condition `from <origin>` is told.
        """
        self._intake = intake
        self._kafka = kafka
        self._health = health
        self._topic = mirrored_topic(intake.origin, intake.here)
        self._condition = f"from {intake.origin}"
        self._taken: dict[int, Taken] = {}
        self._next: dict[int, int] = {}
        self._dirty: set[int] = set()
        self._committed_at = 0.0

    async def run(self) -> None:
        """Read, whatever fails meanwhile; after any failure everything goes on from what was committed."""
        backoff = Backoff()
        while True:
            heed_cancellation()
            try:
                partitions = await self._await_topic()
                async with (
                    Consumer(
                        self._kafka,
                        self._topic,
                        client=f"ingester-{self._intake.origin}",
                        group=f"ingester-{self._intake.here}",
                    ) as consumer,
                    Producer(self._kafka, client=f"ingester-{self._intake.origin}", linger_ms=0) as producer,
                ):
                    await self._resume(consumer, partitions)
                    self._health.tell(self._condition, ok=True)
                    backoff.reset()
                    await self._read_on(consumer, producer, partitions)
            except (KafkaError, OSError, CausewayError) as error:
                log.warning(
                    "ingester interrupted", origin=self._intake.origin, reason=str(error) or type(error).__name__
                )
                self._health.tell(self._condition, ok=False, detail=str(error) or type(error).__name__)
            await asyncio.sleep(backoff.next())

    async def _await_topic(self) -> int:
        while True:
            heed_cancellation()
            partitions = await count_partitions(self._kafka, self._topic)
            if partitions:
                return partitions
            self._health.tell(self._condition, ok=False, detail=f"MirrorMaker has not made {self._topic} yet")
            await asyncio.sleep(1)

    async def _resume(self, consumer: Consumer, partitions: int) -> None:
        self._taken, self._next, self._dirty = {}, {}, set()
        for partition in range(partitions):
            committed = await consumer.committed(partition)
            first, end = await consumer.bounds(partition)
            self._next[partition] = first
            self._taken[partition] = Taken()
            if committed is not None:
                self._taken[partition] = self._read_progress(committed)
                self._next[partition] = self._continue_at(committed.offset, first, end)
        consumer.assign(self._next)

    def _read_progress(self, committed: Committed) -> Taken:
        try:
            return read(committed.metadata)
        except UnreadableProgressError as error:
            log.error("progress unreadable", origin=self._intake.origin, reason=str(error))  # noqa: TRY400 — the reason says it all
            metrics.GAPS.labels(self._intake.origin).inc()
            return Taken()

    def _continue_at(self, offset: int, first: int, end: int) -> int:
        if first <= offset <= end:
            return offset
        log.error(
            "mirrored topic does not reach the committed offset",
            topic=self._topic,
            committed=offset,
            first=first,
            end=end,
        )
        metrics.OFFSET_JUMPS.labels(self._intake.origin).inc()
        return first

    async def _read_on(self, consumer: Consumer, producer: Producer, partitions: int) -> None:
        check_at = time.monotonic() + TOPIC_CHECK_SECONDS
        pace = Pace(least=PACE_SECONDS, longest_rest=REST_SECONDS)
        while True:
            heed_cancellation()
            await pace.rest()
            batch = await consumer.read(wait_ms=50 if self._dirty else 1000, most=MOST_RECORDS)
            if batch:
                pace.begin()
            stalled = await self._take_batch(producer, batch) if batch else None
            now = time.monotonic()
            if self._dirty and (stalled or not batch or now >= self._committed_at + COMMIT_SECONDS):
                await self._commit(consumer)
                self._committed_at = now
            if stalled:
                raise stalled
            if now >= check_at:
                check_at = now + TOPIC_CHECK_SECONDS
                if (count := await count_partitions(self._kafka, self._topic)) != partitions:
                    raise TopicChangedError(topic=self._topic, now=count, before=partitions)

    async def _take_batch(self, producer: Producer, batch: Mapping[int, Sequence[Record]]) -> NewerOriginError | None:
        """Append what is new, and wait until all of it is acknowledged; return why the reader must stop here, if it must."""
        appends: list[Append] = []
        stalled: NewerOriginError | None = None
        for partition, records in batch.items():
            try:
                self._take_partition(partition, records, appends)
            except NewerOriginError as error:
                stalled = error
        sent = [
            await producer.send(JOURNAL, partition=append.partition, key=append.key, value=append.value)
            for append in appends
        ]
        for result in await asyncio.gather(*sent, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result
        metrics.BATCH.labels(self._intake.origin).set(sum(map(len, batch.values())))
        return stalled

    def _take_partition(self, partition: int, records: Sequence[Record], appends: list[Append]) -> None:
        taken, now = self._taken[partition], time.time_ns() // 1000
        if records[0].offset != self._next[partition]:
            log.error(
                "offsets do not continue",
                topic=self._topic,
                partition=partition,
                expected=self._next[partition],
                found=records[0].offset,
            )
            metrics.OFFSET_JUMPS.labels(self._intake.origin).inc()
        self._dirty.add(partition)
        counts: Counter[str] = Counter()
        forwarded = beat = 0
        try:
            for record in records:
                self._next[partition] = record.offset
                judged = self._intake.take(record.value, partition=partition, taken=taken, now=now)
                self._next[partition] = record.offset + 1
                forwarded = max(forwarded, judged.forwarded_at)
                if isinstance(judged.step, Append):
                    appends.append(judged.step)
                elif isinstance(judged.step, Beat):
                    beat = max(beat, judged.forwarded_at)
                counts[VERDICTS[type(judged.step)]] += 1
                if judged.gap is not None or isinstance(judged.step, Aside):
                    self._alert(partition, record, judged)
        finally:
            self._count(partition, counts, forwarded, beat)

    def _alert(self, partition: int, record: Record, judged: Judged) -> None:
        where = {"origin": self._intake.origin, "partition": partition, "offset": record.offset}
        if judged.gap is not None:
            metrics.GAPS.labels(self._intake.origin).inc()
            park, stream = judged.gap.park, judged.gap.stream
            term = {"incarnation": stream.incarnation, "epoch": stream.epoch}
            log.error("records are missing", first=park.first_missing, last=park.last_missing, **term, **where)
        if isinstance(judged.step, Aside):
            log.error("record put aside", reason=judged.step.reason, **where)

    def _count(self, partition: int, counts: Mapping[str, int], forwarded: int, beat: int) -> None:
        origin = self._intake.origin
        for verdict, number in counts.items():
            metrics.RECORDS.labels(origin, verdict).inc(number)
        if forwarded:
            metrics.FORWARDED.labels(origin, partition).set(forwarded / 1e6)
        if beat:
            metrics.HEARTBEAT.labels(origin, partition).set(beat / 1e6)

    async def _commit(self, consumer: Consumer) -> None:
        positions = {}
        for partition in self._dirty:
            fitted, text = fit(self._taken[partition])
            if fitted != self._taken[partition]:
                log.error("progress does not fit", origin=self._intake.origin, partition=partition)
                metrics.COARSENED.labels(self._intake.origin).inc()
            self._taken[partition] = fitted
            metrics.MISSING.labels(self._intake.origin, partition).set(fitted.missing)
            positions[partition] = Committed(self._next[partition], text)
        await consumer.commit(positions)
        self._dirty.clear()
        metrics.COMMITTED.labels(self._intake.origin).set(time.time())
