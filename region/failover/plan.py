"""Say which step of a takeover is next, from what the directory and the copy say: so it goes on wherever it was left. Pure."""

from dataclasses import dataclass
from enum import Enum

from infra.errors import CausewayError
from replication.turns.records import Turn


class Step(Enum):
    """What is done, in this order."""

    CLAIM = "claim"
    """Once the lease has lapsed, who stands by begins the next epoch in the directory. Others take nothing of the former one any more. There is no way back."""
    BEGIN = "begin"
    """The copy follows no more, and is begun with; what others have not been told of it is told anew, first of all."""
    SERVE = "serve"
    """What stood by serves; others hear of it."""
    DONE = "done"


class CannotTakeOverError(CausewayError):
    """{region} cannot be taken over by {target}: {what}. Nothing was changed."""

    code = "cannot-take-over"
    status = 409
    definite = True


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a region's duties.

    Attributes:
        region: Whose.
        home: Its own site, which is to be gone.
        target: The site of who stands by.
        holder: Who has them, as the directory says.
        epoch: In which.
        incarnation: Of the holder's store.
        copy: What the copy says; None if there is none that is whole.
        follows: Whether the copy still follows, when its store is there.
        serving: Whether the target's services have begun to work on it.
    """

    region: str
    home: str
    target: str
    holder: str
    epoch: int
    incarnation: int
    copy: Turn | None
    follows: bool
    serving: bool = False


def next_step(known: Known) -> Step:
    """Return what is to be done next.

    Raises:
        CannotTakeOverError: What is known does not fit together.
    """
    copy = known.copy
    if copy is None:
        raise _cannot(known, "there is no whole copy of its store")
    if known.holder == known.home:
        if (copy.epoch, copy.incarnation) != (known.epoch, known.incarnation):
            raise _cannot(known, f"the copy is of epoch {copy.epoch}, the directory knows {known.epoch}")
        if not known.follows:
            raise _cannot(known, "the copy did not follow its store, so others may have been told what it lacks")
        return Step.CLAIM
    if known.holder != known.target:
        raise _cannot(known, f"{known.holder} holds its duties")
    if copy.epoch == known.epoch - 1:
        return Step.BEGIN
    if (copy.epoch, copy.holder) != (known.epoch, known.target):
        raise _cannot(known, f"the copy is of epoch {copy.epoch}, the directory knows {known.epoch}")
    return Step.DONE if known.serving else Step.SERVE


def begun(known: Known) -> Turn:
    """Return how the copy begins; call it once the directory says that the target holds."""
    return Turn(known.region, known.incarnation, known.epoch, known.target)


def _cannot(known: Known, what: str) -> CannotTakeOverError:
    return CannotTakeOverError(region=known.region, target=known.target, what=what)
