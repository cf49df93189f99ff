"""A region whose Kafka lost what it had begins anew in its own store: only then, only once nobody works on it, and from wherever it was left."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from global_directory import place
from global_directory.holding.schemas import Claim, DutyView, Former
from region.evacuation import repository as stores
from region.evacuation.errors import StuckError, UnknownDutiesError
from region.evacuation.seats import Seat
from region.evacuation.telling import Told
from region.failover import losses, reached, reincarnating
from region.failover.losses import Stretch
from region.failover.reincarnate_cli import NotReadyToReincarnateError, reincarnate_now
from region.failover.reincarnating import CannotReincarnateError, Known, Reincarnation, Step, next_step
from replication.turns.records import Phase, Turn

STORE = Turn("us", 1, 1, "us")
LOST = Known("us", "us", "us", 1, 1, STORE, is_lost=True)
CLAIMED = replace(LOST, epoch=2, incarnation=2)


def test_it_goes_on_wherever_it_was_left() -> None:
    """What is next follows from the directory, the store and the journal alone."""
    begun = replace(CLAIMED, store=Turn("us", 2, 2, "us"), is_lost=False)
    assert next_step(LOST) is Step.CLAIM
    assert next_step(CLAIMED) is Step.BEGIN
    assert next_step(replace(begun, is_open=True)) is Step.BEGIN
    assert next_step(begun) is Step.DONE
    assert next_step(replace(LOST, is_lost=False)) is Step.DONE, "a journal that is whole is not given up"


@pytest.mark.parametrize(
    ("known", "why"),
    [
        (replace(LOST, store=None), "no store.*nobody stands by.*backup.md"),
        (replace(LOST, store=None, standby="eu"), r"no store.*its standby has one \(`causeway region fail us`\)"),
        (replace(LOST, holder="eu"), "eu holds its duties"),
        (replace(LOST, store=replace(STORE, holder="eu")), "says that eu serves"),
        (replace(LOST, store=replace(STORE, phase=Phase.DRAINING)), "serves, or is to"),
        (replace(LOST, epoch=3, incarnation=3), "epoch 1, the directory knows 3"),
        (replace(LOST, epoch=2, incarnation=1), "epoch 1, the directory knows 2"),
        (replace(LOST, is_older=True), "an older one than was there.*nobody stands by"),
        (replace(LOST, is_older=True, standby="eu"), "an older one than was there.*its standby has more"),
        (replace(LOST, is_lost=False, is_older=True), "an older one than was there"),  # which is a loss, and not done
        (replace(CLAIMED, is_older=True), "more was decided in epoch 2"),  # the epoch was begun, in another store
    ],
)
def test_what_would_lose_something_is_not_begun(known: Known, why: str) -> None:
    """Whoever else holds has what counts."""
    with pytest.raises(CannotReincarnateError, match=why):
        next_step(known)


@dataclass
class World:
    """A store of us, its journal, and the directory.

    Attributes:
        duty: What the directory says.
        store: What the store says.
        is_lost: Whether the journal lost what it had.
        tail: Whether the store still has what beginning leaves behind.
        noted: Epoch to how far its journal's Kafka has that partition 0 was decided in it.
        certain: Whether the store says that it was told to that Kafka.
        alive: What works on the store, each time somebody looks; the last is repeated.
        dies: After what the command dies, once.
        done: What was done, in order.
        seized: How the store was begun with.
    """

    duty: DutyView = field(default_factory=lambda: DutyView("us", "us", 1, 1, "eu", (), 0.0, laid_down=False))
    store: Turn = STORE
    is_lost: bool = True
    tail: bool = False
    noted: dict[int, int] = field(default_factory=dict)
    certain: bool = False
    alive: list[list[str]] = field(default_factory=lambda: [[]])
    dies: str = ""
    done: list[str] = field(default_factory=list)
    seized: dict[str, Any] = field(default_factory=dict)

    def do(self, what: str) -> None:
        """Note it; die if that was the last."""
        self.done.append(what)
        if self.dies == what:
            self.dies = ""
            raise KeyboardInterrupt

    async def duties(self) -> tuple[DutyView, ...]:
        """Return what the directory says."""
        return (self.duty,)

    async def claim(self, region: str, wanted: Claim) -> DutyView:
        """Begin the next epoch."""
        assert (region, wanted.claimer, wanted.standby) == ("us", "us", "eu")
        self.duty = replace(self.duty, epoch=wanted.ended + 1, incarnation=wanted.incarnation)
        self.do("claimed")
        return self.duty

    async def has_store(self, _: Seat) -> bool:
        """Return that there is one."""
        return True

    async def read_turn(self, _: object) -> Turn:
        """Return what it says."""
        return self.store

    async def next_offsets(self, _: object) -> dict[int, int]:
        """Return how far it has decided."""
        return {0: 40}

    async def still_serving(self, *_: object) -> list[str]:
        """Return what works on it."""
        return self.alive.pop(0) if len(self.alive) > 1 else self.alive[0]

    async def note_starts(self, _: Seat, turn: Turn, offsets: dict[int, int]) -> None:
        """Note that the journal is the one that is decided."""
        assert turn == self.store
        assert offsets == {0: 40}
        self.is_lost = False
        self.noted[turn.epoch] = 40
        self.do("noted")

    async def noted_in(self, _: object, *, epoch: int) -> set[int]:
        """Return of what the store is certain."""
        assert epoch == self.store.epoch
        return {0} if self.certain else set()

    async def read_stretch(
        self, _: Seat, ended: Turn, offsets: dict[int, int], *, certain: set[int] | None = None
    ) -> tuple[Stretch, dict[int, Any]]:
        """Return what can be read of the journal."""
        assert ended == self.store or not certain
        noted = {0: self.noted[ended.epoch]} if ended.epoch in self.noted else dict[int, int]()
        is_lost = self.is_lost or (bool(certain) and not noted)
        return (Stretch({0: 0}, {0: -1}, noted) if is_lost else Stretch(offsets, {}, noted)), {}

    async def reached(self, *_: object) -> dict[tuple[str, int], int]:
        """Return how far eu has come."""
        return {("eu", 0): 7}

    async def seize(self, _: object, turn: Turn, **how: Any) -> bool:
        """Begin with the store."""
        self.store, self.seized, self.tail = turn, how, True
        self.do("begun")
        return True

    async def read_tail(self, *_: object) -> dict[int, int]:
        """Return what beginning leaves behind."""
        return {0: 40} if self.tail else {}

    async def clear_tail(self, *_: object) -> None:
        """Clear it."""
        self.tail = False
        self.do("cleared")


@asynccontextmanager
async def _connected() -> AsyncIterator[str]:
    yield "store"


async def connect(_: str, *, name: str) -> Any:
    """Return a connection."""
    assert name == "reincarnate"
    return _connected()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """The world, in the place of everything that is asked."""
    made = World()
    monkeypatch.setattr(reincarnating, "connect", connect)
    monkeypatch.setattr(reincarnating, "LOOK_SECONDS", 0)
    for name in ("noted_in", "read_turn", "seize", "read_tail", "clear_tail"):
        monkeypatch.setattr(reincarnating, name, getattr(made, name))
    for name in ("next_offsets", "still_serving"):
        monkeypatch.setattr(stores, name, getattr(made, name))
    for name in ("has_store", "read_stretch", "note_starts"):
        monkeypatch.setattr(losses, name, getattr(made, name))
    monkeypatch.setattr(reached, "had", made.reached)
    return made


def reincarnation(world: World, told: list[str] | None = None) -> Reincarnation:
    """Return one of us."""
    said: list[str] = [] if told is None else told

    def tell(one: Told) -> None:
        said.append(one.what)

    return Reincarnation(Seat("us", "us", "us", "us", 1, ("eu",), None, frozenset({"projector"}), ()), world, {}, tell)


async def test_it_claims_and_begins_once_nobody_works_on_the_store(world: World) -> None:
    """With the new journal from its beginning, and what others lack told anew; what is given up is said."""
    world.alive, told = [["us/projector (projector)"], []], list[str]()
    assert await reincarnation(world, told).run() == 2

    assert world.done == ["claimed", "begun", "noted", "cleared"]
    assert world.store == Turn("us", 2, 2, "us")
    assert (world.seized["ended"], world.seized["offsets"], world.seized["had"]) == (STORE, {0: 0}, {("eu", 0): 7})
    assert told[0].startswith("waiting: these work on the store: us/projector")
    assert any(one.startswith("given up: the Kafka at us began anew") for one in told), told


@pytest.mark.parametrize("last", ["claimed", "begun", "noted", "cleared"])
async def test_it_goes_on_where_it_died(world: World, last: str) -> None:
    """Whatever was done is not done again; noting the same twice changes nothing."""
    world.dies = last
    with pytest.raises(KeyboardInterrupt):
        await reincarnation(world).run()

    assert await reincarnation(world).run() == 2
    again = ["noted"] if last == "noted" else []
    assert world.done == ["claimed", "begun", "noted", *again, "cleared"]


async def test_one_that_was_done_before_is_done(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The terminal died before it could say so: what ended its own last epoch has begun anew. One that never did has lost nothing, and is refused."""

    @asynccontextmanager
    async def directory() -> AsyncIterator[World]:
        yield world

    monkeypatch.setattr(place, "directory", directory)
    monkeypatch.setattr(reached, "find", lambda _: None)
    monkeypatch.setenv("CAUSEWAY_AUDIT", str(tmp_path / "audit"))
    home = reincarnation(world).home
    done = await reincarnate_now(home, "a test", quiet=True)
    assert (done.epoch, bool(done.log)) == (2, True)

    world.duty, world.alive = replace(world.duty, former=(Former(1, "us", laid_down=False),)), [["us/projector"]]
    again = await reincarnate_now(home, "a test", quiet=True)
    assert (again.epoch, again.log, again.next) == (2, [], done.next)
    assert len(world.done) == 4, "nothing was done again"

    world.duty = replace(world.duty, former=(Former(1, "eu", laid_down=True),))
    with pytest.raises(NotReadyToReincarnateError, match="nothing is lost"):
        await reincarnate_now(home, "a test", quiet=True)


