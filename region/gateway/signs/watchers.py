"""Tells devices how those are there whom they watch: at once, and when it changes, by looking every few seconds.

Looking, and not being told, is why nothing is missed for ever when something is shed, and why a region that cannot be asked shows by
itself. It costs what watches, whoever comes and goes.
"""

import asyncio
import contextlib
import heapq
import itertools
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from infra.tasks import heed_cancellation
from region.gateway import frames
from region.gateway.frames import PresenceFrame
from region.gateway.signs import metrics
from region.gateway.signs.hearing import Ear
from region.gateway.signs.presence import Presence
from region.gateway.signs.schemas import last_seen

LOOK_SECONDS: Final = 10.0
"""How often is looked for one device; less often when too many watch."""
AGAIN_SECONDS: Final = 2.0
"""How soon again, though the device watches others by now."""
AT_ONCE: Final = 4
"""Devices for which is looked at the same time."""
MOST: Final = 50_000
"""Users who are watched by all devices together; what goes beyond is not watched."""

Look = Callable[[str, Collection[str]], Awaitable[Mapping[str, Presence]]]


@dataclass
class _Watch:
    user_id: str
    users: tuple[str, ...] = ()
    due: float = float("inf")
    looked_at: float = float("-inf")
    told: dict[str, Presence] = field(default_factory=dict)
    gone: bool = False


class Watchers:
    """Whom each device watches; `run` is to run beside it."""

    def __init__(self, look: Look, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Prepare.

        Args:
            look: Tells how users are there, for whom.
            clock: Seconds, monotonic.
        """
        self._look = look
        self._clock = clock
        self._watches: dict[Ear, _Watch] = {}
        self._queue: list[tuple[float, int, Ear, _Watch]] = []  # by when they are due; whose `due` differs is stale
        self._numbers = itertools.count()
        self._count = 0
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        return self._count

    def watch(self, device: Ear, user_id: str, users: Collection[str]) -> None:
        """Take in whom a device watches from now on, instead of whom it did."""
        watch = self._watches.setdefault(device, _Watch(user_id))
        self._count -= len(watch.users)
        if self._count + len(users) > MOST:
            metrics.PRESENCE["busy"].inc()
            users = ()
        self._count += len(users)
        watch.users, watch.told = tuple(users), {}
        due = max(self._clock(), watch.looked_at + AGAIN_SECONDS)
        if due < watch.due:
            self._put(due, device, watch)
            self._changed.set()

    def forget(self, device: Ear) -> None:
        """Take in that a device is gone."""
        watch = self._watches.pop(device, None)
        if watch is not None:
            watch.gone = True
            self._count -= len(watch.users)

    async def run(self) -> None:
        """Look, until cancelled."""
        while True:
            heed_cancellation()
            self._changed.clear()
            if due := self._take_due():
                await asyncio.gather(*(self._tell(device, watch) for device, watch in due))
                continue
            pause = self._queue[0][0] - self._clock() if self._queue else LOOK_SECONDS
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(pause, 0.01)):
                    await self._changed.wait()

    def _put(self, due: float, device: Ear, watch: _Watch) -> None:
        watch.due = due
        heapq.heappush(self._queue, (due, next(self._numbers), device, watch))

    def _take_due(self) -> list[tuple[Ear, _Watch]]:
        now, found = self._clock(), list[tuple[Ear, _Watch]]()
        while self._queue and self._queue[0][0] <= now and len(found) < AT_ONCE:
            due, _, device, watch = heapq.heappop(self._queue)
            if not watch.gone and due == watch.due:
                watch.looked_at = now
                self._put(now + LOOK_SECONDS, device, watch)
                found.append((device, watch))
        return found

    async def _tell(self, device: Ear, watch: _Watch) -> None:
        users = watch.users
        if not users:
            return
        for user, presence in (await self._look(watch.user_id, users)).items():
            if watch.gone or watch.users is not users:
                return
            if watch.told.get(user) == presence:
                continue
            if device.offer(frames.encode(PresenceFrame(user, presence.state, last_seen(presence)))):
                watch.told[user] = presence
            else:
                metrics.PRESENCE["device"].inc()  # it is looked for again
