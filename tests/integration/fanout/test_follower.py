"""Fan-out on a real store and Redis: a gateway that listens misses nothing, whoever is restarted or cut off meanwhile."""

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator
from types import SimpleNamespace

import msgspec
import pytest
import redis.asyncio

from infra.health import Health
from infra.postgres import Connection, make_pool
from infra.settings import RegionalSettings
from region.delivery import GATEWAYS, Publication, gateway_channel, interest_key
from region.fanout import follower
from region.fanout.follower import Follower
from region.store.repository.committing import commit
from region.store.repository.setup import prepare
from region.store.rows import Place
from region.store.writes import Move, Writes
from replication.codec import decode_record, encode_record
from replication.outputs import NUDGES, Batch, Nudge, Output
from replication.records import Outcome
from replication.repository import follower_positions

pytestmark = pytest.mark.integration

PARTITIONS = 2
PATIENCE = 30.0


class Gateway:
    """A gateway that listens, and checks that nothing is left out between publications."""

    def __init__(self, name: str) -> None:
        """Begin with nothing heard."""
        self.name = name
        self.heard: dict[int, int] = {}
        self.breaks: list[int] = []
        self.got: dict[tuple[int, int], str] = {}
        self.changed = asyncio.Condition()

    async def listen(self, channel: redis.asyncio.client.PubSub) -> None:
        """Take in publications until cancelled."""
        async for told in channel.listen():
            if told["type"] != "message":
                continue
            self._take(msgspec.msgpack.decode(told["data"], type=Publication))
            async with self.changed:
                self.changed.notify_all()

    def _take(self, publication: Publication) -> None:
        for stretch in publication.ranges:
            if stretch.first > self.heard.get(stretch.partition, stretch.first - 1) + 1:
                self.breaks.append(stretch.first)
            self.heard[stretch.partition] = max(self.heard.get(stretch.partition, 0), stretch.last)
        for placed in publication.outputs:
            record = decode_record(placed.output.record, placed.output.version)
            assert isinstance(record, Outcome)
            self.got[placed.partition, placed.output.position] = record.id

    async def until(self, count: int) -> None:
        """Wait until so many outputs have come."""
        async with asyncio.timeout(PATIENCE), self.changed:
            await self.changed.wait_for(lambda: len(self.got) >= count)

    async def begun(self) -> None:
        """Wait until fan-out knows of this gateway."""
        async with asyncio.timeout(PATIENCE), self.changed:
            await self.changed.wait_for(lambda: len(self.heard) == PARTITIONS)


