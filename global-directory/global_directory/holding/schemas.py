"""What requests about duties and their answers look like. Times of clocks are microseconds, of CLOCK_BOOTTIME where they are the asker's."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class LeaseRequest:
    """A holder asks for its lease, which a grant echoes; see `replication.holding.lease.Ask`.

    Attributes:
        holder: Who asks.
        epoch: In which it holds the duties.
        incarnation: Of its store.
        boot: The run of its machine's clock.
        asked_at: Its clock, before it asked.
        standby: Who may take over, as its operator says; empty for nobody.
    """

    holder: str
    epoch: int
    incarnation: int
    boot: int
    asked_at: int
    standby: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """A lease is granted: from when it was asked for, on the asker's clock.

    Attributes:
        holder: As asked.
        epoch: As asked.
        boot: As asked.
        asked_at: As asked.
        length: How long it lasts.
    """

    holder: str
    epoch: int
    boot: int
    asked_at: int
    length: int


@dataclass(frozen=True, slots=True)
class Keeper:
    """A region that has everything final, in one life of its store."""

    region: str
    incarnation: int


@dataclass(frozen=True, slots=True)
class LayingDown:
    """A holder gives its lease back, for good: it decides nothing from before it asks for this.

    Attributes:
        holder: Who has the duties.
        epoch: In which.
    """

    holder: str
    epoch: int


@dataclass(frozen=True, slots=True)
class Keeping:
    """A holder says who has everything that it lets others have; see `replication.holding.duty.judge_priming`.

    Attributes:
        holder: Who has the duties.
        incarnation: Of its store.
        epoch: In which.
        standby: Who has it besides, so that it may take over; empty: from here on others may be told what nobody but the holder has.
    """

    holder: str
    incarnation: int
    epoch: int
    standby: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """Who stands by takes over, or the holder begins an epoch of its own; see `replication.holding.duty.judge_claim`.

    Attributes:
        claimer: Who asks.
        incarnation: Of the store that it will decide in.
        ended: The epoch that it wants to end.
        standby: Who is to stand by in the next one; empty for nobody.
    """

    claimer: str
    incarnation: int
    ended: int
    standby: str = ""


@dataclass(frozen=True, slots=True)
class Former:
    """An epoch that is over.

    Attributes:
        epoch: Which.
        holder: Who had the duties.
        laid_down: Whether the holder gave them up by itself, so that all that it has said in this epoch stands.
    """

    epoch: int
    holder: str
    laid_down: bool


@dataclass(frozen=True, slots=True)
class DutyView:
    """Who holds a region's duties.

    Attributes:
        region: Whose duties they are.
        holder: Who has them.
        epoch: Since when.
        incarnation: Of the holder's store.
        standby: Who may take over; empty for nobody.
        keepers: Who has everything final.
        promised_seconds: For how long nobody else acts as holder, on the directory's clock; a little longer than the lease. 0 once that is over.
        laid_down: Whether the holder gave its lease back.
        former: Epochs that were ended by a claim, in order.
    """

    region: str
    holder: str
    epoch: int
    incarnation: int
    standby: str
    keepers: tuple[Keeper, ...]
    promised_seconds: float
    laid_down: bool
    former: tuple[Former, ...] = ()


@dataclass(frozen=True, slots=True)
class DutiesView:
    """The duties of all regions that have announced themselves, sorted by region."""

    duties: tuple[DutyView, ...]


TELLERS: Final = frozenset({"gateway", "evacuation"})
"""What tells sightings; of each region each has one report."""


@dataclass(frozen=True, slots=True)
class Sighted:
    """What a process of a region sees of other regions; see `replication.holding.detecting.Report`.

    Attributes:
        teller: Which kind of process tells, one of `TELLERS`.
        up: Regions that it sees up.
        down: Regions that it sees down.
        planned: Regions whose duties are being handed over by plan; of the region itself it is believed, and for a minute.
        sees: Whether it watches others at all; one that does not tells of plans alone.
    """

    teller: str
    up: tuple[str, ...] = ()
    down: tuple[str, ...] = ()
    planned: tuple[str, ...] = ()
    sees: bool = True


@dataclass(frozen=True, slots=True)
class ProposalView:
    """A region that is taken for down, so that its standby should take over.

    Attributes:
        region: Which.
        epoch: In which its duties are held.
        standby: Who should take over; empty where nobody stands by.
        seconds: For how long it has been proposed.
        witnesses: Who saw it down.
        holds: Whether all that it rests on holds at this moment.
        hindrance: Why its standby does not take over by itself; empty if it does, or nobody asked that.
    """

    region: str
    epoch: int
    standby: str
    seconds: float
    witnesses: tuple[str, ...]
    holds: bool
    hindrance: str = ""


@dataclass(frozen=True, slots=True)
class ProposalsView:
    """All regions that are taken for down, sorted by region.

    Attributes:
        proposals: Each of them.
        policy: What follows from it: `propose`, or `automatic`; empty where that was not asked.
    """

    proposals: tuple[ProposalView, ...]
    policy: str = ""


@dataclass(frozen=True, slots=True)
class TakeoverRequest:
    """Who stands by for a region asks whether it may take over by itself.

    Attributes:
        standby: Who asks.
    """

    standby: str


@dataclass(frozen=True, slots=True)
class Permit:
    """A standby may take over by itself, or is to go on with that; asked again, the same is answered.

    Attributes:
        operation_id: Its line in the trace.
        token: The pass, which is shown with the claim, and as it is told how it ended.
        why: By whom the region was taken for down; as it stands in the trace.
    """

    operation_id: str
    token: str
    why: str
