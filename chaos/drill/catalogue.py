"""The drills that there are, by name: what each does, how long it takes, what it strikes, what must hold, and what it does not show."""

from dataclasses import dataclass, replace

from msgspec import structs

from chaos.drill import scenarios, schedule
from chaos.drill.scenarios import Scenario
from chaos.drill.schedule import Fault, Name, Targets
from chaos.judge.events import Expectation
from infra.errors import CausewayError


class UnknownDrillError(CausewayError):
    """There is no drill '{name}'; there are {known}. `causeway drill list` tells of each."""

    code = "unknown-drill"
    definite = True


@dataclass(frozen=True, slots=True)
class Drill:
    """A drill, for people.

    Attributes:
        about: What it does.
        strikes: What may be touched.
        holds: What must hold besides what must always.
        unseen: What it does not show.
        minutes: How long the traffic flows by default.
        rate: Messages a second by default.
        hold: How long each fault lasts by default, seconds; 0 if that is not settable.
    """

    about: str
    strikes: str
    holds: str
    unseen: str
    minutes: float = 10.0
    rate: float = 300.0
    hold: float = 0.0


_ALWAYS = "nothing besides what is always asked"
_SPARED = "whom it spares is served as ever"

DRILLS: dict[str, Drill] = {
    Scenario.SPLIT: Drill(
        about="the network falls apart, each side alone; nobody acts, and then it is whole again",
        strikes="links between regions, and between all but one side and the directory",
        holds=f"{_SPARED}: conversations owned inside a side go on among its people; everything has arrived 10 s after healing",
        unseen="a takeover: nobody takes over on either side, since nobody is asked to",
        minutes=4.0, rate=60.0, hold=120.0,
    ),
    Scenario.CABLE: Drill(
        about="the sea cables are slow, uneven and narrow, as the seed says; then one of them in one way",
        strikes="links between regions",
        holds=f"{_SPARED}: everybody within their own region; everything has arrived 30 s after it",
        unseen="packets are not lost: a link of this machine delays and throttles, as TCP over a bad line looks to those above it",
        minutes=5.0, rate=60.0, hold=30.0,
    ),
    Scenario.AMNESIA: Drill(
        about="a relay topic forgets what its mirror has not copied yet",
        strikes="MirrorMakers, one after another, and the relay topics that they read",
        holds=f"{_SPARED}: everybody within their own region; everything has arrived 30 s after the mirror is back",
        unseen="rows that the origin's store has pruned as well: then it is a hole, which docs/operations/integrity.md is about",
        minutes=4.0, rate=60.0, hold=10.0,
    ),
    Scenario.DIRECTORY: Drill(
        about="all of the directory stands still",
        strikes="the directory and its store",
        holds=f"{_SPARED}: nobody who is logged in is harmed, in any region, and who loses their connection is let in again; everything has arrived 10 s after it",
        unseen="who registers, logs in or looks for a handle meanwhile, and tokens that run out; the store of the directory is never lost",
        minutes=4.0, rate=60.0, hold=120.0,
    ),
    Scenario.ZOMBIE: Drill(
        about="a region's projector, then all of a region, stands still for longer than a lease lasts, and wakes as if nothing was",
        strikes="all processes of a region; where another region stands by it, its link to the directory as well",
        holds=f"{_SPARED}: all other regions; where a standby is named, a region that wakes without its lease is asked to let somebody in, and refuses",
        unseen="a takeover, since nobody is asked for one; where none is named nothing is stale, and nothing is refused",
        minutes=5.0, rate=60.0, hold=20.0,
    ),
    Scenario.EVERYTHING: Drill(
        about="at once: a projector and the directory stand still, a mirror forgets, all cables are slow, a Redis is emptied, a part is killed",
        strikes="parts of every region, the directory and all links between regions",
        holds="everything has arrived a minute after all of it is over",
        unseen="who is served meanwhile: nobody is spared",
        minutes=6.0, rate=60.0, hold=20.0,
    ),
    Scenario.TOUR: Drill(
        about="a short split, a slow cable, a silent directory, a zombie, a mirror that repeats itself and one's amnesia, one after another: what runs with the tests",
        strikes="what these strike",
        holds="what these must hold",
        unseen="anything that takes longer than some seconds to show",
        minutes=1.0, rate=40.0, hold=6.0,
    ),
    Scenario.EVACUATION: Drill(
        about="an operator hands the duties of each region by which another stands to that one's site, and back, while everybody writes",
        strikes="the duties of such regions: their gateways, ingesters and projectors end at one site and begin at the other",
        holds=f"{_SPARED}: all other regions; nothing accepted is lost; everything has arrived 30 s after each way",
        unseen="a site that is gone, which is the drill `kill`; whether the other site bears the load of both for long",
        minutes=3.0, rate=60.0,
    ),
    Scenario.STANDBY_LOSS: Drill(
        about="all of a region that stands by another is killed, stays down, and comes back",
        strikes="everything of a region that stands by another",
        holds=f"{_SPARED}: all other regions, also whom it stood by; everything has arrived 30 s after it is well",
        unseen="that its copy of the other's store is the same afterwards: `causeway standby verify` says so; a disk that is lost",
        minutes=4.0, rate=60.0, hold=30.0,
    ),
    Scenario.KILL: Drill(
        about="all of a region by which another stands is killed at once; it is declared dead and taken over, comes back, and is restored",
        strikes="everything of such a region, and its duties",
        holds=f"{_SPARED}: all other regions; its own people are served by who stands by before it is back; what was taken out of their screens comes again; nothing accepted is lost; everything has arrived 30 s after it is well",
        unseen="a site whose disks are lost, of which `store-loss` is one; an operator who hesitates: the drill acts at once; that anybody acts by themselves",
        minutes=4.0, rate=60.0, hold=60.0,
    ),
    Scenario.STORE_LOSS: Drill(
        about="as `kill`, and the disk of the region's store is lost: it comes back with an empty one, and from what its standby has",
        strikes="everything of such a region, its duties, and its store for good",
        holds=f"{_SPARED}: as in `kill`; nothing is begun in the empty store; nothing accepted is lost, since the journal is there",
        unseen="a Kafka whose disk is lost, or both; an older store; what only the store knew of images that were brought in its last moment",
        minutes=4.0, rate=60.0, hold=60.0,
    ),
    Scenario.REPLICAS: Drill(
        about="every 20 s one part is killed that others stand in for, the kinds by turns; the supervisor starts it again",
        strikes="the parts of which a region has several, never two at a time: the brokers of a Kafka, projectors",
        holds="nothing is lost or comes twice; every request is served within 10 s, with the client's own retries; the share that was within 1.5 s is told",
        unseen="parts that have no replica here: edges and gateways, fan-outs, forwarders, ingesters, mirrors, media services, stores; two of a kind that are lost at once",
        minutes=30.0, rate=60.0, hold=5.0,
    ),
    Name.PARTS: Drill(
        about="every part of every region killed, paused or restarted, every Redis emptied, every link cut, slowed or narrowed, one after another",
        strikes="everything, one at a time", holds=_ALWAYS, unseen="two faults at once",
    ),
    Name.PAIRS: Drill(
        about="two at once: parts killed, paused or restarted, links disturbed, the second at a random moment after the first",
        strikes="everything, two at a time", holds=_ALWAYS, unseen="more than two faults at once",
    ),
    Name.RELAY: Drill(
        about="every MirrorMaker made to repeat or killed, every relay topic truncated before it was copied, links disturbed",
        strikes="MirrorMakers, relay topics and links", holds=_ALWAYS, unseen="what lies within a region",
    ),
    Name.DOUBLES: Drill(
        about="a second instance of every service, started while the first stands still; then both go on",
        strikes="services, one at a time", holds=_ALWAYS, unseen="services to which nobody would come",
    ),
    Name.DISKS: Drill(
        about="every Kafka and PostgreSQL with a full disk (as root: it takes a mount)",
        strikes="Kafkas and PostgreSQLs, one at a time", holds=_ALWAYS, unseen="a disk that is lost",
    ),
}  # fmt: skip
ABSENT = {
    "journal loss": "a region whose Kafka lost its disk comes back by `causeway region restore --journal-lost` (docs/operations/incarnation.md), and no drill does that yet",
}
"""Drills that there are not, and why."""


