"""Reads relay rows, puts them into relay topics, and keeps progress once they are acknowledged."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec
import psycopg
import structlog

from infra.administration import ensure_topics
from infra.backoff import Backoff
from infra.errors import CausewayError
from infra.health import Health
from infra.kafka import KafkaError, Producer
from infra.postgres import Connection, make_pool
from infra.settings import RegionalSettings
from infra.tasks import heed_cancellation
from infra.telling import told
from relay.forwarder import metrics
from relay.forwarder.plan import Lane, Plan, Sending, plan_heartbeats, plan_runs
from relay.forwarder.sluice import Sluice
from replication.repository import Place, forwarder_places, runs_after, save_forwarder
from replication.topics import relay_topic

log = structlog.get_logger()

POLL_SECONDS: Final = 0.5
SAVE_SECONDS: Final = 0.2
"""How often progress is kept at most; a crash repeats that much."""

MOST_RUNS: Final = 50
"""Relay rows of one destination and partition that are sent at once."""
MOST_BYTES: Final = 12 * 1024 * 1024
"""Of the batches that all of them refer to, before the last one of each."""

HELD_SECONDS: Final = 10.0
"""So long what was decided may wait for the standby before that counts as not well: it is passed by long before, if the directory answers."""
CONDITION: Final = "forwarding"


class Drain:
    """The forwarder's work; `run` it until cancelled."""

    def __init__(
        self, settings: RegionalSettings, health: Health, nudged: asyncio.Event, sluice: Sluice | None = None
    ) -> None:
        """Prepare.

        Args:
            settings: Of the region.
            health: Where the condition `forwarding` is told.
            nudged: Set when there may be something to send.
            sluice: Says when what was read may leave; at once if it is not given.
        """
        self._sluice = sluice
        self._settings = settings
        self._health = health
        self._nudged = nudged
        self._places: dict[Lane, Place] = {}
        self._spoke_at: dict[Lane, float] = {}
        self._dirty: set[Lane] = set()
        self._saved_at = 0.0

    async def run(self) -> None:
        """Drain, whatever fails meanwhile; after any failure everything goes on from the progress that was kept."""
        backoff = Backoff()
        while True:
            heed_cancellation()
            try:
                topics = {self._topic(destination): self._settings.partitions for destination in self._settings.others}
                await ensure_topics(self._settings.kafka, topics, replication=self._settings.kafka_replication)
                pool = make_pool(self._settings.store, size=1, name="forwarder")
                async with (
                    pool,
                    Producer(
                        self._settings.kafka, client=f"forwarder-{self._settings.region}", linger_ms=0
                    ) as producer,
                    pool.connection() as connection,
                ):
                    await self._resume(connection)
                    self._health.tell(CONDITION, ok=True)
                    backoff.reset()
                    await self._drain_on(connection, producer)
            except (KafkaError, OSError, psycopg.Error, CausewayError) as error:
                unprepared = isinstance(error, psycopg.errors.UndefinedTable)
                reason = "the store has no tables yet" if unprepared else told(error)
                log.warning("forwarder interrupted", reason=reason)
                self._health.tell(CONDITION, ok=False, detail=reason)
            await asyncio.sleep(backoff.next())

    def _topic(self, destination: str) -> str:
        return relay_topic(destination, origin=self._settings.region, site=self._settings.here)

    async def _resume(self, connection: Connection) -> None:
        lanes = [
            (destination, partition)
            for destination in self._settings.others
            for partition in range(self._settings.partitions)
        ]
        self._places = {lane: Place(*lane) for lane in lanes}
        known = {(place.destination, place.partition): place for place in await forwarder_places(connection)}
        self._places |= {lane: known[lane] for lane in lanes if lane in known}
        self._dirty = set()

    async def _drain_on(self, connection: Connection, producer: Producer) -> None:
        while True:
            heed_cancellation()
            self._nudged.clear()
            began = time.time()
            places = list(self._places.values())
            runs, whole = await runs_after(
                connection,
                places,
                origin=self._settings.region,
                most=MOST_RUNS,
                size=MOST_BYTES // max(1, len(places)),
            )
            if runs and self._sluice is not None:
                await self._let_leave(self._sluice, connection, producer)
            if runs:
                await self._send(producer, plan_runs(self._places, runs, now=time.time_ns() // 1000))
            self._tell_drained(() if whole else {run.stream.destination for run in runs}, began)
            await self._beat(producer)
            if self._dirty and (not runs or time.monotonic() >= self._saved_at + SAVE_SECONDS):
                await self._save(connection)
            if whole:  # so that is all: whatever was committed since has nudged
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL_SECONDS):
                        await self._nudged.wait()

    async def _let_leave(self, sluice: Sluice, connection: Connection, producer: Producer) -> None:
        """Wait until what was read may leave; others hear meanwhile that this region lives, and its operator why nothing leaves."""
        held = False

        async def meanwhile(waited: float) -> None:
            nonlocal held
            await self._beat(producer)
            if waited >= HELD_SECONDS and not held:
                held = True
                reason = f"nothing leaves: {sluice.standby} lacks it, and the directory has not said that it may be passed by"
                self._health.tell(CONDITION, ok=False, detail=reason)

        await sluice.wait(connection, meanwhile)
        if held:
            self._health.tell(CONDITION, ok=True)

    async def _send(self, producer: Producer, plan: Plan) -> None:
        for destination, partition in plan.gaps:
            log.error("relay rows are missing", destination=destination, partition=partition)
            metrics.GAPS.labels(destination).inc()
        for run in plan.damaged:
            log.error(
                "a batch cannot be read, its records are not sent",
                batch=run.batch_first,
                first=run.first,
                last=run.last,
                **msgspec.structs.asdict(run.stream),
            )
            metrics.DAMAGED.labels(run.stream.destination).inc(run.last - run.first + 1)
        for via in plan.oversized:
            log.error(
                "a record is too large for any topic, it is not sent",
                sequence=via.sequence,
                position=via.position,
                **msgspec.structs.asdict(via.stream),
            )
            metrics.DAMAGED.labels(via.stream.destination).inc()
        await put(producer, plan.sendings, self._topic)
        self._places.update(plan.places)
        self._dirty |= set(plan.places)
        self._spoke_at |= dict.fromkeys(plan.places, time.monotonic())
        metrics.BATCH.set(len(plan.sendings))
        for destination, number in Counter(sending.destination for sending in plan.sendings).items():
            metrics.RECORDS.labels(destination).inc(number)

    async def _beat(self, producer: Producer) -> None:
        clock = time.monotonic()
        beats = plan_heartbeats(
            self._settings.region, self._places.values(), self._spoke_at, clock=clock, now=time.time_ns() // 1000
        )
        await put(producer, beats, self._topic)
        for beat in beats:
            self._spoke_at[beat.destination, beat.partition] = clock
            metrics.HEARTBEATS.labels(beat.destination).inc()

    async def _save(self, connection: Connection) -> None:
        await save_forwarder(
            connection, [self._places[lane] for lane in sorted(self._dirty)], now=time.time_ns() // 1000
        )
        self._dirty.clear()
        self._saved_at = time.monotonic()
        metrics.SAVED.set(time.time())

    def _tell_drained(self, busy: Iterable[str], began: float) -> None:
        """Tell that everything was sent that there was at that time, but for those destinations."""
        for destination in set(self._settings.others) - set(busy):
            metrics.DRAINED.labels(destination).set(began)


async def put(producer: Producer, sendings: Sequence[Sending], topic: Callable[[str], str] = relay_topic) -> None:
    """Append everything, in order, and wait until all of it is acknowledged.

    Args:
        producer: What appends.
        sendings: What is to be appended.
        topic: Destination to topic.

    Raises:
        KafkaError: Something was not; the caller sends all of it again, and the ingester drops what is there.
    """
    sent = [
        await producer.send(
            topic(sending.destination),
            partition=sending.partition,
            key=None,
            value=sending.value,
            trace=sending.trace,
        )
        for sending in sendings
    ]
    for result in await asyncio.gather(*sent, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result
