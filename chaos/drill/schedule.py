"""Which fault when: a pure function of what there is to strike, the time there is, and a seed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain, groupby, islice, zip_longest
from random import Random
from typing import TypeVar

from chaos.judge.events import Expectation
from chaos.judge.spans import kind_of_part
from infra.local.link import Shape

T = TypeVar("T")

SHORTEST, LONGEST = 3.0, 5.0
LONG_SHORTEST, LONG_LONGEST = 40.0, 50.0
"""A long pause outlasts every patience within a region: 35 s for a store, 20 for a blob store, 10 for Redis, 5 and 3 in requests."""
LONG_FROM_SECONDS = 300.0
"""How long a drill is at least that has long pauses: the first, and every third after it."""
EVERY_KIND_FROM_SECONDS = 600.0
"""How long `parts` is at least to pause one part of every kind that long."""
LATER_SECONDS = 3.0
"""How long after the first of a pair the second begins at most."""
ENOUGH_SENDS = 40
CALM_SECONDS = 3.0
"""How long nothing else begins after a fault, if its plan does not say so."""


class Kind(StrEnum):
    """What is done to a part or a link."""

    KILL = "kill"
    """SIGKILL; the supervisor starts it again."""
    PAUSE = "pause"
    """SIGSTOP, and SIGCONT after a while."""
    RESTART = "restart"
    """Stopped cleanly, and started again."""
    CUT = "cut"
    """A link lets nothing pass, in either direction."""
    ONE_WAY = "one-way cut"
    """A link lets nothing pass from the first to the second."""
    LATENCY = "latency"
    """Each byte travels 150 ms longer, each way."""
    JITTER = "jitter"
    """Each byte travels 50 to 250 ms longer, each way."""
    BANDWIDTH = "bandwidth"
    """A link carries 250 kbit/s each way, less than what is to pass."""
    WIPE = "wipe"
    """Redis forgets everything."""
    REPEAT = "repeat"
    """MirrorMaker loses its place, and copies records that it has copied before."""
    TRUNCATE = "truncate"
    """While MirrorMaker is down, relay topics lose what it has not copied."""
    DOUBLE = "double"
    """A service stands still, a second instance of it is started, and the first one goes on beside it."""
    FULL = "full disk"
    """The file system on which a part's data lies has no room left."""
    SPLIT = "split"
    """The network falls apart: nothing passes between its sides."""
    SLOW = "slow cable"
    """Links are slow, uneven and narrow at once, as the plan says how much."""
    FREEZE = "freeze"
    """SIGSTOP of everything of a region, or of the directory, and SIGCONT after a while."""
    DOWN = "site down"
    """SIGKILL of everything of a region, which stays down for a while."""
    DEATH = "region death"
    """SIGKILL of everything of a region, which is then declared dead by an operator's command, stays down for a while, comes back, and is restored."""
    LOSS = "store loss"
    """The same, and the disk of its store is lost meanwhile."""
    EVACUATE = "evacuation"
    """A region's duties are handed from its own site to the one that stands by, by an operator's command."""
    RETURN = "return"
    """The same, back home."""


ON_LINKS = (Kind.CUT, Kind.ONE_WAY, Kind.LATENCY, Kind.JITTER, Kind.BANDWIDTH)
"""What the drills that are not named disturb a link by."""
MOVES = (Kind.EVACUATE, Kind.RETURN)
"""What an operator does, not a fault; it ends when the command does."""
DEATHS = (Kind.DEATH, Kind.LOSS)
"""What a region does not come back from by itself: it is declared dead, taken over, and restored."""
SEEN_AT_THE_END = (Kind.TRUNCATE,)
"""What shows itself only as it is taken off."""


class Name(StrEnum):
    """The drills that there are."""

    PARTS = "parts"
    PAIRS = "pairs"
    RELAY = "relay"
    DOUBLES = "doubles"
    DISKS = "disks"


SLOTS = {Name.PARTS: 10.0, Name.PAIRS: 15.0, Name.RELAY: 20.0, Name.DOUBLES: 20.0, Name.DISKS: 40.0}
"""For how long one fault, or pair of faults, is reckoned with the recovery from it and the calm after it, seconds."""