class World:
    """A region with a store, a Redis database of its own and one gateway."""

    def __init__(self, settings: RegionalSettings, connection: Connection, gateway: Gateway) -> None:
        """Take what the fixture made."""
        self.settings = settings
        self.connection = connection
        self.gateway = gateway
        self.positions = dict.fromkeys(range(PARTITIONS), 0)
        self.user = f"u{uuid.uuid4().hex}"

    async def register(self) -> None:
        """Say that the gateway is alive, and that a device of the user is there."""
        async with redis.asyncio.from_url(self.settings.redis) as client:
            seconds, _ = await client.time()
            await client.zadd(GATEWAYS, {self.gateway.name: seconds + 60})
            await client.sadd(interest_key(self.user), self.gateway.name)

    async def forget(self) -> None:
        """Let Redis forget both, as when it is emptied."""
        async with redis.asyncio.from_url(self.settings.redis) as client:
            await client.delete(GATEWAYS, interest_key(self.user))

    async def put(
        self,
        partition: int,
        *names: str,
        users: tuple[str, ...] | None = None,
        answers: str = "",
        nudge: bool = True,
    ) -> None:
        """Put out a batch with one outcome a name, for the user unless said otherwise; that name's is waited for at the gateway."""
        first = self.positions[partition] + 1
        concerned = (self.user,) if users is None else users
        outputs = tuple(
            Output(first + n, encode_record(Outcome(id=name)), concerned, self.gateway.name if name == answers else "")
            for n, name in enumerate(names)
        )
        self.positions[partition] += len(names)
        last = self.positions[partition]
        batch = Batch(partition, first, last, outputs, int(time.time() * 1e6))
        await commit(
            self.connection, [Move(Place(partition, first - 1, first - 1), last, last)], Writes(outputs=[batch])
        )
        if nudge:
            async with redis.asyncio.from_url(self.settings.redis) as client:
                await client.publish(NUDGES, msgspec.msgpack.encode(Nudge({partition: self.positions[partition]})))

    async def cut(self) -> None:
        """Close fan-out's connections to Redis."""
        async with redis.asyncio.from_url(self.settings.redis.replace("/7", "/0")) as client:
            for found in await client.client_list():
                if found["db"] == "7":
                    with contextlib.suppress(redis.exceptions.ResponseError):
                        await client.client_kill_filter(_id=found["id"])

    @contextlib.asynccontextmanager
    async def following(self) -> AsyncIterator[Health]:
        """Run fan-out for as long as the context lasts; it ends abruptly."""
        health = Health()
        running = asyncio.create_task(Follower(self.settings, health).run())
        try:
            yield health
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def world(store_url: str, redis_url: str) -> AsyncIterator[World]:
    """A prepared region whose gateway is registered and listens."""
    settings = RegionalSettings(
        instance="us/fanout",
        admin_port=0,
        log_level="info",
        region="us",
        regions="us,eu",
        partitions=PARTITIONS,
        kafka="127.0.0.1:1",
        store=store_url,
        redis=redis_url.replace("/0", "/7"),
        directory="http://127.0.0.1:1",
    )
    gateway = Gateway(f"us/gateway-{uuid.uuid4().hex[:6]}")
    async with make_pool(store_url, size=1, name="test") as pool, pool.connection() as connection:
        async with make_pool(store_url, size=1, name="prepare") as preparing:
            await prepare(preparing, region="us", partitions=PARTITIONS)
        async with redis.asyncio.from_url(redis_url) as client, client.pubsub() as channel:
            await channel.subscribe(gateway_channel(gateway.name))
            listening = asyncio.create_task(gateway.listen(channel))
            made = World(settings, connection, gateway)
            await made.register()
            yield made
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


async def test_a_gateway_is_told_what_concerns_it_and_only_that(world: World) -> None:
    """Outputs of the gateway's users come in order; those of others are covered by ranges, and left out."""
    async with world.following():
        await world.gateway.begun()
        await world.put(0, "a", "b")
        await world.put(0, "another's", users=("ux",))
        await world.put(1, "c")
        await world.gateway.until(3)

    assert world.gateway.got == {(0, 1): "a", (0, 2): "b", (1, 1): "c"}
    assert world.gateway.breaks == []


async def test_clocks_that_differ_silence_nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fan-out's host is an hour ahead: who is alive is judged by Redis' clock alone."""
    ahead = SimpleNamespace(
        time=lambda: time.time() + 3600,
        time_ns=time.time_ns,
        monotonic=time.monotonic,
        perf_counter=time.perf_counter,
    )
    monkeypatch.setattr(follower, "time", ahead)
    async with world.following():
        await world.gateway.begun()
        await world.put(0, "a")
        await world.gateway.until(1)

    assert world.gateway.breaks == []


async def test_who_is_long_gone_is_forgotten(world: World) -> None:
    """Instances come and go; the list of gateways does not grow for ever."""
    async with redis.asyncio.from_url(world.settings.redis) as client:
        seconds, _ = await client.time()
        await client.zadd(GATEWAYS, {"us/long-gone": seconds - 1000, "us/just-silent": seconds - 10})
        async with world.following(), asyncio.timeout(PATIENCE):
            while await client.zscore(GATEWAYS, "us/long-gone") is not None:  # noqa: ASYNC110 — Redis raises no event for it
                await asyncio.sleep(0.02)
        assert await client.zscore(GATEWAYS, "us/just-silent") is not None


async def test_lost_nudges_cost_half_a_second_at_most(world: World) -> None:
    """Without a nudge the store is polled."""
    async with world.following():
        await world.gateway.begun()
        await world.put(0, "quiet", nudge=False)
        await world.gateway.until(1)

    assert world.gateway.breaks == []


async def test_what_is_much_is_read_by_little_without_waiting(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backlog larger than what is held at a time comes whole and in order, though nobody nudges."""
    monkeypatch.setattr(follower, "MOST_BYTES", PARTITIONS)
    monkeypatch.setattr(follower, "POLL_SECONDS", 1000.0)
    async with world.following():
        await world.gateway.begun()
    for number in range(5):
        await world.put(0, f"a{number}", nudge=False)
        await world.put(1, f"b{number}", nudge=False)
    async with world.following():
        await world.gateway.until(10)

    assert list(world.gateway.got) == sorted(world.gateway.got, key=lambda place: place[1])
    assert world.gateway.breaks == []


