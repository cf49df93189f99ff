"""What Causeway needs of a broker, on a real one: acknowledged order, positions that are ours, and metadata beside a commit."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from aiokafka.conn import AIOKafkaConnection
from aiokafka.protocol.metadata import MetadataRequest

from infra.administration import administration, ensure_topics, truncate
from infra.kafka import Committed, Consumer, KafkaError, Producer

pytestmark = pytest.mark.integration

MakeTopic = Callable[..., Awaitable[str]]


async def read_until(consumer: Consumer, count: int) -> list[bytes | None]:
    """Values of that many records, in the order in which they came."""
    values: list[bytes | None] = []
    async with asyncio.timeout(60):
        while len(values) < count:
            for records in (await consumer.read(wait_ms=200, most=100)).values():
                values += [record.value for record in records]
    return values


async def test_pipelined_sends_keep_their_order(kafka: str, make_topic: MakeTopic) -> None:
    """Records that are queued without waiting stand in the log in the order of the calls."""
    topic = await make_topic(partitions=1)
    async with Producer(kafka, client="test") as producer:
        sent = [await producer.send(topic, partition=0, key=b"k", value=str(n).encode()) for n in range(500)]
        offsets = await asyncio.gather(*sent)

    assert offsets == list(range(500))
    async with Consumer(kafka, topic, client="test") as consumer:
        consumer.assign({0: 0})
        assert await read_until(consumer, 500) == [str(n).encode() for n in range(500)]


async def test_a_consumer_reads_from_where_it_is_told(kafka: str, make_topic: MakeTopic) -> None:
    """The projector's position lives in the store, not in Kafka."""
    topic = await make_topic(partitions=2)
    async with Producer(kafka, client="test") as producer:
        for n in range(10):
            await producer.append(topic, partition=1, key=None, value=str(n).encode())

    async with Consumer(kafka, topic, client="test") as consumer:
        consumer.assign({0: 0, 1: 7})
        assert await read_until(consumer, 3) == [b"7", b"8", b"9"]
        consumer.seek(1, 2)
        assert (await read_until(consumer, 8))[0] == b"2"
        assert await consumer.bounds(1) == (0, 10)


async def test_a_commit_keeps_its_metadata(kafka: str, make_topic: MakeTopic) -> None:
    """An ingester's progress is committed together with its offset."""
    topic = await make_topic(partitions=1)
    async with Consumer(kafka, topic, client="test", group=f"group-{topic}") as consumer:
        consumer.assign({0: 0})
        assert await consumer.committed(0) is None
        await consumer.commit({0: Committed(5, '{"last": 5}')})

    async with Consumer(kafka, topic, client="test", group=f"group-{topic}") as consumer:
        consumer.assign({0: 0})
        assert await consumer.committed(0) == Committed(5, '{"last": 5}')


async def test_topics_are_made_once(kafka: str, make_topic: MakeTopic) -> None:
    """To ask for a topic that exists, at the same moment from several sides, is no error."""
    topic = await make_topic(partitions=3)

    await asyncio.gather(*(ensure_topics(kafka, {topic: 3, f"{topic}-more": 2}) for _ in range(5)))

    async with Consumer(kafka, f"{topic}-more", client="test") as consumer:
        assert await consumer.bounds(1) == (0, 0)
        assert await consumer.ends([0, 1]) == {0: 0, 1: 0}


async def test_a_topic_waits_for_the_brokers_that_it_is_to_be_kept_on(kafka: str) -> None:
    """On one broker a topic is kept once, unless more is wanted; then it is not made with less, in silence."""
    name = f"test-{uuid.uuid4().hex}"
    with pytest.raises(KafkaError, match="InvalidReplicationFactor"):
        await ensure_topics(kafka, {name: 1}, replication=3)
    await ensure_topics(kafka, {name: 1})

    async with Consumer(kafka, name, client="test") as consumer:
        assert await consumer.bounds(0) == (0, 0)


async def test_a_truncated_topic_begins_later_and_keeps_its_newest(kafka: str, make_topic: MakeTopic) -> None:
    """What retention does, at once: older records are gone, offsets go on."""
    topic = await make_topic(partitions=2)
    async with Producer(kafka, client="test") as producer:
        for n in range(10):
            await producer.append(topic, partition=1, key=None, value=str(n).encode())

    assert await truncate(kafka, topic, keep=3) == {0: (0, 0), 1: (0, 7)}
    assert await truncate(kafka, topic) == {0: (0, 0), 1: (7, 10)}
    assert await truncate(kafka, "no-such-topic") == {}


@pytest.mark.parametrize(
    "connect",
    [
        lambda kafka: Producer(kafka, client="test"),
        lambda kafka: Consumer(kafka, "any", client="test"),
        administration,
    ],
    ids=["producer", "consumer", "administration"],
)
async def test_who_is_cancelled_while_connecting_leaves_nothing_open(
    kafka: str, monkeypatch: pytest.MonkeyPatch, connect: Callable[[str], AbstractAsyncContextManager[Any]]
) -> None:
    """A service may be told to end at any moment: when it has said hello to Kafka and waits to hear who leads, too."""
    send, opened, asked = AIOKafkaConnection.send, list[AIOKafkaConnection](), asyncio.Event()

    def observed(connection: AIOKafkaConnection, request: object, **options: object) -> object:
        opened.append(connection)
        answer = send(connection, request, **options)
        if isinstance(request, MetadataRequest):
            asked.set()
        return answer

    monkeypatch.setattr(AIOKafkaConnection, "send", observed)

    async def serve() -> None:
        async with connect(kafka):
            await asyncio.Event().wait()

    serving = asyncio.create_task(serve())
    async with asyncio.timeout(60):
        await asked.wait()
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving
    assert opened
    assert not [connection for connection in opened if connection.connected()]
