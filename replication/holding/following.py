"""What a region that follows a holder does with what it is told: everything is said in an epoch, and an older one is over.

A copy is always a part of what its path says. It changes its path in one way, by hearing how a newer epoch began; then what lies above
the common part is taken out, to be submitted anew.
"""

from dataclasses import dataclass, field, replace
from enum import Enum

from replication.holding.paths import Path, shared
from replication.runs import Runs, holds, joined, within


@dataclass(frozen=True, slots=True)
class Copy:
    """What a region holds of a conversation's log, be it holder or not.

    Attributes:
        path: The epoch that it follows, and how that began.
        fence: The newest epoch that it knows of: nothing said in an older one is taken in. Kept durably.
        runs: The seqs that it has; those above a gap are held.
    """

    path: Path = field(default_factory=Path)
    fence: int = 0
    runs: Runs = ()

    @property
    def head(self) -> int:
        """The last seq up to which it has everything."""
        return self.runs[0][1] if self.runs and self.runs[0][0] == 1 else 0


class Verdict(Enum):
    """What to do with an entry that was told."""

    STORE = "store"
    """It is new: the next, or to be held."""
    DROP = "drop"
    """It was here before."""
    STALE = "stale"
    """Who says so holds nothing any more; it learns that, and submits it anew."""
    EARLY = "early"
    """How its epoch began is not known here: it is kept until then, or told again."""


@dataclass(frozen=True, slots=True)
class Ack:
    """What a standby has, as it tells the holder.

    Attributes:
        region: The standby.
        incarnation: Its store's life; another one has not what this had.
        epoch: Which it follows.
        head: Up to which seq it has everything.
    """

    region: str
    incarnation: int
    epoch: int
    head: int


def judge(copy: Copy, told_in: int, seq: int) -> Verdict:
    """Judge an entry that somebody told as the holder of an epoch."""
    if told_in < max(copy.fence, copy.path.epoch):
        return Verdict.STALE
    if told_in > copy.path.epoch:
        return Verdict.EARLY
    return Verdict.DROP if holds(copy.runs, seq) else Verdict.STORE


def stored(copy: Copy, seq: int) -> Copy:
    """Return the copy with one more entry."""
    return replace(copy, runs=joined([*copy.runs, (seq, seq)]))


def fenced(copy: Copy, epoch: int) -> Copy:
    """Return the copy after it was told that an epoch is claimed: what is said in older ones is refused from here on."""
    return replace(copy, fence=max(copy.fence, epoch))


def turned(copy: Copy, path: Path) -> Copy | None:
    """Return the copy after it heard how an epoch began, or None if that is no news or is over.

    What the copy had above `shared` of both paths is taken out: the caller keeps it as owed (`anew`) in the same transaction, and lowers marks.
    """
    if path.epoch <= copy.path.epoch or path.epoch < copy.fence:
        return None
    kept = within(copy.runs, 1, shared(copy.path, path))
    return Copy(path, max(copy.fence, path.epoch), kept)


def acknowledged(copy: Copy, region: str, incarnation: int) -> Ack | None:
    """Return what a standby may tell its holder; nothing once it is fenced, since it may have offered its copy already."""
    if copy.fence != copy.path.epoch:
        return None
    return Ack(region, incarnation, copy.path.epoch, copy.head)


def final(ack: Ack, epoch: int, standby: tuple[str, int] | None) -> int:
    """Return up to which seq a holder may tell that entries are final.

    Args:
        ack: What the standby says that it has.
        epoch: In which the holder decides.
        standby: The region and incarnation that the directory has confirmed as keeper in this epoch; None before.
    """
    return ack.head if ack.epoch == epoch and (ack.region, ack.incarnation) == standby else 0


def lowered(mark: int, kept: int) -> int:
    """Return a mark after everything above a seq was taken out."""
    return min(mark, kept)
