"""What was sent, what came back, and what was found wrong: each finding once, with what it takes to see it again."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

PROBLEM: Final = "application/problem+json"
ERRORS: Final = 400
ALLOWED_FAULTS: Final = frozenset({502, 503, 508})
"""Statuses from 500 that are documented: something is away, and the answer says so."""
LONGEST: Final = 400


class Problem(msgspec.Struct):
    """What every error must say (RFC 9457, and our code)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    definite: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong.

    Attributes:
        where: What was asked, such as `us public: POST /messages`.
        what: What is wrong with what came back.
        how: What was sent, or a command that sends it.
    """

    where: str
    what: str
    how: str


@dataclass
class Tally:
    """Of one run.

    Attributes:
        sent: Target to how many requests or frames it was sent.
        answers: Target and what came back to how often: a status, a close code, an error's code, or `closed`.
        findings: Each kind once, by where and what.
        repeated: How often each kind was seen.
        hidden: Tokens, which stand in no finding.
    """

    sent: Counter[str] = field(default_factory=Counter)
    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    findings: dict[tuple[str, str], Finding] = field(default_factory=dict)
    repeated: Counter[tuple[str, str]] = field(default_factory=Counter)
    hidden: set[str] = field(default_factory=set)

    @property
    def total(self) -> int:
        """How many requests and frames were sent."""
        return self.sent.total()

    def answered(self, target: str, what: str) -> None:
        """Note one request or frame and what came back."""
        self.sent[target] += 1
        self.answers[target, what] += 1

    def find(self, where: str, what: str, how: str) -> None:
        """Note something wrong."""
        self.repeated[where, what] += 1
        for token in self.hidden:
            how = how.replace(token, "…token…")
        self.findings.setdefault((where, what), Finding(where, what, how[:LONGEST]))


def objections(status: int, headers: Mapping[str, str], body: bytes | None) -> list[str]:
    """Return what is wrong with an answer as such, whatever was asked.

    Args:
        status: Its status.
        headers: Its headers, names in lower case.
        body: Its body; None where HTTP allows none, as to HEAD.
    """
    if status < ERRORS:
        return []
    found = [f"answered {status}"] if status >= 500 and status not in ALLOWED_FAULTS else []  # noqa: PLR2004 — HTTP's own
    if b"Traceback" in (body or b""):
        found.append("an error body shows a traceback")
    if headers.get("content-type") != PROBLEM:
        return [*found, f"a {status} is {headers.get('content-type', 'without a type')}, and no problem"]
    if body is None:
        return found
    try:
        problem = msgspec.json.decode(body, type=Problem)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return [*found, f"a {status} is no whole problem: {error}"]
    if problem.status != status:
        found.append(f"a {status} says of itself that it is a {problem.status}")
    if not problem.code or problem.type != f"urn:causeway:problem:{problem.code}":
        found.append(f"a {status} has no stable code")
    return found
