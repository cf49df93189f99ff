"""Three values, and what supports them: no ruling is true because nobody looked."""

from collections.abc import Iterable
from enum import StrEnum

import msgspec

MOST_EVIDENCE = 20


class Verdict(StrEnum):
    """Whether something held."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"


class Evidence(msgspec.Struct, frozen=True):
    """One thing that was found.

    Attributes:
        what: For people.
        ids: Of what is involved: message, operation, device, conversation and seq, region, fault.
        lines: Where in the ledger it is to be seen.
    """

    what: str
    ids: tuple[str, ...] = ()
    lines: tuple[int, ...] = ()


class Ruling(msgspec.Struct, frozen=True):
    """What one checker says.

    Attributes:
        checker: Its name.
        verdict: Its verdict.
        judged: How many things were looked at.
        found: How many violations there are.
        evidence: Some of them.
        doubts: Why it cannot say that all is well, if it cannot.
    """

    checker: str
    verdict: Verdict
    judged: int
    found: int
    evidence: tuple[Evidence, ...]
    doubts: tuple[Evidence, ...]


class Findings:
    """Violations and doubts of one checker; only some of them are kept, all are counted."""

    def __init__(self, checker: str) -> None:
        """Begin with none."""
        self.checker = checker
        self.judged = 0
        self._found = 0
        self._evidence: list[Evidence] = []
        self._doubts: list[Evidence] = []

    def found(self, what: str, *ids: object, lines: Iterable[int] = ()) -> None:
        """Take in a violation."""
        self._found += 1
        if len(self._evidence) < MOST_EVIDENCE:
            self._evidence.append(Evidence(what, tuple(map(str, ids)), tuple(lines)))

    def doubt(self, what: str, *ids: object, lines: Iterable[int] = ()) -> None:
        """Take in a reason why it cannot be said that all is well."""
        if len(self._doubts) < MOST_EVIDENCE:
            self._doubts.append(Evidence(what, tuple(map(str, ids)), tuple(lines)))

    def rule(self, reservations: Iterable[Evidence] = ()) -> Ruling:
        """Rule: what was found is false; doubts, of one's own or of others, or nothing to judge leave it unknown."""
        doubts = [*self._doubts, *reservations]
        if not self.judged:
            doubts.append(Evidence("there was nothing to judge"))
        verdict = Verdict.FALSE if self._found else Verdict.UNKNOWN if doubts else Verdict.TRUE
        return Ruling(
            self.checker, verdict, self.judged, self._found, tuple(self._evidence), tuple(doubts[:MOST_EVIDENCE])
        )


def combine(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the verdict on everything: false if anything is, true only if everything is; of nothing, unknown."""
    all_of_them = set(verdicts)
    if Verdict.FALSE in all_of_them:
        return Verdict.FALSE
    return Verdict.TRUE if all_of_them == {Verdict.TRUE} else Verdict.UNKNOWN
