"""Asks the projectors of regions with a standby whether they hold their lease, and notes when one does not, for as long as a fault lasts by which it may lapse."""

import asyncio
from collections.abc import Callable, Mapping

from chaos.drill.witness import counted
from chaos.judge import events as e

LOOK_SECONDS = 0.25
ISLANDED = "causeway_lease_islanded"


class Lookout:
    """Looks at the leases of some regions.

    Args:
        admins: Region to the admin port of the process that decides for it.
        now: Tells the ledger's time, seconds.
        note: Takes down what is seen.
        wanted: Tells whether a lease may lapse now: nobody is asked in vain.
    """

    def __init__(
        self,
        admins: Mapping[str, int],
        now: Callable[[], float],
        note: Callable[[e.Event], None],
        wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        self._admins = admins
        self._now = now
        self._note = note
        self._wanted = wanted

    async def run(self) -> None:
        """Look until cancelled."""
        async with asyncio.TaskGroup() as group:
            for region, port in self._admins.items():
                group.create_task(self._look(region, port))

    async def _look(self, region: str, port: int) -> None:
        last: float | None = None
        try:
            while True:
                if last is not None or self._wanted():
                    asked = self._now()
                    says = (await counted(port)).get(ISLANDED, 0.0) > 0  # who does not answer says nothing
                    if says and last is None:
                        self._note(e.Islanded(self._now(), region, since=True))
                        last = self._now()
                    elif says:
                        last = asked
                    elif last is not None:
                        self._note(e.Islanded(self._now(), region, since=False, last=last))
                        last = None
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            if last is not None:  # nobody looks any more, so nobody knows
                self._note(e.Islanded(self._now(), region, since=False, last=last))
