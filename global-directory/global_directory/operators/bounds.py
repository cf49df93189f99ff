"""How often something is let happen: some at once, then one in a while; and how many refusals were left out of the trace meanwhile. Pure.

Times are microseconds since the epoch. The algorithm is the generic cell rate algorithm (ITU-T I.371), whose only state is one time for each key.
"""

from typing import Final, NamedTuple

MOST: Final = 1_000
"""Keys that are told apart; the others share one."""
_OTHERS: Final = ""


class Kind(NamedTuple):
    """What refusals have in common.

    Attributes:
        who: Who was refused; empty if nobody is known.
        came_by: Whose certificate the connection showed; empty without TLS.
        verb: What was refused.
    """

    who: str
    came_by: str
    verb: str


class Allowances:
    """So many at once of each key, and one more each while."""

    def __init__(self, *, burst: int, every: int) -> None:
        """Prepare.

        Args:
            burst: How many are let happen at once.
            every: After how many microseconds there is one more.
        """
        self._slack = (burst - 1) * every
        self._every = every
        self._full_at: dict[str, int] = {}
        """When all of it is there again; keys of which all is there are not kept."""

    def take(self, key: str, now: int) -> int:
        """Take one; return 0, or after how many microseconds there is one."""
        if key not in self._full_at and len(self._full_at) >= MOST:
            self._full_at = {name: full for name, full in self._full_at.items() if full > now}
            key = key if len(self._full_at) < MOST else _OTHERS
        full = max(self._full_at.get(key, now), now)
        if full - now > self._slack:
            return full - now - self._slack
        self._full_at[key] = full + self._every
        return 0


class Refusals:
    """Which refusals stand in the trace one by one, and how many of which kind were left out of it."""

    BURST: Final = 10
    EVERY: Final = 60_000_000

    def __init__(self) -> None:
        """Begin with none."""
        self._written = Allowances(burst=self.BURST, every=self.EVERY)
        self._left_out: dict[Kind, int] = {}

    def let(self, kind: Kind, now: int) -> int | None:
        """Count a refusal; return how many like it were left out before it, or None if it is left out as well."""
        if self._written.take(repr(kind), now):
            if kind not in self._left_out and len(self._left_out) >= MOST:
                kind = Kind("", "", "others")
            self._left_out[kind] = self._left_out.get(kind, 0) + 1
            return None
        return self._left_out.pop(kind, 0)

    def due(self, now: int) -> list[tuple[Kind, int]]:
        """Return what was left out and may be written by now, as one line a kind; it counts as written."""
        due = [kind for kind in self._left_out if not self._written.take(repr(kind), now)]
        return [(kind, self._left_out.pop(kind)) for kind in due]
