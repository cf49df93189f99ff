"""Watches the other regions, tells the directory what is seen, and hears which of them are taken for down by all that is told.

A region is reached when its gateway answers what it is asked each second anyway: which devices were logged out there. One region's word decides
nothing: `replication.holding.detecting` says what does.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from typing import Final, Protocol

import structlog
from prometheus_client import Gauge

from global_directory.holding.schemas import ProposalView, Sighted
from infra.errors import CausewayError
from infra.tasks import heed_cancellation
from replication.holding.detecting import SECOND, View, look

log = structlog.get_logger()

LOOK_SECONDS: Final = 1.0
ANSWERED_SECONDS: Final = 2.5
"""A region that was asked each second, and has not answered for so long, does not answer."""
TELLER: Final = "gateway"

SEEN = Gauge("causeway_region_seen_up", "Whether another region is seen up from here (1).", ["seen"])
PROPOSED = Gauge(
    "causeway_region_taken_for_down",
    "Whether a region is taken for down by what several see (1), so that its standby should take over; as the directory said last.",
    ["subject"],
)


class Directory(Protocol):
    """Who is told."""

    async def sighted(self, region: str, wanted: Sighted) -> tuple[ProposalView, ...]:
        """Take in what is seen; see `global_directory.client.DirectoryClient`."""
        ...


class Watcher:
    """One region's view of all others; `run` it until cancelled."""

    def __init__(
        self,
        region: str,
        others: Collection[str],
        directory: Directory,
        answered: Mapping[str, float],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin by seeing everybody up.

        Args:
            region: Whose view it is.
            others: Who is watched.
            directory: Who is told.
            answered: Region to when it answered last, on the clock.
            clock: Seconds.
        """
        self._region = region
        self._directory = directory
        self._answered = answered
        self._clock = clock
        self._views = dict.fromkeys(others, View())
        self._silent = False
        for name in (region, *others):
            PROPOSED.labels(name).set(0)

    async def run(self) -> None:
        """Look, and tell, until cancelled; what cannot be told is told with the next look."""
        while True:
            heed_cancellation()
            wanted = self.look()
            try:
                found = await self._directory.sighted(self._region, wanted)
            except CausewayError as error:
                if not self._silent:
                    log.warning("the directory is not told what is seen", problem=error.code)
                self._silent = True
            else:
                self._silent = False
                self.hear(found)
            await asyncio.sleep(LOOK_SECONDS)

    def look(self) -> Sighted:
        """Look once at when each region has answered, and return what is seen."""
        now = self._clock()
        for name, view in self._views.items():
            answered = now - self._answered.get(name, -ANSWERED_SECONDS) < ANSWERED_SECONDS
            self._views[name] = look(view, answered=answered, now=int(now * SECOND))
            SEEN.labels(name).set(self._views[name].up)
        up = tuple(sorted(name for name, view in self._views.items() if view.up))
        return Sighted(TELLER, up, tuple(sorted(self._views.keys() - set(up))))

    def hear(self, proposals: Collection[ProposalView]) -> None:
        """Take in which regions are taken for down."""
        down = {one.region for one in proposals}
        for name in (self._region, *self._views):
            PROPOSED.labels(name).set(name in down)
