"""Three brokers, of which one is lost: producers and consumers go on by themselves, and every record that was acknowledged is read once."""

import asyncio
import contextlib
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator

import pytest

from infra.administration import ensure_topics, out_of_sync
from infra.kafka import Consumer, KafkaError, Producer
from infra.local import ports, probe, process
from infra.local.kafka import kafka_part
from infra.local.parts import Part
from infra.local.process import Identity
from infra.local.tools import Tools

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

NODES = (1, 2, 3)
PARTITIONS = 6
PATIENCE = 120.0


class Cluster:
    """Three brokers that stand in for each other."""

    def __init__(self, parts: dict[int, Part], tools: Tools) -> None:
        """Prepare."""
        self.bootstrap = ",".join(f"127.0.0.1:{part.ports['kafka']}" for part in parts.values())
        self._parts = parts
        self._tools = tools
        self._children: dict[int, subprocess.Popen[bytes]] = {}

    def start(self, *nodes: int) -> None:
        """Start brokers, and wait until each accepts connections."""
        for node in nodes:
            process.prepare(self._parts[node], self._tools)
            self._children[node] = process.spawn(self._parts[node])
        for node in nodes:
            assert process.wait_for(lambda node=node: asyncio.run(probe.well(self._parts[node])), PATIENCE)  # type: ignore[misc]  # bound at once

    def signal(self, node: int, number: signal.Signals) -> None:
        """Send one a signal."""
        identity = Identity.of(self._children[node].pid)
        assert identity is not None
        assert identity.signal(number)
        if number is signal.SIGKILL:
            self._children[node].wait()

    def stop(self) -> None:
        """Stop all."""
        for child in self._children.values():
            process.stop(child, signal.SIGKILL)


@pytest.fixture(scope="module")
def cluster(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Three brokers with a journal that all of them keep."""
    home = tmp_path_factory.mktemp("brokers")
    free = ports.some_free(2 * len(NODES))
    controllers = dict(zip(NODES, free[len(NODES) :], strict=True))
    parts = {
        node: kafka_part(
            f"test/kafka-{node}",
            java=tools.java,
            directory=home / f"kafka-{node}",
            log=home / f"kafka-{node}.log",
            port=port,
            controller=controllers[node],
            peers={},
            topics={},
            node=node,
            voters=controllers,
        )
        for node, port in zip(NODES, free, strict=False)
    }
    made = Cluster(parts, tools)
    try:
        made.start(*NODES)
        asyncio.run(_make_topics(made))
        yield made
    finally:
        made.stop()
        shutil.rmtree(home, ignore_errors=True)


async def _make_topics(cluster: Cluster) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                await ensure_topics(cluster.bootstrap, {"journal": PARTITIONS}, replication=len(NODES))
            except (KafkaError, OSError):
                await asyncio.sleep(0.2)
            else:
                return


class Writing:
    """Records that are appended one after another to every partition, each once the one before it is acknowledged."""

    def __init__(self, cluster: Cluster) -> None:
        self.acknowledged: dict[int, list[bytes]] = {partition: [] for partition in range(PARTITIONS)}
        self._cluster = cluster

    @contextlib.asynccontextmanager
    async def on(self) -> AsyncIterator[None]:
        """Write for as long as the context lasts; what fails ends it."""
        async with Producer(self._cluster.bootstrap, client="test") as producer, asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._write(producer, partition)) for partition in range(PARTITIONS)]
            yield
            for task in tasks:
                task.cancel()

    async def more(self, count: int) -> None:
        """Wait until so many more were acknowledged in every partition."""
        enough = {partition: len(values) + count for partition, values in self.acknowledged.items()}
        async with asyncio.timeout(PATIENCE):
            while any(len(self.acknowledged[partition]) < number for partition, number in enough.items()):  # noqa: ASYNC110 — counted by others
                await asyncio.sleep(0.05)

    async def _write(self, producer: Producer, partition: int) -> None:
        start = len(self.acknowledged[partition])
        for number in range(start, 1_000_000):
            value = f"{partition}/{number}".encode()
            await producer.append("journal", partition=partition, key=None, value=value)
            self.acknowledged[partition].append(value)
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "paused"])
async def test_one_broker_of_three_is_lost_and_nobody_is_told_an_error(
    cluster: Cluster, number: signal.Signals
) -> None:
    """Each broker leads some partitions; every one of them goes on, and a reader that was there before gets everything."""
    read: dict[int, list[bytes]] = {partition: [] for partition in range(PARTITIONS)}
    async with Consumer(cluster.bootstrap, "journal", client="test") as consumer:
        begins = await consumer.ends(range(PARTITIONS))
        consumer.assign(begins)
        writing = Writing(cluster)
        async with writing.on():
            await writing.more(20)
            cluster.signal(2, number)
            await writing.more(20)
        if number is signal.SIGSTOP:
            cluster.signal(2, signal.SIGCONT)
        else:
            await asyncio.to_thread(cluster.start, 2)
        async with asyncio.timeout(PATIENCE):
            while any(len(read[partition]) < len(values) for partition, values in writing.acknowledged.items()):
                for partition, records in (await consumer.read(wait_ms=200, most=500)).items():
                    read[partition] += [record.value or b"" for record in records]

    # The last append of each may have been cut off by the end of the test: it is there, or it is not.
    assert {p: values[: len(writing.acknowledged[p])] for p, values in read.items()} == writing.acknowledged


async def test_a_broker_that_is_back_is_told_from_one_that_has_everything_again(cluster: Cluster) -> None:
    """Partitions lack a copy while one is away, and none does once it has caught up: until then a second one must not be lost."""
    await _lacks(cluster, some=False)
    cluster.signal(3, signal.SIGKILL)

    await _lacks(cluster, some=True)
    await asyncio.to_thread(cluster.start, 3)
    await _lacks(cluster, some=False)


async def _lacks(cluster: Cluster, *, some: bool) -> None:
    """Wait until some partition of the journal lacks a copy, or none does."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with contextlib.suppress(KafkaError):
                lacking = await out_of_sync(cluster.bootstrap)
                if any(name.startswith("journal-") for name in lacking) == some:
                    return
            await asyncio.sleep(0.2)
