"""A MirrorMaker that copies again what it has copied, and relay topics that lose what it has not copied yet."""

import asyncio
import contextlib

import msgspec

from chaos.drill.faults.injector import POLL_SECONDS, NotPossibleError, OnPart, Supervisor
from infra.administration import count_partitions, truncate
from infra.kafka import Consumer, KafkaError, Producer, Record
from infra.local.control import Status

AGAIN = 200
"""How many records of each partition are copied again at most."""
READ_MS, MOST = 1000, 5000
CLIENT = "drill"


class _Source(msgspec.Struct):
    """Where a connector reads; those that read no topic name none."""

    topic: str = ""
    partition: int = 0


class _Place(msgspec.Struct):
    offset: int = 0


_key: msgspec.json.Decoder[tuple[str, _Source]] = msgspec.json.Decoder(tuple[str, _Source])
_value: msgspec.json.Decoder[_Place] = msgspec.json.Decoder(_Place)


class OnMirror(OnPart):
    """What both have in common: a MirrorMaker, and the Kafkas that it stands between."""

    def __init__(self, target: str, before: Status, ask: Supervisor) -> None:
        """Prepare."""
        super().__init__(target, before, ask)
        self.here = target.partition("/")[0]
        self.origins = [region for region in before.regions if region != self.here]

    def kafka(self, region: str) -> str:
        """Return the bootstrap servers of a region's Kafka."""
        brokers = [part for part in self.before.regions[region].parts.values() if "kafka" in part.ports]
        return ",".join(f"127.0.0.1:{part.ports['kafka']}" for part in brokers)

    async def _asked(self, region: str, topic: str) -> "dict[int, tuple[int, int]]":
        """Return the first and the next offset of each partition of a topic."""
        count = await count_partitions(self.kafka(region), topic)
        async with Consumer(self.kafka(region), topic, client=CLIENT) as consumer:
            return {partition: await consumer.bounds(partition) for partition in range(count)}


class MirrorRepeats(OnMirror):
    """Sets MirrorMaker's place back while it is down; the witness looks for what it then copies, though it had copied that before.

    Whoever kills a MirrorMaker makes it repeat what it copied after it last kept its place; so only what the origin holds before
    that place counts, and only where the mirrored topic ended when it was down.
    """

    def __init__(self, target: str, before: Status, ask: Supervisor) -> None:
        """Prepare."""
        super().__init__(target, before, ask)
        self._ends: dict[str, dict[int, int]] = {}
        self._copied: dict[str, set[tuple[int, bytes]]] = {}
        self._is_down = asyncio.Event()

    async def put_on(self) -> None:
        """Take it down, set its place in each source back, and start it.

        Raises:
            NotPossibleError: It has kept no place.
        """
        await self.down()
        try:
            moved = [await self._set_back(origin) for origin in self.origins]
            self._is_down.set()
        finally:
            await self.up()
        if not any(moved):
            raise NotPossibleError(reason=f"{self.target} has kept no place that could be set back.")

    async def saw(self) -> str:
        """Wait until records come again that were there before."""
        await self._is_down.wait()
        watches = [asyncio.create_task(self._watch(origin)) for origin in self.origins]
        try:
            done, _ = await asyncio.wait(watches, return_when=asyncio.FIRST_COMPLETED)
            return next(iter(done)).result()
        finally:
            for watch in watches:
                watch.cancel()
            await asyncio.gather(*watches, return_exceptions=True)

    async def take_off(self) -> None:
        """It goes on by itself once it has copied everything again."""

    async def _set_back(self, origin: str) -> int:
        topic = f"mm2-offsets.{origin}.internal"
        newest: dict[tuple[int, bytes], int] = {}
        kept: dict[int, int] = {}
        for record in await _read_all(self.kafka(self.here), topic):
            if record.key is None or record.value is None:
                continue
            source = _key.decode(record.key)[1]
            if source.topic.startswith("relay."):
                newest[record.partition, record.key] = kept[source.partition] = _value.decode(record.value).offset
        ends = await self._asked(self.here, f"{origin}.relay.{self.here}")
        self._ends[origin] = {partition: end for partition, (_, end) in ends.items()}
        self._copied[origin] = await self._before(origin, kept)
        async with Producer(self.kafka(self.here), client=CLIENT) as producer:
            for (partition, key), offset in newest.items():
                value = msgspec.json.encode(_Place(max(0, offset - AGAIN)))
                await producer.append(topic, partition=partition, key=key, value=value)
        return sum(offset > 0 for offset in newest.values())

    async def _before(self, origin: str, kept: dict[int, int]) -> set[tuple[int, bytes]]:
        """Return what the origin holds of the records, by partition, that are to be copied again: those up to the place that was kept."""
        topic, found = f"relay.{self.here}", set[tuple[int, bytes]]()
        bounds = await self._asked(origin, topic)
        places = {
            partition: max(first, kept[partition] - AGAIN + 1)
            for partition, (first, end) in bounds.items()
            if partition in kept and max(first, kept[partition] - AGAIN + 1) < end
        }
        if not places:
            return found
        async with Consumer(self.kafka(origin), topic, client=CLIENT) as consumer:
            consumer.assign(places)
            while batches := await consumer.read(wait_ms=READ_MS, most=MOST):
                records = [record for batch in batches.values() for record in batch]
                found |= {
                    (record.partition, record.value)
                    for record in records
                    if record.value is not None and record.offset <= kept[record.partition]
                }
                if all(record.offset > kept[record.partition] for record in records):
                    break
        return found

    async def _watch(self, origin: str) -> str:
        topic = f"{origin}.relay.{self.here}"
        if not self._ends[origin] or not self._copied[origin]:
            await asyncio.Event().wait()  # there is nothing that could come again
        async with Consumer(self.kafka(self.here), topic, client=CLIENT) as consumer:
            consumer.assign(self._ends[origin])
            while True:
                batches = await consumer.read(wait_ms=READ_MS, most=MOST)
                for record in (record for batch in batches.values() for record in batch):
                    if (record.partition, record.value) in self._copied[origin]:
                        return f"a record that {topic} had before comes a second time"


