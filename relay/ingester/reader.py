"""Reads one origin's mirrored topic, has gaps repaired, appends what is new to the journal, and commits what is safely there."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import psycopg
import structlog

from infra.administration import count_partitions
from infra.backoff import Backoff
from infra.errors import CausewayError
from infra.health import Health
from infra.kafka import Committed, Consumer, KafkaError, Producer, Record
from infra.pace import Pace
from infra.tasks import heed_cancellation
from infra.telling import told as told_of
from relay.ingester import metrics, telling
from relay.ingester.asking import Asking
from relay.ingester.brought import Brought
from relay.ingester.intake import Append, Aside, Beat, Intake, NewerOriginError
from relay.ingester.lane import Came, Lane
from relay.ingester.repairer import Repairer
from relay.ingester.shelf import Shelf
from replication.poison.records import Poison, told
from replication.progress import Taken, UnreadableProgressError, fit, read
from replication.topics import journal_topic

log = structlog.get_logger()

MOST_RECORDS: Final = 1000
COMMIT_SECONDS: Final = 0.5
"""How often progress is committed at most; a crash replays that much."""

PACE_SECONDS: Final = 0.008
REST_SECONDS: Final = 0.03
"""Between the beginnings of two batches at least, and the longest rest after one; see the projector's."""

TOPIC_CHECK_SECONDS: Final = 30.0


class TopicChangedError(CausewayError):
    """The mirrored topic {topic} has {now} partitions, it had {before}; it is read anew."""

    code = "topic-changed"
    definite = True


