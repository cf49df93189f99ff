"""Appending to the region's journal, through outages of Kafka: refused at once while it is away, never silently lost."""

import asyncio
import time
from collections.abc import Callable

import structlog
from prometheus_client import Counter, Gauge, Histogram

from infra import tracing
from infra.backoff import Backoff
from infra.errors import BusyError, TooLargeError, UnavailableError
from infra.health import Health
from infra.kafka import KafkaError, MessageSizeTooLargeError, Producer
from infra.tasks import heed_cancellation
from region.gateway.sightings import Sightings
from replication.codec import encode
from replication.ids import partition_of, region_of
from replication.records import TEXTS, Entry, Journaled, Submission
from replication.topics import JOURNAL

log = structlog.get_logger()

STALLED_SECONDS = 4.0
"""With nothing acknowledged for that long, new submissions are refused; those on the way tell when Kafka is back."""
SEVERAL_STALLED_SECONDS = 8.0
"""Likewise where there are several brokers, who do without one of them within seconds, more of them where the machine has much to do; less than devices wait for an answer."""

WATCH_SECONDS = 1.0

MOST_BYTES = 32 * 1024 * 1024
"""With so many bytes on the way to Kafka, new submissions are refused: devices and requests wait for more than it takes."""

LARGEST_VALUE = 1_000_000
"""Bytes of one record: less than a broker takes by default, and more than any request has. A larger one would be refused by Kafka, and is no failure of it."""

APPEND_SECONDS = Histogram(
    "causeway_gateway_append_seconds",
    "From a submission's send until all in-sync replicas have it; home: what it is about is decided in this region, remote: in another.",
    ["way"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 1.5, 5, 10),
)
_APPENDED = {way: APPEND_SECONDS.labels(way) for way in ("home", "remote")}  # there from the start
UNACKNOWLEDGED = Gauge(
    "causeway_gateway_unacknowledged", "Submissions that were sent to Kafka and not acknowledged yet."
)
UNACKNOWLEDGED_BYTES = Gauge(
    "causeway_gateway_unacknowledged_bytes", "Bytes of submissions that wait for Kafka, in its producer or before it."
)
APPEND_FAILURES = Counter("causeway_gateway_append_failures_total", "Submissions that Kafka did not acknowledge.")


class Journal:
    """The gateway's end of the journal; `run` is to run beside it."""

    def __init__(
        self,
        bootstrap: str,
        *,
        region: str,
        instance: str,
        partitions: int,
        health: Health,
        sightings: Sightings | None = None,
        topic: str = JOURNAL,
    ) -> None:
        """Prepare.

        Args:
            bootstrap: Kafka's bootstrap servers.
            region: This region.
            instance: Name of this process.
            partitions: Of the journal.
            health: Told whether Kafka answers.
            sightings: Told of messages that were acknowledged.
            topic: The journal.
        """
        self._sightings = sightings or Sightings()
        self._bootstrap = bootstrap
        self._stalled_seconds = SEVERAL_STALLED_SECONDS if "," in bootstrap else STALLED_SECONDS
        self._topic = topic
        self._region = region
        self._instance = instance
        self._partitions = partitions
        self._health = health
        self._producer: Producer | None = None
        self._failed = asyncio.Event()
        self._unacknowledged = 0
        self._bytes = 0
        self._progress_at = 0.0
        health.expect("kafka")

    @property
    def is_away(self) -> bool:
        """Whether Kafka does not answer, as far as is known."""
        stalled = self._unacknowledged > 0 and time.monotonic() - self._progress_at > self._stalled_seconds
        return self._producer is None or stalled

    async def send(self, submission: Submission | Entry) -> "asyncio.Future[int]":
        """Send a submission, or an entry that was missing here; return a future that is done when all in-sync replicas have it.

        Waits only while too much is on the way; submissions of one caller keep their order.

        Raises:
            UnavailableError: Kafka is away; nothing was sent.
            BusyError: Too much waits for Kafka; nothing was sent.
            TooLargeError: No journal takes a record as large; nothing was sent.
        """
        producer = self._producer
        if producer is None or self.is_away:
            raise UnavailableError(what="The journal")
        key = submission.conversation_id or submission.author
        started = time.monotonic()
        value = encode(Journaled(record=submission))
        if len(value) > LARGEST_VALUE:
            raise TooLargeError(what="The record", size=len(value), limit=LARGEST_VALUE)
        if self._bytes + len(value) > MOST_BYTES:
            raise BusyError(what="The journal")
        self._bytes += len(value)
        span = tracing.begin("accept", tracing.current(), kind=tracing.SpanKind.SERVER)
        try:
            acknowledged = await producer.send(
                self._topic,
                partition=partition_of(key, self._partitions),
                key=key.encode(),
                value=value,
                trace=tracing.carried(span),
            )
        except BaseException as error:
            tracing.fail(span, error)
            span.end()
            self._bytes -= len(value)
            if not isinstance(error, KafkaError):
                raise
            if isinstance(error, MessageSizeTooLargeError):
                raise TooLargeError(what="The record", size=len(value), limit=LARGEST_VALUE) from error
            self._failed.set()
            raise UnavailableError(what="The journal") from error
        if self._unacknowledged == 0:
            self._progress_at = started
        self._unacknowledged += 1
        way = "home" if region_of(key) == self._region else "remote"
        acknowledged.add_done_callback(self._on_acknowledged(started, submission, len(value), way))
        acknowledged.add_done_callback(lambda _: span.end())
        return acknowledged

    async def run(self) -> None:
        """Connect, and connect anew whenever Kafka stopped acknowledging, until cancelled."""
        backoff = Backoff(first=0.2)
        while True:
            heed_cancellation()
            try:
                async with Producer(self._bootstrap, client=self._instance) as producer:
                    self._producer = producer
                    backoff.reset()
                    self._failed.clear()
                    log.info("journal connected")
                    await self._watch()
            except (KafkaError, OSError, TimeoutError) as error:
                self._health.tell("kafka", ok=False, detail=str(error) or type(error).__name__)
            finally:
                self._producer = None
            await asyncio.sleep(backoff.next())

    async def _watch(self) -> None:
        """Report health until an append fails; then the producer is of no more use."""
        while not self._failed.is_set():
            self._health.tell("kafka", ok=not self.is_away, detail="no acknowledgements" if self.is_away else "")
            UNACKNOWLEDGED.set(self._unacknowledged)
            UNACKNOWLEDGED_BYTES.set(self._bytes)
            try:
                async with asyncio.timeout(WATCH_SECONDS):
                    await self._failed.wait()
            except TimeoutError:
                continue
        self._producer = None  # closing it takes as long as its last records are given
        self._health.tell("kafka", ok=False, detail="an append failed")

    def _on_acknowledged(
        self, started: float, submission: Submission | Entry, size: int, way: str
    ) -> "Callable[[asyncio.Future[int]], None]":
        message_id = submission.id if isinstance(submission, Submission) and type(submission.body) in TEXTS else ""

        def done(acknowledged: "asyncio.Future[int]") -> None:
            self._unacknowledged -= 1
            self._bytes -= size
            if acknowledged.cancelled() or acknowledged.exception() is not None:
                APPEND_FAILURES.inc()
                if acknowledged.cancelled() or not isinstance(acknowledged.exception(), MessageSizeTooLargeError):
                    self._failed.set()  # else it is the record's fault, not the producer's
                return
            self._progress_at = time.monotonic()
            _APPENDED[way].observe(self._progress_at - started)
            if message_id:
                self._sightings.accepted(message_id, at=time.time_ns() // 1000)

        return done
