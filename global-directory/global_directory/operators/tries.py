"""How often an operator's password may be tried: after some wrong ones each further try has to wait. Pure."""

from typing import Final

FREE: Final = 5
"""Wrong passwords in a row that nobody waits for."""
PAUSE: Final = 30
"""After that, seconds between two tries."""


def must_wait(failures: int, tried_at: int, now: int) -> int:
    """Return for how many seconds the next try has to wait; 0 for not at all.

    Args:
        failures: Wrong passwords since the last right one.
        tried_at: When the last was tried, microseconds since the epoch.
        now: Microseconds since the epoch.
    """
    if failures < FREE:
        return 0
    left = tried_at + PAUSE * 1_000_000 - now
    return max(0, min(PAUSE, -(-left // 1_000_000)))
