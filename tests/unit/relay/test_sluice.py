"""Nothing leaves a region before its standby has it; who does not follow is passed by, once the directory knows."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from global_directory.holding.schemas import DutyView, Keeping
from infra.errors import UnavailableError
from relay.forwarder import sluice as module
from relay.forwarder.sluice import AGAIN_SECONDS, FREE_SECONDS, SHORT_SECONDS, Sluice
from replication.holding.errors import EpochOverError, NotTheStandbyError
from replication.turns import takeover_repository
from replication.turns.records import Turn

HERE: Any = None
"""The connection, which the fakes do not look at."""


@dataclass
class World:
    """A store, its standby and the directory, on one clock.

    Attributes:
        now: Seconds.
        position: How far the store's log has come.
        taken: How far the standby has.
        follows: Whether the standby takes in what there is, at once.
        kept: What the directory was told, in order.
        refuses: What it answers by, if by an error.
        unanswered: Whether it takes down what it is told, and the answer is lost.
    """

    now: float = 100.0
    position: int = 5
    taken: int = 0
    follows: bool = True
    kept: list[str] = field(default_factory=list)
    refuses: Exception | None = None
    unanswered: bool = False

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += max(seconds, 0.001)
        if self.follows:
            self.taken = self.position

    async def log_position(self, _: object) -> int:
        """Return how far the store's log has come."""
        return self.position

    async def taken_in(self, _: object, standby: str) -> int:
        """Return how far the standby has."""
        assert standby == "eu"
        return self.taken

    async def read_turn(self, _: object) -> Turn:
        """Return that of a store at home."""
        return Turn("us", 1, 3, "us")

    async def keep(self, region: str, wanted: Keeping) -> DutyView:
        """Take it down."""
        assert (region, wanted.holder, wanted.incarnation, wanted.epoch) == ("us", "us", 1, 3)
        if self.refuses is not None and (wanted.standby or not isinstance(self.refuses, NotTheStandbyError)):
            raise self.refuses
        self.kept.append(wanted.standby)
        if self.unanswered:
            raise UnavailableError(what="It")
        return DutyView("us", "us", 3, 1, "eu", (), 6.0, laid_down=False)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """The world, in the place of everything that is asked."""
    made = World()
    for name in ("log_position", "taken_in"):
        monkeypatch.setattr(takeover_repository, name, getattr(made, name))
    monkeypatch.setattr(module, "read_turn", made.read_turn)
    monkeypatch.setattr(asyncio, "sleep", made.sleep)
    return made


@pytest.fixture
def sluice(world: World) -> Sluice:
    """The sluice of us, by which eu stands."""
    return Sluice("us", "us", "eu", world, clock=lambda: world.now)


async def test_what_the_standby_has_leaves(world: World, sluice: Sluice) -> None:
    """And only then; the directory is told once that it has everything."""
    await sluice.wait(HERE)
    assert world.taken == world.position

    await sluice.look(HERE)
    await sluice.look(HERE)
    assert (world.kept, sluice.kept, sluice.is_free) == (["eu"], True, False)


async def test_who_does_not_follow_is_passed_by_once_the_directory_knows(world: World, sluice: Sluice) -> None:
    """For a short time only, which is asked for again and again; when it follows again nothing leaves without it, and then the directory is told."""
    await sluice.look(HERE)
    world.follows, world.position = False, 9
    await sluice.look(HERE)
    assert (world.kept, sluice.kept, sluice.is_free) == (["eu", ""], False, True)
    await sluice.wait(HERE)
    assert world.taken < world.position, "nobody has waited for it"

    world.now += FREE_SECONDS + 1
    assert not sluice.is_free

    world.follows, before = True, world.now
    await sluice.look(HERE)
    await sluice.look(HERE)
    assert (world.kept[-1], sluice.kept, sluice.is_free) == ("eu", True, False)
    assert world.now >= before + FREE_SECONDS, "another process may have been told that it may pass it by"


@pytest.mark.parametrize("error", [EpochOverError(region="us", epoch=3, present=4), UnavailableError(what="It")])
async def test_without_the_directory_s_word_nobody_is_passed_by(world: World, sluice: Sluice, error: Exception) -> None:
    """Somebody may have taken over by then: what the copy lacks must not be told to anybody."""
    world.follows, world.refuses = False, error
    with pytest.raises(type(error)):
        await sluice.look(HERE)

    assert not sluice.is_free


async def test_an_answer_that_was_lost_is_not_taken_for_no(world: World, sluice: Sluice) -> None:
    """The directory may have taken it down: it is told that the standby has everything as soon as that is so again."""
    await sluice.look(HERE)
    world.follows, world.position, world.unanswered = False, 9, True
    with pytest.raises(UnavailableError):
        await sluice.look(HERE)
    assert (world.kept, sluice.kept) == (["eu", ""], None)

    world.follows, world.unanswered = True, False
    await sluice.look(HERE)
    assert (world.kept, sluice.kept) == (["eu", "", "eu"], True)


async def test_the_directory_is_told_again_now_and_then(world: World, sluice: Sluice) -> None:
    """Another process, which was asleep, may have told it otherwise meanwhile."""
    await sluice.look(HERE)
    world.now += AGAIN_SECONDS
    await sluice.look(HERE)
    await sluice.look(HERE)

    assert world.kept == ["eu", "eu"]


async def test_what_waits_for_long_goes_on_to_be_heard_of(world: World, sluice: Sluice) -> None:
    """Heartbeats, say, meanwhile; and the store is asked less often."""
    told: list[float] = []

    async def meanwhile(waited: float) -> None:
        told.append(waited)
        world.follows = waited > 2

    world.follows = False
    await sluice.wait(HERE, meanwhile)

    assert (told[0] >= SHORT_SECONDS, told[-1] > 2) == (True, True)
    assert len(told) < 40


async def test_who_was_never_named_holds_nothing_up(world: World, sluice: Sluice) -> None:
    """It cannot take over without a plan, so nothing needs to wait for it."""
    world.refuses = NotTheStandbyError(region="us", claimer="eu", epoch=3, standby="")
    await sluice.look(HERE)

    assert (world.kept, sluice.is_free) == ([""], True)


async def test_where_nobody_stands_by_the_gate_is_open(world: World) -> None:
    """And nothing is asked."""
    world.follows = False
    await Sluice("us", "us", "", world, clock=lambda: world.now).wait(HERE)

    assert world.kept == []


async def test_an_older_store_does_not_pass_its_standby_by(world: World) -> None:
    """The standby has more than the store then, and may be all that is left; a store that is none is passed by as ever."""
    older = [True]

    async def went_back(_: object) -> bool:
        return older[0]

    world.follows = False
    sluice = Sluice("us", "us", "eu", world, clock=lambda: world.now, went_back=went_back)
    await sluice.look(HERE)
    assert (world.kept, sluice.is_free) == ([], False)

    older[0] = False
    await sluice.look(HERE)
    assert (world.kept, sluice.is_free) == ([""], True)
