"""A takeover with a copy and a directory that are remembered alone: in which order what is done, what it waits for, and from where it goes on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Self

import pytest

from global_directory.holding.schemas import Claim, DutyView
from infra.kafka import KafkaError
from region.evacuation import repository
from region.evacuation.errors import StuckError, UnknownDutiesError
from region.evacuation.seats import Seat
from region.evacuation.telling import Told
from region.failover import failing
from region.failover import reached as reaching
from region.failover.failing import AliveError, Takeover
from region.failover.plan import CannotTakeOverError, Step
from region.failover.reached import Reader
from replication.holding.errors import LeaseRunsError, NotTheKeeperError
from replication.turns.records import Turn

SERVICES = frozenset({"gateway", "projector"})


@dataclass
class World:
    """A copy at eu, and the directory.

    Attributes:
        duty: What the directory says.
        copy: What the copy says.
        follows: Whether it still follows.
        serving: What serves at eu, each time somebody asks; the last one is repeated.
        renews: Whether us renews its lease again and again.
        promised: How many looks what eu has promised still lasts.
        silent: Regions that do not tell how far they have come.
        dies: After what the command dies, once.
        done: What was done, in order.
        seized: How the copy was begun with.
    """

    duty: DutyView = field(default_factory=lambda: DutyView("us", "us", 1, 1, "eu", (), 2.0, laid_down=False))
    copy: Turn = field(default_factory=lambda: Turn("us", 1, 1, "us"))
    follows: bool = True
    serving: list[frozenset[str]] = field(default_factory=lambda: [frozenset(), SERVICES])
    renews: bool = False
    promised: int = 0
    silent: frozenset[str] = frozenset()
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
        """Return what the directory says; a moment later less of the lease is left."""
        said = self.duty
        if said.promised_seconds > 0 and not self.renews:
            self.duty = replace(said, promised_seconds=said.promised_seconds - 1)
        return (said,)

    async def claim(self, region: str, wanted: Claim) -> DutyView:
        """Begin the next epoch, once the lease has lapsed, whoever has seen that."""
        assert "noted" in self.done, "who stands by might promise a lease beside it"
        if self.duty.promised_seconds > 0:
            raise LeaseRunsError(region=region, holder="us", epoch=1)
        self.duty = DutyView(region, wanted.claimer, wanted.ended + 1, wanted.incarnation, "", (), 6.0, laid_down=False)
        self.do("claimed")
        return self.duty

    async def note_claim(self, store: str, region: str, epoch: int, incarnation: int, *, laid_down: bool) -> None:
        """Note that the epoch's end is claimed; what was promised at the standby's site is over some looks later."""
        assert (store, region, epoch, incarnation, laid_down) == ("eu", "us", 1, 1, False)
        assert self.duty.promised_seconds <= 0, "who may hold by the directory's lease is left its standby"
        if self.promised > 0:
            self.promised -= 1
            raise LeaseRunsError(region=region, holder="us", epoch=1)
        self.do("noted")

    async def detach(self) -> None:
        """Follow no more."""
        self.follows = False
        self.do("detached")

    async def seize(self, _: object, turn: Turn, **how: Any) -> bool:
        """Begin with the copy."""
        self.copy, self.seized = turn, how
        self.do("begun")
        return True

    async def read_turn(self, _: object) -> Turn:
        """Return what the copy says."""
        return self.copy

    async def is_following(self, _: object) -> bool:
        """Return whether it follows."""
        return self.follows

    async def who_serves(self, _: object) -> frozenset[str]:
        """Return what serves."""
        return self.serving.pop(0) if len(self.serving) > 1 else self.serving[0]

    async def reached(self, reader: Reader, ended: Turn, **_: object) -> dict[tuple[str, int], int]:
        """Return how far a region has come."""
        assert ended == Turn("us", 1, 1, "us")
        if reader.region in self.silent:
            raise KafkaError
        return {(reader.region, 0): 7}


class Journal:
    """A journal of one partition that ends at 5."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    async def __aenter__(self) -> Self:
        """Connect."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Disconnect."""

    async def bounds(self, _: int) -> tuple[int, int]:
        """Return where it begins and ends."""
        return 0, 5


@asynccontextmanager
async def _connected() -> AsyncIterator[str]:
    yield "copy"


async def connect(_: str, *, name: str) -> Any:
    """Return a connection."""
    assert name == "failover"
    return _connected()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """The world, in the place of everything that is asked."""
    made = World()
    monkeypatch.setattr(failing, "connect", connect)
    monkeypatch.setattr(failing, "read_turn", made.read_turn)
    monkeypatch.setattr(failing, "seize", made.seize)
    monkeypatch.setattr(failing, "note_claim", made.note_claim)
    monkeypatch.setattr(failing, "Consumer", Journal)
    monkeypatch.setattr(failing, "LOOK_SECONDS", 0)
    monkeypatch.setattr(reaching, "reached", made.reached)
    monkeypatch.setattr(repository, "follows", made.is_following)
    monkeypatch.setattr(repository, "serving", made.who_serves)
    return made


