"""What the named drills strike, round after round: a pure function of what there is, how long each lasts, and a seed; with what must hold all the same."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain, cycle
from random import Random

from chaos.drill.budget import LIMIT_MS
from chaos.drill.schedule import CALM_SECONDS, Fault, Kind, Targets
from chaos.judge.events import Expectation
from chaos.judge.holder import LEASE_SECONDS
from chaos.judge.spans import kind_of_part
from infra.errors import CausewayError
from infra.local.link import Shape

LEAD_SECONDS = 10.0
"""How long the traffic flows before the first fault."""
REST_SECONDS = 15.0
"""How long nothing begins after a round, so that it can be seen how soon everything arrives."""
TOUR_REST_SECONDS = 4.0
"""Both in the tour, which is short."""
SOONEST, LATEST = 5.0, 10.0
"""Within which time those are served whom a fault spares, seconds: a third of how long it lasts, and less than that, so that nobody can just wait for its end."""
CONVERGES_SECONDS = 10.0
"""Within which time after a network is whole again everything has arrived."""
RECOVERS_SECONDS = 30.0
"""The same after a fault that leaves a backlog, or after which processes must find each other again."""
STALE_SECONDS = 8.0
"""How long a zombie with a standby is awake while it cannot ask the directory for its lease."""
CUT_OFF_SECONDS = 1.0
"""How long after a zombie stands still the directory is out of its reach."""
KILL_EVERY_SECONDS = 20.0
"""How far one kill of a part that has a replica is from the next one, if that part is well again by then."""
PROMPT_SECONDS = 10.0
"""Within which time every request is served whatever part is killed that has a replica."""
LATER_SECONDS = 3.0
MAY_DIE = frozenset({"postgres", "blobs", "media", "fanout", "forwarder", "ingester", "projector", "back"})
"""Of what one part is killed while everything else happens: not what other faults, or their witnesses, need."""


class Scenario(StrEnum):
    """The drills that have a plot."""

    SPLIT = "split"
    CABLE = "cable"
    AMNESIA = "amnesia"
    DIRECTORY = "directory"
    ZOMBIE = "zombie"
    EVERYTHING = "everything"
    TOUR = "tour"
    EVACUATION = "evacuation"
    STANDBY_LOSS = "standby-loss"
    KILL = "kill"
    STORE_LOSS = "store-loss"
    REPLICAS = "replicas"


WHOLE = frozenset({Scenario.TOUR, Scenario.EVACUATION, Scenario.KILL, Scenario.STORE_LOSS})
"""Drills that have an end of their own, however much time there is."""
TAKES_A_STANDBY = frozenset({Scenario.EVACUATION, Scenario.STANDBY_LOSS, Scenario.KILL, Scenario.STORE_LOSS})


class NoStandbyError(CausewayError):
    """The drill {name} takes a region by which another stands. Bring the federation up with one: `causeway up --standby us=eu`."""

    code = "no-standby"
    definite = True


class NoReplicaError(CausewayError):
    """Nothing here has a replica, so nothing can be killed that another stands in for. Bring the federation up with some: `causeway up --brokers us=3 --projectors us=2`. How many brokers there are is fixed once there is data: `causeway down --wipe` first, which deletes all of it, or only `--projectors us=2`."""

    code = "no-replica"
    definite = True


Round = tuple[Fault, ...]
"""Faults that are put on together; when, and their numbers, are filled in later."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What a round is made from.

    Attributes:
        targets: What there is to strike.
        hold: How long a fault lasts at least, seconds.
        random: What is left to chance.
    """

    targets: Targets
    hold: float
    random: Random

    @property
    def soon(self) -> float:
        """Within which time those are served whom a fault spares, seconds."""
        return min(LATEST, max(SOONEST, self.hold / 3))

    @property
    def each(self) -> tuple[tuple[str, ...], ...]:
        """Every region alone."""
        return tuple((region,) for region in self.targets.regions)

    def without(self, region: str) -> tuple[tuple[str, ...], ...]:
        """All regions but one, together."""
        rest = tuple(other for other in self.targets.regions if other != region)
        return (rest,) if rest else ()

    def fault(
        self, kind: Kind, target: str, expects: Expectation | None, *, hold: float | None = None, later: float = 0.0
    ) -> Fault:
        """Return one that has neither a number nor a time yet."""
        return Fault(0, 0, 0.0, kind, target, self.hold if hold is None else hold, later, expects=expects)

    def standby(self, region: str) -> str:
        """Return who stands by a region, and renews its lease where the directory does not; empty if nobody does."""
        return self.targets.standbys.get(region, "")

    def lapsing(self, *regions: str, seconds: float) -> tuple[str, ...]:
        """Return which of these regions have a standby, so that their lease lapses within that time unless somebody renews it."""
        return tuple(region for region in regions if region in self.targets.standbys and seconds >= LEASE_SECONDS)


def rounds_of(name: Scenario, targets: Targets, *, hold: float, seed: int) -> Iterator[Round]:
    """Return the rounds of a drill, without an end but for the tour."""
    return _ROUNDS[name](Scene(targets, hold, Random(seed)))


def plan(name: Scenario, targets: Targets, *, seconds: float, hold: float, seed: int) -> tuple[Fault, ...]:
    """Return the faults of a drill: as many rounds as the time has room for, at least one; of the tour, all.

    Args:
        name: Which drill.
        targets: What there is.
        seconds: How long the traffic flows.
        hold: How long each fault lasts at least; what must outlast a lease lasts as long as that.
        seed: Decides the rest.

    Raises:
        NoStandbyError: It takes one, and nobody stands by.
        NoReplicaError: It takes one, and nothing has any.
    """
    if name in TAKES_A_STANDBY and not targets.standbys:
        raise NoStandbyError(name=name)
    if name is Scenario.REPLICAS and not targets.replicas:
        raise NoReplicaError
    found: list[Fault] = []
    is_whole = name in WHOLE
    at = TOUR_REST_SECONDS if name is Scenario.TOUR else LEAD_SECONDS
    rest = {Scenario.TOUR: TOUR_REST_SECONDS, Scenario.REPLICAS: CALM_SECONDS}.get(name, REST_SECONDS)
    least = KILL_EVERY_SECONDS if name is Scenario.REPLICAS else 0.0
    for slot, together in enumerate(rounds_of(name, targets, hold=hold, seed=seed), 1):
        length = max(fault.later + fault.hold for fault in together)
        if found and not is_whole and at + length + rest > seconds:
            break
        for fault in together:
            found.append(replace(fault, number=len(found) + 1, slot=slot, at=round(at, 1), rest=rest))
        at += max(length + rest, least)
    return tuple(found)


def _split(scene: Scene) -> Iterator[Round]:
    """Every region alone, and one against the rest, by turns; the directory stays with one side."""
    regions, random = scene.targets.regions, scene.random
    alone: list[tuple[str, ...]] = [(region,) for region in regions]
    others = [[(region,), *scene.without(region)] for region in regions] if len(regions) > 2 else []  # noqa: PLR2004  # of two each is alone
    random.shuffle(others)
    ways: list[list[tuple[str, ...]]] = [alone, *others]
    for sides in cycle(ways):
        place = random.randrange(len(sides))
        named = [(*side, "directory") if number == place else side for number, side in enumerate(sides)]
        away = [
            region
            for number, side in enumerate(sides)
            if number != place
            for region in side
            if scene.standby(region) not in side
        ]
        lapses = scene.lapsing(*away, seconds=scene.hold - 4 * LEASE_SECONDS)  # time enough to be asked by many
        expects = Expectation(tuple(sides), scene.soon, CONVERGES_SECONDS, lapses=lapses)
        yield (scene.fault(Kind.SPLIT, "|".join(map(",".join, named)), expects),)


def _cable(scene: Scene) -> Iterator[Round]:
    """All cables slow, uneven and narrow at once; then one of them in one way only."""
    links, random = list(scene.targets.links), scene.random
    expects = Expectation(scene.each, scene.soon, RECOVERS_SECONDS)
    one_way = [Kind.LATENCY, Kind.JITTER, Kind.BANDWIDTH]
    random.shuffle(one_way)
    for kind in cycle(one_way):
        yield (replace(scene.fault(Kind.SLOW, ",".join(links), expects), shape=_shape(random)),)
        yield (scene.fault(kind, random.choice(links), expects),)


def _amnesia(scene: Scene) -> Iterator[Round]:
    """Every mirror is down for a while; what comes meanwhile is gone from the relay topics before it is back."""
    expects = Expectation(scene.each, scene.soon, RECOVERS_SECONDS, once_well=True)
    for mirror in _cycled(scene.targets.mirrors, scene.random):
        yield (scene.fault(Kind.TRUNCATE, mirror, expects),)


def _repeats(scene: Scene) -> Iterator[Round]:
    """Every mirror loses its place, and copies again what it had copied."""
    expects = Expectation(scene.each, scene.soon, RECOVERS_SECONDS, once_well=True)
    for mirror in _cycled(scene.targets.mirrors, scene.random):
        yield (scene.fault(Kind.REPEAT, mirror, expects),)


def _directory(scene: Scene) -> Iterator[Round]:
    """All of the directory stands still; no lease lapses by that, since who stands by renews it."""
    keeps = scene.lapsing(*scene.targets.regions, seconds=scene.hold - 4 * LEASE_SECONDS)
    expects = Expectation((scene.targets.regions,), scene.soon, CONVERGES_SECONDS, keeps=keeps)
    while True:
        yield (scene.fault(Kind.FREEZE, "directory", expects),)


def _zombie(scene: Scene) -> Iterator[Round]:
    """A region's projector, then all of a region, stands still for longer than a lease lasts; those with a standby first."""
    regions = list(scene.targets.regions)
    scene.random.shuffle(regions)
    regions.sort(key=lambda region: region not in scene.targets.standbys)
    for region in cycle(regions):
        yield _sleeper(scene, Kind.PAUSE, region)
        yield _sleeper(scene, Kind.FREEZE, region)


