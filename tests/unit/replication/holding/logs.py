"""Three regions and one conversation's log, through takeovers at any moment: nothing here hangs on a lease or a clock.

What was ever said may be heard at any time, again, or never; a region that takes no step is dead, asleep, or cut off, and may go on later
believing what it believed. A region may lose its store.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import product
from typing import NamedTuple

from infra.errors import CausewayError
from replication.holding import anew, duty, following, takeover
from replication.holding.following import Ack, Copy, Verdict
from replication.holding.lease import Promise, Terms
from replication.holding.paths import Path
from replication.holding.takeover import Offer

NAMES = ("us", "eu", "ap")
TERMS = Terms()
Log = tuple[tuple[int, str], ...]


class Bounds(NamedTuple):
    """How much may happen."""

    messages: int = 2
    epochs: int = 2
    losses: int = 0
    gaps: bool = False


class Era(NamedTuple):
    """All that the holder of an epoch has told."""

    holder: tuple[str, int]
    standby: str
    path: Path
    log: tuple[str, ...]


class Given(NamedTuple):
    """An offer, with what it offers."""

    region: str
    offer: Offer
    log: Log


class Final(NamedTuple):
    """What an author was told never to change."""

    epoch: int
    seq: int
    message: str


@dataclass(frozen=True, slots=True)
class Region:
    """What a region keeps durably, and what it believes.

    Attributes:
        claimed: What the directory said when it became the holder, until it has begun.
        leads: The epoch that it decides in, as far as it knows; 0 for none.
        primed: The standby that the directory has confirmed to it.
    """

    name: str
    incarnation: int = 1
    copy: Copy = field(default_factory=Copy)
    log: Log = ()
    owed: tuple[str, ...] = ()
    claimed: duty.Duty | None = None
    leads: int = 0
    primed: tuple[str, int] | None = None
    told: int = 0

    @property
    def life(self) -> tuple[str, int]:
        """The region and its incarnation."""
        return self.name, self.incarnation

    @property
    def messages(self) -> tuple[str, ...]:
        """What it has, in order of seq."""
        return tuple(message for _, message in self.log)


@dataclass(frozen=True, slots=True)
class World:
    """All that is so, and all that was said."""

    bounds: Bounds
    record: duty.Duty
    regions: tuple[Region, ...]
    eras: tuple[Era, ...]
    given: frozenset[Given] = frozenset()
    acks: frozenset[Ack] = frozenset()
    finals: frozenset[Final] = frozenset()
    accepted: tuple[str, ...] = ()
    losses: int = 0
    broken: str = ""

    def having(self, region: Region) -> "World":
        """Return the world with a region as it is now."""
        return replace(self, regions=tuple(region if other.name == region.name else other for other in self.regions))


def start(bounds: Bounds) -> World:
    """Return a healthy federation: us holds, eu stands by and has everything."""
    path = Path(1)
    record = duty.Duty("us", 1, "us", 1, "eu", frozenset({("us", 1), ("eu", 1)}), Promise(1, 0))
    us, *others = (Region(name, copy=Copy(path, 1)) for name in NAMES)
    return World(bounds, record, (replace(us, leads=1, primed=("eu", 1)), *others), (Era(("us", 1), "eu", path, ()),))


def accept(world: World, region: Region) -> World | None:
    """A device's message is in the region's journal."""
    if len(world.accepted) >= world.bounds.messages:
        return None
    message = f"m{len(world.accepted)}"
    world = replace(world, accepted=(*world.accepted, message))
    return world.having(replace(region, owed=anew.owed((), region.owed, (message,), ())))


def decide(world: World, region: Region, message: str) -> World | None:
    """A holder numbers a submission, which may have been under way for however long, and come however often."""
    if not region.leads or region.copy.fence != region.leads or not anew.numbers(message, region.messages):
        return None
    seq = region.copy.head + 1
    at = next(at for at, era in enumerate(world.eras) if era.path.epoch == region.leads)
    era = world.eras[at]
    if seq <= len(era.log):
        return replace(world, broken="one number for two entries of an epoch")
    eras = (*world.eras[:at], era._replace(log=(*era.log, message)), *world.eras[at + 1 :])
    return replace(world, eras=eras).having(_stored(region, seq, message))


def claim(world: World, region: Region, standby: str) -> World | None:
    """Holder or standby ends the epoch; that leases allow it is another world's matter."""
    if world.record.epoch >= world.bounds.epochs:
        return None
    late = world.record.promised.until
    try:
        record = duty.judge_claim(world.record, region.life, world.record.epoch, late, TERMS, standby=standby)
    except CausewayError:
        return None
    return replace(world, record=record)


