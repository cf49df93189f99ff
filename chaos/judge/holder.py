"""Whether a region whose lease has lapsed, though another stands by, lets nobody in: stale decisions are attempted, and refused; and whether one whose lease is renewed by who stands by goes on letting people in.

When a lease has lapsed is known in two ways: the region says so; and a region that can have asked neither the directory nor who stands by for longer than a lease lasts, since
its ways there were cut or it stood still, does not hold one, whatever it says, or before it says anything.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import inf

from chaos.judge.deeds import Deed, Deeds
from chaos.judge.events import Expectation, Fail, FaultBegun, FaultEnded, FaultSeen, Islanded, Refused
from chaos.judge.spans import owner_of
from chaos.judge.verdict import Findings

PERMITS = frozenset({"member_added", "member_joined"})
"""What lets somebody in, of what drills do; written down once more, since a judge that asked the product's own would believe it."""
ISLANDED = "islanded"
LEASE_SECONDS = 8.0
"""How long a region must be without directory and standby until its lease has lapsed for certain: 6 s, the share in which it is asked for anew, and a margin."""
DIRECTORY = "directory"
STILL = frozenset({"pause", "freeze"})


@dataclass(slots=True)
class _Island:
    region: str
    since: float
    until: float = inf
    closed: bool = False


@dataclass(slots=True)
class _Fault:
    name: str
    line: int
    kind: str
    target: str
    begun: float
    lapses: tuple[str, ...]
    keeps: tuple[str, ...] = ()
    seen: float = inf
    lifted: float = inf
    ended: float = inf

    def keeps_away(self, region: str, standby: str) -> bool:
        """Whether that region can reach neither the directory nor its standby, if that is known, while it lasts."""
        match self.kind:
            case "cut":
                links = set(self.target.split(","))
                apart = not standby or bool(links & {f"{region}-{standby}", f"{standby}-{region}"})
                return apart and f"{region}-{DIRECTORY}" in links
            case "freeze" if self.target == DIRECTORY:
                return not standby
            case "split":
                sides = [side.split(",") for side in self.target.split("|")]
                named = any(DIRECTORY in side for side in sides)
                return named and any(region in side and not {DIRECTORY, standby} & set(side) for side in sides)
            case _:
                return False

    def lays_asleep(self, region: str) -> bool:
        """Whether who decides for that region stands still while it lasts."""
        return self.kind in STILL and region in self.lapses and self.target.partition("/")[0] == region


@dataclass(frozen=True, slots=True)
class _Spell:
    """For how long a region cannot have asked for its lease, seconds of the ledger; and when within that it stood still."""

    since: float
    until: float
    sleeps: tuple[tuple[float, float], ...]

    def is_stale(self, invoked: float, sighted: float) -> bool:
        """Whether what was wanted then, and seen numbered then, can only have been decided without a lease: nobody decides asleep."""
        decided = max([invoked, *(woke for slept, woke in self.sleeps if slept <= invoked <= woke)])
        return self.since + LEASE_SECONDS <= decided and sighted <= self.until


