"""A region that dies and comes back without its store: the disk of it is lost while the region is down, and the region comes back from what its standby has.

That the disk is gone is told by the file system.
"""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import psutil

from chaos.drill.faults import deaths
from chaos.drill.faults.deaths import RegionDies
from chaos.drill.faults.duties import WHY, NotHomeError, holder_of
from chaos.drill.faults.injector import POLL_SECONDS, NotPossibleError, Supervisor
from chaos.drill.faults.parts import SiteDown
from chaos.drill.schedule import Fault
from infra.local.control import Act, Status

STORE = "postgres"


class SiteWithoutStore(SiteDown):
    """Kills every process of a region, and then removes the disk of its store; the witness looks at the processes, and at the disk.

    Attributes:
        lost: Whether the disk is gone, or about to be.
    """

    def __init__(self, target: str, before: Status, ask: Supervisor) -> None:
        """Prepare.

        Raises:
            NotPossibleError: Where the store keeps what it has cannot be told.
        """
        super().__init__(target, before, ask)
        pid = before.parts()[f"{target}/{STORE}"].pid
        if pid is None:
            raise NotPossibleError(reason=f"{target}/{STORE} is not there.")
        self._disk = Path(psutil.Process(pid).cwd())
        self.lost = False

    async def put_on(self) -> None:
        """Kill them, and remove it; only once nobody works on it any more."""
        await super().put_on()
        await super().saw()
        self.lost = True
        await asyncio.to_thread(shutil.rmtree, self._disk)

    async def take_off(self) -> None:
        """Start them, and wait for nobody: with an empty store its services are not well before the region is restored."""
        await self._ask(Act("heal", self._parts, wait=0))

    async def saw(self) -> str:
        """Wait until each process is gone, and the disk too."""
        gone = await super().saw()
        while self._disk.exists():  # noqa: ASYNC110  # a file system tells only who asks
            await asyncio.sleep(POLL_SECONDS)
        return f"{gone}, and so is the disk of {STORE}"


class StoreLost(RegionDies):
    """As a region that dies; and what its store had is gone for good."""

    restoring: tuple[str, ...] = ("--store-lost",)

    def __init__(self, fault: Fault, before: Status, ask: Supervisor, tell: Callable[[str], None]) -> None:
        """Prepare.

        Raises:
            NotPossibleError: Its store cannot be found.
        """
        super().__init__(fault, before, ask, tell)
        self._site_down = SiteWithoutStore(self.region, before, ask)
        self._down = self._site_down

    async def bring_home(self) -> None:
        """Restore it; a drill that was broken off before it was declared dead does that first, since it cannot come back otherwise.

        Raises:
            NotHomeError: It could not be restored.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + deaths.RESTORE_SECONDS
        while self._site_down.lost and await self._is_at_home():
            status, said = await self._command.run("fail", self.region, "--why", WHY, "--confirm", self.region)
            if not status:
                break
            if loop.time() > until:
                raise NotHomeError(region=self.region, holder="nobody's site", reason=said, verb="restore")
            await asyncio.sleep(deaths.AGAIN_SECONDS)  # who stands by may be about to take over by itself
        await super().bring_home()
        self._site_down.lost = False

    async def _is_at_home(self) -> bool:
        try:
            return await holder_of(self._home, self.region) == self.region
        except NotPossibleError as error:
            raise NotHomeError(
                region=self.region, holder="nobody knows which site", reason=str(error), verb="restore"
            ) from None
