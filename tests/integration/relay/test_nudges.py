"""Nudges through a real Redis, and through one that says nothing."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import msgspec
import pytest
from redis.asyncio import Redis

from relay.forwarder import nudges
from replication.outputs import NUDGES, Nudge

pytestmark = pytest.mark.integration

PATIENCE = 10.0


@contextlib.asynccontextmanager
async def listening(url: str, nudged: asyncio.Event | None = None) -> AsyncIterator[asyncio.Event]:
    """Listen for nudges about eu; at the end the task must end as soon as it is asked to."""
    nudged = nudged or asyncio.Event()
    task = asyncio.create_task(nudges.listen(url, ["eu"], nudged))
    try:
        yield nudged
    finally:
        task.cancel()
        await asyncio.wait({task}, timeout=PATIENCE)
        assert task.cancelled()


async def told(nudged: asyncio.Event) -> None:
    """Wait for the event, and clear it."""
    async with asyncio.timeout(PATIENCE):
        await nudged.wait()
    nudged.clear()


class Counted(asyncio.Event):
    """An event that knows how often it was set."""

    times = 0

    def set(self) -> None:
        """Count it."""
        self.times += 1
        super().set()


async def test_only_nudges_about_ones_own_destinations_wake(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those about others are slept through: what is no nudge, which is told of, comes after them, and nothing woke before it."""
    nudged, ends = Counted(), asyncio.Queue[int]()
    monkeypatch.setattr(nudges.log, "warning", lambda *_, **__: ends.put_nowait(nudged.times))
    async with listening(redis_url, nudged), Redis.from_url(redis_url, socket_timeout=None) as redis:
        await told(nudged)
        await redis.publish(NUDGES, msgspec.msgpack.encode(Nudge({0: 1}, ("eu",))))
        await told(nudged)
        await redis.publish(NUDGES, msgspec.msgpack.encode(Nudge({0: 2}, ("ap",))))
        await redis.publish(NUDGES, b"no nudge")
        async with asyncio.timeout(PATIENCE):
            assert await ends.get() == 2, "one when it began to listen, one about eu"


async def test_a_connection_that_has_gone_silent_is_made_anew(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dead one would be listened to for ever; whoever subscribes anew looks at what was missed."""
    monkeypatch.setattr(nudges, "SILENCE_SECONDS", 0.1)
    async with listening(redis_url) as nudged:
        for _ in range(3):
            await told(nudged)


async def test_a_redis_that_never_answers_is_given_up_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that was stopped accepts connections and says nothing."""
    monkeypatch.setattr(nudges, "ANSWER_SECONDS", 0.1)
    connected: asyncio.Queue[None] = asyncio.Queue()

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.put_nowait(None)
        try:
            await reader.read(-1)
        finally:
            writer.close()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    async with server, listening(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}"):
        async with asyncio.timeout(PATIENCE):
            for _ in range(2):
                await connected.get()
