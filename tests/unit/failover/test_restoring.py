"""A return with journals and a store that are remembered alone: what is handed in, in which order, once, and what it waits for."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Self

import psycopg
import pytest

from global_directory.operators.errors import GivenUpError
from infra.kafka import Committed, Record
from region.evacuation import repository as stores
from region.evacuation.checks import Check
from region.evacuation.errors import StuckError
from region.evacuation.seats import Seat
from region.evacuation.telling import Told
from region.failover import losses, repository, restoring
from region.failover.losses import NOTHING, GivenUp
from region.failover.restoring import Return, StoreGoneError, TailGoneError
from replication.accounts import AccountCreated, UserBlocked, UserUnblocked
from replication.alterations import MessageEdited
from replication.codec import decode_journaled, encode
from replication.records import Body, Journaled, MessageSent, Submission
from replication.turns.records import Phase, Turn

SERVICES = frozenset({"gateway", "projector"})
SENT, BLOCKED, UNBLOCKED = MessageSent("u0b1-eu", "c1", "late"), UserBlocked("u0b1-eu"), UserUnblocked("u0b1-eu")


def value(identifier: str, body: Body) -> bytes:
    """Return what stands in a journal."""
    record = Submission(
        id=identifier,
        author="u0a1-us",
        home="us",
        home_epoch=1,
        body=body,
        submitted_at=5,
        conversation_id="d0a1-us",
        reply_to="us/gateway",
    )
    return encode(Journaled(record=record))


@dataclass
class World:
    """Two journals of one partition, by their Kafkas, and the holder's store.

    Attributes:
        journals: Kafka to what stands in its journal.
        first: Where home's journal begins.
        given: Up to where home's was put into the holder's.
        handed_in: Where it ended, once all of it has its outcome.
        per_look: How many records the holder decides between two looks.
        decided: How many it has decided.
        accounts: Whether it makes accounts.
        leases: For how long the holder's lease runs, each time somebody asks; the last one is repeated.
        meanwhile: What is set while blobs are brought.
        between: What is set after the judgement, before the first record is handed in.
        store: Whether there is a store at home.
        is_known: Whether home's Kafka has what was noted there.
        wanted: From where on home's journal is wanted.
        done: What was done, in order.
        dies: After what the command dies, once: `append`, `note given`, `release`, `note handed in`.
    """

    journals: dict[str, list[bytes]] = field(
        default_factory=lambda: {"us": [value("old", SENT), value("m1", SENT), value("s1", UNBLOCKED)], "eu": []}
    )
    first: int = 0
    given: dict[int, int] = field(default_factory=dict)
    handed_in: dict[int, int] = field(default_factory=dict)
    per_look: int = 100
    decided: int = 0
    accounts: bool = True
    leases: list[float] = field(default_factory=lambda: [5.0])
    meanwhile: list[bytes] = field(default_factory=list)
    between: list[bytes] = field(default_factory=list)
    store: bool = True
    is_known: bool = True
    wanted: int = 1
    done: list[str] = field(default_factory=list)
    dies: str = ""

    def die(self, after: str) -> None:
        """Die, if that was the last."""
        if self.dies == after:
            self.dies = ""
            raise KeyboardInterrupt

    async def has_store(self, seat: Seat) -> bool:
        """Return whether there is a store at home."""
        assert seat.site == "us"
        return self.store

    async def make_seat(self, seat: Seat, turn: Turn) -> None:
        """Make one in which nothing is but whose turn it is."""
        assert (seat.site, turn) == ("us", Turn("us", 2, 2, "eu"))
        self.store = True
        self.done.append("seated")

    async def services(self, seat: Seat) -> Check:
        """Return that all stand by."""
        return Check("services", ok=self.store, detail=seat.site)

    async def read_tail(self, *_: object) -> dict[int, int]:
        """Return from where home's journal is to be handed in."""
        return {} if self.handed_in else {0: self.wanted}

    async def read_begun(self, *_: object) -> dict[int, int]:
        """Return from where on the holder's was written."""
        return {0: 0}

    async def read_given(self, *_: object) -> dict[int, int]:
        """Return up to where it was handed in."""
        return self.given

    async def note_given(self, _: object, site: str, offsets: dict[int, int]) -> None:
        """Note that."""
        assert site == "us"
        self.given = dict(offsets)
        self.die("note given")

    async def note_handed_in(self, _: object, site: str, offsets: dict[int, int]) -> None:
        """Note that all of it has its outcome."""
        assert site == "us"
        self.handed_in = dict(offsets)
        self.die("note handed in")

    async def read_turn(self, url: str) -> Turn:
        """Return whose turn it is."""
        return Turn("us", 1, 1, "eu", Phase.HANDED) if url == "us" else Turn("us", 2, 2, "eu")

    async def next_offsets(self, _: str) -> dict[int, int]:
        """Decide some, and return how many."""
        self.decided = min(len(self.journals["eu"]), self.decided + self.per_look)
        return {0: self.decided}

    async def still_serving(self, *_: object) -> list[str]:
        """Return nobody."""
        return []

    async def nothing(self, *_: object, **__: object) -> list[str]:
        """Return nothing that is missing."""
        return []

    async def stood(self, *_: object, **__: object) -> dict[str, int]:
        """Return that no conversation stood."""
        return {}

    async def without_account(self, _: object, users: Collection[str]) -> list[str]:
        """Return whose account was not made."""
        return [] if self.accounts else list(users)

    async def content(self, _: object) -> Any:
        """Return when the copy ended; and let time pass, since blobs are brought after it."""
        self.journals["eu"] += self.meanwhile
        return SimpleNamespace(beat_at=0)

    async def promised(self) -> float:
        """Return for how long the lease runs."""
        return self.leases.pop(0) if len(self.leases) > 1 else self.leases[0]

    async def release(self) -> None:
        """Note it."""
        self.done.append("released")
        self.die("release")