async def test_an_answer_covers_nothing_for_a_gateway_that_redis_forgot(world: World) -> None:
    """Who is there is not known, so others of the same batch may concern the gateway: it is told a break."""
    async with world.following():
        await world.gateway.begun()
        await world.forget()
        await world.put(0, "untold", "answer", answers="answer")
        await world.gateway.until(1)

    assert world.gateway.got == {(0, 2): "answer"}
    assert world.gateway.breaks == [3]


async def test_a_restarted_fan_out_leaves_nothing_out(world: World) -> None:
    """Killed between publishing and keeping its place, it repeats; what was put out meanwhile is told; ranges overlap, never break."""
    async with world.following():
        await world.gateway.begun()
        await world.put(0, "a")
        await world.gateway.until(1)
    await world.put(0, "b")
    await world.put(1, "c", "d")
    async with world.following():
        await world.gateway.until(4)

    assert sorted(world.gateway.got.values()) == ["a", "b", "c", "d"]
    assert world.gateway.breaks == []


async def test_two_fan_outs_at_once_leave_nothing_out(world: World) -> None:
    """A second one, which comes while the first still runs, repeats what that one tells: ranges overlap, and never break."""
    async with world.following():
        await world.gateway.begun()
        await world.put(0, "a")
        await world.gateway.until(1)
        async with world.following() as second:
            async with asyncio.timeout(PATIENCE):
                while not second.ok:  # noqa: ASYNC110 — health has no event
                    await asyncio.sleep(0.01)
            for number in range(20):
                await world.put(number % PARTITIONS, f"b{number}")
            await world.gateway.until(21)
        await world.put(1, "c")
        await world.gateway.until(22)

    assert sorted(world.gateway.got.values()) == sorted(["a", *(f"b{number}" for number in range(20)), "c"])
    assert world.gateway.breaks == []


async def test_its_place_is_kept(world: World) -> None:
    """What everybody was told is not told again for ever."""
    async with world.following():
        await world.gateway.begun()
        await world.put(0, "a", "b")
        await world.gateway.until(2)
        async with asyncio.timeout(PATIENCE):
            while await follower_positions(world.connection, "fanout") != {0: 2}:  # noqa: ASYNC110 — a row raises no event
                await asyncio.sleep(0.02)


async def test_redis_may_cut_it_off_at_any_moment(world: World) -> None:
    """Connections closed under traffic: it waits, comes back, and nothing is missing."""
    async with world.following():
        await world.gateway.begun()
        for number in range(40):
            await world.put(number % PARTITIONS, f"m{number}")
            if number % 10 == 5:
                await world.cut()
        await world.gateway.until(40)

    assert len(world.gateway.got) == 40
    assert world.gateway.breaks == []


async def test_the_store_may_cut_it_off_at_any_moment(world: World) -> None:
    """The same for its connection to the store."""
    async with world.following():
        await world.gateway.begun()
        for number in range(20):
            await world.put(number % PARTITIONS, f"m{number}")
            if number % 10 == 5:
                await world.connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
        await world.gateway.until(20)

    assert len(world.gateway.got) == 20
    assert world.gateway.breaks == []


async def test_a_damaged_batch_is_a_break_and_holds_nothing_up(world: World) -> None:
    """Fan-out goes on behind it; the gateway sees that something is missing, and makes its devices read the store."""
    async with world.following():
        await world.gateway.begun()
        await world.put(0, "a")
        await world.gateway.until(1)
    await world.put(0, "unreadable")
    await world.connection.execute("UPDATE outputs SET payload = '\\xc1' WHERE partition = 0 AND first = 2")
    await world.put(0, "b")
    async with world.following() as health:
        await world.gateway.until(2)
        assert health.ok

    assert sorted(world.gateway.got.values()) == ["a", "b"]
    assert world.gateway.breaks == [3]
