"""Nothing accepted lost, one order in the end: every state of a small world, long walks in a larger one, and rules broken on purpose."""

import random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from replication.holding import following
from replication.holding.following import Copy
from replication.holding.paths import Path, Span
from replication.runs import joined
from tests.unit.replication.holding import logs
from tests.unit.replication.holding.explore import explore
from tests.unit.replication.holding.logs import Bounds, Region, World
from tests.unit.replication.holding.mutants import STORIES, WALKED

CALM, DEEP, LOSS = Bounds(3, 3, gaps=True), Bounds(3, 5), Bounds(3, 4, losses=1)


def test_every_state_of_one_message_and_two_epochs() -> None:
    """All of them are seen, and from each one everything comes right once all are reached."""
    assert 11_000 < explore([logs.start(Bounds(1, 2))], logs.steps, logs.wrong, 20_000) < 20_000


def test_from_every_state_everything_comes_right() -> None:
    """Of the first states of a world with two messages, each is left alone and ends in one log, with what was accepted in it once."""

    def wrong(world: World) -> str:
        settled = logs.settle(world)
        return logs.wrong(world) or logs.wrong(settled) or logs.unsettled(settled)

    assert explore([logs.start(Bounds(2, 2))], logs.steps, wrong, 800) == 800


@pytest.mark.parametrize("bounds", [CALM, DEEP, LOSS], ids=["gaps", "five epochs", "a lost store"])
def test_the_first_states_of_larger_worlds(bounds: Bounds) -> None:
    """In breadth, up to a bound."""
    assert explore([logs.start(bounds)], logs.steps, logs.wrong, 5_000) == 5_000


class Takeovers(RuleBasedStateMachine):
    """Anything that may happen happens in any order; at the end everybody is reached again."""

    @initialize(bounds=st.builds(Bounds, st.integers(1, 4), st.integers(2, 5), st.integers(0, 1), st.booleans()))
    def begin(self, bounds: Bounds) -> None:
        """A healthy federation."""
        self.world = logs.start(bounds)

    @rule(way=st.integers(0, 10**6))
    def step(self, way: int) -> None:
        """One thing happens."""
        ways = list(logs.steps(self.world))
        if ways:
            self.world = ways[way % len(ways)]

    @invariant()
    def nothing_is_wrong(self) -> None:
        """Whatever the interleaving."""
        if hasattr(self, "world"):
            assert not logs.wrong(self.world)

    def teardown(self) -> None:
        """Everything comes right."""
        if hasattr(self, "world"):
            settled = logs.settle(self.world)
            assert not logs.wrong(settled)
            assert not logs.unsettled(settled)


Takeovers.TestCase.settings = settings(max_examples=60, stateful_step_count=50)
test_takeovers = Takeovers.TestCase


def _walk(bounds: Bounds, seed: int) -> str:
    """Return what goes wrong on one walk, and in the end."""
    complaint, world = _walked(bounds, seed)
    settled = world if complaint else logs.settle(world)
    return complaint or logs.wrong(settled) or logs.unsettled(settled)


def _walked(bounds: Bounds, seed: int) -> tuple[str, World]:
    drawn = random.Random(seed)
    world = logs.start(bounds)
    for _ in range(drawn.randrange(10, 90)):
        ways = list(logs.steps(world))
        if not ways:
            break
        world = drawn.choice(ways)
        if complaint := logs.wrong(world):
            return complaint, world
    return "", world


def _tell(story: str) -> str:
    """Return what is wrong after a story, or in the end."""
    world = logs.start(Bounds(9, 9, 9))
    for line in story.split("; "):
        verb, name, *more = line.split()
        world = _happen(world, verb, next(region for region in world.regions if region.name == name), more) or world
        if complaint := logs.wrong(world):
            return complaint
    settled = logs.settle(world)
    return logs.wrong(settled) or logs.unsettled(settled)


def _happen(world: World, verb: str, region: Region, more: list[str]) -> World | None:
    simple = {"accept": logs.accept, "fence": logs.hear_claim, "lose": logs.lose}
    if verb in simple:
        return simple[verb](world, region)
    if verb in {"claim", "decide"}:
        return (logs.claim if verb == "claim" else logs.decide)(world, region, more[0])
    if verb in {"prime", "final"}:
        acks = sorted(world.acks, key=lambda ack: (ack.epoch, ack.head))
        judged = [(logs.prime if verb == "prime" else logs.finalise)(world, region, ack) for ack in acks]
        return next((after for after in reversed(judged) if after is not None), None)
    if verb == "begin":
        wanted = {region.name, *more}
        offered = tuple(given for given in world.given if given.region in wanted - {region.name})
        epoch = region.copy.fence
        return logs.begin(world, region, tuple(given for given in offered if given.offer.fence == epoch))
    era = next((era for era in world.eras if era.path.epoch == int(more[0])), None)
    if era is None:
        return None
    if verb == "tell":
        return logs.hear_entry(world, region, era, int(more[1]))
    return {"begun": logs.hear_begun, "ack": logs.acknowledge}[verb](world, region, era)


@pytest.mark.parametrize("name", WALKED)
def test_a_broken_rule_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each rule is needed: without it a walk goes wrong."""
    for (module, rule_name), broken in WALKED[name].items():
        monkeypatch.setattr(module, rule_name, broken)

    assert any(_walk(bounds, seed) for seed in range(300) for bounds in (CALM, DEEP, LOSS))


@pytest.mark.parametrize("name", STORIES)
def test_a_story_needs_its_rule(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes well with the rule, and wrong without it."""
    story, changes = STORIES[name]
    assert not _tell(story)
    for (module, rule_name), broken in changes.items():
        monkeypatch.setattr(module, rule_name, broken)

    assert _tell(story)


def test_unbroken_the_same_walks_go_well() -> None:
    """What finds the broken rules finds nothing else."""
    assert not [found for bounds in (CALM, DEEP, LOSS) for seed in range(60) if (found := _walk(bounds, seed))]


def test_walks_go_far() -> None:
    """What is walked through is no empty talk: some reach the bound of epochs, tails, finals of a later epoch, and a lost store."""
    worlds = [_walked(bounds, seed)[1] for bounds in (CALM, DEEP, LOSS) for seed in range(60)]

    assert max(len(world.eras) for world in worlds) >= 4
    assert max((final.epoch for world in worlds for final in world.finals), default=0) >= 2
    assert any(set(era.log) - set(world.eras[-1].log) for world in worlds for era in world.eras)
    assert any(world.losses and world.finals for world in worlds)


def test_the_end_of_a_common_log_is_found_where_epochs_were_skipped() -> None:
    """A copy has 4 and 5 of epoch 3; the present holder has 4 to 6 of epoch 2: both stop being the same at 3."""
    copy = Copy(Path(3, (Span(1, 3),)), 3, joined([(1, 5)]))

    turned = following.turned(copy, Path(4, (Span(1, 3), Span(2, 6))))

    assert turned is not None
    assert turned.runs == ((1, 3),)