class Consumer:
    """Reads a journal."""

    world: World

    def __init__(self, kafka: str, *_: object, **__: object) -> None:
        self._kafka, self._at = kafka, 0

    async def __aenter__(self) -> Self:
        """Connect."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Disconnect."""

    async def committed(self, _: int) -> Committed | None:
        """Return how far home's projector had decided."""
        return Committed(1, "") if self.world.is_known else None

    async def bounds(self, _: int) -> tuple[int, int]:
        """Return where it begins and ends."""
        return self.world.first, len(self.world.journals[self._kafka])

    async def ends(self, _: object) -> dict[int, int]:
        """Return where it ends."""
        return {0: len(self.world.journals[self._kafka])}

    def assign(self, places: dict[int, int]) -> None:
        """Begin there."""
        self._at = places[0]

    async def read(self, **_: object) -> dict[int, list[Record]]:
        """Return what is left."""
        found = list(enumerate(self.world.journals[self._kafka]))[self._at :]
        self._at += len(found)
        return {0: [SimpleNamespace(partition=0, offset=at, key=b"k", value=one) for at, one in found]}  # type: ignore[misc]


class Producer:
    """Writes the holder's journal."""

    world: World

    def __init__(self, kafka: str, **_: object) -> None:
        assert kafka == "eu"
        self.world.journals["eu"] += self.world.between
        self.world.between = []

    async def __aenter__(self) -> Self:
        """Connect."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Disconnect, with everything appended."""
        self.world.die("append")

    async def send(self, _: str, *, partition: int, key: bytes, value: bytes) -> Any:
        """Append a record."""
        assert (partition, key) == (0, b"k")
        self.world.journals["eu"].append(value)

        async def there() -> None: ...

        return there()


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[str]:
    yield url


async def connect(url: str, *, name: str) -> Any:
    """Return what stands for a connection: the URL."""
    assert name == "restore"
    return _connected(url)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """The world, in the place of everything that is asked."""
    made = World()
    for kind in (Consumer, Producer):
        monkeypatch.setattr(kind, "world", made, raising=False)
        monkeypatch.setattr(restoring, kind.__name__, kind)
    monkeypatch.setattr(losses, "Consumer", Consumer)
    monkeypatch.setattr(restoring, "connect", connect)
    monkeypatch.setattr(restoring, "LOOK_SECONDS", 0)
    for name in ("read_tail", "read_begun", "read_given", "note_given", "note_handed_in", "read_turn", "content"):
        monkeypatch.setattr(restoring, name, getattr(made, name))
    for name in ("has_store", "make_seat"):
        monkeypatch.setattr(losses, name, getattr(made, name))
    monkeypatch.setattr(restoring, "services", made.services)
    for name in ("next_offsets", "still_serving"):
        monkeypatch.setattr(stores, name, getattr(made, name))
    for name in ("stood", "without_account"):
        monkeypatch.setattr(repository, name, getattr(made, name))
    for name in ("without_outcome", "ready_blobs", "refused"):
        monkeypatch.setattr(repository, name, made.nothing)
    return made


