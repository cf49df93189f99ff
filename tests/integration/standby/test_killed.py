"""An operator's terminal dies again and again, between each two steps and in the midst of some: whoever runs the same command once more ends where the first one would have."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import msgspec
import psycopg
import pytest

from global_directory import repository
from global_directory.app import make_app
from global_directory.directory import Directory
from global_directory.holding.schemas import DutyView, Keeping, LeaseRequest
from global_directory.schemas import Announcement
from global_directory.transactions import Transactions, make_engine
from infra.errors import CausewayError
from infra.kafka import Consumer, Producer
from infra.local import ports
from infra.local.tools import Tools
from infra.schema.repository import connect, take_leave, tell_alive
from infra.schema.revisions import Alive
from infra.tasks import beside
from infra.web import serve_app
from region.evacuation.seats import Seat
from region.failover.losses import note_starts
from region.standby.judging import Step
from replication.accounts import UserBlocked
from replication.codec import decode_journaled, encode
from replication.records import Journaled, Submission
from replication.turns.records import Turn, may_serve
from replication.turns.repository import next_offsets, read_turn, read_turn_at, set_offsets
from replication.turns.takeover_repository import give_way, read_tail
from tests.integration.standby.mortal import Where
from tests.integration.standby.pairs import Pair

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]

PARTITIONS: Final = 4
SERVICES: Final = ("gateway", "projector")
SLOTS: Final = "SELECT count(*) FROM pg_replication_slots"
MOVING, COPYING, PLACING = "region.evacuation.moving", "region.evacuation.copying", "region.evacuation.repository"
CLIENT: Final = "global_directory.client:DirectoryClient"
LAST: Final = f"{MOVING}:Evacuation.run"
THERE: Final = [
    f"{MOVING}:drain",
    f"{MOVING}:hand_over",
    f"{COPYING}:compare_sums",
    f"{CLIENT}.lay_down",
    f"{CLIENT}.claim",
    "region.evacuation.cli:detach",
    f"{MOVING}:take_over",
    LAST,
]
"""After what `evacuate` dies on its way to a copy that follows."""
HOME: Final = [
    f"{MOVING}:drain",
    f"{MOVING}:hand_over",
    f"{COPYING}:run_program",  # the store is dumped, and not there yet
    f"-{PLACING}:put_in_place",
    f"{COPYING}:copy_store",
    f"{CLIENT}.lay_down",
    f"{CLIENT}.claim",
    f"{MOVING}:take_over",
    LAST,
]
"""After what it dies on its way home, where the store is copied."""
FAILING: Final = [
    f"{CLIENT}.claim",
    "region.failover.declaring:detach",
    "region.failover.failing:seize",
    "region.failover.failing:Takeover.run",
]
HANDING_IN: Final = [
    "-region.failover.restoring:note_given",
    "region.failover.restoring:note_given",
    "region.failover.cli:release",
    "region.failover.restoring:note_handed_in",
]


class Region:
    """What serves us at both sites: it heeds whose turn it is, decides the journal, and renews the lease.

    Attributes:
        seats: Where its duties can be.
        dead: Sites at which nothing runs.
    """

    def __init__(self, directory: Directory, *seats: Seat) -> None:
        """Serve at these."""
        self._directory = directory
        self.seats = {seat.site: seat for seat in seats}
        self.dead: set[str] = set()

    async def duty(self) -> DutyView:
        """Return what the directory says."""
        return next(one for one in (await self._directory.duties.all()).duties if one.region == "us")

    async def run(self) -> None:
        """Serve, until cancelled."""
        while True:
            for site, seat in self.seats.items():
                with contextlib.suppress(psycopg.Error, CausewayError):  # a copy that is replaced, an epoch that ended
                    if site not in self.dead:
                        await self._serve(seat)
            await asyncio.sleep(0.05)

    async def _serve(self, seat: Seat) -> None:
        async with await connect(seat.store, name="test") as store:
            turn, duty = await read_turn(store), await self.duty()
            serves = {
                service: may_serve(turn, region="us", site=seat.site, accepting=service == "gateway")
                for service in SERVICES
            }
            if turn is None or (duty.holder != seat.site and not any(serves.values())):
                return
            if duty.holder != seat.site:
                await give_way(store, epoch=turn.epoch, site=seat.site, holder=duty.holder)
                serves = dict.fromkeys(SERVICES, False)
            for service, does in serves.items():
                alive = Alive(f"{seat.site}/test", service, 1)
                await (tell_alive if does else take_leave)(store, alive)
            if serves["projector"]:
                await self._decide(store, seat, turn)
                other = next(site for site in self.seats if site != seat.site)
                now = time.monotonic_ns() // 1000
                asked = LeaseRequest(seat.site, turn.epoch, turn.incarnation, 1, now, other)
                await self._directory.duties.renew("us", asked)

    async def _decide(self, store: Any, seat: Seat, turn: Turn) -> None:
        decided = await next_offsets(store)
        async with Consumer(seat.kafka, seat.journal, client="test") as journal:
            ends = await journal.ends(range(PARTITIONS))
        if ends != decided:
            await set_offsets(store, ends)
            await note_starts(seat, turn, ends)


@pytest.fixture
async def directory(postgres_url: str) -> AsyncIterator[tuple[Directory, str]]:
    """A directory that knows us, by whom eu stands, and its URL."""
    engine = make_engine(postgres_url, size=8)
    await repository.prepare(engine, {})
    made = Directory(Transactions(engine))
    for region in ("us", "eu"):
        url = f"http://{region}.example"
        standby = "eu" if region == "us" else ""
        await made.announce(region, Announcement(region, 1, 1, url, url, standby=standby))
    port, started = ports.some_free(1)[0], asyncio.Event()
    serving = asyncio.create_task(serve_app(make_app(made), host="127.0.0.1", port=port, started=started))
    await asyncio.wait_for(started.wait(), 20)
    yield made, f"http://127.0.0.1:{port}"
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    await engine.dispose()


class Terminal:
    """Where commands are run."""

    def __init__(self, region: Region, url: str, tools: Tools, home: Path) -> None:
        """Know the federation."""
        self._sites = {site: Where(seat.store, seat.kafka, PARTITIONS, SERVICES) for site, seat in region.seats.items()}
        self._env = {
            **os.environ,
            "CAUSEWAY_HOME": str(home),
            "CAUSEWAY_AUDIT": str(home / "audit"),
            "CAUSEWAY_DIRECTORY": url,
            "CAUSEWAY_POSTGRES_BIN": str(tools.postgres),
            "TMPDIR": str(home / "scratch"),
        }
        self._scratch = home / "scratch"
        self._scratch.mkdir()

    async def run(self, verb: str, place: str = "") -> tuple[int, str, str]:
        """Run a command that dies at that place; return how it ended, and what it said."""
        sites = msgspec.json.encode(self._sites).decode()
        program = str(Path(__file__).with_name("mortal.py"))
        running = await asyncio.create_subprocess_exec(
            *(sys.executable, program, verb, place, sites),
            env=self._env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, wrong = await running.communicate()
        return running.returncode or 0, said.decode(), wrong.decode()

    async def dies_everywhere(self, verb: str, places: list[str]) -> Any:
        """Run a command that dies at each of those places in turn; then to its end; return what it says."""
        for place in places:
            code, said, wrong = await self.run(verb, place)
            assert code == -signal.SIGKILL, (verb, place, code, said, wrong)
        code, said, wrong = await self.run(verb)
        assert code == 0, (verb, said, wrong)
        return json.loads(said)

    def left(self) -> list[str]:
        """Return what lies about of commands that died."""
        return sorted(one.name for one in self._scratch.iterdir())


def submission(identifier: str) -> bytes:
    """Return what somebody of us had accepted."""
    record = Submission(
        id=identifier,
        author="u0a1-us",
        home="us",
        home_epoch=1,
        body=UserBlocked("u0b1-eu"),
        submitted_at=5,
        conversation_id="d0a1-us",
    )
    return encode(Journaled(record=record))


async def handed_in(seat: Seat) -> list[str]:
    """Return the ids of what stands in a journal."""
    found: list[str] = []
    async with Consumer(seat.kafka, seat.journal, client="test") as journal:
        bounds = {partition: await journal.bounds(partition) for partition in range(PARTITIONS)}
        journal.assign({partition: first for partition, (first, _) in bounds.items()})
        left = sum(end - first for first, end in bounds.values())
        while left > 0:
            for records in (await journal.read(wait_ms=1000, most=100)).values():
                found += [decode_journaled(one.value).record.id for one in records]  # type: ignore[union-attr]
                left -= len(records)
    return found


@pytest.fixture
async def region(
    pair: Pair, kafka: str, make_topic: Callable[..., Awaitable[str]], directory: tuple[Directory, str]
) -> Region:
    """What serves us, from the pair of stores and two journals."""
    services = frozenset(SERVICES)
    us = Seat("us", "us", pair.store, kafka, PARTITIONS, (), None, services, ())
    eu = Seat("us", "eu", pair.held, kafka, PARTITIONS, (), None, services, ())
    for seat in (us, eu):
        await make_topic(partitions=PARTITIONS, name=seat.journal)
    return Region(directory[0], us, eu)


@pytest.fixture
def terminal(region: Region, directory: tuple[Directory, str], tools: Tools, tmp_path: Path) -> Terminal:
    """Where its duties are moved."""
    return Terminal(region, directory[1], tools, tmp_path)


async def test_whoever_goes_on_ends_where_the_first_one_would_have(
    pair: Pair, region: Region, terminal: Terminal, directory: tuple[Directory, str]
) -> None:
    """There, home, taken over and restored: each verb begins one epoch, however often it died; nothing in the store is lost, and nothing lies about."""
    us, eu = region.seats.values()
    rows = "SELECT count(*) FROM followers"
    async with beside(region.run()), Producer(us.kafka, client="test") as producer:
        await pair.until(Step.FOLLOW)
        there = await terminal.dies_everywhere("evacuate", THERE)
        assert there["holder"] == "eu"
        assert read_turn_at(pair.held) == Turn("us", 2, 2, "eu")
        assert pair.run(pair.held, rows) == [(500,)]
        assert pair.run(pair.store, SLOTS) == [(0,)], "us keeps no changes for who follows no more"

        home = await terminal.dies_everywhere("evacuate", HOME)
        assert home["holder"] == "us"
        assert read_turn_at(pair.store) == Turn("us", 3, 3, "us")
        assert pair.run(pair.store, rows) == [(500,)]
        assert terminal.left() == []

        await pair.until(Step.FOLLOW)
        await directory[0].duties.keep("us", Keeping("us", 3, 3, "eu"))
        region.dead = {"us"}
        await producer.append(us.journal, partition=1, key=b"k", value=submission("late"))
        failed = await terminal.dies_everywhere("fail", FAILING)
        assert failed["holder"] == "eu"
        assert read_turn_at(pair.held) == Turn("us", 4, 4, "eu")

        region.dead = set()
        restored = await terminal.dies_everywhere(
            "restore", [*HANDING_IN, *HOME[:-1]]
        )  # once it serves at home it is done
        assert restored["holder"] == "us"
        assert read_turn_at(pair.store) == Turn("us", 5, 5, "us")
        assert pair.run(pair.store, rows) == [(500,)]
        assert set(await handed_in(eu)) == {"late"}
        async with await connect(pair.store, name="test") as store:
            assert await read_tail(store, "us") == {}
        assert pair.run(pair.store, SLOTS) == [(0,)]
        assert terminal.left() == []
        duty = await region.duty()
    assert (duty.holder, duty.epoch) == ("us", 5)
