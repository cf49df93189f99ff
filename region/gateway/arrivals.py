"""How many devices may be on their way in at once: the others are told when to come again, each at a moment of its own.

After a gateway's death thousands return together. What each needs until it is welcomed (a verified token, a snapshot of the
store) is bounded here, so that a storm is a queue outside and not memory inside.
"""

import random
from collections.abc import Callable
from typing import Final

from prometheus_client import Counter, Gauge

from region.gateway.errors import CrowdedError

SOONEST_SECONDS: Final = 1.0
LATEST_SECONDS: Final = 5.0

ARRIVING = Gauge("causeway_gateway_arriving_devices", "Devices that are connected and not welcomed yet.")
SENT_AWAY = Counter(
    "causeway_gateway_devices_sent_away_total", "Devices that were told to come again later.", ["reason"]
)
_ARRIVING, _OPEN = SENT_AWAY.labels("arriving"), SENT_AWAY.labels("open")


class Arrival:
    """One device on its way in."""

    __slots__ = ("_arrivals", "_done")

    def __init__(self, arrivals: "Arrivals") -> None:
        self._arrivals = arrivals
        self._done = False

    def done(self) -> None:
        """It was welcomed, or is gone; the first time counts."""
        if not self._done:
            self._done = True
            self._arrivals.leave()


class Arrivals:
    """Bounds who is on the way in, and who is connected at all."""

    def __init__(self, *, most: int, most_open: int, chance: Callable[[], float] = random.random) -> None:
        """Begin empty.

        Args:
            most: How many may be on their way in.
            most_open: How many may be connected.
            chance: Returns a number from 0 to 1.
        """
        self._most = most
        self._most_open = most_open
        self._chance = chance
        self.count = 0
        """How many are on their way in."""

    def begin(self, connected: int) -> Arrival:
        """Let one more in, beside those that are connected.

        Raises:
            CrowdedError: There are too many.
        """
        crowded = self.count >= self._most
        if crowded or connected >= self._most_open:
            (_ARRIVING if crowded else _OPEN).inc()
            wait = SOONEST_SECONDS + (LATEST_SECONDS - SOONEST_SECONDS) * self._chance()
            raise CrowdedError(retry_after=round(wait, 2))
        self.count += 1
        ARRIVING.set(self.count)
        return Arrival(self)

    def leave(self) -> None:
        """One is in, or gone."""
        self.count -= 1
        ARRIVING.set(self.count)
