"""Whether a region is down for everybody, so that its standby may be asked to take over: judged of what several regions saw, never of what one did.

Pure: each region watches the others (`look`) and reports what it sees to the directory; whoever judges reads all reports there (`judge`), and
keeps a proposal for as long as nothing speaks against it (`go_on`). Times are microseconds: a view's on the watcher's own clock; a report's age is
told by the directory's, so that no two regions compare clocks.

    looks ─▶ View ─▶ Report ═▶ directory ═▶ judge ─▶ Verdict ─▶ go_on ─▶ Proposal
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

SECOND: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited, microseconds, and how many have to agree.

    Attributes:
        down: So long a region must not answer a watcher before it counts as down there.
        up: So long it must answer again before it counts as up.
        fresh: A report that is older says nothing.
        calm: So long something must speak against a proposal before it is taken back.
        witnesses: So many have to see a region down; two at least.
        plan: So long a plan is believed that was told; who carries it out tells it again and again.
    """

    down: int = 5 * SECOND
    up: int = 3 * SECOND
    fresh: int = 4 * SECOND
    calm: int = 10 * SECOND
    witnesses: int = 2
    plan: int = 60 * SECOND

    def __post_init__(self) -> None:
        """Refuse that one witness is enough."""
        if self.witnesses < 2:  # noqa: PLR2004  # the rule itself
            raise ValueError("a region is never taken for down on one witness")


USUAL: Final = Patience()


@dataclass(frozen=True, slots=True)
class View:
    """How one region sees another.

    Attributes:
        up: As what it counts.
        contrary: Since when it has looked otherwise without a break; None if it does not.
    """

    up: bool = True
    contrary: int | None = None


def look(view: View, *, answered: bool, now: int, patience: Patience = USUAL) -> View:
    """Take in one look: a region that fails now and then, or answers now and then, stays what it was.

    Args:
        view: How it was seen before.
        answered: Whether the region answered in any of its ways.
        now: The watcher's clock.
        patience: How long is waited.
    """
    if answered is view.up:
        return replace(view, contrary=None)
    since = now if view.contrary is None else view.contrary
    if now - since >= (patience.up if answered else patience.down):
        return View(up=answered)
    return replace(view, contrary=since)


@dataclass(frozen=True, slots=True)
class Report:
    """What one region has told the directory.

    Attributes:
        age: How long ago, by the directory's clock.
        up: Regions that it sees up.
        down: Regions that it sees down; of the rest it knows nothing.
        planned: Regions of which it was told lately that their duties are being handed over by plan; of itself that is believed.
    """

    age: int
    up: frozenset[str] = frozenset()
    down: frozenset[str] = frozenset()
    planned: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows from all reports.

    Attributes:
        down: Whether the region is to be taken for down.
        alive: Whether something shows that it is not; with neither, nothing can be told.
        why: For people.
        witnesses: Who sees it down, and counts.
    """

    down: bool
    alive: bool
    why: str
    witnesses: frozenset[str] = frozenset()


def judge(
    region: str,
    reports: Mapping[str, Report],
    *,
    regions: Collection[str],
    lease_runs: bool,
    laid_down: bool,
    patience: Patience = USUAL,
) -> Verdict:
    """Judge one region.

    Args:
        region: Which.
        reports: Region to its last report.
        regions: All of the federation.
        lease_runs: Whether its lease may still run, as the directory has it.
        laid_down: Whether it was laid down: then its duties are on their way by plan.
        patience: How old reports may be, and how many have to agree.
    """
    fresh = {name: one for name, one in reports.items() if one.age <= patience.fresh}
    if laid_down or (region in reports and region in reports[region].planned):
        return Verdict(down=False, alive=True, why="its duties are being handed over by plan")
    if region in fresh:
        return Verdict(down=False, alive=True, why="it reports to the directory itself")
    if lease_runs:
        return Verdict(down=False, alive=True, why="its lease may still run")
    counting = {name: one for name, one in fresh.items() if name != region and _counts(name, one, region, regions)}
    if seen := sorted(name for name, one in counting.items() if region in one.up):
        return Verdict(down=False, alive=True, why=f"{', '.join(seen)} reaches it")
    witnesses = frozenset(name for name, one in counting.items() if region in one.down)
    if len(witnesses) < patience.witnesses:
        lacking = f"{len(witnesses)} of {patience.witnesses} witnesses that are needed see it down"
        return Verdict(down=False, alive=False, why=lacking, witnesses=witnesses)
    return Verdict(down=True, alive=False, why=f"{', '.join(sorted(witnesses))} see it down", witnesses=witnesses)


def _counts(name: str, report: Report, region: str, regions: Collection[str]) -> bool:
    """Whether a witness counts: it sees more than half of those up who are neither itself nor who is judged, so that it is not what is cut off."""
    others = set(regions) - {name, region}
    return 2 * len(others & report.up) > len(others)


@dataclass(frozen=True, slots=True)
class Proposal:
    """That a region's standby should take over; one for each region and epoch, whoever came to it first.

    Attributes:
        region: Whose duties.
        epoch: In which they are held by whom that seems to be down.
        since: When it was made, by the directory's clock.
        witnesses: Who saw it down.
        doubted: Since when something speaks against it; None if nothing does.
    """

    region: str
    epoch: int
    since: int
    witnesses: frozenset[str]
    doubted: int | None = None


def go_on(
    proposal: Proposal | None, verdict: Verdict, *, region: str, epoch: int, now: int, patience: Patience = USUAL
) -> Proposal | None:
    """Return what is proposed from now on: made at once, kept while nothing can be told, taken back when something has spoken against it for a while.

    Args:
        proposal: What was proposed before.
        verdict: What follows from all reports now.
        region: Whose duties.
        epoch: In which they are held now; a proposal of another one is done with.
        now: The directory's clock.
        patience: How long a doubt has to last.
    """
    if proposal is not None and proposal.epoch != epoch:
        proposal = None
    if verdict.down:
        if proposal is None:
            return Proposal(region, epoch, now, verdict.witnesses)
        return replace(proposal, witnesses=verdict.witnesses, doubted=None)
    if proposal is None or not verdict.alive:
        return proposal
    if proposal.doubted is None:
        return replace(proposal, doubted=now)
    return None if now - proposal.doubted >= patience.calm else proposal


def may_act(proposal: Proposal | None, verdict: Verdict) -> bool:
    """Whether a proposal may be acted upon now: it stands undoubted, and all that it rests on holds at this very moment."""
    return proposal is not None and proposal.doubted is None and verdict.down