def back(world: World, told: list[str] | None = None, given_up: GivenUp = NOTHING) -> Return:
    """Return a return of us, whose duties are at eu."""
    said: list[str] = [] if told is None else told

    def tell(one: Told) -> None:
        said.append(one.what)

    home, holder = (Seat("us", site, site, site, 1, ("ap", "eu"), None, SERVICES, ()) for site in ("us", "eu"))
    return Return(home, holder, tell, world.release, world.promised, given_up)


def ids(world: World) -> list[str]:
    """Return the ids of what stands in the holder's journal."""
    return [one.record.id for one in map(decode_journaled, world.journals["eu"]) if isinstance(one.record, Submission)]


async def test_what_nobody_has_decided_is_handed_in_once(world: World) -> None:
    """By the same ids, and from where the copy ended; then it is noted where that was, and nothing is done again."""
    assert await back(world).run() == {"handed in": 2}
    assert (ids(world), world.handed_in, world.done) == (["m1", "s1"], {0: 3}, ["released"])

    assert await back(world).run() == {}
    assert ids(world) == ["m1", "s1"]


async def test_what_another_has_given_up_is_not_handed_in(world: World) -> None:
    """It is asked right before: what was handed in stays in the order."""

    async def goes_on() -> None:
        raise GivenUpError(verb="restore", target="us", what="ada asked for `restore-abort`")

    given_up = back(world)
    given_up.goes_on = goes_on
    with pytest.raises(GivenUpError, match="ada asked"):
        await given_up.run()
    assert (ids(world), world.given, world.done) == ([], {}, [])


@pytest.mark.parametrize("error", [psycopg.OperationalError("away"), TimeoutError()])
async def test_changes_that_nobody_reads_are_told_of_and_let_go_by_the_next_run(world: World, error: Exception) -> None:
    """What was handed in is noted all the same; else its disk would fill, and nobody know."""
    told: list[str] = []
    failing = back(world, told)

    async def release() -> None:
        raise error

    failing.release = release
    assert await failing.run() == {"handed in": 2}
    assert world.handed_in == {0: 3}
    assert any("the store at us goes on keeping changes for the copy at eu" in one for one in told), told

    assert await back(world).run() == {}
    assert world.done == ["released"]


async def test_it_waits_as_long_as_it_gets_on_and_hands_nothing_in_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much there is to decide; where nobody decides it gives up, and goes on there when it is run again."""
    world.per_look = 0
    monkeypatch.setattr(restoring, "DECIDE_SECONDS", 0.0)
    with pytest.raises(StuckError, match="2 records are not decided"):
        await back(world).run()
    assert (world.given, world.handed_in) == ({0: 3}, {})

    world.per_look = 1
    monkeypatch.setattr(restoring, "DECIDE_SECONDS", 60.0)
    await back(world).run()
    assert (ids(world), world.handed_in) == (["m1", "s1"], {0: 3})


async def test_what_is_set_while_blobs_are_brought_stays(world: World) -> None:
    """The block is newer than the end of an earlier one, which is not handed in."""
    world.meanwhile = [value("n1", BLOCKED)]
    assert await back(world).run() == {"handed in": 1, "it was changed meanwhile": 1}
    assert ids(world) == ["n1", "m1"]


async def test_an_edit_that_was_overtaken_is_handed_in_to_be_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So its author hears of it, and it is known by its id; but not for one that was refused where the duties are, and so has changed nothing."""
    world.journals["us"] += [
        value("e1", MessageEdited("e1", "m0", "older")),
        value("e2", MessageEdited("e2", "m9", "x")),
    ]
    world.meanwhile = [value("n1", MessageEdited("n1", "m0", "newer")), value("n2", MessageEdited("n2", "m9", "no"))]

    async def refused(_: object, messages: Collection[str]) -> set[str]:
        assert {"n1", "n2"} <= set(messages)
        return {"n2"}

    monkeypatch.setattr(repository, "refused", refused)
    figures = await back(world).run()
    assert figures == {"handed in": 3, "it was changed meanwhile, and is refused": 1}
    handed = [decode_journaled(one) for one in world.journals["eu"]]
    assert [one.record.id for one in handed if isinstance(one.record, Submission) and one.overtaken] == ["e1"]
    assert ids(world) == ["n1", "n2", "m1", "s1", "e1", "e2"]


