"""A region's journal, store and Redis of a test's own, and projectors on them."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import psycopg
import pytest

from infra.health import Health
from infra.kafka import Producer
from infra.postgres import make_pool
from region.holding.renewal import Renewer
from region.holding.tenure import Tenure
from region.projector.service import ProjectorSettings, project_forever
from region.store.repository.setup import prepare
from replication.codec import decode_record, encode
from replication.ids import new_user_id, partition_of
from replication.outputs import Output, decode_outputs
from replication.records import Journalable, Journaled, Record, Submission, Via

PARTITIONS = 4
PATIENCE = 30.0


@dataclass
class Region:
    """A region under test."""

    topic: str
    settings: ProjectorSettings
    producer: Producer
    running: list[asyncio.Task[None]] = field(default_factory=list)

    async def append(self, record: Journalable, via: Via | None = None) -> None:
        """Append a record to the journal."""
        key = record.key if isinstance(record, Submission) else record.conversation_id
        await self.append_bytes(partition_of(key, PARTITIONS), encode(Journaled(record=record, via=via)), key)

    async def append_bytes(self, partition: int, value: bytes, key: str = "") -> None:
        """Append anything."""
        await self.producer.append(self.topic, partition=partition, key=key.encode() or None, value=value)

    async def user(self) -> str:
        """Return a new user who is at home here, confirmed."""
        user_id = new_user_id("us")
        await self.execute(
            "INSERT INTO users (user_id, handle, folded_handle, display_name, password_hash, reservation, home_epoch, confirmed, created_at)"
            " VALUES (%s, %s, %s, 'U', 'h', 'r', 1, true, 0)",
            user_id,
            user_id,
            user_id,
        )
        return user_id

    async def execute(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """Run a statement in the store, and return its rows."""
        async with await psycopg.AsyncConnection.connect(self.settings.store, autocommit=True) as connection:
            cursor = await connection.execute(statement.encode(), values)
            return await cursor.fetchall() if cursor.description else []

    async def outputs(self) -> list[Output]:
        """Return all outputs, by partition and position."""
        rows = await self.execute("SELECT payload FROM outputs ORDER BY partition, first")
        return [output for (payload,) in rows if isinstance(payload, bytes) for output in decode_outputs(payload)]

    async def records(self) -> list[Record]:
        """Return what was put out, by partition and position."""
        return [decode_record(output.record, output.version) for output in await self.outputs()]

    def start(
        self,
        *,
        tenure: Tenure | None = None,
        renewer: Renewer | None = None,
        may_begin: Callable[[], Awaitable[None]] | None = None,
        **changes: object,
    ) -> Health:
        """Start a projector; return its health."""
        health = Health()
        settings = self.settings.model_copy(update=changes)
        projecting = project_forever(
            health, settings, topic=self.topic, tenure=tenure, renewer=renewer, may_begin=may_begin
        )
        self.running.append(asyncio.create_task(projecting))
        return health

    async def stop(self) -> None:
        """Stop all projectors, as abruptly as a task can be."""
        for task in self.running:
            task.cancel()
        await asyncio.gather(*self.running, return_exceptions=True)
        self.running.clear()


async def eventually(what: str, holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something holds; fail if it does not in time."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while not await holds():  # noqa: ASYNC110 — another process's rows raise no event
                await asyncio.sleep(0.02)
            return
    pytest.fail(f"it never happened: {what}")


@pytest.fixture
async def region(
    kafka: str, make_topic: Callable[..., Awaitable[str]], store_url: str, redis_url: str
) -> AsyncIterator[Region]:
    """A region with a prepared store, and no projector yet."""
    topic = await make_topic(partitions=PARTITIONS)
    settings = ProjectorSettings(
        instance=f"us/test-{uuid.uuid4().hex[:6]}",
        admin_port=0,
        region="us",
        regions="us,eu",
        partitions=PARTITIONS,
        kafka=kafka,
        store=store_url,
        redis=redis_url,
        directory="http://127.0.0.1:1",
        refresh_seconds=90 * 86_400,
        log_level="info",
        projector_partitions="",
        projector_batch=500,
        projector_conversations=1000,
        journal_retention_days=7,
        retention_days=7,
    )
    async with make_pool(store_url, size=1, name="test") as pool:
        await prepare(pool, region="us", partitions=PARTITIONS)
    async with Producer(kafka, client="test") as producer:
        made = Region(topic, settings, producer)
        yield made
        await made.stop()


@pytest.fixture
def until() -> Callable[[str, Callable[[], Awaitable[bool]]], Awaitable[None]]:
    """What waits for something, given what to call it and how to look."""
    return eventually
