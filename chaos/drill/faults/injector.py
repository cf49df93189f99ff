"""What every fault can do, and what it needs for that: the federation as it was, and its supervisor."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

import psutil

from infra.errors import CausewayError
from infra.local.control import Act, Ask, Request, Status

POLL_SECONDS = 0.2
RECOVERY_SECONDS = 300.0
"""How long a part that was struck may take to be well again: a MirrorMaker took more than two minutes on a machine with too much to do."""

Supervisor: TypeAlias = Callable[[Request], Awaitable[Status]]
"""Asks the supervisor, and returns how everything is afterwards."""


class NotPossibleError(CausewayError):
    """This fault cannot be put on here: {reason} So nobody sees it, and the verdict is unknown."""

    code = "fault-not-possible"
    definite = True


class Injector(Protocol):
    """A fault that can be put on once.

    What was done and what was seen are apart: `saw` asks the operating system, the link or the server, never `put_on`.
    """

    async def put_on(self) -> None:
        """Put it on.

        Raises:
            NotPossibleError: It cannot be.
        """
        ...

    async def saw(self) -> str:
        """Wait until it shows itself; return what was seen. Called before `put_on`, and cancelled if nothing is ever seen."""
        ...

    async def take_off(self) -> None:
        """Take it off; called after its time, also of one that ends by itself."""
        ...

    async def recovered(self) -> None:
        """Wait until what it struck is well again."""
        ...

    async def abandon(self) -> None:
        """The drill is given up: undo what the supervisor cannot heal."""
        ...


class OnPart:
    """What faults on a part have in common.

    Attributes:
        target: The part.
        before: How everything was.
        ask: Asks the supervisor.
    """

    anew = True
    """Whether the part has another process afterwards."""

    def __init__(self, target: str, before: Status, ask: Supervisor) -> None:
        """Prepare a fault on a part."""
        self.target = target
        self.before = before
        self.ask = ask

    @property
    def port(self) -> int:
        """The port on which the part serves, if it serves on one."""
        return next(iter(self.before.parts()[self.target].ports.values()))

    @property
    def pid(self) -> int:
        """Its process before the fault."""
        return self.before.parts()[self.target].pid or 0

    async def down(self) -> None:
        """Kill it; it stays down until `up`."""
        await self.ask(Act("kill", (self.target,), stay_down=True))

    async def up(self) -> None:
        """Start it, and wait until it is well."""
        await self.ask(Act("heal", (self.target,), wait=RECOVERY_SECONDS))

    async def recovered(self) -> None:
        """Wait until it is well by its own account, with another process if it had to begin anew."""
        while not self._is_well(await self.ask(Ask())):  # noqa: ASYNC110  # it tells only who asks
            await asyncio.sleep(POLL_SECONDS)

    async def abandon(self) -> None:
        """Leave it to the supervisor, which heals what was killed and paused."""

    def _is_well(self, now: Status) -> bool:
        part = now.parts()[self.target]
        other = part.pid is not None and part.pid != self.pid
        return (
            part.state == "healthy" and (other or not self.anew) and (part.pid is None or psutil.pid_exists(part.pid))
        )