class RelayTruncated(OnMirror):
    """Takes MirrorMaker down, and relay topics lose what comes meanwhile; the witness asks the origins where their topics begin."""

    def __init__(self, target: str, before: Status, ask: Supervisor) -> None:
        """Prepare."""
        super().__init__(target, before, ask)
        self._down_at: dict[str, dict[int, tuple[int, int]]] = {}
        self._is_down = asyncio.Event()

    async def put_on(self) -> None:
        """Take it down."""
        await self.down()
        self._down_at = {origin: await self._asked(origin, f"relay.{self.here}") for origin in self.origins}
        self._is_down.set()

    async def saw(self) -> str:
        """Wait until a relay topic begins behind what it held when MirrorMaker was down already."""
        await self._is_down.wait()
        while True:
            for origin, before in self._down_at.items():
                now = await self._asked(origin, f"relay.{self.here}")
                gone = sum(max(0, now[partition][0] - end) for partition, (_, end) in before.items())
                if gone:
                    return f"{gone} records that nobody has copied are gone from relay.{self.here} in {origin}"
            await asyncio.sleep(POLL_SECONDS)

    async def take_off(self) -> None:
        """Truncate, and start MirrorMaker again."""
        try:
            with contextlib.suppress(KafkaError, OSError):  # nobody sees it then, and the judge doubts
                for origin in self.origins:
                    await truncate(self.kafka(origin), f"relay.{self.here}")
                await asyncio.sleep(2 * POLL_SECONDS)
        finally:
            await self.up()


async def _read_all(bootstrap: str, topic: str) -> list[Record]:
    """Return all records of a topic that is small."""
    found: list[Record] = []
    count = await count_partitions(bootstrap, topic)
    if not count:
        return found
    async with Consumer(bootstrap, topic, client=CLIENT) as consumer:
        left = {partition: await consumer.bounds(partition) for partition in range(count)}
        places = {partition: first for partition, (first, end) in left.items() if first < end}
        if not places:
            return found
        consumer.assign(places)
        while batches := await consumer.read(wait_ms=READ_MS, most=MOST):
            for records in batches.values():
                found += records
    return found
