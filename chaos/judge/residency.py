"""No body rests where it may not: only the owner's region, those in which a member lives, and who stands by one of these, have a conversation's messages.

A region's own store says whether it has a message, not what it serves: who is no member is shown nothing anyway, which `entitlement` is about.
"""

from dataclasses import dataclass, field

from chaos.judge.entitlement import allowed
from chaos.judge.events import Held
from chaos.judge.history import History
from chaos.judge.verdict import Findings


@dataclass(slots=True)
class Residency:
    """What regions say that they have; `judgement` feeds it."""

    _held: list[tuple[int, Held]] = field(default_factory=list)

    def held(self, line: int, event: Held) -> None:
        """A region says whether it has a message."""
        self._held.append((line, event))

    def findings(self, history: History) -> Findings:
        """Return which regions have what they may not; in doubt unless every region of somebody was asked, some of them for what they may not have, and each that must have something says so."""
        findings = Findings("residency")
        may_not, silent = 0, dict[str, int]()
        answered = {event.region for _, event in self._held if event.has}
        for line, event in self._held:
            findings.judged += 1
            if event.region in allowed(history, event.conversation):
                silent.setdefault(event.region, line)
                continue
            may_not += 1
            if event.has:
                what = f"{event.region} has it, and no member of {event.conversation} lives there"
                findings.found(what, event.message, event.conversation, event.region, lines=(line,))
        if self._held and not may_not:
            findings.doubt("no region was asked for what it may not have")
        asked = {event.region for _, event in self._held}
        homes = {
            home for people in history.members.values() for membership in people.values() for home in membership.homes
        }
        for region in sorted((homes | {*history.homes.values()}) - asked if self._held else ()):
            findings.doubt(f"{region} was not asked, or did not answer", region)
        for region, line in silent.items():
            if region not in answered:
                findings.doubt(f"{region} says that it has nothing, not even of its own people", region, lines=(line,))
        return findings
