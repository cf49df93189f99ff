"""What is to be done with a copy, by what it and its store say. Pure.

A copy is never replaced by less than it is. `held_<region>` is always whole up to some moment: a copy that is being made has another name,
and takes that one when it is whole. A store of another life, or one that went back, is not followed: then the copy may be all that is left.
"""

from dataclasses import dataclass
from enum import StrEnum

from region.standby.repository.copying import Content, Subscription
from region.standby.repository.publishing import Source


class Step(StrEnum):
    """What is to be done next."""

    FOLLOW = "follow"
    """Nothing: the copy follows its store."""
    BEGIN = "begin"
    """Begin to make a copy."""
    WAIT = "wait"
    """Wait for the one that is being made."""
    EXCHANGE = "exchange"
    """Put what was made in the place of what was there."""
    DISCARD = "discard"
    """Throw away what was begun, and can come to nothing."""
    LEAVE = "leave"
    """Follow no more, since changes are missing, and make a new copy; what was copied stays until that is whole."""
    STOP = "stop"
    """Touch nothing: the store is not what was copied."""
    HOLD = "hold"
    """Touch nothing: this is no copy but the store in which the region's duties are decided, or were until the other one goes on."""


@dataclass(frozen=True, slots=True)
class Held:
    """A copy, whole or not.

    Attributes:
        content: What it holds.
        subscription: How it follows; None if it does not.
    """

    content: Content
    subscription: Subscription | None

    @property
    def lives(self) -> frozenset[str]:
        """The life of the store that it is a copy of, as it was told and as it has it; more than one if it has become a store of its own."""
        told = life_in(self.subscription.slot) if self.subscription is not None else ""
        return frozenset({told, self.content.life} - {""})


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is to be done, and why.

    Attributes:
        step: What.
        why: For people.
    """

    step: Step
    why: str = ""


def slot_name(standby: str, life: str, token: str) -> str:
    """Name what a store keeps changes by, for a copy of one life of it."""
    return f"standby_{standby}_{life}_{token}"


def life_in(slot: str) -> str:
    """Return the life that such a name holds; empty if it is none."""
    words = slot.split("_")
    return words[2] if len(words) == 4 and words[0] == "standby" else ""  # noqa: PLR2004  # as above


def is_begun(source: Source, copy: Held) -> bool:
    """Whether a copy was made the store that the region's duties are handed over with, and no later epoch has begun where it was copied from.

    Until then nothing may take its place: if the duties are handed back it is what goes on.
    """
    content = copy.content
    only_heard = content.leaves and content.life == source.life  # whoever begins with it begins another life first
    return copy.subscription is None and content.elsewhere and source.epoch <= content.epoch and not only_heard


def doubt(source: Source, held: Held) -> str:
    """Return why a store is not the one that was copied, as it was or as it went on; empty if it is."""
    if strange := held.lives - {source.life}:
        return f"the store there is another one (life {source.life}) than this is a copy of (life {min(strange)})"
    if held.subscription is not None and held.subscription.parted:
        return "it is being made a store of its own"
    if held.subscription is not None and source.position < held.subscription.applied:
        return (
            f"the store there has gone back: its log ends at {source.position}, and was taken in up to"
            f" {held.subscription.applied}"
        )
    return ""


def judge(source: Source, copy: Held | None, draft: Held | None) -> Judgement:
    """Decide what is to be done.

    Args:
        source: What the store says.
        copy: What is whole.
        draft: What is being made.
    """
    if copy is not None and is_begun(source, copy):
        return Judgement(
            Step.HOLD, f"the region's duties were handed over, in epoch {copy.content.epoch}: it is no copy"
        )
    for held in (copy, draft):
        if held is not None and (why := doubt(source, held)):
            return Judgement(Step.STOP, why)
    if copy is not None and copy.subscription is not None:
        if not source.slots.get(copy.subscription.slot, False):
            return Judgement(Step.LEAVE, "the store keeps the changes no more that were not taken in yet")
        return Judgement(Step.FOLLOW)
    if draft is None:
        return Judgement(Step.BEGIN)
    if draft.subscription is None or not source.slots.get(draft.subscription.slot, False):
        return Judgement(Step.DISCARD, "it was begun, and cannot go on")
    if missing := draft.subscription.missing | (source.tables - draft.subscription.tables):
        return Judgement(Step.WAIT, f"{len(missing)} of {len(source.tables)} tables are missing")
    if copy is not None and (behind := _behind(draft.content, copy.content)):
        return Judgement(Step.STOP, f"the store there has less than was copied before, in partition {behind[0]}")
    return Judgement(Step.EXCHANGE)


def _behind(fresh: Content, old: Content) -> list[int]:
    return sorted(
        partition for partition, position in old.positions.items() if fresh.positions.get(partition, -1) < position
    )
