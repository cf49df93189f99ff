"""The standby's own part: it asks when there is something to ask, begins nothing that is not ready, and goes on with what was begun."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from global_directory.holding.schemas import DutyView, Permit, ProposalsView, ProposalView
from global_directory.operators.errors import HeldBackError, NothingBegunError
from infra.errors import CausewayError, UnavailableError
from infra.health import Health
from region.evacuation.alone import alone
from region.evacuation.checks import Check
from region.failover.declaring import NotReadyToFailError
from region.failover.watching import TAKEOVERS, Watch

PERMIT = Permit("o1", "token", "taken for down by ap and eu")
READY = [Check("copy", ok=True, detail="it is whole")]


@dataclass
class World:
    """The directory, and what is done.

    Attributes:
        holder: Of us's duties.
        proposed: Whether us is taken for down.
        hindrance: Why nobody acts on that, as the directory tells.
        refusal: What the directory answers instead of a permit.
        unready: What is in the way, as it is looked at.
        fails: What the takeover fails by.
        done: What was done, in order.
    """

    holder: str = "us"
    proposed: bool = False
    hindrance: str = ""
    away: bool = False
    refusal: CausewayError | None = None
    unready: str = ""
    fails: Exception | None = None
    done: list[str] = field(default_factory=list)

    async def duties(self) -> tuple[DutyView, ...]:
        """Return who holds."""
        if self.away:
            raise UnavailableError(what="The directory")
        return (DutyView("us", self.holder, 1, 1, "eu", (), 0.0, laid_down=False),)

    async def proposals(self) -> ProposalsView:
        """Return who is taken for down."""
        one = ProposalView("us", 1, "eu", 1.0, ("ap", "eu"), holds=not self.hindrance, hindrance=self.hindrance)
        return ProposalsView((one,) if self.proposed else (), "automatic")

    async def take_over(self, region: str, standby: str) -> Permit:
        """Answer."""
        assert (region, standby) == ("us", "eu")
        self.done.append("asked")
        if self.refusal is not None:
            raise self.refusal
        return PERMIT

    async def ready(self) -> Sequence[Check]:
        """Look."""
        self.done.append("looked")
        if self.unready:
            raise NotReadyToFailError(region="us", what=self.unready)
        return READY

    async def carry_out(self, permit: Permit, looked: Sequence[Check]) -> None:
        """Take over."""
        assert permit == PERMIT
        self.done.append("took over" if list(looked) == READY else "went on")
        if self.fails is not None:
            raise self.fails
        self.holder, self.proposed = "eu", False

    def said(self) -> list[str]:
        """Return what was done since that was asked last."""
        done, self.done = self.done, []
        return done


HELD_BACK = HeldBackError(region="us", standby="eu", reason="an operator is at it")
NOTHING = NothingBegunError(region="us", standby="eu")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> World:
    """A federation in which nothing was begun."""
    monkeypatch.setattr("infra.local.homes.home", lambda: tmp_path)
    return World()


@pytest.fixture
def watch(world: World) -> Callable[[], Watch]:
    """How to start the standby's part."""

    def start() -> Watch:
        return Watch("us", "eu", world, ready=world.ready, carry_out=world.carry_out, health=Health())

    return start


async def calm(world: World, watch: Watch) -> None:
    """Look once at a start, after which nothing is open."""
    world.refusal = HELD_BACK
    await watch.look()
    world.refusal = None
    assert world.said() == ["asked"]


async def test_nothing_is_asked_while_nobody_is_down(world: World, watch: Callable[[], Watch]) -> None:
    """But once, at the start: a former process may have begun something."""
    watching = watch()
    await calm(world, watching)
    await watching.look()
    await watching.look()
    assert world.said() == []


async def test_who_is_down_is_taken_over_once(world: World, watch: Callable[[], Watch]) -> None:
    """Looked at first; afterwards it is held, and nothing is asked any more."""
    watching = watch()
    await calm(world, watching)
    world.proposed = True
    await watching.look()
    assert world.said() == ["looked", "asked", "took over"]
    await watching.look()
    assert world.said() == []