@dataclass(frozen=True, slots=True)
class Targets:
    """What there is to strike, by full name.

    Attributes:
        parts: All parts, but for the drill's own tool, the link proxy.
        links: Pairs of regions, such as eu-us.
        caches: The parts that are a Redis.
        mirrors: The parts that are a MirrorMaker.
        services: The parts that are processes of our own, of which a second one would have something to do.
        disks: The parts that keep data on disk.
        regions: All regions.
        projectors: Region to the part that decides for it, and whatever else that runs.
        standbys: Region to the one that stands by.
        replicas: Region and kind of part, such as us/kafka, to those parts that are equal, each of which the others stand in for.
    """

    parts: tuple[str, ...]
    links: tuple[str, ...] = ()
    caches: tuple[str, ...] = ()
    mirrors: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    disks: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    projectors: Mapping[str, str] = field(default_factory=dict)
    standbys: Mapping[str, str] = field(default_factory=dict)
    replicas: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that is to be put on.

    Attributes:
        number: From 1, in the order in which they begin.
        slot: Which other faults it is put on together with: those of the same slot.
        at: Not earlier than this, seconds after the traffic began.
        kind: What is done.
        target: A part, such as us/kafka; a link, such as us-eu, or several, with commas; the sides of a split, such as us|eu,directory; a region, or the directory; the
            sites between which duties go, such as us>eu.
        hold: How long it lasts at least from when it is seen, seconds.
        later: How long after the first of its slot it begins, seconds.
        rest: How long nothing else begins after it, seconds.
        shape: What a slow cable does to what passes, each way.
        expects: What must hold all the same.
    """

    number: int
    slot: int
    at: float
    kind: Kind
    target: str
    hold: float
    later: float = 0.0
    rest: float = CALM_SECONDS
    shape: Shape | None = None
    expects: Expectation | None = None

    @property
    def name(self) -> str:
        """What the ledger calls it."""
        return f"f{self.number}"


def plan(name: Name, targets: Targets, *, seconds: float, rate: float, seed: int) -> tuple[Fault, ...]:
    """Return the faults of a drill, slot after slot.

    `parts` strikes one thing at a time. When there is time enough every part is killed, and what time is left goes to everything else by
    turns; when there is less, kills, pauses, restarts and the rest take turns from the start, on parts that differ. `pairs` strikes two things at
    once, the second at a random moment after the first. The others strike what is theirs, one at a time, over and over.

    From five minutes on every third pause is a long one, and from ten on `parts` has one of every kind of part. They come on top: what follows
    begins later by what they take.

    Args:
        name: Which drill.
        targets: What there is.
        seconds: How long the traffic flows.
        rate: Messages a second; slow traffic makes faults last until enough of it has met them.
        seed: Decides the rest.
    """
    random = Random(seed)
    slots = max(1, int(seconds / SLOTS[name]) - 1)
    every_kind = name is Name.PARTS and seconds >= EVERY_KIND_FROM_SECONDS
    if name is Name.PAIRS:
        chosen = list(islice(_pairs(targets, random), slots))
    elif name is Name.PARTS:
        chosen = [(one,) for one in _singly(targets, slots, random, every_kind=every_kind)]
    else:
        chosen = [(one,) for one in _turns(name, targets, slots, random)]
    struck = chain.from_iterable(chosen)
    long = _long(struck, every_kind=every_kind) if seconds >= LONG_FROM_SECONDS else set()
    least = max(SHORTEST, ENOUGH_SENDS / rate)
    faults: list[Fault] = []
    on_top = 0.0
    for slot, together in enumerate(chosen, 1):
        later, at = 0.0, slot * SLOTS[name] + on_top
        for kind, target in together:
            hold = round(least + random.random() * (LONGEST - SHORTEST), 1)
            if len(faults) in long:
                hold = round(random.uniform(LONG_SHORTEST, LONG_LONGEST), 1)
                on_top = at - slot * SLOTS[name] + hold
            faults.append(Fault(len(faults) + 1, slot, at, kind, target, hold, later))
            later = round(random.random() * LATER_SECONDS, 1)
    return tuple(faults)


def _long(struck: Iterable[tuple[Kind, str]], *, every_kind: bool) -> set[int]:
    """Return which faults, by their place, are long pauses: every third pause, and the first of each kind of part."""
    pauses = [(place, kind_of_part(target)) for place, (kind, target) in enumerate(struck) if kind is Kind.PAUSE]
    firsts: dict[str, int] = {}
    for place, part in pauses:
        firsts.setdefault(part, place)
    return {place for place, _ in pauses[::3]} | (set(firsts.values()) if every_kind else set())


def by_slot(faults: Iterable[Fault]) -> list[tuple[Fault, ...]]:
    """Return the faults that are put on together, slot by slot."""
    return [tuple(together) for _, together in groupby(faults, key=lambda fault: fault.slot)]


def _singly(targets: Targets, slots: int, random: Random, *, every_kind: bool) -> list[tuple[Kind, str]]:
    kills, pauses, restarts = ([(kind, part) for part in _shuffled(targets.parts, random)] for kind in list(Kind)[:3])
    wipes = [(Kind.WIPE, cache) for cache in _shuffled(targets.caches, random)]
    others = list(_by_turns(_shuffled(_on_links(targets, random), random), wipes))
    if slots >= len(kills):
        firsts = list({kind_of_part(part): (kind, part) for kind, part in pauses}.values()) if every_kind else []
        pauses = [pause for pause in pauses if pause not in firsts]
        rest = [*firsts, *_by_turns(pauses, restarts, others)]
        return _shuffled(kills + rest[: slots - len(kills)], random)
    third = len(kills) // 3 + 1  # three thirds of one order, so that no part has two faults while others have none
    order = [part for _, part in kills]
    turns = _by_turns(
        kills[:third],
        [(Kind.PAUSE, part) for part in order[third : 2 * third]],
        [(Kind.RESTART, part) for part in order[2 * third :]],
        others,
    )
    once: dict[str, Kind] = {}
    for kind, target in turns:
        once.setdefault(target, kind)
    return [(kind, target) for target, kind in once.items()][:slots]


def _pairs(targets: Targets, random: Random) -> Iterable[tuple[tuple[Kind, str], ...]]:
    """Return pairs without an end: on two parts, or on a part and a link."""
    while True:
        parts = _shuffled(targets.parts, random)
        links = _shuffled(_on_links(targets, random), random)
        for one, other in zip(parts[::2], parts[1::2], strict=False):
            first = random.choice([Kind.KILL, Kind.PAUSE, Kind.RESTART]), one
            second = random.choice([Kind.KILL, Kind.PAUSE, Kind.RESTART]), other
            link = next((place for place, (_, where) in enumerate(links) if not _answers_for(one, where)), None)
            if link is not None and random.random() < 1 / 4:
                second = links.pop(link)
            yield tuple(_shuffled([first, second], random))


def _answers_for(part: str, link: str) -> bool:
    """Whether a part is what answers at the end of a link: while it is struck, nobody can tell what the link does."""
    return part in {f"{link.partition('-')[2]}/{name}" for name in ("front", "gateway", "services")}


def _turns(name: Name, targets: Targets, slots: int, random: Random) -> list[tuple[Kind, str]]:
    decks: list[list[tuple[Kind, str]]] = {
        Name.RELAY: [
            [(Kind.REPEAT, mirror) for mirror in targets.mirrors],
            [(Kind.TRUNCATE, mirror) for mirror in targets.mirrors],
            [(Kind.KILL, mirror) for mirror in targets.mirrors],
            _on_links(targets, random),
        ],
        Name.DOUBLES: [[(Kind.DOUBLE, service) for service in targets.services]],
        Name.DISKS: [[(Kind.FULL, disk) for disk in targets.disks]],
    }[name]
    found: list[tuple[Kind, str]] = []
    while len(found) < slots and any(decks):
        found += _by_turns(*(_shuffled(deck, random) for deck in decks))
    return found[:slots]


def _on_links(targets: Targets, random: Random) -> list[tuple[Kind, str]]:
    return [(kind, _turned(link, random)) for link in targets.links for kind in ON_LINKS]


def _shuffled(items: Iterable[T], random: Random) -> list[T]:
    found = list(items)
    random.shuffle(found)
    return found


def _turned(link: str, random: Random) -> str:
    """Return a link seen from either end: a one-way cut takes the direction that is named."""
    ends = link.split("-")
    random.shuffle(ends)
    return "-".join(ends)


def _by_turns(*decks: Sequence[tuple[Kind, str]]) -> Iterable[tuple[Kind, str]]:
    return (one for one in chain.from_iterable(zip_longest(*decks)) if one is not None)
