"""Faults that speak to servers: what they do to a real Kafka and a real Redis, and what their witnesses see of it."""

import asyncio
import os
import subprocess
import sys
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import redis.asyncio

from chaos.drill.faults.caches import CacheWiped
from chaos.drill.faults.disks import DiskFull
from chaos.drill.faults.injector import NotPossibleError
from chaos.drill.faults.mirrors import AGAIN, MirrorRepeats, RelayTruncated
from infra.kafka import Consumer, Producer
from infra.local import ports
from infra.local.control import Act, PartStatus, RegionStatus, Request, Status
from infra.local.parts import Part
from infra.local.tools import Tools
from infra.local.valkey import redis_part

pytestmark = pytest.mark.integration
LIMIT_SECONDS = 60.0
MakeTopic = Callable[..., Awaitable[str]]


def part(pid: int = 1, **ports_: int) -> PartStatus:
    """Return a part that is well."""
    return PartStatus("healthy", pid, 0.0, 0, ports_, "/log")


def status(parts: dict[str, dict[str, PartStatus]]) -> Status:
    """Return a federation of these regions."""
    return Status("healthy", "/home", None, {name: RegionStatus("", of_it) for name, of_it in parts.items()}, {})


class Supervisor:
    """Does nothing; tells what it was asked.

    Attributes:
        asked: Verbs, in order.
    """

    def __init__(self, now: Status) -> None:
        """Answer always the same."""
        self.asked: list[str] = []
        self._now = now

    async def __call__(self, request: Request) -> Status:
        """Take note."""
        if isinstance(request, Act):
            self.asked.append(request.verb)
        return self._now


@pytest.fixture
def regions(kafka: str) -> tuple[str, str, Status]:
    """Two regions of names that nobody else uses, which share a Kafka; the first has a MirrorMaker."""
    here, there = f"h{uuid.uuid4().hex[:6]}", f"t{uuid.uuid4().hex[:6]}"
    port = int(kafka.rpartition(":")[2])
    return (
        here,
        there,
        status({here: {"kafka": part(kafka=port), "mirror": part()}, there: {"kafka": part(kafka=port)}}),
    )


@pytest.fixture
def own_redis(
    tools: Tools, tmp_path: Path, running: Callable[[Part, Tools], AbstractContextManager[Part]]
) -> Iterator[int]:
    """Port of a Redis that no other test has anything in."""
    port = ports.some_free(1)[0]
    one = redis_part("us/redis", program=tools.valkey, directory=tmp_path, log=tmp_path / "log", port=port)
    with running(one, tools):
        yield port


