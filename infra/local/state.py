"""How a part is, and what each event makes of it: pure, for the supervisor to follow."""

from dataclasses import dataclass, replace
from typing import Literal

Phase = Literal[
    "down", "waiting", "starting", "healthy", "unhealthy", "paused", "crashed", "killed", "failed", "orphaned"
]
FIRST_BACK_OFF = 0.5
LONGEST_BACK_OFF = 15.0
STEADY = 30.0
FAILURES_UNTIL_UNHEALTHY = 2


@dataclass(frozen=True, slots=True)
class Condition:
    """How a part is.

    Attributes:
        phase: `down` was not started or was stopped; `waiting` for what it needs; `starting` until it is first well;
            `healthy`; `unhealthy` runs but does not answer; `paused` by us; `crashed` and about to be started again; `killed`
            by us, to stay down; `failed` cannot be started at all; `orphaned` runs without a supervisor.
        since: When it came to that, seconds since the epoch.
        crashes: How often it has crashed since it was last well for `STEADY` seconds.
        restarts: How often it has ended since the federation came up, though it should run.
        misses: How often in a row it did not answer.
        reason: What went wrong last.
    """

    phase: Phase = "down"
    since: float = 0.0
    crashes: int = 0
    restarts: int = 0
    misses: int = 0
    reason: str = ""

    @property
    def runs(self) -> bool:
        """Whether there is a process."""
        return self.phase in {"starting", "healthy", "unhealthy", "paused"}

    def to(self, phase: Phase, now: float, reason: str = "") -> "Condition":
        """Come to another phase."""
        return replace(self, phase=phase, since=now, misses=0, reason=reason)

    def asked(self, now: float, *, well: bool, why: str = "") -> "Condition":
        """Take in a probe's answer, and why it is not well as far as it says; one that starts may take its time, a paused one is not asked."""
        if self.phase not in {"starting", "healthy", "unhealthy"}:
            return self
        if well:
            steady = self.phase == "healthy" and now - self.since >= STEADY
            state = self if self.phase == "healthy" else self.to("healthy", now)
            return replace(state, misses=0, crashes=0 if steady else self.crashes)
        if self.phase != "healthy":
            return replace(self, reason=why) if why and why != self.reason else self
        missed = replace(self, misses=self.misses + 1)
        return (
            missed.to("unhealthy", now, why or "it does not answer")
            if missed.misses >= FAILURES_UNTIL_UNHEALTHY
            else missed
        )

    def ended(self, now: float, status: int, why: str = "") -> "Condition":
        """Take in that the process ended though it should run, and why as far as is known."""
        how = f"it was ended by signal {-status}" if status < 0 else f"it ended with status {status}"
        return self.crashed(now, f"{how}: {why}" if why else how)

    def crashed(self, now: float, reason: str) -> "Condition":
        """Take in that it does not run though it should."""
        steady = self.phase == "healthy" and now - self.since >= STEADY  # not every part is asked while it is well
        crashes = 1 if steady else self.crashes + 1
        return replace(self.to("crashed", now, reason), crashes=crashes, restarts=self.restarts + 1)

    def back_off(self) -> float:
        """Return how many seconds to wait before a crashed part is started again."""
        return float(min(LONGEST_BACK_OFF, FIRST_BACK_OFF * 2 ** max(0, self.crashes - 1)))
