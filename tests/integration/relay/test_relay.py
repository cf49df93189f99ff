"""From relay rows in one region's store to another region's journal, with real processes that are killed in between.

One Kafka stands for both regions; a small copier stands for MirrorMaker, and repeats itself as one does that was killed.
"""

import asyncio
import contextlib
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path

import httpx
import psycopg
import pytest
import redis.asyncio
from prometheus_client import REGISTRY
from starlette.types import Receive, Scope, Send

from infra.health import Health
from infra.kafka import Committed, Consumer, Producer, count_partitions, ensure_topics
from infra.local.ports import some_free
from infra.postgres import make_pool
from infra.web import serve_app
from region.store.repository.committing import commit
from region.store.repository.setup import prepare
from region.store.rows import Place
from region.store.writes import Move, Writes
from relay.ingester import lane
from relay.ingester.asking import Asking
from relay.ingester.intake import Intake
from relay.ingester.progress import Taken, read
from relay.ingester.reader import Reader
from relay.ingester.repairer import Repairer
from relay.ingester.shelf import Shelf
from replication import codec
from replication.codec import decode_journaled, decode_relayed, encode, encode_record
from replication.ids import direct_conversation_id, message_id, new_user_id, region_of
from replication.outputs import Batch, Output, RelayRow
from replication.poison import repository
from replication.poison.records import Kept, Kind
from replication.records import Entry, MessageSent, Relayed, Stream, Via
from replication.repair.pages import PATH, Want, build, decode_page
from replication.repair.server import RepairServer
from replication.repository import runs_within
from replication.streams import Progress
from replication.topics import JOURNAL, mirrored_topic, relay_topic

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]

ROOT = Path(__file__).parents[3]
PARTITIONS = 2
PATIENCE = 150.0


@pytest.fixture
def regions() -> tuple[str, str]:
    """Two regions that no other test knows, so that topics and groups are this test's own."""
    return f"a{secrets.token_hex(3)}", f"b{secrets.token_hex(3)}"


@pytest.fixture
async def journal(kafka: str) -> int:
    """Number of partitions of the journal; tests of this session share it, and look for their own streams there."""
    await ensure_topics(kafka, {JOURNAL: 4})
    return await count_partitions(kafka, JOURNAL)