@pytest.fixture
def place(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """A directory with data, and a process that works there."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "kept").write_text("data")
    with subprocess.Popen([sys.executable, "-c", "input()"], cwd=data, stdin=subprocess.PIPE) as process:
        yield data, process.pid
        process.kill()


async def test_an_emptied_redis_has_lost_what_was_put_there(own_redis: int) -> None:
    """The witness puts it there before it is emptied, however long that takes; it is well when somebody has put something there again."""
    before = status({"us": {"redis": part(os.getpid(), redis=own_redis)}})
    fault = CacheWiped("us/redis", before, Supervisor(before))
    putting_on = asyncio.create_task(fault.put_on())
    async with redis.asyncio.Redis(port=own_redis) as client, asyncio.timeout(LIMIT_SECONDS):
        await client.set("somebody's", "own")
        watching = asyncio.create_task(fault.saw())

        await putting_on

        assert "of 2 keys" in await watching
        assert await client.dbsize() == 0
        recovering = asyncio.create_task(fault.recovered())
        await client.set("somebody's", "again")
        await recovering


async def test_a_mirrormaker_loses_its_place(
    kafka: str, make_topic: MakeTopic, regions: tuple[str, str, Status]
) -> None:
    """While it is down its places in relay topics are set back, never below the beginning; others stay."""
    here, there, before = regions
    topic = await make_topic(partitions=2, name=f"mm2-offsets.{there}.internal")

    def key(partition: int) -> bytes:
        return (
            f'["MirrorSourceConnector",{{"cluster":"{there}","partition":{partition},"topic":"relay.{here}"}}]'.encode()
        )

    beat = b'["MirrorHeartbeatConnector",{"sourceClusterAlias":"a","targetClusterAlias":"b"}]'
    async with Producer(kafka, client="test") as producer:
        for partition, name, offset in ((0, key(0), 900), (0, key(0), 1000), (1, key(1), 5), (1, beat, 7)):
            await producer.append(topic, partition=partition, key=name, value=b'{"offset":%d}' % offset)
    supervisor = Supervisor(before)

    await MirrorRepeats(f"{here}/mirror", before, supervisor).put_on()

    newest: dict[bytes | None, bytes | None] = {}
    async with Consumer(kafka, topic, client="test") as consumer:
        consumer.assign({0: 0, 1: 0})
        while batches := await consumer.read(wait_ms=1000, most=100):
            newest |= {record.key: record.value for records in batches.values() for record in records}
    assert newest == {key(0): b'{"offset":%d}' % (1000 - AGAIN), key(1): b'{"offset":0}', beat: b'{"offset":7}'}
    assert supervisor.asked == ["kill", "heal"]


async def test_a_mirrormaker_without_a_place_cannot_repeat(regions: tuple[str, str, Status]) -> None:
    """It is started again all the same."""
    here, _, before = regions
    supervisor = Supervisor(before)

    with pytest.raises(NotPossibleError, match="no place"):
        await MirrorRepeats(f"{here}/mirror", before, supervisor).put_on()

    assert supervisor.asked == ["kill", "heal"]


async def test_a_repeated_record_is_seen(kafka: str, make_topic: MakeTopic, regions: tuple[str, str, Status]) -> None:
    """One that MirrorMaker had copied before the place that it had kept; neither what an earlier fault repeated nor what a kill does."""
    here, there, before = regions
    kept = await make_topic(partitions=1, name=f"mm2-offsets.{there}.internal")
    source = await make_topic(partitions=1, name=f"relay.{here}")
    topic = await make_topic(partitions=1, name=f"{there}.relay.{here}")
    key = f'["MirrorSourceConnector",{{"cluster":"{there}","partition":0,"topic":"{source}"}}]'.encode()
    fault = MirrorRepeats(f"{here}/mirror", before, Supervisor(before))
    watching = asyncio.create_task(fault.saw())
    async with Producer(kafka, client="test") as producer:

        async def append(where: str, *values: bytes) -> None:
            for value in values:
                await producer.append(where, partition=0, key=None, value=value)

        await append(source, b"a", b"b", b"after the place")
        await append(topic, b"a", b"b", b"a", b"after the place")
        await producer.append(kept, partition=0, key=key, value=b'{"offset":1}')
        await fault.put_on()
        await append(topic, b"after the place", b"c")
        await asyncio.wait({watching}, timeout=3)
        assert not watching.done()

        await append(topic, b"b")

        assert topic in await asyncio.wait_for(watching, LIMIT_SECONDS)


async def test_a_relay_topic_loses_what_was_not_copied(
    kafka: str, make_topic: MakeTopic, regions: tuple[str, str, Status]
) -> None:
    """What came while MirrorMaker was down is gone, and that is what is seen: not what it had copied before."""
    here, there, before = regions
    topic = await make_topic(partitions=1, name=f"relay.{here}")
    supervisor = Supervisor(before)
    fault = RelayTruncated(f"{here}/mirror", before, supervisor)
    watching = asyncio.create_task(fault.saw())
    async with Producer(kafka, client="test") as producer:
        for value in (b"copied", b"too"):
            await producer.append(topic, partition=0, key=None, value=value)
        await fault.put_on()
        for value in (b"x", b"y", b"z"):
            await producer.append(topic, partition=0, key=None, value=value)
        assert not watching.done()

        await fault.take_off()

    assert await asyncio.wait_for(watching, LIMIT_SECONDS) == (
        f"3 records that nobody has copied are gone from {topic} in {there}"
    )
    assert supervisor.asked == ["kill", "heal"]


@pytest.mark.skipif(os.geteuid() != 0, reason="a mount takes root; for others the fault is not put on, see below")
async def test_a_full_disk_takes_nothing_until_there_is_room(place: tuple[Path, int]) -> None:
    """The data is there throughout, on the small file system and afterwards."""
    data, pid = place
    fault = DiskFull(
        "us/postgres",
        status({"us": {"postgres": part(pid)}}),
        Supervisor(status({"us": {"postgres": part(os.getpid())}})),
    )
    watching = asyncio.create_task(fault.saw())

    async with asyncio.timeout(LIMIT_SECONDS):
        await fault.put_on()
        assert "No space left" in await watching
        assert (data / "kept").read_text() == "data"
        await fault.take_off()
        (data / "more").write_text("written when there was room")
        await fault.recovered()

    assert sorted(path.name for path in data.iterdir()) == ["kept", "more"]
    assert not data.is_mount()


async def test_a_disk_cannot_be_filled_by_who_is_not_root(
    place: tuple[Path, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing is touched."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    before = status({"us": {"kafka": part(place[1])}})
    supervisor = Supervisor(before)

    with pytest.raises(NotPossibleError, match="only root"):
        await DiskFull("us/kafka", before, supervisor).put_on()

    assert supervisor.asked == []
