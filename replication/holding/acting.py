"""When a standby may take over by itself: on a proposal that stands and holds, and never while anything speaks against it.

Pure: the directory brings what it knows, twice: as a standby asks whether it may, and once more in the transaction of its claim. Times are
microseconds of the directory's clock.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from replication.holding.detecting import SECOND, Proposal, Verdict, may_act
from replication.holding.duty import Duty


@dataclass(frozen=True, slots=True)
class Policy:
    """What follows when a region is taken for down.

    Attributes:
        automatic: Whether its standby takes over by itself; else operators are told, and nothing is done.
        pause: For so long after operators had moved a region's duties, or tried to, nothing takes them over by itself.
        longest: After so long an operation of which nobody has told that it has ended is not under way any more.
    """

    automatic: bool = False
    pause: int = 600 * SECOND
    longest: int = 12 * 3600 * SECOND

    @property
    def word(self) -> str:
        """How people write it."""
        return "automatic" if self.automatic else "propose"


USUAL: Final = Policy()


@dataclass(frozen=True, slots=True)
class Work:
    """An operator's operation by which a region's duties are moved, as the trace has it.

    Attributes:
        what: The verb.
        who: The operator.
        at: When it was begun.
        ended_at: When it ended; None if nobody has told that.
        done: Whether it came to its end.
    """

    what: str
    who: str
    at: int
    ended_at: int | None = None
    done: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a region that may be taken over.

    Attributes:
        duty: Who holds its duties.
        named: Who was named to stand by as the epoch began; empty for nobody.
        proposal: That it is taken for down; None if it is not.
        verdict: What follows from what is reported at this moment.
        expelled: Whether operators have expelled it from trust.
        work: What operators have done with its duties lately.
        now: Which moment.
    """

    duty: Duty
    named: str
    proposal: Proposal | None
    verdict: Verdict
    expelled: bool
    work: Collection[Work]
    now: int


def hindrance(known: Known, asker: str, policy: Policy) -> str:
    """Say why a standby may not take over by itself now; empty if it may.

    Args:
        known: What is known of the region.
        asker: Who would take over.
        policy: What the deployment wants.
    """
    duty, proposal = known.duty, known.proposal
    if not policy.automatic:
        return "takeovers are only proposed here (CAUSEWAY_TAKEOVER)"
    if duty.holder != duty.region:
        return f"{duty.holder} holds its duties: only who is at home is taken over from"
    if asker != known.named:
        return f"{known.named or 'nobody'} was named to stand by as epoch {duty.epoch} began, not {asker}"
    if proposal is None or proposal.epoch != duty.epoch:
        return "it is not taken for down"
    if not may_act(proposal, known.verdict):
        return f"that it is down is in doubt: {known.verdict.why}"
    if known.expelled:
        return "operators have expelled it, and it is for them to say what follows"
    if (asker, duty.incarnation) not in duty.keepers:
        return f"{asker} was passed by: others may know what it lacks"
    return operators_at_work(known.work, known.now, policy) or _paused(known.work, known.now, policy)


def operators_at_work(work: Collection[Work], now: int, policy: Policy) -> str:
    """Say which operation is under way; empty if none is.

    One that nobody has ended counts, since it may go on on any machine; unless a later one has come to its end, which it could not beside it.
    """
    for one in work:
        overtaken = any(other.done and other.at > one.at for other in work)
        if one.ended_at is None and not overtaken and now - one.at < policy.longest:
            return f"`{one.what}` by {one.who} is under way, or ended without a word: run it again to its end"
    return ""


def _paused(work: Collection[Work], now: int, policy: Policy) -> str:
    last = max((one.ended_at for one in work if one.ended_at is not None), default=None)
    if last is None or now - last >= policy.pause:
        return ""
    left = (policy.pause - (now - last)) / SECOND
    return f"operators have moved its duties, or tried to, {(now - last) / SECOND:.0f} s ago: nothing is done by itself for {left:.0f} s more"
