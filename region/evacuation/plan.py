"""Say which step of an evacuation is next, from what the directory and both stores say: so it goes on wherever it was left. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from infra.errors import CausewayError
from replication.turns.records import Phase, Turn


class Step(Enum):
    """What is done, in this order."""

    DRAIN = "drain"
    """Nothing more is accepted at the source: gateways, ingesters and media end, and devices are sent away."""
    SETTLE = "settle"
    """What was accepted is decided, and what was decided is sent to other regions; then the source decides no more."""
    COPY = "copy"
    """The copy that follows comes to the end and is compared; where none follows the store, which stands still, is copied to the target."""
    CLAIM = "claim"
    """The source's lease is laid down, and the target begins the next epoch. From here on there is no way back but another evacuation."""
    BEGIN = "begin"
    """The copy is begun with as a new life of the store, in that epoch."""
    SERVE = "serve"
    """The target's services, which stood by, serve; others hear of it."""
    DONE = "done"


class LostTrackError(CausewayError):
    """This is no state in which an evacuation of {region} can be: {what}. Look at `causeway region status`; nothing was changed."""

    code = "lost-track"
    status = 409
    definite = True


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a region's duties.

    Attributes:
        region: Whose.
        source: The site that they are to leave.
        target: The site that they are to go to.
        holder: Who has them, as the directory says.
        epoch: In which.
        incarnation: Of the holder's store.
        at_source: What the source's store says.
        at_target: What the target's store says; None if there is none yet.
        serving: Whether the target's services have begun to work on theirs.
        laid_down: Whether the holder has given its lease back, which is for good in its epoch: then there is no way back, and what is left to be done
            is the same.
        follows: Whether the target's store is a copy that follows the source's, so that it has its mark as it has all else.
        compared: Whether such a copy was compared since it has the mark.
    """

    region: str
    source: str
    target: str
    holder: str
    epoch: int
    incarnation: int
    at_source: Turn
    at_target: Turn | None
    serving: bool = False
    laid_down: bool = False
    follows: bool = False
    compared: bool = False


def next_step(known: Known) -> Step:
    """Return what is to be done next.

    Raises:
        LostTrackError: What is known does not fit together.
    """
    if known.holder == known.target:
        return _after_claim(known)
    if known.holder != known.source:
        raise _lost(known, f"{known.holder} holds its duties")
    source, target = known.at_source, known.at_target
    if (source.epoch, source.incarnation) != (known.epoch, known.incarnation):
        raise _lost(known, f"the store at {known.source} is of epoch {source.epoch}, the directory knows {known.epoch}")
    if source.phase is not Phase.HANDED:
        if known.laid_down:
            raise _lost(known, _went_on(known))
        if source.holder != known.source:
            raise _lost(known, f"the store at {known.source} says that {source.holder} serves")
        return Step.SETTLE if source.phase is Phase.DRAINING else Step.DRAIN
    if source.holder != known.target:
        raise _lost(known, f"the store at {known.source} was handed over to {source.holder}")
    if target == source and (known.compared or not known.follows):
        return Step.CLAIM
    return Step.COPY


def can_hand_back(holder: str, source: str, *, laid_down: bool) -> bool:
    """Whether the source can go on as if nothing had been begun: until its lease is laid down. Nothing of the target decides that: it may be away."""
    return holder == source and not laid_down


def is_under_way(known: Known) -> bool:
    """Whether this is the way that was begun last, and not ended: the target holds, and does not serve yet. What it has begun to hand over goes the other way."""
    target = known.at_target
    if known.holder != known.target or known.epoch == 1 or known.serving:
        return False
    return target is None or target.epoch < known.epoch or target.is_untouched(known.target)


def places(former: Mapping[int, int], bounds: Mapping[int, tuple[int, int]]) -> dict[int, int]:
    """Return where each partition of the target's journal is read from.

    What stands there above where the target's former life has decided was accepted, by whoever did not know yet that it was not to be: so it is
    decided now. By their ids, those are dropped that came another way.

    Args:
        former: Where the target's former life had come to; nothing if it had none.
        bounds: Partition to its first offset, and the one after its last.
    """
    return {partition: min(max(former.get(partition, end), first), end) for partition, (first, end) in bounds.items()}


def begun(known: Known) -> Turn:
    """Return how the target's store begins; call it once the directory says that the target holds."""
    return Turn(known.region, known.incarnation, known.epoch, known.target)


def _after_claim(known: Known) -> Step:
    target = known.at_target
    if target is None or target.epoch > known.epoch:
        raise _lost(known, f"{known.target} holds its duties, and has no store that fits")
    if target.epoch < known.epoch:
        if target.epoch != known.epoch - 1:
            raise _lost(known, f"the store at {known.target} is of epoch {target.epoch}, older than the one before")
        if target.phase is not Phase.HANDED or not target.mark:
            raise _lost(
                known, f"it was declared dead, not handed over; go on with `causeway region fail {known.region}`"
            )
        return Step.BEGIN
    return Step.DONE if known.serving else Step.SERVE


def _went_on(known: Known) -> str:
    """Say what is where a laying down came after the handing back: who starts there is deposed, so what is accepted is never decided."""
    return f"the lease was laid down, and the store at {known.source} went on all the same, where whoever starts decides nothing any more; {lead_on(known)}"


def lead_on(known: Known) -> str:
    """Say for people what leads on from a store that went on though its lease was laid down."""
    if known.target == known.region:
        return "nobody else has a copy that could go on, and no command leads on from there (docs/operations/evacuation.md)"
    return f"let {known.target} take over: `causeway region fail {known.region}`, then `causeway region restore {known.region}`, which hands in what the copy lacks"


def _lost(known: Known, what: str) -> LostTrackError:
    return LostTrackError(region=known.region, what=what)