def _sleeper(scene: Scene, kind: Kind, region: str) -> Round:
    """Return a zombie; one with a standby reaches neither that nor the directory when it wakes, or it would just be granted its lease again."""
    hold = max(scene.hold, LEASE_SECONDS + CUT_OFF_SECONDS)
    lapses = scene.lapsing(region, seconds=hold)
    expects = Expectation(scene.without(region), scene.soon, RECOVERS_SECONDS, once_well=True, lapses=lapses)
    target = scene.targets.projectors[region] if kind is Kind.PAUSE else region
    sleeper = scene.fault(kind, target, expects, hold=hold)
    if not lapses:
        return (sleeper,)
    aside = Expectation(scene.without(region), scene.soon)
    links = f"{region}-directory,{region}-{scene.standby(region)}"
    stale = scene.fault(Kind.CUT, links, aside, hold=hold + STALE_SECONDS, later=CUT_OFF_SECONDS)
    return sleeper, stale


def _everything(scene: Scene) -> Iterator[Round]:
    """At once: a projector and the directory stand still, a mirror forgets, all cables are slow, a Redis is emptied, and a part is killed."""
    targets, random = scene.targets, scene.random
    nothing = Expectation()
    while True:
        asleep = random.choice(targets.regions)
        elsewhere = [one for one in targets.mirrors if not one.startswith(f"{asleep}/")] or list(targets.mirrors)
        mirror = random.choice(elsewhere)
        struck = {targets.projectors[asleep], mirror, *targets.caches}
        bystanders = [part for part in targets.parts if kind_of_part(part) in MAY_DIE and part not in struck]
        links = ",".join(_away_from(link, asleep) for link in targets.links)
        shape = _shape(random)
        together = [
            scene.fault(Kind.PAUSE, targets.projectors[asleep], nothing),
            replace(
                scene.fault(Kind.SLOW, links, Expectation(converges=2 * RECOVERS_SECONDS, once_well=True)), shape=shape
            ),
            scene.fault(Kind.TRUNCATE, mirror, nothing),
            scene.fault(Kind.FREEZE, "directory", nothing),
            scene.fault(Kind.WIPE, random.choice(targets.caches), nothing),
            scene.fault(Kind.KILL, random.choice(bystanders), nothing),
        ]
        yield tuple(
            replace(fault, later=0.0 if number == 0 else round(random.random() * LATER_SECONDS, 1))
            for number, fault in enumerate(together)
        )


