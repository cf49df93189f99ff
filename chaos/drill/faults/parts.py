"""A part killed, paused or restarted."""

from chaos.drill.faults.injector import RECOVERY_SECONDS, OnPart, Supervisor
from chaos.drill.schedule import Kind
from chaos.drill.witness import ProcessWitness
from infra.local.control import Act, Status


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
