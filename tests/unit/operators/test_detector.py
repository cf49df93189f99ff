"""The detector with a trace that is remembered alone: one operation for an epoch, which is gone on with, given up, and begun anew; the same on a real store is an integration test."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from typing import Any, cast

import pytest

from global_directory import repository as directory
from global_directory.holding import repository as holding
from global_directory.holding.detection import Detection
from global_directory.holding.detection import Known as Seen
from global_directory.holding.schemas import Former
from global_directory.operators import repository as trace
from global_directory.operators.actors import Actors, Shown
from global_directory.operators.detector import Detector
from global_directory.operators.errors import HeldBackError, NoPassError, NothingBegunError
from global_directory.operators.passes import Seal
from global_directory.operators.schemas import OperationView
from global_directory.operators.verbs import AT_WORK
from global_directory.transactions import Transactions
from infra.local.keys import new_signing_key
from replication.holding.acting import Policy
from replication.holding.detecting import SECOND, Proposal, Verdict
from replication.holding.duty import Duty
from replication.holding.lease import Promise

NOW = 1_000_000 * SECOND
BOTH = frozenset({"ap", "eu"})
DUTY = Duty("us", 4, "us", 3, "eu", frozenset({("us", 3), ("eu", 3)}), Promise(4, NOW - SECOND))
DOWN = Verdict(down=True, alive=False, why="ap, eu see it down", witnesses=BOTH)
UP = Verdict(down=False, alive=True, why="ap reaches it")


class World:
    """What the directory's store holds, as far as this needs it."""

    def __init__(self) -> None:
        self.duty = DUTY
        self.verdict = DOWN
        self.proposal: Proposal | None = Proposal("us", 4, NOW - 2 * SECOND, BOTH)
        self.former: tuple[Former, ...] = ()
        self.lines: dict[str, OperationView] = {}
        self.work: list[OperationView] = []
        self.seal = Seal(new_signing_key())
        actors = Actors(cast("Transactions", self), self.seal, clock=lambda: NOW)
        self.detector = Detector(actors, cast("Detection", self), Policy(automatic=True))

    async def run(self, _: str, operation: Callable[[Any], Awaitable[Any]], **__: object) -> Any:
        """Run a transaction, of which nothing ever fails."""
        return await operation(None)

    async def known(self, _: object) -> Seen:
        """Return what is known of us."""
        kept = {} if self.proposal is None else {"us": self.proposal}
        return Seen(NOW, {"us": self.duty}, {"us": self.verdict}, kept)

    async def find_named(self, *_: object) -> str:
        """Return who was named."""
        return "eu"

    async def find_former(self, _: object) -> dict[str, tuple[Former, ...]]:
        """Return how epochs ended."""
        return {"us": self.former}

    async def find_expulsions(self, _: object) -> tuple[str, ...]:
        """Return who was expelled."""
        return ()

    async def find_operation(self, _: object, operation_id: str) -> OperationView | None:
        """Return a line."""
        return self.lines.get(operation_id)

    async def add_operation(self, _: object, line: OperationView) -> None:
        """Add a line."""
        assert line.operation_id not in self.lines
        self.lines[line.operation_id] = line

    async def end_operation(self, _: object, operation_id: str, result: str, detail: str, now: int) -> bool:
        """End a line."""
        self.lines[operation_id] = replace(self.lines[operation_id], result=result, detail=detail, ended_at=now)
        return True

    async def find_work(
        self, _: object, target: str, verbs: Collection[str], **__: object
    ) -> tuple[OperationView, ...]:
        """Return what operators did."""
        return tuple(one for one in self.work if one.target == target and one.verb in verbs)

    async def permit(self) -> tuple[str, str]:
        """Ask as eu; return id and pass."""
        found = await self.detector.permit("us", "eu", came_by="eu")
        return found.operation_id, found.token

    async def claim(self, token: str) -> None:
        """Do what is done in the transaction of a claim."""
        await self.detector.guard(Shown(token), "us", "eu")(cast("Any", None))

    def claimed(self, *, laid_down: bool = False) -> None:
        """Let eu hold in the next epoch."""
        self.duty = replace(DUTY, epoch=5, holder="eu", incarnation=4)
        self.former = (Former(4, "us", laid_down),)
        self.proposal, self.verdict = None, UP


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """One in which us is taken for down, and eu may take over."""
    made = World()
    for module, names in (
        (trace, ("find_operation", "add_operation", "end_operation", "find_work")),
        (holding, ("find_named", "find_former")),
        (directory, ("find_expulsions",)),
    ):
        for name in names:
            monkeypatch.setattr(module, name, getattr(made, name))
    return made