class Reader:
    """One origin's reader; `run` it until cancelled."""

    def __init__(
        self,
        intake: Intake,
        *,
        kafka: str,
        health: Health,
        repairer: Repairer,
        asking: Asking,
        shelf: Shelf,
        silence: float = 30.0,
        present: Callable[[], bool] = lambda: True,
        brought: Brought | None = None,
    ) -> None:
        """Prepare.

        Args:
            intake: Judges the records.
            kafka: Bootstrap servers of this region.
            health: Where the condition `from <origin>` is told.
            repairer: Asks the origin for what is missing.
            asking: Says what to ask it for.
            shelf: Keeps what cannot be taken in.
            silence: After how many seconds in which nothing came, not even a heartbeat, that is told.
            present: Whether something is to be heard: the origin's duties are held now where this comes from.
            brought: What was taken in before this region's duties were held here; nothing by default.
        """
        self._intake = intake
        self._repairer = repairer
        self._asking = asking
        self._shelf = shelf
        self._poison: list[Poison] = []
        self._standing: set[int] = set()
        self._silence = silence
        self._heard_at = 0.0
        self._kafka = kafka
        self._health = health
        self._topic = intake.topic
        self._journal = journal_topic(intake.here, intake.site or intake.here)
        self._way = intake.way
        self._condition = f"from {self._way}"
        self._present = present
        self._brought = brought or Brought()
        self._lanes: dict[int, Lane] = {}
        self._paused: set[int] = set()
        self._dirty: set[int] = set()
        self._committed_at = 0.0
        self._ending, self._ended = asyncio.Event(), asyncio.Event()

    async def finish(self) -> None:
        """Read no further, and return once all that was read is safely in the journal, and how far that is was kept."""
        self._ending.set()
        await self._ended.wait()

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
                        client=f"ingester-{self._way}",
                        group=self._brought.group(self._intake.here),
                    ) as consumer,
                    Producer(self._kafka, client=f"ingester-{self._way}", linger_ms=0) as producer,
                ):
                    await self._resume(consumer, partitions)
                    self._health.tell(self._condition, ok=True)
                    backoff.reset()
                    await self._read_on(consumer, producer, partitions)
            except (KafkaError, OSError, psycopg.Error, CausewayError) as error:
                log.warning("ingester interrupted", origin=self._way, reason=told_of(error))
                self._health.tell(self._condition, ok=False, detail=told_of(error))
            finally:
                await self._repairer.forget()
                self._asking.busy.clear()
            await asyncio.sleep(backoff.next())

    async def _await_topic(self) -> int:
        while True:
            heed_cancellation()
            partitions = await count_partitions(self._kafka, self._topic)
            if partitions:
                return partitions
            missing = f"MirrorMaker has not made {self._topic} yet"
            self._health.tell(self._condition, ok=not self._present(), detail=missing)
            await asyncio.sleep(1)

    async def _resume(self, consumer: Consumer, partitions: int) -> None:
        self._lanes, self._paused, self._dirty, self._standing, self._poison = {}, set(), set(), set(), []
        self._heard_at = time.monotonic()
        for partition in range(partitions):
            committed = await consumer.committed(partition)
            first, end = await consumer.bounds(partition)
            taken, next_ = self._read_progress(self._brought.progress(self._way, partition)), first
            if committed is not None:
                taken = self._read_progress(committed.metadata)
                next_ = self._continue_at(committed.offset, first, end)
            anywhere = not self._brought.knows(self._way, partition)
            self._lanes[partition] = Lane(self._intake, partition, taken, next_, begins_anywhere=anywhere)
        consumer.assign({partition: lane.next for partition, lane in self._lanes.items()})

    def _read_progress(self, text: str | None) -> Taken:
        try:
            return Taken() if text is None else read(text)
        except UnreadableProgressError as error:
            log.error("progress unreadable", origin=self._way, reason=str(error))  # noqa: TRY400 — the reason says it all
            metrics.GAPS.labels(self._way).inc()
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
        metrics.OFFSET_JUMPS.labels(self._way).inc()
        return first

    async def _read_on(self, consumer: Consumer, producer: Producer, partitions: int) -> None:
        check_at = time.monotonic() + TOPIC_CHECK_SECONDS
        pace = Pace(least=PACE_SECONDS, longest_rest=REST_SECONDS)
        while True:
            heed_cancellation()
            if self._ending.is_set():
                await self._end(consumer)
            await pace.rest()
            parked = any(lane.parked for lane in self._lanes.values())
            batch = await consumer.read(wait_ms=50 if self._dirty or parked else 1000, most=MOST_RECORDS)
            if batch:
                pace.begin()
            await self._take_in(consumer, producer, batch)
            await self._readmit(producer)
            now = time.monotonic()
            if self._dirty and (not batch or now >= self._committed_at + COMMIT_SECONDS):
                await self._commit(consumer)
                self._committed_at = now
            self._tell(now)
            if now >= check_at:
                check_at = now + TOPIC_CHECK_SECONDS
                if (count := await count_partitions(self._kafka, self._topic)) != partitions:
                    raise TopicChangedError(topic=self._topic, now=count, before=partitions)

    async def _end(self, consumer: Consumer) -> None:
        if self._dirty:
            await self._commit(consumer)
        await self._brought.write(self._way, {partition: fit(lane.taken)[1] for partition, lane in self._lanes.items()})
        self._ended.set()
        await asyncio.Event().wait()

    def _tell(self, now: float) -> None:
        """Tell whether all is well; an origin that never sent anything sends no heartbeats either."""
        silent = now - self._heard_at
        known = any(lane.taken.streams for lane in self._lanes.values())
        origin, here, detail = self._way, self._intake.here, ""
        metrics.STANDING.labels(origin).set(len(self._standing))
        if self._standing:
            detail = str(NewerOriginError(origin=origin, partition=", ".join(map(str, sorted(self._standing)))))
        elif known and silent > self._silence and self._present():
            detail = f"nothing has come from {origin} for {silent:.0f} s, not even a heartbeat: look at the forwarder of {origin}, the link, and MirrorMaker into {here}"
        self._health.tell(self._condition, ok=not detail, detail=detail)

    async def _take_in(self, consumer: Consumer, producer: Producer, batch: Mapping[int, Sequence[Record]]) -> None:
        """Append what is new, keep aside what cannot be, and wait until all of it is acknowledged."""
        appends: list[Append] = []
        self._take_answers(appends)
        for partition, records in batch.items():
            self._take_partition(consumer, partition, records, appends)
        self._ask(appends)
        self.resume_paused(consumer)
        await self._append(producer, appends)
        if self._poison:
            await self._shelf.put(self._poison)
            self._poison = []
        if batch:
            metrics.BATCH.labels(self._way).set(sum(map(len, batch.values())))

    async def _append(self, producer: Producer, appends: Sequence[Append]) -> None:
        sent = [
            await producer.send(
                self._journal, partition=append.partition, key=append.key, value=append.value, trace=append.trace
            )
            for append in appends
        ]
        for result in await asyncio.gather(*sent, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result

    async def _readmit(self, producer: Producer) -> None:
        """Take in what was put aside, where somebody wants it or it can be read by now; a projector drops what it has had."""
        now = time.time_ns() // 1000
        replayed: list[Poison] = []
        in_vain: list[Poison] = []
        appends: list[Append] = []
        for kept in self._shelf.due():
            lane = self._lanes.get(kept.partition)
            step = None if lane is None else lane.readmit(kept.value, now=now)
            if isinstance(step, Append):
                appends.append(step)
                replayed.append(kept)
                self._dirty.add(kept.partition)
            else:
                in_vain.append(kept)
        if replayed or in_vain:
            await self._append(producer, appends)
            await self._shelf.note(replayed, in_vain)
            log.info("replayed", origin=self._way, records=len(replayed), in_vain=len(in_vain))

    def _take_partition(
        self, consumer: Consumer, partition: int, records: Sequence[Record], appends: list[Append]
    ) -> None:
        lane, now, clock = self._lanes[partition], time.time_ns() // 1000, time.monotonic()
        if records[0].offset != lane.next:
            log.error(
                "offsets do not continue",
                topic=self._topic,
                partition=partition,
                expected=lane.next,
                found=records[0].offset,
            )
            metrics.OFFSET_JUMPS.labels(self._way).inc()
        came = Came()
        self._heard_at = clock
        try:
            for record in records:
                if lane.full:  # what was read beyond is read again, when there is room
                    consumer.seek(partition, record.offset)
                    consumer.pause(partition)
                    self._paused.add(partition)
                    log.warning("reading waits for a repair", origin=self._way, partition=partition)
                    break
                if self._shelf.full and self._intake.must_wait(record.value):
                    consumer.seek(partition, record.offset)
                    consumer.pause(partition)
                    self._standing.add(partition)
                    break
                found = lane.take(record.value, record.offset, now=now, clock=clock)
                if (
                    record.trace and found.judged
                ):  # what waited behind a gap, or is brought by a repair, has lost its trace
                    found.judged[0] = found.judged[0].traced(record.trace)
                came.add(found)
        finally:
            self._carry_out(lane, came, appends)

    def _take_answers(self, appends: list[Append]) -> None:
        now, clock = time.time_ns() // 1000, time.monotonic()
        for want, page in self._repairer.answers():
            if page is None:
                self._asking.failed(want, clock)
                continue
            self._asking.answered(want, page)
            lane = self._lanes[want.stream.partition]
            self._carry_out(lane, lane.answered(want, page, now=now, clock=clock, full=self._shelf.full), appends)

    def _ask(self, appends: list[Append]) -> None:
        """Ask for what is missing; pass what nobody has brought for too long."""
        now, clock = time.time_ns() // 1000, time.monotonic()
        for lane in self._lanes.values():
            if (left := lane.leave()).notes:
                self._carry_out(lane, left, appends)
        for lane, term in self._asking.overdue(self._lanes.values(), clock):
            self._carry_out(lane, lane.give_up(term, "the origin does not answer", now=now), appends)
        for want in self._asking.next(self._lanes.values(), clock):
            self._repairer.ask(want)

    def resume_paused(self, consumer: Consumer) -> None:
        """Read on where there is room again."""
        for partition in [partition for partition in self._paused if not self._lanes[partition].full]:
            self._paused.discard(partition)
            consumer.resume(partition)
        if not self._shelf.full:
            for partition in self._standing:
                consumer.resume(partition)
            self._standing.clear()

    def _carry_out(self, lane: Lane, came: Came, appends: list[Append]) -> None:
        """Collect what is to be appended, count, and tell."""
        self._dirty.add(lane.partition)
        counts: Counter[str] = Counter()
        reasons: list[str] = []
        forwarded = beat = 0
        for judged in came.judged:
            forwarded = max(forwarded, judged.forwarded_at)
            if isinstance(judged.step, Append):
                appends.append(judged.step)
            elif isinstance(judged.step, Beat):
                beat = max(beat, judged.forwarded_at)
            elif isinstance(judged.step, Aside):
                reasons.append(judged.step.reason)
                metrics.POISON.labels(self._way, judged.step.kind.value).inc()
            counts[telling.verdict_of(judged.step)] += 1
        if reasons:  # one line for all of them: an origin that sends nothing else must not fill the log
            origin, number, reason = self._way, len(reasons), told(reasons[0])
            log.error("put aside", origin=origin, partition=lane.partition, records=number, first=reason)
        telling.count(self._way, lane.partition, counts, forwarded=forwarded, beat=beat)
        self._poison += came.poison
        for note in came.notes:
            telling.tell(self._way, note)
        metrics.PARKED.labels(self._way, lane.partition).set(len(lane.parked))
        metrics.WAITING.labels(self._way, lane.partition).set(lane.waiting)

    async def _commit(self, consumer: Consumer) -> None:
        positions = {}
        for partition in self._dirty:
            lane = self._lanes[partition]
            fitted, text = fit(lane.taken)
            if fitted != lane.taken:
                log.error("progress does not fit", origin=self._way, partition=partition)
                metrics.COARSENED.labels(self._way).inc()
            lane.taken = fitted
            metrics.MISSING.labels(self._way, partition).set(lane.holes_in_all)
            positions[partition] = Committed(lane.offset, text)
        await consumer.commit(positions)
        self._dirty.clear()
        metrics.COMMITTED.labels(self._way).set(time.time())
