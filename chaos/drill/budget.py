"""What a drill used of the budget of failures that 99.99 % leaves a month: pure."""

from collections.abc import Sequence
from math import nan

import msgspec

OBJECTIVE = 0.9999
LIMIT_MS = 1500.0
"""Within which time a send is to be accepted, and a message to be on its recipient's screen."""
MONTH_SECONDS = 30 * 24 * 3600.0
BUDGET_SECONDS = MONTH_SECONDS * (1 - OBJECTIVE)
"""How long a month everything may fail: 259 s."""


class Budget(msgspec.Struct, frozen=True):
    """How much of what was asked for was served, by the clients' own clocks and with their retries.

    Attributes:
        accepted: The share of sends that were accepted within the limit; null of none.
        shown: The share of messages that were shown to their recipient within the limit, of those that were shown.
        lost: The seconds for which all would have had to fail to come to as many sends that were not accepted within the limit.
        used: These as a share of a month's budget.
    """

    accepted: float
    shown: float
    lost: float
    used: float


def budget(acks: Sequence[float], screens: Sequence[float], *, unaccepted: int, seconds: float) -> Budget:
    """Return what was used.

    Args:
        acks: From sending until accepted, milliseconds.
        screens: From sending until shown, milliseconds.
        unaccepted: Sends that never were accepted; what was refused by a group's rules is none of them.
        seconds: For how long there was traffic.
    """
    asked = len(acks) + unaccepted
    late = sum(took > LIMIT_MS for took in acks) + unaccepted
    lost = seconds * (late / asked) if asked else 0.0
    return Budget(
        accepted=1 - late / asked if asked else nan,
        shown=sum(took <= LIMIT_MS for took in screens) / len(screens) if screens else nan,
        lost=lost,
        used=lost / BUDGET_SECONDS,
    )