async def test_a_store_that_decides_meanwhile_is_no_older_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is noted of it is read before what it knows: a region that runs decides between."""
    world.is_lost, world.noted = False, {1: 42}
    knows = [{0: 40}, {0: 42}]

    async def next_offsets(_: object) -> dict[int, int]:
        return knows.pop(0)

    monkeypatch.setattr(stores, "next_offsets", next_offsets)
    known, _ = await reincarnation(world).look(world.duty)
    assert known.is_done


@pytest.mark.parametrize(
    ("store", "noted", "what"),
    [
        (Turn("us", 2, 2, "us"), {2: 41}, "older"),  # put back, from the same epoch: it had decided 41
        (STORE, {2: 0}, "older"),  # from before the epoch that was begun already
        (STORE, {}, "begun"),  # begun is what is left to be done
    ],
)
async def test_an_older_store_is_no_region_that_was_done_before(
    world: World, store: Turn, noted: dict[int, int], what: str
) -> None:
    """A second loss in the same epoch, of the store this time: begun with, what it numbers others have otherwise."""
    world.duty = replace(world.duty, epoch=2, incarnation=2, former=(Former(1, "us", laid_down=False),))
    world.store, world.noted, world.is_lost = store, noted, False
    known, _ = await reincarnation(world).look(world.duty)
    assert not known.is_done
    if what == "older":
        with pytest.raises(CannotReincarnateError, match="older one than was there"):
            await reincarnation(world).run()
        assert world.done == []
    else:
        assert await reincarnation(world).run() == 2


async def test_a_second_loss_of_kafka_in_the_same_epoch_is_another_one(world: World) -> None:
    """Also where nothing was decided since the first: what was accepted by then, and what was on its way to others, is lost with it."""
    world.is_lost = False
    world.certain = True
    assert await reincarnation(world).run() == 2
    assert world.done[0] == "claimed"


async def test_services_that_do_not_end_are_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was changed."""
    monkeypatch.setattr(reincarnating, "END_SECONDS", 0.0)
    world.alive = [["us/gateway (gateway)"]]
    with pytest.raises(StuckError, match="us/gateway"):
        await reincarnation(world).run()
    assert world.done == []
    assert [one.ok for one in await reincarnation(world).rehearse()] == [True, True, True, False]


async def test_a_rehearsal_says_what_is_given_up(world: World) -> None:
    """And what is in the way: a journal that lost nothing, or another holder."""
    found = await reincarnation(world).rehearse()
    assert all(one.ok for one in found)
    assert "Given up" in found[2].detail

    world.is_lost = False
    assert [one.detail for one in await reincarnation(world).rehearse() if not one.ok] == ["nothing is lost"]
    world.duty = replace(world.duty, holder="eu")
    assert any("eu holds" in one.detail for one in await reincarnation(world).rehearse() if not one.ok)
    assert world.done == []


async def test_a_region_that_never_announced_itself_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no duties."""

    async def nobody() -> tuple[DutyView, ...]:
        return ()

    monkeypatch.setattr(world, "duties", nobody)
    with pytest.raises(UnknownDutiesError):
        await reincarnation(world).run()
