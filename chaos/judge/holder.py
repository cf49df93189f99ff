"""Whether a region whose lease has lapsed, though another stands by, lets nobody in: stale decisions are attempted, and refused."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf

from chaos.judge.deeds import Deeds
from chaos.judge.events import Fail, FaultBegun, Islanded, Refused
from chaos.judge.expectations import owner_of
from chaos.judge.verdict import Findings

PERMITS = frozenset({"member_added", "member_joined"})
"""What lets somebody in, of what drills do; written down once more, since a judge that asked the product's own would believe it."""
ISLANDED = "islanded"


@dataclass(slots=True)
class _Island:
    region: str
    since: float
    until: float = -inf


@dataclass(slots=True)
class Holder:
    """When regions were islanded by their own account, and what was refused for it; `judgement` feeds it."""

    _islands: list[_Island] = field(default_factory=list)
    _refusals: dict[int, int] = field(default_factory=dict)
    _asked: list[tuple[int, str, str]] = field(default_factory=list)

    def begun(self, line: int, event: FaultBegun) -> None:
        """A fault begins, by which leases are to lapse or not."""
        for region in event.expects.lapses if event.expects is not None else ():
            self._asked.append((line, event.fault, region))

    def islanded(self, event: Islanded) -> None:
        """A region says that its lease has lapsed, or says so no more; what lies between when it was last asked and now is nobody's."""
        if event.since:
            self._islands.append(_Island(event.region, event.at))
            return
        for island in self._islands:
            if island.region == event.region and island.until == -inf:
                island.until = event.last

    def turned_down(self, line: int, event: Fail | Refused) -> None:
        """Something was refused."""
        if event.code == ISLANDED:
            self._refusals.setdefault(event.op, line)

    def findings(self, deeds: Deeds) -> Findings:
        """Say whether anybody was let in that was asked for and numbered while the region said that it is islanded.

        Who was let in before or after is nobody's fault: that is what `Islanded` tells apart. Each region whose lease was to lapse must have
        refused somebody for it.
        """
        findings = Findings("holder")
        refused: dict[str, int] = {}
        for deed in deeds:
            if deed.change.kind not in PERMITS or deed.conversation is None:
                continue
            owner = owner_of(deed.conversation)
            if deed.op in self._refusals:
                findings.judged += 1
                refused[owner] = refused.get(owner, 0) + 1
                continue
            entry = deeds.entry_of(deed) if deed.may_appear else None
            if entry is not None and _within(self._islands, owner, deed.invoked, entry.sighted):
                findings.judged += 1
                findings.found(
                    f"{owner} let somebody in while its lease had lapsed: {deed.change.kind}",
                    deed.id, f"op {deed.op}", deed.conversation, lines=(deed.line, entry.line),
                )  # fmt: skip
        for line, fault, region in self._asked:
            if not any(island.region == region for island in self._islands):
                findings.doubt(f"the lease of {region} was never seen to lapse", fault, lines=(line,))
            elif not refused.get(region):
                findings.doubt(
                    f"nobody was refused by {region} for its lease: nothing stale was attempted", fault, lines=(line,)
                )
        return findings


def _within(islands: Iterable[_Island], region: str, begun: float, ended: float) -> bool:
    return any(one.region == region and one.since <= begun <= ended <= one.until for one in islands)