def of(name: str) -> Drill:
    """Return a drill.

    Raises:
        UnknownDrillError: There is none of that name.
    """
    if name not in DRILLS:
        raise UnknownDrillError(name=name, known=", ".join(DRILLS))
    return DRILLS[name]


def plan_of(
    name: str, targets: Targets, *, seconds: float, rate: float, hold: float, seed: int, leeway: float = 1.0
) -> tuple[Fault, ...]:
    """Return the faults of a drill; see `schedule.plan` and `scenarios.plan`.

    Args:
        name: Which drill.
        targets: What there is.
        seconds: How long the traffic flows.
        rate: Messages a second.
        hold: How long each fault lasts at least, seconds.
        seed: Decides the rest.
        leeway: How many times as long whatever must hold soon may take, for a machine that is slow.

    Raises:
        UnknownDrillError: There is none of that name.
    """
    of(name)
    if name in set(Scenario):
        faults = scenarios.plan(Scenario(name), targets, seconds=seconds, hold=hold, seed=seed)
        return tuple(replace(fault, expects=_given(fault.expects, leeway)) for fault in faults)
    return schedule.plan(Name(name), targets, seconds=seconds, rate=rate, seed=seed)


def said(leeway: float) -> str:
    """Return what a leeway changes in what must hold, in words; empty if it is none."""
    return "" if leeway == 1.0 else f"; here whatever must hold soon may take {leeway:g} times as long"


def _given(expects: Expectation | None, leeway: float) -> Expectation | None:
    if expects is None:
        return None
    longer = {name: leeway * getattr(expects, name) for name in ("soon", "converges", "prompt")}
    return structs.replace(expects, **longer)