def begun(verb: str) -> OperationView:
    """Return what an operator has begun."""
    return OperationView("o1", NOW - 5 * SECOND, "ada", "admin", "directory", verb, "us", "a test", "begun")


async def test_it_stands_in_the_trace_once_with_who_saw_it(world: World) -> None:
    """Whoever asks again gets the pass for the same."""
    first, token = await world.permit()
    assert (await world.permit())[0] == first
    [line] = world.lines.values()
    assert (line.who, line.came_by, line.verb, line.target, line.result) == ("detector", "eu", "fail", "us", "begun")
    assert line.why == "taken for down by ap and eu for 2.0 s, in epoch 4"
    await world.claim(token)


async def test_what_has_claimed_is_gone_on_with_until_it_has_ended(world: World) -> None:
    """By a process that remembers nothing."""
    first, _ = await world.permit()
    world.claimed()
    assert (await world.permit())[0] == first
    await world.end_operation(None, first, "done", "", NOW)
    with pytest.raises(NothingBegunError):
        await world.permit()


async def test_what_ended_by_plan_or_was_never_begun_is_not_gone_on_with(world: World) -> None:
    """It is another takeover then, or an evacuation."""
    await world.permit()
    world.claimed(laid_down=True)
    with pytest.raises(NothingBegunError):
        await world.permit()
    world.lines.clear()
    world.claimed()
    with pytest.raises(NothingBegunError):
        await world.permit()


async def test_the_claim_is_judged_anew(world: World) -> None:
    """Whatever was so as the pass was given; and it is good for nothing else."""
    first, token = await world.permit()
    world.verdict = UP
    with pytest.raises(HeldBackError, match="in doubt: ap reaches it"):
        await world.claim(token)
    world.verdict = DOWN
    for wrong in (
        "",
        world.seal.grant("ada", first, "fail", "us", now=NOW / SECOND),
        world.seal.grant("detector", first, "fail", "ap", now=NOW / SECOND),
        world.seal.grant("detector", first, "restore", "us", now=NOW / SECOND),
        world.seal.grant("detector", "o2", "fail", "us", now=NOW / SECOND),
    ):
        with pytest.raises(NoPassError):
            await world.claim(wrong)
    await world.claim(token)
    await world.end_operation(None, first, "done", "", NOW)
    with pytest.raises(NoPassError, match="over"):
        await world.claim(token)


async def test_a_region_that_is_back_has_it_given_up_and_later_begun_anew(world: World) -> None:
    """While it is only doubted it stays as it is."""
    first, _ = await world.permit()
    proposal, world.verdict = world.proposal, UP
    with pytest.raises(HeldBackError):
        await world.permit()
    assert world.lines[first].result == "begun"
    world.proposal = None
    with pytest.raises(HeldBackError, match="not taken for down"):
        await world.permit()
    assert (world.lines[first].result, world.lines[first].detail) == ("failed", "given up: it is not taken for down")
    world.proposal, world.verdict = proposal, DOWN
    second, _ = await world.permit()
    assert second != first
    assert (await world.permit())[0] == second


@pytest.mark.parametrize("verb", sorted(AT_WORK))
async def test_operators_go_first_also_after_the_claim(world: World, verb: str) -> None:
    """What has nothing to do with duties hinders nothing."""
    first, token = await world.permit()
    world.work = [begun("backup")]
    await world.claim(token)
    world.work = [begun(verb)]
    with pytest.raises(HeldBackError, match=f"`{verb}` by ada is under way"):
        await world.claim(token)
    assert f"`{verb}`" in (await world.detector.proposals()).proposals[0].hindrance
    world.claimed()
    with pytest.raises(HeldBackError, match="under way"):
        await world.permit()
    world.work = [replace(begun(verb), result="failed", ended_at=NOW - SECOND)]
    assert (await world.permit())[0] == first


async def test_the_policy_is_told_with_what_is_proposed(world: World) -> None:
    """And that nothing is in the way."""
    view = await world.detector.proposals()
    assert (view.policy, view.proposals[0].hindrance, view.proposals[0].holds) == ("automatic", "", True)
