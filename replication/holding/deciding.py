"""What a region may decide about what it holds: everything, or without a lease only what no other holder's decision can contradict."""

from enum import Enum

from replication.holding.lease import Lease, runs


class Kind(Enum):
    """What sort of decision is wanted."""

    PERMIT = "permit"
    """What must be unique, or lets somebody in: a new account, a join, a move."""
    RESTRICTION = "restriction"
    """What keeps somebody out: revoke, remove, block, a new password."""
    MESSAGE = "message"
    """What may be numbered again later: messages, edits, reactions, marks."""


class Standing(Enum):
    """How a region stands to the duties that it had in an epoch."""

    HOLDING = "holding"
    ISLANDED = "islanded"
    """Its lease has lapsed, and it knows of no newer epoch."""
    DEPOSED = "deposed"
    """It knows of a newer epoch, or laid its lease down."""


class Answer(Enum):
    """What the author of a decision is told."""

    DONE = "done"
    UNCONFIRMED = "unconfirmed"
    """It works here; whether it stays in its place is known once it is final."""
    UNKNOWN = "unknown"
    """It may have been decided, or not; asked again, the same outcome is told."""
    REFUSED = "refused"


def standing(lease: Lease | None, epoch: int, fence: int, boot: int, now: int, *, laid_down: bool) -> Standing:
    """Return how a region stands.

    Args:
        lease: What it has.
        epoch: In which it is the holder.
        fence: The newest epoch that it knows of.
        boot: The run of its clock.
        now: Its clock.
        laid_down: Whether it has ever asked to lay its lease down in this epoch.
    """
    if fence > epoch or laid_down:
        return Standing.DEPOSED
    return Standing.HOLDING if runs(lease, epoch, boot, now) else Standing.ISLANDED


def may_begin(kind: Kind, now: Standing) -> bool:
    """Whether to judge and commit at all; what may not begin is refused definitely, or sent to the holder."""
    return now is Standing.HOLDING or (now is Standing.ISLANDED and kind is not Kind.PERMIT)


def answer(kind: Kind, before: Standing, after: Standing) -> Answer:
    """Return what is told after the commit, by how the region stood before and how it stands now.

    A process may have slept between, for any time: only what was held before and after was held at the commit.
    """
    if not may_begin(kind, before):
        return Answer.REFUSED
    if before is after is Standing.HOLDING:
        return Answer.DONE
    return Answer.UNKNOWN if kind is Kind.PERMIT else Answer.UNCONFIRMED
