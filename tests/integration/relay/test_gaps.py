"""What the mirror skipped: fetched from the origin, or passed as a hole, and filled later; whatever is restarted meanwhile."""

from collections.abc import Callable

import pytest
from prometheus_client import REGISTRY

from infra.administration import ensure_topics
from infra.kafka import Committed, Consumer, Producer
from infra.local.ports import some_free
from infra.tasks import beside
from relay.ingester import lane
from replication.codec import encode, encode_record
from replication.records import Relayed, Stream, Via
from replication.streams import Progress
from replication.topics import mirrored_topic
from tests.integration.relay.crossing import (
    PARTITIONS,
    PATIENCE,
    entry,
    journaled,
    progress,
    put,
    reading,
    sequences,
    serving,
    until,
)

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]


async def test_a_hole_is_recorded_across_restarts_and_filled_by_a_late_record(
    kafka: str, journal: int, regions: tuple[str, str], relayed: Callable[[int], bytes]
) -> None:
    """Where the origin is silent a jump is passed, remembered in the commit, and what comes late is welcome, once; a heartbeat shows a lost tail."""
    origin, here = regions
    topic = mirrored_topic(origin, here)

    async def has(expected: Progress) -> bool:
        taken = await progress(kafka, origin, here)
        return 0 in taken and taken[0].of((1, 1)) == expected

    async with beside(reading(origin, here, journal, kafka)):
        await ensure_topics(kafka, {topic: PARTITIONS})
        await put(kafka, topic, relayed(1), relayed(2), relayed(5))
        await until(lambda: has(Progress(5, ((3, 4),))))
    async with beside(reading(origin, here, journal, kafka)):
        heartbeat = encode(Relayed(via=Via(Stream(origin, 1, 1, here, 0), 6, 0), forwarded_at=1))
        await put(kafka, topic, relayed(4), relayed(4), heartbeat)
        await until(lambda: has(Progress(6, ((3, 3), (6, 6)))))

    assert await sequences(kafka, journal, origin) == [1, 2, 4, 5]


async def test_what_the_mirror_skipped_is_fetched_from_the_origin(
    kafka: str, journal: int, regions: tuple[str, str], relayed: Callable[[int], bytes], origin_store: str
) -> None:
    """A gap and a lost tail are repaired while the stream is parked: everything is in the journal once, and in order."""
    origin, here = regions
    topic = mirrored_topic(origin, here)
    await ensure_topics(kafka, {topic: PARTITIONS})
    heartbeat = encode(Relayed(via=Via(Stream(origin, 1, 1, here, 0), 60, 0), forwarded_at=1))
    await put(kafka, topic, relayed(1), relayed(40), relayed(41), heartbeat)

    async def whole() -> bool:
        taken = await progress(kafka, origin, here)
        return 0 in taken and taken[0].of((1, 1)) == Progress(60)

    async with (
        serving(origin_store, origin) as url,
        beside(reading(origin, here, journal, kafka, url=url, patience=PATIENCE)),
    ):
        await until(whole)

    assert await sequences(kafka, journal, origin) == list(range(1, 61))


async def test_reading_stands_still_while_nothing_more_can_wait_and_goes_on(  # noqa: PLR0917 — fixtures
    kafka: str,
    journal: int,
    regions: tuple[str, str],
    relayed: Callable[[int], bytes],
    origin_store: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What waits behind a gap is bounded; the other partition goes on, and nothing of either is lost."""
    monkeypatch.setattr(lane, "MOST_WAITING", 5)
    origin, here = regions
    topic = mirrored_topic(origin, here)
    await ensure_topics(kafka, {topic: PARTITIONS})
    await put(kafka, topic, relayed(1), *(relayed(sequence) for sequence in range(40, 61)))
    other = encode(
        Relayed(via=Via(Stream(origin, 1, 1, here, 1), 1, 1), record=encode_record(entry(origin)), forwarded_at=1)
    )
    async with Producer(kafka, client="test") as producer:
        await producer.append(topic, partition=1, key=None, value=other)
    [port] = some_free(1)

    async def has(partition: int, expected: Progress) -> bool:
        taken = await progress(kafka, origin, here)
        return partition in taken and taken[partition].of((1, 1)) == expected

    async def full() -> bool:
        labels = {"origin": origin, "partition": "0"}
        return REGISTRY.get_sample_value("causeway_ingester_waiting_records", labels) == 5

    url = f"http://127.0.0.1:{port}"
    async with beside(reading(origin, here, journal, kafka, url=url, patience=PATIENCE)):
        await until(full)
        await until(lambda: has(1, Progress(1)))
        async with serving(origin_store, origin, port):
            await until(lambda: has(0, Progress(60)))

    found = await journaled(kafka, journal, origin)
    assert sorted(via.sequence for vias in found.values() for via in vias if via.stream.partition == 0) == list(
        range(1, 61)
    )


async def test_a_hole_is_filled_when_the_origin_answers_again(
    kafka: str, journal: int, regions: tuple[str, str], relayed: Callable[[int], bytes], origin_store: str
) -> None:
    """The stream went on without; the hole is known after a restart, and asked for until it is filled."""
    origin, here = regions
    topic = mirrored_topic(origin, here)
    await ensure_topics(kafka, {topic: PARTITIONS})
    await put(kafka, topic, relayed(1), relayed(40))
    [port] = some_free(1)

    async def has(expected: Progress) -> bool:
        taken = await progress(kafka, origin, here)
        return 0 in taken and taken[0].of((1, 1)) == expected

    async with beside(reading(origin, here, journal, kafka, url=f"http://127.0.0.1:{port}")):
        await until(lambda: has(Progress(40, ((2, 39),))))
    async with (
        beside(reading(origin, here, journal, kafka, url=f"http://127.0.0.1:{port}")),
        serving(origin_store, origin, port),
    ):
        await until(lambda: has(Progress(40)))

    assert await sequences(kafka, journal, origin) == list(range(1, 41))


async def test_an_offset_beyond_the_topic_starts_again_and_appends_nothing_twice(
    kafka: str, journal: int, regions: tuple[str, str], relayed: Callable[[int], bytes]
) -> None:
    """A mirrored topic that was made anew is read from its beginning; sequences tell what was had."""
    origin, here = regions
    topic = mirrored_topic(origin, here)
    await ensure_topics(kafka, {topic: PARTITIONS})
    await put(kafka, topic, relayed(1), relayed(2), relayed(3))
    async with Consumer(kafka, topic, client="test", group=f"ingester-{here}") as consumer:
        consumer.assign({0: 0})
        await consumer.commit({0: Committed(5000, "[1,[0,0],[[1,1,2,[]]]]")})

    async def has_three() -> bool:
        taken = await progress(kafka, origin, here)
        return taken[0].of((1, 1)) == Progress(3)

    async with beside(reading(origin, here, journal, kafka)):
        await until(has_three)

    assert await sequences(kafka, journal, origin) == [3]
