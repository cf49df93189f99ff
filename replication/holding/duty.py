"""What the directory says of one region's duties, and what may change it: each change is one compare-and-set.

Pure: the directory brings the row and its clock, and writes the row that comes back.
"""

from dataclasses import dataclass, replace

from infra.errors import NotTheHolderError
from replication.holding.errors import EpochOverError, LaidDownError, LeaseRunsError, NotTheStandbyError
from replication.holding.lease import Ask, Promise, Terms, lapsed, promise


@dataclass(frozen=True, slots=True)
class Duty:
    """Who holds a region's duties.

    Attributes:
        region: Whose duties they are.
        epoch: Counts the holders; only rises.
        holder: Who has them in this epoch.
        incarnation: Of the holder's store; another life of it knows not what this one told, and begins an epoch of its own.
        standby: Who alone may take over from this epoch.
        keepers: Regions and incarnations that each have everything that is final.
        promised: Until when the holder may have a lease, on the directory's clock.
        laid_down: Whether the holder gave its lease back, for good.
    """

    region: str
    epoch: int
    holder: str
    incarnation: int
    standby: str
    keepers: frozenset[tuple[str, int]]
    promised: Promise
    laid_down: bool = False


def is_held_by(duty: Duty, region: str, incarnation: int) -> bool:
    """Whether that region, in that life of its store, has the duties; another life of it has to claim first."""
    return (region, incarnation) == (duty.holder, duty.incarnation)


def judge_renewal(duty: Duty, ask: Ask, now: int, terms: Terms) -> Duty:
    """Return the duty with a longer promise; the request, echoed, is the grant.

    Raises:
        NotTheHolderError: Another holds it, or holds it in another epoch.
        LaidDownError: The lease was laid down; a request that was under way revives nothing.
    """
    if (ask.holder, ask.epoch) != (duty.holder, duty.epoch):
        raise NotTheHolderError(region=duty.region, holder=duty.holder, epoch=duty.epoch)
    if duty.laid_down:
        raise LaidDownError(region=duty.region, holder=duty.holder, epoch=duty.epoch)
    return replace(duty, promised=promise(duty.promised, ask, now, terms))


def judge_laying_down(duty: Duty, holder: str, epoch: int) -> Duty:
    """Return the duty without a lease; the holder decides nothing from before it asked for this.

    Raises:
        NotTheHolderError: Another holds it, or holds it in another epoch.
    """
    if (holder, epoch) != (duty.holder, duty.epoch):
        raise NotTheHolderError(region=duty.region, holder=duty.holder, epoch=duty.epoch)
    return replace(duty, laid_down=True)


def judge_claim(duty: Duty, claimer: tuple[str, int], ended: int, now: int, terms: Terms, *, standby: str) -> Duty:
    """Return the duty in its next epoch: the standby takes over, or the holder begins an epoch of its own.

    Nothing of what is final moves by this, so who keeps it stays who kept it. The new holder may have a lease at once.

    Args:
        duty: As it stands.
        claimer: Who asks: region and incarnation.
        ended: The epoch that it wants to end; another is not ended by mistake.
        now: The directory's clock.
        terms: What all agree on.
        standby: Who is to stand by in the new epoch.

    Raises:
        EpochOverError: That epoch was ended.
        NotTheStandbyError: Only holder and standby may claim.
        LeaseRunsError: The holder's lease may still run.
    """
    if ended != duty.epoch:
        raise EpochOverError(region=duty.region, epoch=ended, present=duty.epoch)
    region, incarnation = claimer
    if region not in {duty.holder, duty.standby}:
        raise NotTheStandbyError(region=duty.region, claimer=region, epoch=duty.epoch, standby=duty.standby)
    if region != duty.holder and not duty.laid_down and not lapsed(duty.promised, now):
        raise LeaseRunsError(region=duty.region, holder=duty.holder, epoch=duty.epoch)
    epoch = duty.epoch + 1
    first = promise(Promise(epoch, now), Ask(region, epoch, 0, 0), now, terms)
    return Duty(duty.region, epoch, region, incarnation, standby, duty.keepers, first)


def judge_priming(
    duty: Duty, epoch: int, holder: tuple[str, int], standby: tuple[str, int], *, head: int, needed: int
) -> Duty:
    """Return the duty with holder and standby as the keepers; only after it is anything final in this epoch.

    Args:
        duty: As it stands.
        epoch: In which the holder believes itself.
        holder: Region and incarnation.
        standby: Region and incarnation.
        head: What the standby has without gaps.
        needed: What it must have: all with which the epoch began, and all that was ever told to be final.

    Raises:
        EpochOverError: The epoch has been ended.
        NotTheStandbyError: It was not named, lacks something, or is a former life of it.
    """
    if (epoch, *holder) != (duty.epoch, duty.holder, duty.incarnation):
        raise EpochOverError(region=duty.region, epoch=epoch, present=duty.epoch)
    newer = any(region == standby[0] and incarnation > standby[1] for region, incarnation in duty.keepers)
    if standby[0] != duty.standby or newer or head < needed:
        raise NotTheStandbyError(region=duty.region, claimer=standby[0], epoch=epoch, standby=duty.standby)
    return replace(duty, keepers=frozenset({holder, standby}))


def judge_passing_by(duty: Duty, epoch: int, holder: tuple[str, int]) -> Duty:
    """Return the duty with the holder as its only keeper: others may be told what the standby has not, so it may not take over any more.

    Raises:
        EpochOverError: The epoch has been ended: whatever others were not told by then, they are told by who has it now.
    """
    if (epoch, *holder) != (duty.epoch, duty.holder, duty.incarnation):
        raise EpochOverError(region=duty.region, epoch=epoch, present=duty.epoch)
    return replace(duty, keepers=frozenset({holder}))