def entry(origin: str) -> Entry:
    """Return an entry of a conversation that the origin owns."""
    while True:
        author, friend = new_user_id(origin), new_user_id(origin)
        conversation = direct_conversation_id(author, friend)
        if region_of(conversation) == origin:
            break
    return Entry(
        conversation_id=conversation,
        seq=1,
        epoch=1,
        incarnation=1,
        count=1,
        message_id=message_id(author, conversation, "c"),
        author=author,
        home=origin,
        content_hash=b"0" * 16,
        body=MessageSent(friend, "c", "hello"),
        sent_at=1,
    )


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(PATIENCE):
        while not await condition():  # noqa: ASYNC110 — what is waited for lies in another process
            await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def beside(*coroutines: Awaitable[None]) -> AsyncIterator[None]:
    """Run coroutines beside the test."""
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Service:
    """A service in a process of its own, which can be killed and started again."""

    def __init__(self, name: str, log: Path, **settings: str) -> None:
        """Describe it."""
        self._name = name
        self._log = log
        self._settings = {f"CAUSEWAY_{key.upper()}": value for key, value in settings.items()}
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it."""
        with self._log.open("a") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "infra.serve",
                self._name,
                cwd=ROOT,
                env={**os.environ, **self._settings},
                stderr=log,
            )

    async def kill(self) -> None:
        """Kill it without warning."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()

    def freeze(self) -> None:
        """Stop it where it is: it keeps its connections, and what it believes."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)


async def copy(kafka: str, origin: str, here: str) -> None:
    """Copy a relay topic as MirrorMaker does; now and then go back, as after a kill."""
    source, target = relay_topic(here), mirrored_topic(origin, here)
    async with Consumer(kafka, source, client="copier") as consumer, Producer(kafka, client="copier") as producer:
        consumer.assign(dict.fromkeys(range(PARTITIONS), 0))
        for turn in range(1_000_000):
            for partition, records in (await consumer.read(wait_ms=200, most=40)).items():
                for record in records:
                    assert record.value is not None
                    await producer.send(target, partition=partition, key=record.key, value=record.value)
                if turn % 5 == 4:
                    consumer.seek(partition, max(0, records[0].offset - 15))


async def write_rows(
    store: str, redis_url: str, origin: str, here: str, *, batches: int, after: dict[Stream, int] | None = None
) -> dict[Stream, int]:
    """Write what a projector would, bit by bit; return how many sequences each stream has."""
    streams = {partition: Stream(origin, 1, 1, here, partition) for partition in range(PARTITIONS)}
    written = dict.fromkeys(streams.values(), 0) | (after or {})
    position = {
        partition: written[stream] // 3 * 5 for partition, stream in streams.items()
    }  # three of each five are relayed
    async with (
        await psycopg.AsyncConnection.connect(store, autocommit=True) as connection,
        redis.asyncio.from_url(redis_url) as client,
    ):
        for number in range(batches):
            partition = number % PARTITIONS
            stream, first = streams[partition], position[partition] + 1
            outputs = tuple(Output(first + n, encode_record(entry(origin))) for n in range(5))
            relayed = tuple(output.position for output in outputs[::2])
            batch = Batch(partition, first, first + 4, outputs, 1)
            writes = Writes(outputs=[batch], relay_rows=[RelayRow(stream, written[stream] + 1, relayed, first)])
            await commit(connection, [Move(Place(partition, first - 1, first - 1), first + 4, first + 4)], writes)
            position[partition] += 5
            written[stream] += len(relayed)
            await client.publish(
                "outputs", b"\x82\xa9positions\x80\xacdestinations\x91" + bytes([0xA0 + len(here)]) + here.encode()
            )
            await asyncio.sleep(0.01)  # the pace of the traffic, nothing is waited for
    return written


async def journaled(kafka: str, partitions: int, origin: str) -> dict[int, list[Via]]:
    """Return the stream places that each journal partition has from an origin, in order."""
    found: dict[int, list[Via]] = {partition: [] for partition in range(partitions)}
    async with Consumer(kafka, JOURNAL, client="test") as consumer:
        ends = {partition: (await consumer.bounds(partition))[1] for partition in range(partitions)}
        reached = dict.fromkeys(ends, 0)
        consumer.assign(reached)
        while any(reached[partition] < end for partition, end in ends.items()):
            for partition, records in (await consumer.read(wait_ms=200, most=5000)).items():
                reached[partition] = records[-1].offset + 1
                for record in records:
                    with contextlib.suppress(codec.UndecodableRecordError):  # other tests of this journal are about it
                        message = decode_journaled(record.value)
                        if message.via is not None and message.via.stream.origin == origin:
                            found[partition].append(message.via)
    return found


async def progress(kafka: str, origin: str, here: str) -> dict[int, Taken]:
    """Return the committed progress of an ingester."""
    topic = mirrored_topic(origin, here)
    async with Consumer(kafka, topic, client="test", group=f"ingester-{here}") as consumer:
        found = {partition: await consumer.committed(partition) for partition in range(PARTITIONS)}
    return {partition: read(committed.metadata) for partition, committed in found.items() if committed is not None}


async def test_kills_anywhere_lose_nothing_and_keep_the_order(  # noqa: PLR0917 — fixtures
    kafka: str, redis_url: str, postgres_url: str, journal: int, regions: tuple[str, str], tmp_path: Path
) -> None:
    """Forwarder and ingester die by SIGKILL under traffic, the mirror repeats itself: everything arrives, in stream order."""
    origin, here = regions
    async with make_pool(postgres_url, size=1, name="test") as pool:
        await prepare(pool, region=origin, partitions=PARTITIONS)
    common = {
        "instance": "test",
        "admin_port": "0",
        "regions": f"{origin},{here}",
        "kafka": kafka,
        "store": postgres_url,
        "redis": redis_url,
        "directory": "http://127.0.0.1:9",
    }
    forwarder = Service("forwarder", tmp_path / "forwarder", region=origin, partitions=str(PARTITIONS), **common)
    ingester = Service("ingester", tmp_path / "ingester", region=here, partitions=str(journal), **common)
    await ensure_topics(kafka, {relay_topic(here): PARTITIONS, mirrored_topic(origin, here): PARTITIONS})
    try:
        async with beside(copy(kafka, origin, here)):
            writing = asyncio.create_task(write_rows(postgres_url, redis_url, origin, here, batches=400))
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
    kafka: str, redis_url: str, postgres_url: str, journal: int, regions: tuple[str, str], tmp_path: Path
) -> None:
    """Two forwarders and two ingesters work on one region; one of each is frozen, and goes on with what it believed long after."""
    origin, here = regions
    async with make_pool(postgres_url, size=1, name="test") as pool:
        await prepare(pool, region=origin, partitions=PARTITIONS)
    common = {
        "admin_port": "0",
        "regions": f"{origin},{here}",
        "kafka": kafka,
        "store": postgres_url,
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
            written = await write_rows(postgres_url, redis_url, origin, here, batches=60)
            await until(lambda: _has_all(kafka, origin, here, written))
            more = asyncio.create_task(write_rows(postgres_url, redis_url, origin, here, batches=200, after=written))
            known = await progress(kafka, origin, here)
            await until(lambda: _has_moved(kafka, origin, here, known, more))
            for zombie in zombies:
                zombie.freeze()
            written = await more
            await until(lambda: _has_all(kafka, origin, here, written))
            for zombie in zombies:
                zombie.thaw()
            written = await write_rows(postgres_url, redis_url, origin, here, batches=60, after=written)
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


@pytest.fixture
def relayed(regions: tuple[str, str]) -> Callable[[int], bytes]:
    """Return how to make the record of a sequence of partition 0's stream."""
    origin, here = regions
    stream = Stream(origin, 1, 1, here, 0)

    def make(sequence: int) -> bytes:
        return encode(Relayed(via=Via(stream, sequence, sequence), record=encode_record(entry(origin)), forwarded_at=1))

    return make