def _tour(scene: Scene) -> Iterator[Round]:
    """One round of each, the shortest that says something; everything at once is no part of it."""
    several = (_split, _cable, _directory, _zombie, _repeats, _amnesia)
    return chain.from_iterable([next(one(scene))] for one in several)


def _evacuation(scene: Scene) -> Iterator[Round]:
    """Each region by which another stands hands its duties over, and takes them back."""
    for region, site in sorted(scene.targets.standbys.items()):
        expects = Expectation(scene.without(region), LATEST, RECOVERS_SECONDS)
        yield (scene.fault(Kind.EVACUATE, f"{region}>{site}", expects, hold=0.0),)
        yield (scene.fault(Kind.RETURN, f"{site}>{region}", expects, hold=0.0),)


def _standby_loss(scene: Scene) -> Iterator[Round]:
    """All of a region that stands by another is gone, and comes back."""
    for site in _cycled(tuple(sorted(set(scene.targets.standbys.values()))), scene.random):
        expects = Expectation(scene.without(site), scene.soon, RECOVERS_SECONDS, once_well=True)
        yield (scene.fault(Kind.DOWN, site, expects),)


def _kill(scene: Scene) -> Iterator[Round]:
    """Each region by which another stands dies, is taken over, comes back and is restored."""
    for region, site in sorted(scene.targets.standbys.items()):
        expects = Expectation(scene.without(region), scene.soon, RECOVERS_SECONDS, once_well=True, taken_over=(region,))
        yield (scene.fault(Kind.DEATH, f"{region}>{site}", expects),)