def hear_claim(world: World, region: Region) -> World | None:
    """A region fences what is over, and offers what it has; the new holder begins to collect."""
    epoch = world.record.epoch
    if region.copy.fence >= epoch:
        return None
    region = replace(region, copy=following.fenced(region.copy, epoch))
    if duty.is_held_by(world.record, *region.life):
        region = replace(region, claimed=world.record)
    offer = Offer(region.incarnation, epoch, region.copy.path, region.copy.runs)
    return replace(world, given=world.given | {Given(region.name, offer, region.log)}).having(region)


def begin(world: World, region: Region, others: tuple[Given, ...]) -> World | None:
    """The new holder begins its epoch with what it collected, its own copy included."""
    wanted = region.claimed
    if wanted is None or region.copy.fence != wanted.epoch:
        return None
    own = next(given for given in world.given if _is_own(given, region))
    by_region = {given.region: given for given in (own, *others)}
    offers = {name: given.offer for name, given in by_region.items()}
    if not takeover.suffices(wanted.keepers, offers, wanted.epoch):
        return None
    adoption = takeover.adopt(offers, wanted.epoch)
    log = tuple(
        (seq, dict(by_region[name].log)[seq])
        for name, first, last in adoption.sources
        for seq in range(first, last + 1)
    )
    messages = tuple(message for _, message in log)
    copy = Copy(adoption.path, wanted.epoch, ((1, len(log)),) if log else ())
    owed = anew.owed(region.messages, region.owed, (), messages)
    led = replace(region, copy=copy, log=log, owed=owed, claimed=None, leads=wanted.epoch, primed=None, told=0)
    era = Era(region.life, wanted.standby, adoption.path, messages)
    return replace(world, eras=(*world.eras, era)).having(led)


def hear_begun(world: World, region: Region, era: Era) -> World | None:
    """A region hears how an epoch began, and takes out what is not in it."""
    copy = following.turned(region.copy, era.path)
    if copy is None:
        return None
    kept = tuple((seq, message) for seq, message in region.log if _holds(copy, seq))
    tail = (message for seq, message in region.log if not _holds(copy, seq))
    owed = anew.owed(tail, region.owed, (), (message for _, message in kept))
    return world.having(replace(region, copy=copy, log=kept, owed=owed, claimed=None, leads=0, primed=None))


def hear_entry(world: World, region: Region, era: Era, seq: int) -> World | None:
    """A region is told an entry in an epoch."""
    if not 0 < seq <= len(era.log) or region.leads == era.path.epoch:
        return None
    if following.judge(region.copy, era.path.epoch, seq) is not Verdict.STORE:
        return None
    return world.having(_stored(region, seq, era.log[seq - 1]))


def acknowledge(world: World, region: Region, era: Era) -> World | None:
    """A standby says what it has."""
    if era.standby != region.name or region.copy.path.epoch != era.path.epoch:
        return None
    ack = following.acknowledged(region.copy, region.name, region.incarnation)
    if ack is None or ack in world.acks:
        return None
    return replace(world, acks=world.acks | {ack})


def prime(world: World, region: Region, ack: Ack) -> World | None:
    """A holder has its standby confirmed by the directory."""
    if not region.leads or ack.epoch != region.leads or region.primed == (ack.region, ack.incarnation):
        return None
    needed = max(region.copy.path.start, region.told)
    life = (ack.region, ack.incarnation)
    try:
        record = duty.judge_priming(world.record, region.leads, region.life, life, head=ack.head, needed=needed)
    except CausewayError:
        return None
    return replace(world, record=record).having(replace(region, primed=life))


def finalise(world: World, region: Region, ack: Ack) -> World | None:
    """A holder tells authors what is final."""
    upto = min(following.final(ack, region.leads, region.primed), len(region.log)) if region.leads else 0
    if upto <= region.told:
        return None
    news = {Final(region.leads, seq, message) for seq, message in region.log if seq <= upto}
    return replace(world, finals=world.finals | news).having(replace(region, told=upto))


def lose(world: World, region: Region) -> World | None:
    """A region's store is gone, and everything that it believed."""
    if world.losses >= world.bounds.losses:
        return None
    return replace(world, losses=world.losses + 1).having(Region(region.name, region.incarnation + 1))


def steps(world: World) -> Iterator[World]:
    """Return every world that may be next."""
    yield from (after for after in _steps(world) if after is not None)


