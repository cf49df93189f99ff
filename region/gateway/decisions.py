"""The journal as accounts see it: submit something about an account, and be told what became of it."""

from region.accounts.ports import Settled
from region.gateway.outcomes import Outcomes
from region.gateway.submissions import Author, Clerk
from replication.records import Body, Outcome


class Decisions:
    """Implements `region.accounts.ports.Journal`."""

    def __init__(self, clerk: Clerk, outcomes: Outcomes) -> None:
        """Say who writes submissions, and who waits for them."""
        self._clerk = clerk
        self._outcomes = outcomes

    async def decide(self, author: str, *, home_epoch: int, body: Body, settled: Settled, device: str = "") -> Outcome:
        """Append a submission and return what became of it; see `region.accounts.ports.Journal`."""
        submission = self._clerk.other(Author(author, home_epoch, device), body, reply=True)
        decided = await self._outcomes.submit(submission, settled)
        outcome = decided.decision
        return outcome if isinstance(outcome, Outcome) else Outcome(id=submission.id)