async def put(kafka: str, topic: str, *values: bytes) -> None:
    """Append values to partition 0 of a topic."""
    async with Producer(kafka, client="test") as producer:
        for value in values:
            await producer.append(topic, partition=0, key=None, value=value)


async def reading(
    origin: str,
    here: str,
    partitions: int,
    kafka: str,
    *,
    url: str = "",
    patience: float = 0.1,
    health: Health | None = None,
    store: str = "postgresql://127.0.0.1:1/none",
) -> None:
    """Read as an ingester does, which asks the origin there, or finds it silent."""
    repairer = Repairer(origin, url, here=here)
    asking = Asking(patience=patience, retry=0.1)
    shelf = Shelf(store, mirrored_topic(origin, here))
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(shelf.run())
            await Reader(
                Intake(origin, here, partitions),
                kafka=kafka,
                health=health or Health(),
                repairer=repairer,
                asking=asking,
                shelf=shelf,
                silence=2,
            ).run()
    finally:
        await repairer.close()


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

    assert await _sequences(kafka, journal, origin) == [1, 2, 4, 5]


@contextlib.asynccontextmanager
async def serving(postgres_url: str, region: str, port: int = 0) -> AsyncIterator[str]:
    """Serve a region's streams as its gateway does; yield the URL."""
    port = port or some_free(1)[0]
    async with make_pool(postgres_url, size=2, name="test") as pool:
        started = asyncio.Event()
        app = RepairServer(_nothing_else, region=region, store=pool)
        async with beside(serve_app(app, host="127.0.0.1", port=port, started=started)):
            await asyncio.wait_for(started.wait(), PATIENCE)
            yield f"http://127.0.0.1:{port}"


