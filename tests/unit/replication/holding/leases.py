"""A holder, its standby and the directory, each with a clock that runs wrong; whatever is said may come late, again, or never."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from infra.errors import CausewayError
from replication.holding import deciding, duty, lease, standby
from replication.holding.deciding import Kind, Standing

TERMS = lease.Terms(length=8, drift=250_000, margin=0)
WORST = (3, 5, 5)
"""A clock tick of true time is 4: the holder's is as slow as may be, the others as fast."""


@dataclass(frozen=True, slots=True)
class Leases:
    """All that is so at one moment.

    Whatever was said stays in `asked`, `granted`, `laid` and `claimed`, to be heard at any time and any number of times: so
    messages are lost, late, repeated, in any order. Who takes no step sleeps.
    """

    rates: tuple[int, int, int]
    scope: frozenset[str]
    horizon: int
    record: duty.Duty
    watch: standby.Watch
    moment: int = 0
    boot: int = 1
    booted: int = 0
    restarted: int = 0
    own: lease.Lease | None = None
    asked: frozenset[lease.Ask] = frozenset()
    granted: frozenset[lease.Ask] = frozenset()
    laid: bool = False
    claimed: bool = False
    began: Standing | None = None
    committed: int = 0
    broken: str = field(default="")

    @property
    def clocks(self) -> tuple[int, int, int]:
        """What holder, directory and standby read."""
        holder, directory, stands_by = self.rates
        return holder * (self.moment - self.booted), directory * self.moment, stands_by * (self.moment - self.restarted)

    @property
    def standing(self) -> Standing:
        """How the first holder believes to stand; it has heard of no other epoch."""
        return deciding.standing(self.own, 1, 1, self.boot, self.clocks[0], laid_down=self.laid)


SCOPES = ("restarts", "permits", "laying down", "standby")


def start(*scope: str, rates: tuple[int, int, int] = WORST, horizon: int = 5) -> Leases:
    """Return the beginning; what may happen besides renewal and takeover is in the scope."""
    first = duty.Duty("us", 1, "us", 1, "eu", frozenset({("us", 1)}), lease.Promise(1, 0))
    watch = standby.Watch("us", 1, lease.Promise(1, 0))
    return Leases(rates, frozenset(scope), horizon, first, watch)


def wrong(world: Leases) -> str:
    """Return what must not be: the first holder believes in its lease, and another has the duties."""
    if world.broken:
        return world.broken
    if world.standing is Standing.HOLDING and world.record.epoch != 1:
        return "two holders decide"
    return ""


def following(world: Leases) -> Iterator[Leases]:
    """Return every world that may be next."""
    holder, directory, stands_by = world.clocks
    if world.moment < world.horizon:
        yield replace(world, moment=world.moment + 1)
    ask = lease.Ask("us", 1, world.boot, holder)
    if len(world.asked) < 2 and not world.laid and world.record.epoch == 1:
        yield replace(world, asked=world.asked | {ask})
    yield from _granting(world, directory, stands_by)
    for grant in world.granted:
        yield replace(world, own=lease.take(world.own, grant, 1, world.boot, TERMS))
    if "restarts" in world.scope and world.boot == 1 and world.moment:
        yield replace(world, boot=2, booted=world.moment, began=None, committed=0)
    if "restarts" in world.scope and world.restarted == 0 and world.moment and not world.claimed:
        yield _restarted(world)
    if "laying down" in world.scope and world.standing is Standing.HOLDING:
        yield replace(world, laid=True)
    yield from _taking_over(world, directory, stands_by)
    if "permits" in world.scope:
        yield from _permitting(world)


def _allowed(judge: Callable[..., duty.Duty], *given: object, **named: object) -> duty.Duty | None:
    try:
        return judge(*given, **named)
    except CausewayError:
        return None


def _granting(world: Leases, directory: int, stands_by: int) -> Iterator[Leases]:
    for ask in world.asked:
        if renewed := _allowed(duty.judge_renewal, world.record, ask, directory, TERMS):
            yield replace(world, record=renewed, granted=world.granted | {ask})
        if "standby" in world.scope and (watch := standby.renew(world.watch, ask, stands_by, TERMS)):
            yield replace(world, watch=watch, granted=world.granted | {ask})


def _restarted(world: Leases) -> Leases:
    again = replace(world, restarted=world.moment)
    return replace(again, watch=standby.restarted(again.watch, again.clocks[2], TERMS))


def _taking_over(world: Leases, directory: int, stands_by: int) -> Iterator[Leases]:
    if world.laid and world.record.epoch == 1 and not world.record.laid_down:
        yield replace(world, record=duty.judge_laying_down(world.record, "us", 1))
    if world.record.epoch == 1:
        watch = standby.claim(world.watch, stands_by, laid_down=world.record.laid_down)
        if watch is not None:
            yield replace(world, watch=watch, claimed=True)
    if world.claimed and (
        claimed := _allowed(duty.judge_claim, world.record, ("eu", 1), 1, directory, TERMS, standby="ap")
    ):
        yield replace(world, record=claimed)


def _permitting(world: Leases) -> Iterator[Leases]:
    if world.began is None and deciding.may_begin(Kind.PERMIT, world.standing):
        early = "a permit begins, and another holds" if world.record.epoch != 1 else ""
        yield replace(world, began=world.standing, broken=early)
    elif world.began is not None and not world.committed:
        yield replace(world, committed=world.record.epoch)
    elif world.began is not None:
        told = deciding.answer(Kind.PERMIT, world.began, world.standing)
        late = told is deciding.Answer.DONE and world.committed != 1
        yield replace(world, began=None, committed=0, broken="a permit after another holder began" if late else "")
