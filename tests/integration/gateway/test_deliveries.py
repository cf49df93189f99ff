"""A gateway's end of fan-out on a real Redis: it hears, and mends a connection that has gone silent."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from typing import cast

import msgspec
import pytest
from redis.asyncio import Redis

from infra.health import Health
from region.delivery import GATEWAYS, Placed, Publication, Range, gateway_channel, interest_key, registering_key
from region.gateway import deliveries as module
from region.gateway.deliveries import Deliveries
from region.gateway.hub import Hub
from region.gateway.interest import Interest, LostInterestError
from region.gateway.journal import Journal
from region.gateway.outcomes import InFlight, Outcomes
from region.gateway.session import CatchUp, Phase, Session, Snapshot
from replication.codec import NEWEST, encode_record
from replication.outputs import Output
from replication.records import Mark

pytestmark = pytest.mark.integration

PATIENCE = 30.0


@contextlib.asynccontextmanager
async def listening(redis: Redis) -> AsyncIterator[tuple[str, Hub]]:
    """A gateway of one partition that listens for as long as the context lasts."""
    name = f"us/gateway-{uuid.uuid4().hex[:6]}"
    hub = Hub(
        region="us",
        instance=name,
        outcomes=Outcomes(cast("Journal", None)),
        in_flight=InFlight(),
        revoked=lambda _user, _device: None,
        repeated=lambda _entry: None,
    )
    interest = Interest(redis, instance=name, users=hub.names)
    running = asyncio.create_task(
        Deliveries(redis, instance=name, partitions=1, hub=hub, interest=interest, health=Health()).run()
    )
    try:
        yield name, hub
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


class FakeDevice:
    """A device that has caught up to position 4, and keeps what it is told and what it would read."""

    def __init__(self, user_id: str) -> None:
        self.session = Session(user_id=user_id, device_id="v1", region="us")
        self.session.receive('{"type":"hello"}')
        self.session.snapshot(Snapshot({0: 4}, 1, [], []), reliable=True)
        self.told: list[str] = []
        self.wanted: list[CatchUp] = []

    def push(self, text: str) -> None:
        """Keep a frame."""
        self.told.append(text)

    def offer(self, text: str) -> bool:
        """Keep a frame that can be done without."""
        self.push(text)
        return True

    def catch_up(self) -> None:
        """Keep what it would read."""
        if (wanted := self.session.restore()) is not None:
            self.wanted.append(wanted)

    def revoke(self, why: str) -> None:
        """Nobody is logged out here."""


async def listener(redis: Redis, *, unlike: int = 0) -> int:
    """Return the id of the connection that is subscribed, once it is another one."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = [int(c["id"]) for c in await redis.client_list() if c["sub"] == "1" and c["db"] == "5"]
            if found and found != [unlike]:
                return found[0]
            await asyncio.sleep(0.02)


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """A database of these tests' own."""
    async with Redis.from_url(redis_url.replace("/0", "/5"), socket_timeout=None) as client:
        yield client