@pytest.mark.parametrize("when", ["doubted", "held by eu", "another stands by"])
async def test_what_the_directory_would_refuse_is_not_asked(
    world: World, watch: Callable[[], Watch], when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It tells so with the proposal."""
    watching = watch()
    await calm(world, watching)
    world.proposed = True
    if when == "doubted":
        world.hindrance = "that it is down is in doubt"
    elif when == "held by eu":
        world.holder = "eu"
    else:
        view = ProposalsView((ProposalView("us", 1, "ap", 1.0, ("ap", "eu"), holds=True),), "automatic")

        async def proposals() -> ProposalsView:
            return view

        monkeypatch.setattr(world, "proposals", proposals)
    await watching.look()
    assert world.said() == []


async def test_what_is_not_ready_is_not_begun(world: World, watch: Callable[[], Watch]) -> None:
    """The directory is not asked, so the trace has nothing; it is tried again, and the process is not well meanwhile."""
    health = Health()
    watching = Watch("us", "eu", world, ready=world.ready, carry_out=world.carry_out, health=health)
    await calm(world, watching)
    world.proposed, world.unready = True, "no whole copy"
    await watching.look()
    assert world.said() == ["looked"]
    assert not health.ok
    assert "no whole copy" in health.conditions["takeover of us"].detail
    world.unready = ""
    await watching.look()
    assert world.said() == ["looked", "asked", "took over"]
    assert health.ok


async def test_a_takeover_that_failed_is_gone_on_with(world: World, watch: Callable[[], Watch]) -> None:
    """Also once it has claimed, when there is no proposal any more."""
    watching = watch()
    await calm(world, watching)
    world.proposed, world.fails = True, UnavailableError(what="A store")
    await watching.look()
    world.said()
    world.holder, world.proposed, world.fails = "eu", False, None
    await watching.look()
    assert world.said() == ["asked", "went on"]
    await watching.look()
    assert world.said() == []


async def test_what_has_claimed_is_not_left_to_an_operator_who_may_not_end_it(
    world: World, watch: Callable[[], Watch]
) -> None:
    """While one is at it, it is held back and says so; the proposal is gone with the epoch that was claimed, and still it goes on once they have given up."""
    health = Health()
    watching = Watch("us", "eu", world, ready=world.ready, carry_out=world.carry_out, health=health)
    await calm(world, watching)
    world.proposed, world.fails = True, UnavailableError(what="A store")
    await watching.look()
    world.holder, world.proposed, world.fails, world.refusal = "eu", False, None, HELD_BACK
    world.said()
    await watching.look()
    assert world.said() == ["asked"]
    assert "an operator is at it" in health.conditions["takeover of us"].detail
    world.refusal = None
    await watching.look()
    assert world.said() == ["asked", "went on"]
    await watching.look()
    assert world.said() == []


async def test_a_new_process_goes_on_with_what_a_killed_one_had_begun(world: World, watch: Callable[[], Watch]) -> None:
    """It asks once, whoever holds; if nothing was begun, never again."""
    world.holder = "eu"
    await watch().look()
    assert world.said() == ["asked", "went on"]
    world.refusal = NOTHING
    restarted = watch()
    await restarted.look()
    await restarted.look()
    assert world.said() == ["asked"]


async def test_what_is_held_back_is_asked_until_it_was_given_up(world: World, watch: Callable[[], Watch]) -> None:
    """So that nothing stays begun in the trace."""
    watching = watch()
    await calm(world, watching)
    world.proposed, world.fails = True, HELD_BACK  # by the claim
    await watching.look()
    assert world.said() == ["looked", "asked", "took over"]
    world.refusal, world.hindrance = HELD_BACK, "doubt"
    await watching.look()
    assert world.said() == ["asked"]
    world.proposed = False
    await watching.look()
    await watching.look()
    assert world.said() == ["asked"]


async def test_nothing_is_done_while_an_operator_s_command_runs(world: World, watch: Callable[[], Watch]) -> None:
    """On this machine; of others the directory knows. Afterwards it is."""
    watching = watch()
    await calm(world, watching)
    world.proposed = True
    with alone("us"):
        await watching.look()
        assert world.said() == []
    await watching.look()
    assert world.said() == ["looked", "asked", "took over"]


async def test_what_is_counted_as_failed_had_been_begun(world: World, watch: Callable[[], Watch]) -> None:
    """A directory that refuses to answer is none of it."""

    def failed() -> float:
        return float(TAKEOVERS.labels("us", "failed")._value.get())  # noqa: SLF001  # as its page tells

    watching, before = watch(), failed()
    world.refusal = UnavailableError(what="The directory")
    await watching.look()
    assert failed() == before
    world.refusal, world.fails = None, UnavailableError(what="A store")
    await watching.look()
    assert failed() == before + 1


async def test_a_directory_that_is_away_is_asked_again(world: World, watch: Callable[[], Watch]) -> None:
    """Nothing can be taken over without it."""
    watching = watch()
    await calm(world, watching)
    world.away, world.proposed = True, True
    await watching.look()
    assert world.said() == []
    world.away = False
    await watching.look()
    assert world.said() == ["looked", "asked", "took over"]
