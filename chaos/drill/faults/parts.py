"""A part killed, paused or restarted; or everything of a region, or of the directory, standing still."""

import asyncio
from pathlib import Path

import psutil

from chaos.drill.faults.duties import follows
from chaos.drill.faults.injector import POLL_SECONDS, RECOVERY_SECONDS, OnPart, Supervisor
from chaos.drill.faults.links import DIRECTORY, LINKS
from chaos.drill.schedule import Kind
from chaos.drill.witness import ProcessWitness
from infra.local.control import Act, Ask, Status


class PartFault(OnPart):
    """Kills, pauses or restarts; the witness looks at the process that there was."""

    def __init__(self, kind: Kind, target: str, before: Status, ask: Supervisor) -> None:
        """Prepare."""
        super().__init__(target, before, ask)
        self.anew = kind is not Kind.PAUSE
        self._kind = kind
        self._witness = ProcessWitness(self.pid)

    async def put_on(self) -> None:
        """Do it."""
        match self._kind:
            case Kind.KILL:
                await self.ask(Act("kill", (self.target,)))
            case Kind.PAUSE:
                await self.ask(Act("pause", (self.target,)))
            case _:
                await self.ask(Act("restart", (self.target,), wait=RECOVERY_SECONDS))

    async def saw(self) -> str:
        """Wait until the process is gone, or stands still."""
        return await (self._witness.stands_still() if self._kind is Kind.PAUSE else self._witness.gone())

    async def take_off(self) -> None:
        """Let a paused part go on; the others come back by themselves."""
        if self._kind is Kind.PAUSE:
            await self.ask(Act("resume", (self.target,), wait=RECOVERY_SECONDS))


def parts_of(target: str, status: Status) -> tuple[str, ...]:
    """Return all parts of a region, or of the directory."""
    if target == DIRECTORY:
        return tuple(name for name in status.federal if name != LINKS)
    return tuple(f"{target}/{name}" for name in status.regions[target].parts)


class SiteDown:
    """Kills every process of a region, which stays down; the witness looks at each of them. Its stores are as they were when it comes back.

    Attributes:
        region: Which.
    """

    def __init__(self, target: str, before: Status, ask: Supervisor) -> None:
        """Prepare."""
        self.region = target
        self._home = Path(before.home)
        self._ask = ask
        self._parts = parts_of(target, before)
        pids = [before.parts()[name].pid for name in self._parts]
        self._witnesses = [ProcessWitness(pid) for pid in pids if pid is not None]

    async def put_on(self) -> None:
        """Kill them."""
        await self._ask(Act("kill", self._parts, stay_down=True))

    async def saw(self) -> str:
        """Wait until each is gone."""
        for witness in self._witnesses:
            await witness.gone()
        return f"{len(self._witnesses)} processes are gone"

    async def take_off(self) -> None:
        """Start them."""
        await self._ask(Act("heal", self._parts, wait=RECOVERY_SECONDS))

    async def recovered(self) -> None:
        """Wait until all are well by their own account; and, of a region that stands by others, until it has whole copies that follow."""
        while not self._is_well(await self._ask(Ask())):  # noqa: ASYNC110  # they tell only who asks
            await asyncio.sleep(POLL_SECONDS)
        while not await follows(self._home, self.region):  # noqa: ASYNC110  # as above
            await asyncio.sleep(POLL_SECONDS)

    async def abandon(self) -> None:
        """The supervisor heals what was killed."""

    def _is_well(self, now: Status) -> bool:
        return all(now.parts()[name].state == "healthy" for name in self._parts)


class Frozen:
    """Stops every process of a region, or of the directory, at once, and lets them go on; the witness looks at each of them."""

    def __init__(self, target: str, before: Status, ask: Supervisor) -> None:
        """Prepare."""
        self._ask = ask
        self._parts = parts_of(target, before)
        pids = [before.parts()[name].pid for name in self._parts]
        self._pids = [pid for pid in pids if pid is not None]
        self._witnesses = [ProcessWitness(pid) for pid in self._pids]

    async def put_on(self) -> None:
        """Stop them."""
        await self._ask(Act("pause", self._parts))

    async def saw(self) -> str:
        """Wait until each stands still."""
        for witness in self._witnesses:
            await witness.stands_still()
        while not all(witness.is_still() for witness in self._witnesses):  # noqa: ASYNC110  # another's child tells only who asks
            await asyncio.sleep(POLL_SECONDS)
        return f"{len(self._witnesses)} processes stand still"

    async def take_off(self) -> None:
        """Let them go on."""
        await self._ask(Act("resume", self._parts, wait=RECOVERY_SECONDS))

    async def recovered(self) -> None:
        """Wait until all are well by their own account."""
        while not self._are_well(await self._ask(Ask())):  # noqa: ASYNC110  # they tell only who asks
            await asyncio.sleep(POLL_SECONDS)

    async def abandon(self) -> None:
        """The supervisor heals what was paused."""

    def _are_well(self, now: Status) -> bool:
        parts = now.parts()
        return all(parts[name].state == "healthy" for name in self._parts) and all(map(psutil.pid_exists, self._pids))
