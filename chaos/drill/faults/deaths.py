"""A region that dies: everything of it is killed, whoever operates the federation declares it dead, or who stands by takes over by itself, and serves its people; back, it is restored.

That it is gone is told by the operating system; what the commands tell is noted as they decide.
"""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from chaos.drill.faults.duties import WHY, Command, NotHomeError, ready
from chaos.drill.faults.injector import NotPossibleError, Supervisor
from chaos.drill.faults.parts import SiteDown
from chaos.drill.faults.takeovers import Written, standing
from chaos.drill.greeting import greeted
from chaos.drill.moves import BACK, DETECTED, KILLS, SERVED
from chaos.drill.schedule import Fault
from chaos.drill.witness import counted
from infra.local.control import Ask, Status
from infra.local.errors import LocalError

TAKEN_FOR_DOWN = "causeway_region_taken_for_down"
FEWEST_WITNESSES = 2
"""Of other regions: fewer never take one for down, and an operator must see for themselves."""
DETECT_SECONDS = 30.0
SILENCES, SILENT_SECONDS = 3, 1.0
TAKEOVER_SECONDS = 120.0
"""For how long a takeover that comes by itself is waited for, from when the region is known to be gone: its lease lapses in a few seconds, the copy is looked at before."""
RESTORE_SECONDS = 180.0
"""For how long `restore` is tried again: what was killed counts as alive for half a minute, and services hear late who holds."""
NOTHING_TO_RESTORE = "was not declared dead, or is restored"
LOOK_SECONDS, AGAIN_SECONDS, ASK_SECONDS = 0.5, 2.0, 5.0
PAUSED = "operators have moved its duties"
"""With that begins what the directory says where nothing is done by itself for a while."""
"""Looking costs those who serve some processor time each."""


class RegionDies:
    """Kills all of a region, declares it dead as an operator would, and restores it once it is back.

    Attributes:
        region: Which.
        restoring: What is said to `restore` besides.
    """

    restoring: tuple[str, ...] = ()

    def __init__(self, fault: Fault, before: Status, ask: Supervisor, tell: Callable[[str], None]) -> None:
        """Prepare.

        Args:
            fault: Which.
            before: How everything is.
            ask: Asks the supervisor.
            tell: Takes down what is decided.
        """
        self.region, _, self._site = fault.target.partition(">")
        self._home, self._ask, self._tell = Path(before.home), ask, tell
        self._down = SiteDown(self.region, before, ask)
        self._command = Command(self._home, tell)
        self._edge = urlsplit(before.regions[self.region].public_url).port or 0
        self._others = [region for region in before.regions if region != self.region]
        self._watchers = {
            f"{region}/{name}": part.ports["admin"]
            for region in self._others
            for name, part in before.regions[region].parts.items()
            if "admin" in part.ports
        }

    async def put_on(self) -> None:
        """Kill it, once nothing would be in the way of taking it over; wait until that is noticed; declare it dead, or wait until who stands by has taken over by itself.

        Raises:
            NotPossibleError: It does not hold its duties, something is in the way, or nobody took them over.
        """
        now = await standing(self._home, self.region)
        if now.holder != self.region:
            raise NotPossibleError(reason=f"the duties of {self.region} are at {now.holder}.")
        await ready(self._home, "fail", self.region)
        written = Written(self._home, self.region)
        self._tell(f"{KILLS}: everything of {self.region}")
        await self._down.put_on()
        self._tell(f"{DETECTED}: {await self._detected()}")
        if now.automatic and len(self._others) >= FEWEST_WITNESSES:
            await self._taken_over(written)
        else:
            await self._declare()
        self._tell(f"{SERVED}: {self._site} serves")

    async def saw(self) -> str:
        """Wait until each of its processes is gone."""
        return await self._down.saw()

    async def take_off(self) -> None:
        """Start it, and give it its duties back."""
        with contextlib.suppress(LocalError):  # what stands by may count as not well while it hears of that
            await self._down.take_off()
        await self.bring_home()
        self._tell(f"{BACK}: {self.region} holds again")

    async def recovered(self) -> None:
        """Wait until all parts are well, and it could be taken over again: whoever stands by has a whole copy."""
        while any(part.state != "healthy" for part in (await self._ask(Ask())).parts().values()):  # noqa: ASYNC110  # it tells only who asks
            await asyncio.sleep(AGAIN_SECONDS)
        await ready(self._home, "fail", self.region)

    async def abandon(self) -> None:
        """Let the command come to its end."""
        await self._command.end()

    async def bring_home(self) -> None:
        """Restore it, again and again until that is done.

        Raises:
            NotHomeError: It could not be restored.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + RESTORE_SECONDS
        while True:
            status, said = await self._command.run(
                "restore", self.region, *self.restoring, "--why", f"{WHY} ends", "--confirm", self.region
            )
            if not status or NOTHING_TO_RESTORE in said:
                return
            if loop.time() > until:
                raise NotHomeError(region=self.region, holder=self._site, reason=said, verb="restore")
            await asyncio.sleep(AGAIN_SECONDS)

    async def _declare(self) -> None:
        status, said = await self._command.run("fail", self.region, "--why", WHY, "--confirm", self.region)
        if status:
            raise NotPossibleError(reason=f"`causeway region fail {self.region}` ended with {status}: {said}")

    async def _taken_over(self, written: Written) -> None:
        """Wait until who stands by has taken over by itself, and tell each step as it is written down; that it holds is for the directory to say.

        Whoever declared it dead beside that would only be in its way; but for a while after operators have moved duties, as the drill before did, nothing comes by itself.
        """
        loop = asyncio.get_running_loop()
        asked_at, now = loop.time(), await standing(self._home, self.region)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TAKEOVER_SECONDS):
                while not written.done:
                    for step in written.steps():
                        self._tell(step)
                    if now.holder == self.region and PAUSED in now.hindrance:
                        await self._declare()
                        return
                    if not written.done:
                        await asyncio.sleep(LOOK_SECONDS)
                    if loop.time() >= asked_at + ASK_SECONDS:
                        asked_at, now = loop.time(), await standing(self._home, self.region)
        now = await standing(self._home, self.region)
        if now.holder == self._site:
            return
        why = now.hindrance or f"docs/operations/detection.md says where to look; {now.holder} holds its duties"
        raise NotPossibleError(reason=f"{self._site} did not take {self.region} over by itself: {why}.")

    async def _detected(self) -> str:
        """Wait until an operator would be told of it; return by what.

        Of more than two regions the others take it for down, which raises an alert; of two neither ever judges the other, and its silence must do.
        """
        if len(self._others) < FEWEST_WITNESSES:
            return await self._silent()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DETECT_SECONDS):
                while True:
                    for name, port in self._watchers.items():
                        if (await counted(port)).get(TAKEN_FOR_DOWN, 0.0) > 0:
                            return f"{name} says that {self.region} is taken for down"
                    await asyncio.sleep(LOOK_SECONDS)
        return f"nobody takes it for down after {DETECT_SECONDS:.0f} s; {await self._silent()}"

    async def _silent(self) -> str:
        silences = 0
        while silences < SILENCES:
            answer = await greeted(self._edge, patience=SILENT_SECONDS)
            silences = silences + 1 if answer is None else 0
            await asyncio.sleep(LOOK_SECONDS)
        return f"nobody answers at the edge of {self.region}, {SILENCES} times in a row"
