"""What tests of the way between two regions share: one Kafka stands for both, a small copier for MirrorMaker, and repeats itself as one does that was killed."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import psycopg
import redis.asyncio
from starlette.types import Receive, Scope, Send

from infra.health import Health
from infra.kafka import Consumer, Producer
from infra.local.ports import some_free
from infra.postgres import make_pool
from infra.tasks import beside
from infra.web import serve_app
from region.store.repository.committing import commit
from region.store.rows import Place
from region.store.writes import Move, Writes
from relay.ingester.asking import Asking
from relay.ingester.brought import Brought
from relay.ingester.intake import Intake
from relay.ingester.reader import Reader
from relay.ingester.repairer import Repairer
from relay.ingester.shelf import Shelf
from replication import codec
from replication.codec import decode_journaled, encode_record
from replication.ids import direct_conversation_id, message_id, new_user_id, region_of
from replication.outputs import Batch, Output, RelayRow
from replication.progress import Taken, read
from replication.records import Entry, MessageSent, Stream, Via
from replication.repair.server import RepairServer
from replication.topics import JOURNAL, mirrored_topic, relay_topic

ROOT = Path(__file__).parents[3]
PARTITIONS = 2
PATIENCE = 150.0


def pair(one: str, other: str, *, owner: str) -> tuple[str, str, str]:
    """Return users of two regions, and their conversation, which that region owns."""
    while True:
        users = new_user_id(one), new_user_id(other)
        conversation = direct_conversation_id(*users)
        if region_of(conversation) == owner:
            return *users, conversation


def entry(origin: str) -> Entry:
    """Return an entry of a conversation that the origin owns."""
    return first_of(*pair(origin, origin, owner=origin))


def first_of(author: str, recipient: str, conversation: str, *, text: str = "hello") -> Entry:
    """Return what would be the first entry of a conversation."""
    return Entry(
        conversation_id=conversation,
        seq=1,
        epoch=1,
        incarnation=1,
        count=1,
        message_id=message_id(author, conversation, "c"),
        author=author,
        home=region_of(author),
        content_hash=b"0" * 16,
        body=MessageSent(recipient, "c", text),
        sent_at=1,
    )


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(PATIENCE):
        while not await condition():  # noqa: ASYNC110 — what is waited for lies in another process
            await asyncio.sleep(0.05)


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
    brought: Brought | None = None,
    readers: list[Reader] | None = None,
) -> None:
    """Read as an ingester does, which asks the origin there, or finds it silent; whoever reads is noted among the readers."""
    repairer = Repairer(origin, url, here=here)
    asking = Asking(patience=patience, retry=0.1)
    shelf = Shelf(store, mirrored_topic(origin, here))
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(shelf.run())
            reader = Reader(
                Intake(origin, here, partitions),
                kafka=kafka,
                health=health or Health(),
                repairer=repairer,
                asking=asking,
                shelf=shelf,
                silence=2,
                brought=brought,
            )
            if readers is not None:
                readers.append(reader)
            await reader.run()
    finally:
        await repairer.close()


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


async def sequences(kafka: str, partitions: int, origin: str) -> list[int]:
    """Return the sequences of an origin's streams that the journal has, sorted."""
    found = await journaled(kafka, partitions, origin)
    return sorted(via.sequence for vias in found.values() for via in vias)