def _store_loss(scene: Scene) -> Iterator[Round]:
    """The same, and each comes back without its store."""
    for (fault,) in _kill(scene):
        yield (replace(fault, kind=Kind.LOSS),)


def _replicas(scene: Scene) -> Iterator[Round]:
    """One part after another is killed that others stand in for: the kinds by turns, of each kind one after another, in an order that is drawn anew once all had their turn."""
    expects = Expectation(prompt=PROMPT_SECONDS, usual=LIMIT_MS / 1000)
    decks: dict[str, list[str]] = {name: [] for name in sorted(scene.targets.replicas)}
    kinds = list(decks)
    scene.random.shuffle(kinds)
    for kind in cycle(kinds):
        if not decks[kind]:
            decks[kind] = list(scene.targets.replicas[kind])
            scene.random.shuffle(decks[kind])
        yield (scene.fault(Kind.KILL, decks[kind].pop(), expects),)


def _shape(random: Random) -> Shape:
    """Draw how a slow cable is: 100 to 250 ms each way, 20 to 80 ms to and fro, 1 to 5 Mbit/s."""
    return Shape(
        latency=round(random.uniform(0.1, 0.25), 3),
        jitter=round(random.uniform(0.02, 0.08), 3),
        bandwidth=round(random.uniform(1e6, 5e6), -3),
    )


def _away_from(link: str, region: str) -> str:
    """Return a link as seen from that region, if it leads there: whoever answers at its end must be awake."""
    one, _, other = link.partition("-")
    return f"{other}-{one}" if other == region else link


def _cycled(items: tuple[str, ...], random: Random) -> Iterator[str]:
    found = list(items)
    random.shuffle(found)
    return cycle(found)


_ROUNDS: dict[Scenario, Callable[[Scene], Iterator[Round]]] = {
    Scenario.SPLIT: _split,
    Scenario.CABLE: _cable,
    Scenario.AMNESIA: _amnesia,
    Scenario.DIRECTORY: _directory,
    Scenario.ZOMBIE: _zombie,
    Scenario.EVERYTHING: _everything,
    Scenario.TOUR: _tour,
    Scenario.EVACUATION: _evacuation,
    Scenario.STANDBY_LOSS: _standby_loss,
    Scenario.KILL: _kill,
    Scenario.STORE_LOSS: _store_loss,
    Scenario.REPLICAS: _replicas,
}
