"""Kafka: a producer that acknowledges with acks=all, and a consumer of assigned partitions."""

import asyncio
import ssl
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, OffsetAndMetadata, TopicPartition
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from infra import tracing
from infra.connecting import ANSWER_MS, start, stop
from infra.errors import UnavailableError

__all__ = [
    "Committed",
    "Consumer",
    "KafkaError",
    "MessageSizeTooLargeError",
    "Producer",
    "Record",
]


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it was read.

    Attributes:
        partition: Its partition.
        offset: Its offset there.
        timestamp: When it was produced, milliseconds since the epoch.
        key: Its key.
        value: Its value; None for a tombstone.
        trace: The `traceparent` in its headers; empty if there is none.
    """

    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    trace: str = ""


@dataclass(frozen=True, slots=True)
class Committed:
    """A committed position of a consumer group.

    Attributes:
        offset: The next offset to read.
        metadata: What was stored with it, at most 4,096 bytes.
    """

    offset: int
    metadata: str


class Producer:
    """Appends records in order, each acknowledged by all in-sync replicas, without duplicates of its own making."""

    def __init__(self, bootstrap: str, *, client: str, linger_ms: int = 1, tls: ssl.SSLContext | None = None) -> None:
        """Prepare a producer.

        Args:
            bootstrap: Bootstrap servers.
            client: Client id, shown by the broker.
            linger_ms: How long to wait for more records before a batch is sent.
            tls: Context for mutual TLS; None speaks plain text.
        """
        self._options: dict[str, object] = {
            "bootstrap_servers": bootstrap,
            "client_id": client,
            "acks": "all",
            "enable_idempotence": True,
            "linger_ms": linger_ms,
            "max_batch_size": 512 * 1024,
            "max_request_size": 4 * 1024 * 1024,
            "request_timeout_ms": 10_000,
            "retry_backoff_ms": 100,
            "security_protocol": "SSL" if tls else "PLAINTEXT",
            "ssl_context": tls,
        }
        self._producer: AIOKafkaProducer | None = None

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            KafkaError: The broker cannot be reached.
        """
        self._producer = AIOKafkaProducer(**self._options)
        # Of connections only: that of the producer is also how long records may wait for a leader, or for room.
        self._producer.client._request_timeout_ms = ANSWER_MS  # noqa: SLF001 — there is one setting for all of these
        try:
            await start(self._producer)
        except BaseException:
            await stop(self._producer, self._producer.client)
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Flush and disconnect."""
        if self._producer is not None:
            await stop(self._producer, self._producer.client)

    async def send(
        self, topic: str, *, partition: int, key: bytes | None, value: bytes, trace: str = ""
    ) -> "asyncio.Future[int]":
        """Queue a record; return a future of its offset, done when it is acknowledged.

        With a `traceparent`, a span lasts until then, and the record's headers carry it on.

        Waits only while the buffer is full, so records of one caller keep their order.

        Raises:
            UnavailableError: The producer is not connected.
        """
        if self._producer is None:
            raise UnavailableError(what="The journal")
        span = tracing.begin(f"append {topic}", trace, kind=tracing.SpanKind.PRODUCER) if trace else None
        headers = None if span is None else [(tracing.HEADER, tracing.carried(span).encode())]
        delivery = await self._producer.send(topic, value, key=key, partition=partition, headers=headers)
        offset: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def done(sent: "asyncio.Future[object]") -> None:
            if span is not None:
                span.end()
            if offset.cancelled():
                return
            if sent.cancelled():
                offset.cancel()
            elif (error := sent.exception()) is not None:
                offset.set_exception(error)
            else:
                offset.set_result(sent.result().offset)  # type: ignore[attr-defined]  # aiokafka is untyped

        delivery.add_done_callback(done)
        return offset

    async def append(self, topic: str, *, partition: int, key: bytes | None, value: bytes, trace: str = "") -> int:
        """Append a record and return its offset, once all in-sync replicas have it.

        Raises:
            KafkaError: It was not acknowledged; it may be there all the same, unless the error says otherwise.
        """
        return await (await self.send(topic, partition=partition, key=key, value=value, trace=trace))


class Consumer:
    """Reads assigned partitions of one topic; positions are the caller's, or those of a group that it names."""

    def __init__(
        self, bootstrap: str, topic: str, *, client: str, group: str | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        """Prepare a consumer.

        Args:
            bootstrap: Bootstrap servers.
            topic: The topic.
            client: Client id, shown by the broker.
            group: A group under whose name positions are committed; partitions are assigned by hand all the same.
            tls: Context for mutual TLS; None speaks plain text.
        """
        self._topic = topic
        self._options: dict[str, object] = {
            "bootstrap_servers": bootstrap,
            "client_id": client,
            "group_id": group,
            "enable_auto_commit": False,
            "auto_offset_reset": "earliest",
            "fetch_max_wait_ms": 1000,
            "fetch_max_bytes": 8 * 1024 * 1024,
            "max_partition_fetch_bytes": 2 * 1024 * 1024,
            "request_timeout_ms": ANSWER_MS,
            "retry_backoff_ms": 100,
            "metadata_max_age_ms": 30_000,
            "security_protocol": "SSL" if tls else "PLAINTEXT",
            "ssl_context": tls,
        }
        self._consumer: AIOKafkaConsumer | None = None

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            KafkaError: The broker cannot be reached.
        """
        self._consumer = AIOKafkaConsumer(**self._options)
        try:
            await start(self._consumer)
        except BaseException:
            await stop(self._consumer, self._consumer._client)  # noqa: SLF001 — what its own stop may leave open
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Disconnect."""
        if self._consumer is not None:
            await stop(self._consumer, self._consumer._client)  # noqa: SLF001 — what its own stop may leave open

    def assign(self, positions: Mapping[int, int]) -> None:
        """Read these partitions, each from that offset on.

        Args:
            positions: Partition to the next offset to read.
        """
        partitions = {TopicPartition(self._topic, partition): offset for partition, offset in positions.items()}
        self._live.assign(list(partitions))
        for partition, offset in partitions.items():
            self._live.seek(partition, offset)

    def seek(self, partition: int, offset: int) -> None:
        """Continue an assigned partition at that offset."""
        self._live.seek(TopicPartition(self._topic, partition), offset)

    def pause(self, partition: int) -> None:
        """Read no further in an assigned partition, until `resume`."""
        self._live.pause(TopicPartition(self._topic, partition))

    def resume(self, partition: int) -> None:
        """Read on in a partition that was paused."""
        self._live.resume(TopicPartition(self._topic, partition))

    async def read(self, *, wait_ms: int, most: int) -> dict[int, list[Record]]:
        """Return what has arrived, by partition and in order; wait that long for the first record.

        Args:
            wait_ms: Longest wait, milliseconds.
            most: Most records in all.

        Raises:
            KafkaError: The broker cannot be reached, or an offset is out of its range.
        """
        batches: dict[TopicPartition, Sequence[Any]] = await self._live.getmany(timeout_ms=wait_ms, max_records=most)
        return {
            partition.partition: [
                Record(r.partition, r.offset, r.timestamp, r.key, r.value, tracing.parent_of(r.headers))
                for r in records
            ]
            for partition, records in batches.items()
        }

    async def bounds(self, partition: int) -> tuple[int, int]:
        """Return the first offset that is still there and the next one to be written."""
        where = TopicPartition(self._topic, partition)
        first: int = (await self._live.beginning_offsets([where]))[where]
        end: int = (await self._live.end_offsets([where]))[where]
        return first, end

    async def ends(self, partitions: Iterable[int]) -> dict[int, int]:
        """Return the next offset to be written in each of those partitions, by one request to each broker.

        Raises:
            KafkaError: A broker cannot be reached.
        """
        where = [TopicPartition(self._topic, partition) for partition in partitions]
        return {place.partition: end for place, end in (await self._live.end_offsets(where)).items()}

    async def since(self, partitions: Iterable[int], at: float) -> dict[int, int]:
        """Return the first offset of each of those partitions that was written at a time or later; the next one to be written if none was.

        Args:
            partitions: Which.
            at: Seconds since the epoch, by the clocks of who wrote.

        Raises:
            KafkaError: A broker cannot be reached.
        """
        ends = await self.ends(partitions)
        wanted = {TopicPartition(self._topic, partition): int(at * 1000) for partition in ends}
        found = await self._live.offsets_for_times(wanted)
        return {place.partition: ends[place.partition] if one is None else one.offset for place, one in found.items()}

    async def committed(self, partition: int) -> Committed | None:
        """Return the group's committed position and its metadata; None if it never committed one."""
        where = TopicPartition(self._topic, partition)
        found = await self._live._coordinator.fetch_committed_offsets([where])  # noqa: SLF001 — the public call drops the metadata
        position = found.get(where)
        return None if position is None else Committed(position.offset, position.metadata)

    async def commit(self, positions: Mapping[int, Committed]) -> None:
        """Commit positions with their metadata.

        Raises:
            KafkaError: They were not stored.
        """
        await self._live.commit(
            {
                TopicPartition(self._topic, partition): OffsetAndMetadata(position.offset, position.metadata)
                for partition, position in positions.items()
            }
        )

    @property
    def _live(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            raise UnavailableError(what="Kafka")
        return self._consumer
