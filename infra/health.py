"""What a process answers when asked for its health: each thing it depends on, since when it is so, and why."""

import time
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that must hold for the process to serve.

    Attributes:
        ok: Whether it holds.
        detail: What a person should know, when it does not.
        since: When it last changed, seconds since the epoch.
    """

    ok: bool
    detail: str
    since: float


@dataclass
class Health:
    """All conditions of one process; it is healthy when there is one at least, and all hold."""

    conditions: dict[str, Condition] = field(default_factory=dict)

    def expect(self, *names: str) -> None:
        """Declare conditions that do not hold yet."""
        for name in names:
            self.tell(name, ok=False, detail="starting")

    def tell(self, name: str, *, ok: bool, detail: str = "") -> None:
        """Say whether a condition holds; its time changes only when `ok` does."""
        known = self.conditions.get(name)
        since = known.since if known is not None and known.ok == ok else time.time()
        self.conditions[name] = Condition(ok=ok, detail=detail, since=since)

    def forget(self, *, but: str) -> None:
        """Tell of one condition alone from here on: whoever told the others is gone."""
        self.conditions = {name: condition for name, condition in self.conditions.items() if name == but}

    @property
    def ok(self) -> bool:
        """Whether the process can serve."""
        return bool(self.conditions) and all(condition.ok for condition in self.conditions.values())
