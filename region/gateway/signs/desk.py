"""How others are there, wherever they live: friends alone, and never waited for longer than for one answer of a region."""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Final

from infra.errors import BusyError
from region.gateway.errors import RateLimitedError
from region.gateway.rates import Book, Rate
from region.gateway.signs import metrics
from region.gateway.signs.neighbours import Neighbours
from region.gateway.signs.presence import UNKNOWN, Presence
from region.gateway.signs.residents import MOST, Residents
from replication.ids import is_user_id, region_of

MOST_LISTED: Final = 500
"""Friends of a list whose presence is looked up; of those who come behind it is unknown."""


class PresenceDesk:
    """Tells users how their friends are there."""

    def __init__(
        self,
        *,
        region: str,
        residents: Residents,
        neighbours: Neighbours,
        rate: Rate,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare.

        Args:
            region: This region.
            residents: Tell of those who live here.
            neighbours: Tell of all others.
            rate: How many questions of one user this gateway answers.
            clock: Seconds, monotonic.
        """
        self._region = region
        self._residents = residents
        self._neighbours = neighbours
        self._rate = rate
        self._clock = clock
        self._asked = Book()

    async def of(self, viewer: str, users: Collection[str]) -> dict[str, Presence]:
        """Return how these users are there, at most 100; unknown of whoever is no friend.

        Raises:
            RateLimitedError: The viewer asks too often.
        """
        wait = self._take(viewer)
        if wait > 0:
            raise RateLimitedError(retry_after=max(1, round(wait)))
        return await self.look(viewer, users)

    async def listed(self, viewer: str, friends: Collection[str]) -> dict[str, Presence]:
        """Return how a user's friends are there, unknown when the user asks too often: the list itself is given all the same."""
        return dict.fromkeys(friends, UNKNOWN) if self._take(viewer) > 0 else await self.look(viewer, friends)

    def _take(self, viewer: str) -> float:
        wait = self._asked.take(viewer, self._rate, self._clock())
        if wait > 0:
            metrics.PRESENCE["often"].inc()
        return wait

    async def look(self, viewer: str, users: Collection[str]) -> dict[str, Presence]:
        """As `of`, however often."""
        found = dict.fromkeys(users, UNKNOWN)
        told = await asyncio.gather(
            *(self._ask(region, viewer, some) for region, some in _asked(list(found)[:MOST_LISTED]))
        )
        for some in told:
            found |= some
        return found

    async def _ask(self, region: str, viewer: str, users: list[str]) -> dict[str, Presence]:
        if region != self._region:
            return dict(await self._neighbours.of(region, viewer, users))
        try:
            return await self._residents.of(viewer, users)
        except BusyError:
            return {}


def _asked(users: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """Go through the questions for these users: the region, and whom of it."""
    by_region: dict[str, list[str]] = {}
    for user in filter(is_user_id, users):
        by_region.setdefault(region_of(user), []).append(user)
    for region, all_of_it in by_region.items():
        for start in range(0, len(all_of_it), MOST):
            yield region, all_of_it[start : start + MOST]
