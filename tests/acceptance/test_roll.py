"""From one version to the next under traffic: schema expanded, services rolled, rows migrated, old columns dropped; nobody's request fails.

Of its federation it is the last test, since it does not come back: the store is contracted at the end.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio

from chaos.federation import Federation
from chaos.people import Person
from infra.kafka import Consumer
from infra.local import postgres
from region.client import Client, ClientError, Handle, Stage
from replication.codec import NEWEST, VERSION
from tests.acceptance.conftest import COMMAND_SECONDS

BUILDS = Path(__file__).parents[1] / "builds"
NEXT, AFTER_NEXT = BUILDS / "next_version.py", BUILDS / "version_after_next.py"
LIMIT_SECONDS = 300.0
WRITE_SECONDS, LOOK_UP_SECONDS = 0.75, 1.5
"""How long each pauses between messages to somebody, and between looking all of them up: of both there are hundreds while versions change."""
REGIONS = ("us", "eu")
PATIENTLY = ("--patience", "300")
"""For so long a process may start, and catch up, where other tests run beside."""


@dataclass(frozen=True)
class Rolled:
    """A federation of two regions, and what an operator has at hand.

    Attributes:
        present: The command line of the version that it was started as.
        next: That of the next version.
    """

    present: Federation
    next: Federation

    async def finish(self, region: str) -> None:
        """Fill in what was added to a region's store, then take away what only the version before needs."""
        assert "next: causeway schema contract" in await self.next.act("schema", "migrate", "--region", region)
        assert "nothing is left to do" in await self.next.act("schema", "contract", "--region", region)

    def port(self, part: str, purpose: str) -> int:
        """Return a port of a part."""
        return self.present.status().parts()[part].ports[purpose]


@pytest.fixture
def rolled(plain: Federation) -> Rolled:
    """Two regions of the present version."""
    home = plain.status().home
    return Rolled(
        plain,
        Federation({"CAUSEWAY_HOME": home}, command=(sys.executable, str(NEXT), "causeway"), patience=COMMAND_SECONDS),
    )


class Traffic:
    """People who write to each other over both borders, and look things up, for as long as it is on; no request of theirs may fail.

    Attributes:
        failures: Requests that the library gave up, after its own retries.
        asked: Requests that were answered.
    """

    def __init__(self, people: list[Person]) -> None:
        self.people = people
        self.failures: list[str] = []
        self.asked = 0
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def pairs(self) -> list[tuple[Person, Person]]:
        """Everybody with everybody."""
        return [(one, other) for one in self.people for other in self.people if one is not other]

    async def begin(self) -> None:
        """Begin every conversation, then write and look things up steadily."""
        for one, other in self.pairs():
            await (await one.write("opening", other)).reach(Stage.READ)
        self._tasks = [asyncio.create_task(self._write(one, other)) for one, other in self.pairs()]
        self._tasks += [asyncio.create_task(self._look_up(person)) for person in self.people]

    async def flows(self, more: int) -> None:
        """Wait until everybody has been shown that many more messages."""
        for person in self.people:
            await person.shows_more(more, within=LIMIT_SECONDS)

    async def end(self) -> None:
        """Stop, and wait until all that was written was read."""
        self._stop.set()
        await asyncio.gather(*self._tasks)
        for person in self.people:
            for handle in person.handles:
                await asyncio.wait_for(handle.reach(Stage.READ), LIMIT_SECONDS)

    async def _write(self, one: Person, other: Person) -> None:
        handles: list[Handle] = []
        while not self._stop.is_set():
            handles.append(await one.write(f"{one.id} {len(handles)}", other))
            if len(handles) > 5:
                await handles[-5].reach(Stage.READ)
            await asyncio.sleep(WRITE_SECONDS)

    async def _look_up(self, person: Person) -> None:
        others = [other for other in self.people if other is not person]
        while not self._stop.is_set():
            try:
                for other in others:
                    await person.client.history(peer=other.id, limit=5)
                    await person.client.user(other.id)
                [one async for one in person.client.conversations()]
                self.asked += 1
            except ClientError as error:
                self.failures.append(repr(error))
            await asyncio.sleep(LOOK_UP_SECONDS)