def takeover(world: World, told: list[str] | None = None) -> Takeover:
    """Return one of us by eu."""
    said: list[str] = [] if told is None else told

    def tell(one: Told) -> None:
        said.append(one.what)

    home, target = (Seat("us", site, site, "", 1, ("ap", "eu"), None, SERVICES, ()) for site in ("us", "eu"))
    readers = {region: Reader(region, region, "", "") for region in ("ap", "eu")}
    return Takeover(home, target, world, readers, tell, world.detach)


async def test_it_waits_for_the_lease_and_takes_over(world: World) -> None:
    """In this order; the copy is begun with where its journal ends, and by what others have had."""
    told: list[str] = []
    took = await takeover(world, told).run()

    assert world.done == ["noted", "claimed", "detached", "begun"]
    assert world.copy == Turn("us", 2, 2, "eu")
    assert (world.seized["offsets"], world.seized["left"]) == ({0: 5}, "us")
    assert world.seized["had"] == {("ap", 0): 7, ("eu", 0): 7}
    assert world.seized["renamed"] == {"eu.relay.us": "relay.us"}
    assert set(took) == {"claim", "begin", "serve"}
    assert any("until its lease has lapsed" in one for one in told), told


async def test_what_who_stands_by_has_promised_is_waited_for(world: World) -> None:
    """As the directory's lease is, and nothing is claimed before it is over."""
    world.promised = 3
    told: list[str] = []
    await takeover(world, told).run()

    assert world.done == ["noted", "claimed", "detached", "begun"]
    assert any("until its lease has lapsed" in one for one in told), told


async def test_a_region_that_lives_is_not_taken_over(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was changed, and the error says what to do instead."""
    world.renews = True
    monkeypatch.setattr(failing, "PATIENCE", dict.fromkeys(failing.PATIENCE, 0.0))
    with pytest.raises(AliveError, match="Evacuate it"):
        await takeover(world).run()

    assert world.done == []


@pytest.mark.parametrize("last", ["claimed", "detached", "begun"])
async def test_it_goes_on_where_it_died(world: World, last: str) -> None:
    """Whatever was done is not done again."""
    world.dies = last
    with pytest.raises(KeyboardInterrupt):
        await takeover(world).run()

    await takeover(world).run()
    assert world.done == ["noted", "claimed", "detached", "begun"]


async def test_a_claim_that_was_noted_and_not_made_is_noted_again(world: World) -> None:
    """Who died in between has promised nothing since."""
    world.dies = "noted"
    with pytest.raises(KeyboardInterrupt):
        await takeover(world).run()

    await takeover(world).run()
    assert world.done == ["noted", "noted", "claimed", "detached", "begun"]


async def test_who_does_not_tell_is_told_everything_anew(world: World) -> None:
    """And the operator hears of that."""
    world.silent = frozenset({"ap"})
    told: list[str] = []
    await takeover(world, told).run()

    assert world.seized["had"] == {("eu", 0): 7}
    assert any(one.startswith("ap does not tell") for one in told), told


async def test_a_region_that_never_announced_itself_is_named(world: World) -> None:
    """It has no duties that could be taken over."""

    async def nobody() -> tuple[DutyView, ...]:
        return ()

    world.duties = nobody  # type: ignore[method-assign]
    with pytest.raises(UnknownDutiesError, match="knows nothing of us"):
        await takeover(world).run()


async def test_a_copy_that_did_not_follow_is_not_begun_with(world: World) -> None:
    """Others may have been told what it lacks."""
    world.follows = False
    with pytest.raises(CannotTakeOverError):
        await takeover(world).run()

    assert world.done == []


async def test_what_the_directory_refuses_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The standby was passed by, say; and what does not come to serve is named."""

    async def refuse(*_: object) -> DutyView:
        raise NotTheKeeperError(region="us", claimer="eu", holder="us")

    with monkeypatch.context() as patched:
        patched.setattr(world, "claim", refuse)
        with pytest.raises(NotTheKeeperError):
            await takeover(world).run()
    assert world.follows, "the copy follows on"

    monkeypatch.setattr(failing, "PATIENCE", {**failing.PATIENCE, Step.SERVE: 0.0})
    world.serving = [frozenset({"gateway"})]
    with pytest.raises(StuckError, match="projector"):
        await takeover(world).run()
