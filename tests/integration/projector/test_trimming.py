"""The journal is cut where it is old and decided, and nowhere else, in Kafka and by what the store says."""

import time
from collections.abc import Awaitable, Callable

import pytest
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from infra.administration import administration
from infra.kafka import Consumer
from infra.postgres import make_pool
from region.projector.trimming import trim
from tests.integration.projector.conftest import PARTITIONS, Region

pytestmark = pytest.mark.integration
ALL = tuple(range(PARTITIONS))


async def firsts(region: Region) -> list[int]:
    """Return the first offset of each partition."""
    async with Consumer(region.settings.kafka, region.topic, client="test") as journal:
        return [(await journal.bounds(partition))[0] for partition in ALL]


async def test_what_is_old_and_decided_goes_and_what_is_owed_stays(region: Region) -> None:
    """Undecided records stay though they are old; young ones though they are decided; what a restore will compare until that was done."""
    for _ in range(5):
        for partition in ALL:
            await region.append_bytes(partition, b"x")
    later = time.time() + 60

    async def trimmed(before: float) -> list[int]:
        async with make_pool(region.settings.store, size=1, name="test") as pool:
            await trim(pool, kafka=region.settings.kafka, topic=region.topic, site="us", before=before, partitions=ALL)
        return await firsts(region)

    assert await trimmed(later) == [0, 0, 0, 0]
    await region.execute("UPDATE journal_partitions SET next_offset = partition + 2")
    assert await trimmed(time.time() - 3600) == [0, 0, 0, 0]
    await region.execute(
        "INSERT INTO intakes (way, partition, epoch, progress) VALUES ('begun@us', 3, 1, '1'), ('tail@eu', 0, 1, '0')"
    )
    assert await trimmed(later) == [2, 3, 4, 1]
    await region.execute("DELETE FROM intakes WHERE way = 'tail@eu'")
    assert await trimmed(later) == [2, 3, 4, 5]
    assert await trimmed(later) == [2, 3, 4, 5]


async def test_kafka_is_told_to_keep_a_journal_that_a_projector_makes(
    region: Region, until: Callable[[str, Callable[[], Awaitable[bool]]], Awaitable[None]]
) -> None:
    """By time alone it would delete what nobody has decided."""
    region.topic = f"{region.topic}-made"
    health = region.start()

    async def reads() -> bool:
        return "journal" in health.conditions and health.conditions["journal"].ok  # not before it was begun

    await until("the journal is read", reads)
    async with administration(region.settings.kafka) as admin:
        [found] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, region.topic)])
    said = {name: value for _, _, _, _, entries in found.resources for name, value, *_ in entries}
    assert said["retention.ms"] == "-1"
