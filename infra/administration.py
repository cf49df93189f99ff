"""Kafka's topics: looked at, created, truncated; and the connection by which that and its access lists are changed."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from aiokafka.errors import TopicAlreadyExistsError, for_code

from infra.connecting import start
from infra.kafka import Consumer

REPLICAS = 3
"""Brokers that keep a topic when nothing else is wanted: of three, one may be lost unnoticed."""


def replicas(wanted: int, brokers: int) -> tuple[int, dict[str, str]]:
    """Return how often a topic is kept, and the topic settings that follow from it.

    Args:
        wanted: So often; 0 for as often as there are brokers, at most `REPLICAS` times.
        brokers: How many there are.
    """
    replication = wanted or min(brokers, REPLICAS)
    # With three, acks=all means two at least: one broker may be lost without a pause, and no acknowledged record with it.
    return replication, {"min.insync.replicas": "2"} if replication >= REPLICAS else {}


async def ensure_topics(
    bootstrap: str, topics: Mapping[str, int], *, config: Mapping[str, str] | None = None, replication: int = 0
) -> None:
    """Create the topics that are missing.

    Args:
        bootstrap: Bootstrap servers.
        topics: Topic name to number of partitions.
        config: Topic settings, such as `retention.ms`.
        replication: Replication factor; 0 for as many as there are brokers, at most 3.

    Raises:
        KafkaError: The broker refused, cannot be reached, or there are fewer brokers than the replication factor.
    """
    async with administration(bootstrap) as admin:
        missing = set(topics) - set(await admin.list_topics())
        if not missing:
            return
        factor, settings = replicas(replication, len((await admin.describe_cluster())["brokers"]))
        settings |= config or {}
        wanted = [NewTopic(name, topics[name], factor, topic_configs=settings) for name in sorted(missing)]
        response = await admin.create_topics(wanted)
        for _, code, *_ in response.topic_errors:
            error = for_code(code)
            if code and error is not TopicAlreadyExistsError:
                raise error


async def count_partitions(bootstrap: str, topic: str) -> int:
    """Return how many partitions a topic has; 0 if there is no such topic.

    Raises:
        KafkaError: The broker cannot be reached.
    """
    async with administration(bootstrap) as admin:
        [found] = await admin.describe_topics([topic])
        return len(found["partitions"])


async def out_of_sync(bootstrap: str) -> tuple[str, ...]:
    """Return the partitions, such as journal-3, of which not every broker that is to keep a copy has all.

    Raises:
        KafkaError: The broker cannot be reached.
    """
    async with administration(bootstrap) as admin:
        return lacking(await admin.describe_topics())


def lacking(topics: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return which partitions that are, of topics as Kafka describes them."""
    return tuple(
        f"{topic['topic']}-{partition['partition']}"
        for topic in topics
        for partition in topic["partitions"]
        if partition["leader"] < 0 or set(partition["replicas"]) - set(partition["isr"])
    )


async def truncate(bootstrap: str, topic: str, *, keep: int = 0) -> dict[int, tuple[int, int]]:
    """Delete the oldest records of a topic, as retention does; for drills and tests.

    Args:
        bootstrap: Bootstrap servers.
        topic: The topic.
        keep: How many of the newest records of each partition stay.

    Returns:
        Partition to the first offset before and after; empty if there is no such topic.

    Raises:
        KafkaError: The broker refused, or cannot be reached.
    """
    partitions = range(await count_partitions(bootstrap, topic))
    async with Consumer(bootstrap, topic, client="truncate") as consumer:
        bounds = {partition: await consumer.bounds(partition) for partition in partitions}
    cuts = {partition: max(first, end - keep) for partition, (first, end) in bounds.items()}
    await cut(bootstrap, topic, cuts)
    return {partition: (bounds[partition][0], at) for partition, at in cuts.items()}


async def cut(bootstrap: str, topic: str, offsets: Mapping[int, int]) -> None:
    """Delete what stands in some partitions of a topic before an offset, for good.

    Args:
        bootstrap: Bootstrap servers.
        topic: The topic.
        offsets: Partition to the first offset that stays.

    Raises:
        KafkaError: The broker refused, or cannot be reached.
    """
    async with administration(bootstrap) as admin:
        await admin.delete_records({TopicPartition(topic, p): RecordsToDelete(at) for p, at in offsets.items()})


@asynccontextmanager
async def administration(bootstrap: str, *, client: str = "administration") -> AsyncIterator[AIOKafkaAdminClient]:
    """Connect to change or to look at topics and access lists; an async context manager.

    Args:
        bootstrap: Bootstrap servers.
        client: Client id, shown by the broker.

    Raises:
        KafkaError: The broker cannot be reached.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, client_id=client)
    try:
        await start(admin)
        yield admin
    finally:
        await admin._client.close()  # noqa: SLF001 — its own close does nothing before it has started