async def _nothing_else(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture
async def origin_store(postgres_url: str, regions: tuple[str, str], redis_url: str) -> str:
    """A store of the origin with two streams of sixty sequences each to the other region."""
    origin, here = regions
    async with make_pool(postgres_url, size=1, name="test") as pool:
        await prepare(pool, region=origin, partitions=PARTITIONS)
    written = await write_rows(postgres_url, redis_url, origin, here, batches=40)
    assert set(written.values()) == {60}
    return postgres_url


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

    assert await _sequences(kafka, journal, origin) == list(range(1, 61))


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

    assert await _sequences(kafka, journal, origin) == list(range(1, 41))


async def test_what_cannot_be_taken_in_is_kept_and_taken_in_when_it_can_be(  # noqa: PLR0917 — fixtures
    kafka: str,
    journal: int,
    regions: tuple[str, str],
    relayed: Callable[[int], bytes],
    postgres_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Garbage is tried in vain when somebody wants it; what newer software wrote comes by itself once it can be read, and fills its hole."""
    origin, here = regions
    topic = mirrored_topic(origin, here)
    await ensure_topics(kafka, {topic: PARTITIONS})
    async with make_pool(postgres_url, size=1, name="test") as pool:
        await prepare(pool, region=here, partitions=PARTITIONS)
    newer = bytes((codec.NEWEST + 1,)) + relayed(2)[1:]
    await put(kafka, topic, relayed(1), b"\x01garbage", newer, relayed(3))

    async def has(expected: Progress) -> bool:
        taken = await progress(kafka, origin, here)
        return 0 in taken and taken[0].of((1, 1)) == expected

    async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as store:

        async def aside() -> list[Kept]:
            return await repository.listing(store, also_replayed=True, most=9)

        async with beside(reading(origin, here, journal, kafka, store=postgres_url)):
            await until(lambda: has(Progress(3, ((2, 2),))))
            kept = {one.poison.kind: one.poison for one in await aside()}
            assert {(one.offset, one.value) for one in kept.values()} == {(1, b"\x01garbage"), (2, newer)}
            for one in kept.values():
                await repository.want_replay(store, one, by="olga", now=7)

            async def both_tried() -> bool:
                return all(one.tried_at and one.wanted_at is None for one in await aside())

            await until(both_tried)
        monkeypatch.setattr(codec, "READABLE", codec.READABLE | {codec.NEWEST + 1})
        async with beside(reading(origin, here, journal, kafka, store=postgres_url)):
            await until(lambda: has(Progress(3)))
            [replayed] = [one for one in await aside() if one.poison.kind is Kind.NEWER]
            assert replayed.replayed_at is not None
    assert await _sequences(kafka, journal, origin) == [1, 2, 3]


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


async def test_an_origin_serves_only_whom_a_stream_leads_to(regions: tuple[str, str], origin_store: str) -> None:
    """Nobody else, no device that an edge carries, and nothing that cannot be read; what is gone is said to be."""
    origin, here = regions
    good = {"destination": here, "incarnation": "1", "epoch": "1", "partition": "0", "first": "58", "last": "70"}
    us = {"causeway-region": here}
    async with serving(origin_store, origin) as url, httpx.AsyncClient(base_url=url) as client:

        async def status(headers: dict[str, str], method: str = "GET", **changes: str) -> int:
            return (await client.request(method, PATH, params=good | changes, headers=headers)).status_code

        answer = await client.get(PATH, params=good, headers=us)
        assert answer.status_code == 200
        page = decode_page(answer.content, Want(Stream(origin, 1, 1, here, 0), 58, 70))
        assert [decode_relayed(value).via.sequence for value in page.records] == [58, 59, 60]
        assert page.upto == 70
        assert await status({}) == 404
        assert await status({"causeway-region": "other"}) == 404
        assert await status(us | {"causeway-bridged": "1"}) == 404
        assert await status(us, destination="other") == 404
        assert await status(us, first="0") == 400
        assert await status(us, last="57") == 400
        assert await status(us, partition="-1") == 400
        assert await status(us, method="POST") == 400


async def test_a_large_range_comes_in_pages_and_a_damaged_batch_is_a_hole_in_it(
    regions: tuple[str, str], origin_store: str
) -> None:
    """Each page says how far it speaks; asked on from there, everything that can still be read comes once."""
    origin, here = regions
    stream = Stream(origin, 1, 1, here, 1)
    async with await psycopg.AsyncConnection.connect(origin_store, autocommit=True) as connection:
        await connection.execute("UPDATE outputs SET payload = 'x' WHERE partition = 1 AND first = 6")
        found: list[int] = []
        first = 1
        while first <= 60:
            runs, complete = await runs_within(connection, stream, first=first, last=60, most=7, bytes_=10**9)
            page = build(Want(stream, first, 60), runs, now=1, complete=complete)
            found += [decode_relayed(value).via.sequence for value in page.records]
            first = page.upto + 1
        few, complete = await runs_within(connection, stream, first=1, last=60, most=100, bytes_=1)

    assert found == [n for n in range(1, 61) if n not in {4, 5, 6}]
    assert len(few) == 1
    assert not complete


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

    assert await _sequences(kafka, journal, origin) == [3]


async def _sequences(kafka: str, partitions: int, origin: str) -> list[int]:
    found = await journaled(kafka, partitions, origin)
    return sorted(via.sequence for vias in found.values() for via in vias)