async def test_what_is_set_a_moment_before_stands_again(world: World) -> None:
    """Nobody had seen it when it was decided what to hand in."""
    world.between = [value("n1", BLOCKED)]
    await back(world).run()
    assert ids(world) == ["n1", "m1", "s1", "n1"]


@pytest.mark.parametrize(
    ("dies", "released"),
    [("append", 1), ("note given", 1), ("release", 2), ("note handed in", 2)],
)
async def test_it_goes_on_where_it_died(world: World, dies: str, released: int) -> None:
    """Whatever was done by then, all has its outcome at the end, and the store that came back keeps nothing for a copy that follows no more."""
    world.dies = dies
    with pytest.raises(KeyboardInterrupt):
        await back(world).run()
    await back(world).run()

    assert set(ids(world)) == {"m1", "s1"}
    assert (world.handed_in, world.done) == ({0: 3}, ["released"] * released)


async def test_what_was_set_a_moment_before_stands_again_though_the_command_died(world: World) -> None:
    """After what is older stood in the journal: whoever goes on sees that it is overtaken, and that it has undone something all the same."""
    world.between, world.dies = [value("n1", BLOCKED)], "append"
    with pytest.raises(KeyboardInterrupt):
        await back(world).run()
    assert ids(world) == ["n1", "m1", "s1"]

    await back(world).run()
    assert ids(world) == ["n1", "m1", "s1", "m1", "n1"]


async def test_accounts_are_handed_in_while_a_lease_runs(world: World) -> None:
    """Without one they are refused; those that were all the same are handed in again."""
    world.journals["us"].append(value("a1", AccountCreated("ann", "Ann", "hash", "r1")))
    world.leases, world.accounts = [0.0, 0.0, 3.0], False
    told: list[str] = []
    with pytest.raises(StuckError, match="1 accounts were not made, such as u0a1-us"):
        await back(world, told).run()
    assert "waiting: eu has no lease just now" in told
    assert (world.given, world.handed_in) == ({}, {})

    world.accounts = True
    await back(world).run()
    assert ids(world) == ["m1", "s1", "a1"] * 2


async def test_a_journal_that_does_not_reach_back_is_not_handed_in(world: World) -> None:
    """What is missing would be missed by nobody."""
    world.first = 2
    with pytest.raises(
        TailGoneError, match=r"1 records, in 1 partitions of the journal at us, are gone.*--journal-lost"
    ):
        await back(world).run()
    assert world.journals["eu"] == []


async def test_a_lost_store_is_given_up_by_the_operators_word_alone(world: World) -> None:
    """What the journal has is handed in all the same; a repeated run finds the new store."""
    world.store = False
    with pytest.raises(StoreGoneError, match="--store-lost"):
        await back(world, given_up=GivenUp(journal=True)).run()
    assert (ids(world), world.done) == ([], [])

    told: list[str] = []
    assert await back(world, told, GivenUp(store=True)).run() == {"handed in": 2}
    assert (ids(world), world.done) == (["m1", "s1"], ["seated", "released"])
    assert any("the store at us was lost" in one for one in told), told


async def test_what_is_left_of_a_journal_is_handed_in(world: World) -> None:
    """Of one that was cut, from where it begins; of another one, all of it."""
    world.first, told = 2, list[str]()
    await back(world, told, GivenUp(journal=True)).run()
    assert (ids(world), world.handed_in) == (["s1"], {0: 3})
    assert any(one.startswith("given up: 1 records") for one in told), told

    for again in (World(wanted=40), World(is_known=False)):
        world.__dict__.update(again.__dict__)
        await back(world, told, GivenUp(journal=True)).run()
        assert ids(world) == ["old", "m1", "s1"]
    assert any("began anew" in one for one in told), told


async def test_what_is_there_is_not_given_up(world: World) -> None:
    """That something may be lost does not lose it."""
    await back(world, given_up=GivenUp(store=True, journal=True)).run()
    assert (ids(world), world.done) == (["m1", "s1"], ["released"])
