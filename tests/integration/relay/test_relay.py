"""From relay rows in one region's store to another region's journal, with real processes that are killed or frozen in between."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

import pytest

from infra.administration import ensure_topics
from infra.postgres import make_pool
from infra.tasks import beside
from region.store.repository.setup import prepare
from replication.progress import Taken
from replication.records import Stream
from replication.streams import Progress
from replication.topics import mirrored_topic, relay_topic
from tests.integration.relay.crossing import (
    PARTITIONS,
    Service,
    copy,
    journaled,
    progress,
    until,
    write_rows,
)

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]


async def test_kills_anywhere_lose_nothing_and_keep_the_order(  # noqa: PLR0917 — fixtures
    kafka: str, redis_url: str, store_url: str, journal: int, regions: tuple[str, str], tmp_path: Path
) -> None:
    """Forwarder and ingester die by SIGKILL under traffic, the mirror repeats itself: everything arrives, in stream order."""
    origin, here = regions
    async with make_pool(store_url, size=1, name="test") as pool:
        await prepare(pool, region=origin, partitions=PARTITIONS)
    common = {
        "instance": "test",
        "admin_port": "0",
        "regions": f"{origin},{here}",
        "kafka": kafka,
        "store": store_url,
        "redis": redis_url,
        "directory": "http://127.0.0.1:9",
    }
    forwarder = Service("forwarder", tmp_path / "forwarder", region=origin, partitions=str(PARTITIONS), **common)
    ingester = Service("ingester", tmp_path / "ingester", region=here, partitions=str(journal), **common)
    await ensure_topics(kafka, {relay_topic(here): PARTITIONS, mirrored_topic(origin, here): PARTITIONS})
    try:
        async with beside(copy(kafka, origin, here)):
            writing = asyncio.create_task(write_rows(store_url, redis_url, origin, here, batches=400))
            for _ in range(3):
                await forwarder.start()
                await ingester.start()
                known = await progress(kafka, origin, here)
                await until(lambda known=known: _has_moved(kafka, origin, here, known, writing))  # type: ignore[misc]
                await forwarder.kill()
                await ingester.kill()
            await forwarder.start()
            await ingester.start()
            written = await writing
            await until(lambda: _has_all(kafka, origin, here, written))
    finally:
        await forwarder.kill()
        await ingester.kill()

    arrived = [
        (stream, sequence)
        for vias in (await journaled(kafka, journal, origin)).values()
        for stream in written
        for sequence in _in_order(via.sequence for via in vias if via.stream == stream)
    ]
    assert sorted(arrived) == sorted(
        (stream, sequence) for stream, count in written.items() for sequence in range(1, count + 1)
    )
    assert all(taken.missing == 0 for taken in (await progress(kafka, origin, here)).values())


async def test_two_at_once_one_of_them_a_zombie_lose_nothing_and_keep_the_order(  # noqa: PLR0917 — fixtures
    kafka: str, redis_url: str, store_url: str, journal: int, regions: tuple[str, str], tmp_path: Path
) -> None:
    """Two forwarders and two ingesters work on one region; one of each is frozen, and goes on with what it believed long after."""
    origin, here = regions
    async with make_pool(store_url, size=1, name="test") as pool:
        await prepare(pool, region=origin, partitions=PARTITIONS)
    common = {
        "admin_port": "0",
        "regions": f"{origin},{here}",
        "kafka": kafka,
        "store": store_url,
        "redis": redis_url,
        "directory": "http://127.0.0.1:9",
    }
    services = [
        Service(
            name, tmp_path / f"{name}{number}", region=region, partitions=partitions, instance=f"{number}", **common
        )
        for number in range(2)
        for name, region, partitions in (("forwarder", origin, str(PARTITIONS)), ("ingester", here, str(journal)))
    ]
    zombies = services[:2]
    await ensure_topics(kafka, {relay_topic(here): PARTITIONS, mirrored_topic(origin, here): PARTITIONS})
    try:
        async with beside(copy(kafka, origin, here)):
            for service in services:
                await service.start()
            written = await write_rows(store_url, redis_url, origin, here, batches=60)
            await until(lambda: _has_all(kafka, origin, here, written))
            more = asyncio.create_task(write_rows(store_url, redis_url, origin, here, batches=200, after=written))
            known = await progress(kafka, origin, here)
            await until(lambda: _has_moved(kafka, origin, here, known, more))
            for zombie in zombies:
                zombie.freeze()
            written = await more
            await until(lambda: _has_all(kafka, origin, here, written))
            for zombie in zombies:
                zombie.thaw()
            written = await write_rows(store_url, redis_url, origin, here, batches=60, after=written)
            await until(lambda: _has_all(kafka, origin, here, written))
    finally:
        for service in services:
            await service.kill()

    arrived = [
        (stream, sequence)
        for vias in (await journaled(kafka, journal, origin)).values()
        for stream in written
        for sequence in dict.fromkeys(via.sequence for via in vias if via.stream == stream)
    ]
    assert sorted(arrived) == sorted(
        (stream, sequence) for stream, count in written.items() for sequence in range(1, count + 1)
    )
    assert all(taken.missing == 0 for taken in (await progress(kafka, origin, here)).values())


def _in_order(sequences: Iterable[int]) -> list[int]:
    """Return each sequence where it came first, which is in the order of the stream; repeats are the projector's to drop."""
    first = list(dict.fromkeys(sequences))
    assert first == sorted(first)
    return first


async def _has_moved(
    kafka: str, origin: str, here: str, known: dict[int, Taken], writing: asyncio.Task[dict[Stream, int]]
) -> bool:
    return writing.done() or await progress(kafka, origin, here) != known


async def _has_all(kafka: str, origin: str, here: str, written: dict[Stream, int]) -> bool:
    taken = await progress(kafka, origin, here)
    return {stream.partition: Progress(count) for stream, count in written.items()} == {
        partition: found.of((1, 1)) for partition, found in taken.items()
    }