def wrong(world: World) -> str:
    """Return what must not be: see `docs/failover.md`."""
    if world.broken:
        return world.broken
    for era in world.eras:
        if len(set(era.log)) < len(era.log):
            return "a message is numbered twice"
        for final in world.finals:
            if final.epoch <= era.path.epoch and era.log[final.seq - 1 : final.seq] != (final.message,):
                return f"what was final is lost, or stands elsewhere, in epoch {era.path.epoch}"
    followed = {era.path.epoch: era for era in world.eras}
    for region in world.regions:
        told = followed[region.copy.path.epoch].log if region.log else ()
        if any(told[seq - 1 : seq] != (message,) for seq, message in region.log):
            return f"{region.name} shows what is not in the log that it follows"
    if not world.losses:
        kept = {message for region in world.regions for message in (*region.owed, *region.messages)}
        if lost := set(world.accepted) - kept:
            return f"accepted and lost: {sorted(lost)}"
    return ""


def _steps(world: World) -> Iterator[World | None]:
    for region in world.regions:
        yield accept(world, region)
        yield hear_claim(world, region)
        yield lose(world, region)
        yield from (decide(world, region, message) for message in world.accepted)
        yield from (claim(world, region, standby) for standby in NAMES if standby != region.name)
        yield from (begin(world, region, others) for others in collected(world, region))
        for era in world.eras:
            yield hear_begun(world, region, era)
            yield hear_entry(world, region, era, region.copy.head + 1)
            if world.bounds.gaps:
                yield hear_entry(world, region, era, len(era.log))
            yield acknowledge(world, region, era)
        for ack in world.acks:
            yield prime(world, region, ack)
            yield finalise(world, region, ack)


def collected(world: World, region: Region) -> Iterator[tuple[Given, ...]]:
    """Return whatever a new holder may have collected from others when it begins."""
    if region.claimed is None:
        return
    for choice in product(*(_offers(world, name, region.claimed.epoch) for name in NAMES if name != region.name)):
        yield tuple(given for given in choice if given is not None)


def _offers(world: World, name: str, epoch: int) -> list[Given | None]:
    return [None, *(given for given in world.given if given.region == name and given.offer.fence == epoch)]


def _is_own(given: Given, region: Region) -> bool:
    return (given.region, given.offer.incarnation, given.offer.fence) == (*region.life, region.copy.fence)


def _stored(region: Region, seq: int, message: str) -> Region:
    log = tuple(sorted((*region.log, (seq, message))))
    owed = anew.owed((), region.owed, (), (message for _, message in log))
    return replace(region, copy=following.stored(region.copy, seq), log=log, owed=owed)


def _holds(copy: Copy, seq: int) -> bool:
    return any(first <= seq <= last for first, last in copy.runs)


def settle(world: World) -> World:
    """Return the world once every region is reached and nobody submits: only what is still kept is sent, and everything is sent until it comes."""
    world = replace(world, bounds=world.bounds._replace(epochs=world.record.epoch + 1))
    while (after := next(_mending(world), None)) is not None:
        world = after
    return world


def unsettled(world: World) -> str:
    """Return what is not as it must be in the end: one order everywhere, final, with everything accepted once."""
    logs = {region.messages for region in world.regions}
    if len(logs) != 1:
        return f"regions differ in the end: {logs}"
    if any(region.owed for region in world.regions):
        return "something is owed for ever"
    present = next(era for era in world.eras if era.path.epoch == world.record.epoch)
    if {final.message for final in world.finals if final.epoch == present.path.epoch} != set(present.log):
        return "something never becomes final"
    if not world.losses and sorted(present.log) != sorted(world.accepted):
        return f"accepted, and not once in the end: {present.log} of {world.accepted}"
    return ""


def _mending(world: World) -> Iterator[World]:
    yield from (after for after in _mends(world) if after is not None)


def _mends(world: World) -> Iterator[World | None]:
    record = world.record
    holder = next(region for region in world.regions if region.name == record.holder)
    if not duty.is_held_by(record, *holder.life):
        yield claim(world, holder, next(name for name in NAMES if name != holder.name))
    yield from (hear_claim(world, region) for region in world.regions)
    yield from (begin(world, holder, others) for others in reversed(list(collected(world, holder))))
    for era in world.eras:
        if era.path.epoch != record.epoch:
            continue
        for region in world.regions:
            yield hear_begun(world, region, era)
            yield hear_entry(world, region, era, region.copy.head + 1)
            yield from (decide(world, holder, message) for message in region.owed)
            yield acknowledge(world, region, era)
        for ack in world.acks:
            yield prime(world, holder, ack)
            yield finalise(world, holder, ack)
