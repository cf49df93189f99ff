"""What a store says of whose turn it is, and who may serve by that. Pure."""

from dataclasses import dataclass
from enum import Enum


class Phase(Enum):
    """How far a store is handed over."""

    SERVING = ""
    """Its holder serves."""
    DRAINING = "draining"
    """Its holder decides what is here, and accepts nothing more."""
    HANDED = "handed"
    """Nobody serves: the holder that it names is the next one, and has not begun here. With a mark it was handed over; without one another site has claimed the duties."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a region's store says of itself.

    Attributes:
        region: Whose duties are decided in it.
        incarnation: The life of it.
        epoch: In which they are.
        holder: At whose site.
        phase: How far it is handed over.
        mark: While it drains, whose doing that is. Once it is handed over, of this one handing over: a copy with the same one was made since nobody serves; any other is of another time.
    """

    region: str
    incarnation: int
    epoch: int
    holder: str
    phase: Phase = Phase.SERVING
    mark: str = ""

    def is_untouched(self, site: str) -> bool:
        """Whether a site serves, and nothing was begun to change that."""
        return self.holder == site and self.phase is Phase.SERVING


def may_serve(turn: Turn | None, *, region: str, site: str, accepting: bool) -> bool:
    """Whether a service may work on a store.

    Args:
        turn: What the store says; None if it says nothing yet: then it is made at home, and nowhere else.
        region: Whose duties the service serves.
        site: Where the service runs.
        accepting: Whether it takes in what is new, from devices or other regions, so that it ends first.
    """
    if turn is None:
        return site == region
    if turn.phase is Phase.HANDED or turn.holder != site:
        return False
    if site != region and turn.epoch == 1:  # that one is begun at home
        return False
    return not (accepting and turn.phase is Phase.DRAINING)


def waits_for(turn: Turn | None, *, region: str, site: str) -> str:
    """Say for people why a service may not work."""
    if turn is None:
        return f"there is no store of {region} here yet"
    if turn.phase is Phase.HANDED and turn.mark:
        return f"the duties of {region} are being handed over to {turn.holder}"
    if turn.holder != site:
        return f"{turn.holder} holds the duties of {region}, as far as this store knows, in epoch {turn.epoch}"
    return f"the duties of {region} are being handed over"
