"""A part killed, paused or restarted; or everything of a region, or of the directory, standing still."""

import asyncio

import psutil

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
