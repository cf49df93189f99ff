"""Asks the projectors of regions with a standby whether they hold their lease, and notes when one does not, for as long as a fault lasts by which it may lapse."""

import asyncio
from collections.abc import Callable, Mapping

from chaos.drill.witness import counted
from chaos.judge import events as e
from chaos.judge.ledger import Ledger

LOOK_SECONDS = 0.25
ISLANDED = "causeway_lease_islanded"


class Lookout:
    """Looks at the leases of some regions.

    Args:
        admins: Region to the admin port of the process that decides for it.
        ledger: Where it is noted.
        wanted: Tells whether a lease may lapse now: nobody is asked in vain.
    """

    def __init__(self, admins: Mapping[str, int], ledger: Ledger, wanted: Callable[[], bool]) -> None:
        self._admins = admins
        self._ledger = ledger
        self._wanted = wanted

    async def run(self) -> None:
        """Look until cancelled."""
        async with asyncio.TaskGroup() as group:
            for region, port in self._admins.items():
                group.create_task(self._look(region, port))

    async def _look(self, region: str, port: int) -> None:
        last: float | None = None
        while True:
            if last is not None or self._wanted():
                asked = self._ledger.now()
                says = (await counted(port)).get(ISLANDED, 0.0) > 0  # who does not answer says nothing
                if says and last is None:
                    self._ledger.note(e.Islanded(self._ledger.now(), region, since=True))
                    last = self._ledger.now()  # what it said it said before
                elif says:
                    last = asked
                elif last is not None:
                    self._ledger.note(e.Islanded(self._ledger.now(), region, since=False, last=last))
                    last = None
            await asyncio.sleep(LOOK_SECONDS)