async def test_a_silent_connection_is_replaced(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path that drops packets tells nobody; without publications the gateway subscribes anew, and hears again."""
    monkeypatch.setattr(module, "SILENCE_SECONDS", 0.1)
    async with listening(redis) as (name, hub):
        first = await listener(redis)
        await listener(redis, unlike=first)

        async with asyncio.timeout(PATIENCE):
            while not hub.reliable:
                publication = Publication(ranges=(Range(0, 1, 0),))
                await redis.publish(gateway_channel(name), msgspec.msgpack.encode(publication))
                await asyncio.sleep(0.02)


async def test_what_cannot_be_read_is_a_break_not_the_end(redis: Redis) -> None:
    """A damaged publication, or one of a newer fan-out, makes devices look into the store; the next one is heard again."""
    async with listening(redis) as (name, hub):
        await listener(redis)
        async with asyncio.timeout(PATIENCE):
            while not hub.reliable:
                await redis.publish(
                    gateway_channel(name), msgspec.msgpack.encode(Publication(ranges=(Range(0, 1, 0),)))
                )
                await asyncio.sleep(0.02)
            while hub.reliable:
                await redis.publish(gateway_channel(name), b"\xc1")
                await asyncio.sleep(0.02)
            while not hub.reliable:
                await redis.publish(
                    gateway_channel(name), msgspec.msgpack.encode(Publication(ranges=(Range(0, 1, 5),)))
                )
                await asyncio.sleep(0.02)


async def test_who_cannot_be_told_an_output_reads_the_store_alone(redis: Redis) -> None:
    """An output of a newer projector: the devices of its users catch up from before it, everybody else goes on."""
    async with listening(redis) as (name, hub):
        begun = Publication(ranges=(Range(0, 1, 4),))
        await listener(redis)
        async with asyncio.timeout(PATIENCE):
            while not hub.reliable:
                await redis.publish(gateway_channel(name), msgspec.msgpack.encode(begun))
                await asyncio.sleep(0.02)
            ada, bob = FakeDevice("ada"), FakeDevice("bob")
            hub.join(ada)
            hub.join(bob)
            mark = Mark(conversation_id="d1", user_id="bob", received=3, read=3, epoch=1)
            told = Output(5, encode_record(mark), ("ada", "bob"))
            newer = Output(6, encode_record(mark), ("ada",), version=NEWEST + 1)
            later = Output(7, encode_record(mark), ("ada", "bob"))
            all_of_them = tuple(Placed(0, output) for output in (told, newer, later))
            publication = Publication(ranges=(Range(0, 5, 7),), outputs=all_of_them)
            await redis.publish(gateway_channel(name), msgspec.msgpack.encode(publication))
            while len(bob.told) < 2:  # noqa: ASYNC110 — a fake raises no event
                await asyncio.sleep(0.02)

    assert ada.wanted == [CatchUp(told={0: 5})], "once, from before what it was not told"
    assert len(ada.told) == 1, "what comes later waits for the snapshot"
    assert bob.session.phase is Phase.LIVE


async def test_a_gateway_that_redis_has_forgotten_is_not_alive_before_its_users_are_known(redis_url: str) -> None:
    """Else fan-out takes it for one whom nothing concerns, and covers what it is not told: that entry would never be missed."""
    async with Redis.from_url(redis_url) as redis:
        name = f"us/gateway-{uuid.uuid4().hex[:6]}"
        interest = Interest(redis, instance=name, users=lambda: ["u1"])
        await interest.register_all()
        await redis.zrem(GATEWAYS, name)
        await redis.srem(interest_key("u1"), name)

        with pytest.raises(LostInterestError):
            await asyncio.wait_for(interest.keep(), PATIENCE)

        assert await redis.zscore(GATEWAYS, name) is None
        await interest.register_all()
        assert await redis.zscore(GATEWAYS, name) is not None
        assert await redis.sismember(interest_key("u1"), name)


async def test_a_redis_that_is_emptied_while_users_are_registered_does_not_make_their_gateway_alive(
    redis_url: str,
) -> None:
    """Part of them would be forgotten, and what concerns those covered untold."""
    async with Redis.from_url(redis_url) as redis:
        name = f"us/gateway-{uuid.uuid4().hex[:6]}"
        emptied: list[bool] = []

        def users() -> list[str]:
            """Who is here; asked for once the registration has begun."""
            return ["u2"]

        class Emptied(Interest):
            """Loses what Redis knows right after its users were written."""

            async def _write(self, wanted: dict[str, bool]) -> None:
                await super()._write(wanted)
                if not emptied:
                    emptied.append(True)
                    await redis.delete(interest_key("u2"), registering_key(name), GATEWAYS)

        interest = Emptied(redis, instance=name, users=users)
        with pytest.raises(LostInterestError):
            await interest.register_all()
        assert await redis.zscore(GATEWAYS, name) is None

        await interest.register_all()
        assert await redis.zscore(GATEWAYS, name) is not None
        assert await redis.sismember(interest_key("u2"), name)
