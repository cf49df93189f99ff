"""What an ingester's reader does with what cannot be taken in, and with silence."""

import asyncio
from collections.abc import Callable

import psycopg
import pytest

from infra.administration import ensure_topics
from infra.health import Health
from infra.postgres import make_pool
from infra.settings import RegionalSettings
from infra.tasks import beside
from region.store.repository.setup import prepare
from relay.ingester.brought import Brought
from relay.ingester.reader import Reader
from replication import codec
from replication.codec import encode
from replication.poison import repository
from replication.poison.records import Kept, Kind
from replication.progress import read
from replication.records import Relayed, Stream, Via
from replication.streams import Progress
from replication.topics import mirrored_topic
from replication.turns.repository import drain, read_intakes
from tests.integration.relay.crossing import (
    PARTITIONS,
    progress,
    put,
    reading,
    sequences,
    until,
)

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]


async def test_what_cannot_be_taken_in_is_kept_and_taken_in_when_it_can_be(  # noqa: PLR0917 — fixtures
    kafka: str,
    journal: int,
    regions: tuple[str, str],
    relayed: Callable[[int], bytes],
    store_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Garbage is tried in vain when somebody wants it; what newer software wrote comes by itself once it can be read, and fills its hole."""
    origin, here = regions
    topic = mirrored_topic(origin, here)
    await ensure_topics(kafka, {topic: PARTITIONS})
    async with make_pool(store_url, size=1, name="test") as pool:
        await prepare(pool, region=here, partitions=PARTITIONS)
    newer = bytes((codec.NEWEST + 1,)) + relayed(2)[1:]
    await put(kafka, topic, relayed(1), b"\x01garbage", newer, relayed(3))

    async def has(expected: Progress) -> bool:
        taken = await progress(kafka, origin, here)
        return 0 in taken and taken[0].of((1, 1)) == expected

    async with await psycopg.AsyncConnection.connect(store_url, autocommit=True) as store:

        async def aside() -> list[Kept]:
            return await repository.listing(store, also_replayed=True, most=9)

        async with beside(reading(origin, here, journal, kafka, store=store_url)):
            await until(lambda: has(Progress(3, ((2, 2),))))
            kept = {one.poison.kind: one.poison for one in await aside()}
            assert {(one.offset, one.value) for one in kept.values()} == {(1, b"\x01garbage"), (2, newer)}
            for one in kept.values():
                await repository.want_replay(store, one, by="olga", now=7)

            async def both_tried() -> bool:
                return all(one.tried_at and one.wanted_at is None for one in await aside())

            await until(both_tried)
        monkeypatch.setattr(codec, "READABLE", codec.READABLE | {codec.NEWEST + 1})
        async with beside(reading(origin, here, journal, kafka, store=store_url)):
            await until(lambda: has(Progress(3)))
            [replayed] = [one for one in await aside() if one.poison.kind is Kind.NEWER]
            assert replayed.replayed_at is not None
    assert await sequences(kafka, journal, origin) == [1, 2, 3]


async def test_duties_that_move_go_on_with_what_was_taken_in_before(
    kafka: str, journal: int, regions: tuple[str, str], relayed: Callable[[int], bytes], store_url: str
) -> None:
    """An ingester that ends in a store that drains writes down how far it came; whoever reads the same in the next epoch takes nothing in twice."""
    origin, here = regions
    topic = mirrored_topic(origin, here)
    await ensure_topics(kafka, {topic: PARTITIONS})
    async with make_pool(store_url, size=1, name="test") as pool:
        await prepare(pool, region=here, partitions=PARTITIONS)
    await put(kafka, topic, relayed(1), relayed(2))

    async def has_come_to(sequence: int) -> bool:
        return sequence in await sequences(kafka, journal, origin)

    async with await psycopg.AsyncConnection.connect(store_url, autocommit=True) as store:
        readers: list[Reader] = []
        brought = Brought(1, store_url)
        async with beside(reading(origin, here, journal, kafka, brought=brought, readers=readers)):
            await until(lambda: has_come_to(2))
            await drain(store, epoch=1)
            async with asyncio.timeout(30):
                await readers[0].finish()
            await put(kafka, topic, relayed(3))
        places = await read_intakes(store, before=2)
        assert read(places[origin, 0]).of((1, 1)) == Progress(2)
        async with beside(reading(origin, here, journal, kafka, brought=Brought(2, store_url, places))):
            await until(lambda: has_come_to(3))
    assert await sequences(kafka, journal, origin) == [1, 2, 3]


@pytest.mark.parametrize("standbys", ["", "us=eu"])
async def test_a_region_that_began_anew_takes_in_anew(store_url: str, standbys: str) -> None:
    """Also where nobody stands by it: what was taken in into a journal that is gone is no part of what was committed in the new epoch."""
    settings = RegionalSettings(
        instance="us/ingester",
        admin_port=0,
        region="us",
        regions="us,eu",
        standbys=standbys,
        partitions=PARTITIONS,
        kafka="",
        store=store_url,
        redis="",
        directory="",
        log_level="info",
    )
    async with make_pool(store_url, size=1, name="test") as pool:
        await prepare(pool, region="us", partitions=PARTITIONS)
    first = await Brought.read(settings)
    assert (first.group("us"), first.knows("eu", 0)) == ("ingester-us", True)
    async with await psycopg.AsyncConnection.connect(store_url, autocommit=True) as store:
        await store.execute("UPDATE region_state SET epoch = 2, incarnation = 2")
    anew = await Brought.read(settings)
    assert (anew.group("us"), anew.knows("eu", 0)) == ("ingester-us-2", False)
    assert bool(anew.store) == bool(standbys)


async def test_silence_is_no_health(
    kafka: str, journal: int, regions: tuple[str, str], relayed: Callable[[int], bytes]
) -> None:
    """From whom something has come, a heartbeat comes every few seconds; from whom nothing ever has, nothing is missed."""
    origin, here = regions
    topic, health, condition = mirrored_topic(origin, here), Health(), f"from {origin}"
    await ensure_topics(kafka, {topic: PARTITIONS})

    async def told(*, ok: bool) -> bool:
        return condition in health.conditions and health.conditions[condition].ok == ok

    async with beside(reading(origin, here, journal, kafka, health=health)):
        await until(lambda: told(ok=True))
        await put(kafka, topic, relayed(1))
        await until(lambda: told(ok=False))
        assert "not even a heartbeat" in health.conditions[condition].detail
        await put(kafka, topic, encode(Relayed(via=Via(Stream(origin, 1, 1, here, 0), 1, 0), forwarded_at=1)))
        await until(lambda: told(ok=True))