@dataclass(slots=True)
class Holder:
    """When leases had lapsed, and what was refused for it; `judgement` feeds it."""

    _islands: list[_Island] = field(default_factory=list)
    _refusals: dict[int, int] = field(default_factory=dict)
    _faults: dict[str, _Fault] = field(default_factory=dict)

    def begun(self, line: int, event: FaultBegun) -> None:
        """A fault begins, by which leases are to lapse or not."""
        expects = event.expects or Expectation()
        self._faults[event.fault] = _Fault(
            event.fault, line, event.kind, event.target, event.at, expects.lapses, expects.keeps
        )

    def seen(self, event: FaultSeen) -> None:
        """A fault is seen."""
        if event.fault in self._faults:
            fault = self._faults[event.fault]
            fault.seen = min(fault.seen, event.at)

    def ended(self, event: FaultEnded) -> None:
        """A fault is over."""
        if event.fault in self._faults:
            fault = self._faults[event.fault]
            fault.ended, fault.lifted = event.at, event.at if event.lifted is None else event.lifted

    def islanded(self, event: Islanded) -> None:
        """A region says that its lease has lapsed, or says so no more; what lies between when it was last asked and now is nobody's."""
        if event.since:
            self._islands.append(_Island(event.region, event.at))
            return
        for island in self._islands:
            if island.region == event.region and not island.closed:
                island.until, island.closed = event.last, True

    def turned_down(self, line: int, event: Fail | Refused) -> None:
        """Something was refused."""
        if event.code == ISLANDED:
            self._refusals.setdefault(event.op, line)

    def findings(self, deeds: Deeds, standbys: Mapping[str, str]) -> Findings:
        """Say whether anybody was let in that was asked for and numbered while the lease of the region had lapsed; who stands by whom may have renewed it.

        Who was let in before or after is nobody's fault. Each fault by which a region's lease was to lapse must have shown that by itself: the region said so
        while it lasted, and refused somebody who asked then; another fault's refusals prove nothing of this one.
        """
        findings = Findings("holder")
        spells = {
            region: self._spells(region, standbys.get(region, ""))
            for fault in self._faults.values()
            for region in fault.lapses
        }
        refused: dict[str, list[float]] = {}
        let_in: dict[str, list[float]] = {}
        for deed in deeds:
            if deed.change.kind not in PERMITS or deed.conversation is None:
                continue
            owner = owner_of(deed.conversation)
            if deed.op in self._refusals:
                findings.judged += 1
                refused.setdefault(owner, []).append(deed.invoked)
                self._ask_of_refusal(findings, deed, owner)
                continue
            entry = deeds.entry_of(deed) if deed.may_appear else None
            if entry is None:
                continue
            let_in.setdefault(owner, []).append(deed.invoked)
            says = _within(self._islands, owner, deed.invoked, entry.sighted)
            if says or any(one.is_stale(deed.invoked, entry.sighted) for one in spells.get(owner, ())):
                findings.judged += 1
                why = "its lease had lapsed" if says else "it cannot have held its lease"
                findings.found(
                    f"{owner} let somebody in while {why}: {deed.change.kind}",
                    deed.id, f"op {deed.op}", deed.conversation, lines=(deed.line, entry.line),
                )  # fmt: skip
        for fault in self._faults.values():
            self._ask_of_fault(findings, fault, refused, let_in)
        return findings

    def _ask_of_fault(
        self, findings: Findings, fault: _Fault, refused: Mapping[str, list[float]], let_in: Mapping[str, list[float]]
    ) -> None:
        """Say what a fault leaves unknown; and count who was let in by regions whose lease is renewed while it lasts."""
        for region in fault.lapses:
            if doubt := self._doubt(fault, region, refused.get(region, [])):
                findings.doubt(doubt, fault.name, lines=(fault.line,))
        for region in fault.keeps:
            late = [at for at in let_in.get(region, []) if fault.seen + LEASE_SECONDS <= at <= fault.lifted]
            findings.judged += len(late)
            if not late:
                doubt = f"nobody was let in by {region} when a lease from before it would have lapsed"
                findings.doubt(doubt, fault.name, lines=(fault.line,))

    def _ask_of_refusal(self, findings: Findings, deed: Deed, owner: str) -> None:
        """Find fault with a refusal by a region whose lease is renewed by who stands by."""
        if any(owner in one.keeps and one.seen <= deed.invoked <= one.lifted for one in self._faults.values()):
            findings.found(
                f"{owner} refused somebody for its lease, which who stands by renews: {deed.change.kind}",
                deed.id, f"op {deed.op}", str(deed.conversation), lines=(deed.line, self._refusals[deed.op]),
            )  # fmt: skip

    def _doubt(self, fault: _Fault, region: str, refused: list[float]) -> str:
        """Return what a fault leaves unknown, if anything."""
        begun, ended = self._together(fault)
        lapsed = (one for one in self._islands if one.region == region)
        if not any(one.since <= ended and begun <= one.until for one in lapsed):
            return f"the lease of {region} was never seen to lapse"
        if not any(begun <= at <= ended for at in refused):
            return f"nobody was refused by {region} for its lease while it lasted: nothing stale was attempted"
        return ""

    def _spells(self, region: str, standby: str) -> list[_Spell]:
        """Return when a region cannot have asked for its lease: faults that follow one another without a pause are one spell."""
        away = sorted(
            (fault.seen, fault.lifted)
            for fault in self._faults.values()
            if fault.seen < fault.lifted and (fault.keeps_away(region, standby) or fault.lays_asleep(region))
        )
        sleeps = tuple((one.seen, one.lifted) for one in self._faults.values() if one.lays_asleep(region))
        merged: list[tuple[float, float]] = []
        for since, until in away:
            if merged and since <= merged[-1][1]:
                merged[-1] = merged[-1][0], max(until, merged[-1][1])
            else:
                merged.append((since, until))
        return [_Spell(since, until, sleeps) for since, until in merged]

    def _together(self, fault: _Fault) -> tuple[float, float]:
        """Return from when to when a fault lasts, and those that overlap with it."""
        begun, ended = fault.begun, fault.ended
        for one in sorted(self._faults.values(), key=lambda other: other.begun):
            if one.begun <= ended and begun <= one.ended:
                begun, ended = min(begun, one.begun), max(ended, one.ended)
        return begun, ended


def _within(islands: Iterable[_Island], region: str, begun: float, ended: float) -> bool:
    return any(one.closed and one.region == region and one.since <= begun <= ended <= one.until for one in islands)