@pytest_asyncio.fixture
async def traffic(rolled: Rolled) -> AsyncIterator[Traffic]:
    """Two people of each region, each with a second way in."""
    urls = {name: region.public_url for name, region in rolled.present.status().regions.items()}
    async with AsyncExitStack() as stack:
        people = []
        for number in range(2):
            for home in REGIONS:
                ways = [urls[home], *(set(urls.values()) - {urls[home]})]
                client = await stack.enter_async_context(Client(ways, patience=LIMIT_SECONDS))
                await client.register(f"{home}-roll-{number}", "a password of some length", home_region=home)
                await client.online()
                people.append(await stack.enter_async_context(Person(client)))
        yield Traffic(people)


async def versions_in(port: int, topic: str) -> Counter[int]:
    """Count the records of a topic by the codec's version."""
    found: Counter[int] = Counter()
    async with Consumer(f"127.0.0.1:{port}", topic, client="test") as consumer:
        ends = await consumer.ends(range(4))
        consumer.assign(dict.fromkeys(ends, 0))
        left = {partition for partition, end in ends.items() if end}
        while left:
            for partition, records in (await consumer.read(wait_ms=500, most=5000)).items():
                found.update(record.value[0] for record in records if record.value)
                if records[-1].offset >= ends[partition] - 1:
                    left.discard(partition)
    return found


def same_everywhere(traffic: Traffic) -> None:
    """Both members of each conversation were shown the same: everything that was written, once, in one order, without a hole."""
    for one in traffic.people:
        for conversation, shown in one.screen.items():
            [other] = [p for p in traffic.people if p is not one and conversation in p.screen]
            written = {h.message_id for p in (one, other) for h in p.handles if h.conversation_id == conversation}
            assert [m.seq for m in shown] == list(range(1, len(written) + 1))
            assert {m.message_id for m in shown} == written
            assert [(m.seq, m.message_id) for m in shown] == [(m.seq, m.message_id) for m in other.screen[conversation]]


@pytest.mark.timeout(1500)
async def test_a_roll_from_one_version_to_the_next_under_traffic(rolled: Rolled, traffic: Traffic) -> None:
    """Expand, roll region by region while regions of both versions write to each other, migrate, contract, roll once more; nothing fails."""
    await traffic.begin()
    await asyncio.gather(*(rolled.next.act("schema", "expand", "--region", region) for region in REGIONS))

    await rolled.present.act("local", "roll", *PATIENTLY, "directory", "us", "--to", str(NEXT))
    await traffic.flows(10)  # us of the next version, eu of the present one: in both directions
    await rolled.present.act("local", "roll", *PATIENTLY, "eu", "--to", str(NEXT))
    await asyncio.gather(*(rolled.finish(region) for region in REGIONS))
    await traffic.flows(10)
    await rolled.present.act("local", "roll", *PATIENTLY, "us", "--to", str(AFTER_NEXT))
    await traffic.flows(10)  # us writes records of the codec's next version, eu reads them and does not write them
    await traffic.end()

    assert traffic.failures == []
    assert traffic.asked > len(traffic.people)
    same_everywhere(traffic)
    for region in REGIONS:
        async with await psycopg.AsyncConnection.connect(
            postgres.url(rolled.port(f"{region}/postgres", "postgres"))
        ) as store:
            counted = await store.execute("SELECT count(*) FROM entries WHERE characters <> char_length(text)")
            assert await counted.fetchone() == (0,)
    assert set(await versions_in(rolled.port("us/kafka", "kafka"), "relay.eu")) == {VERSION, NEWEST + 1}
    assert set(await versions_in(rolled.port("eu/kafka", "kafka"), "relay.us")) == {VERSION}
