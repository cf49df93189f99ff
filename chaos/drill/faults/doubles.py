"""Two instances of a service at once: one stands still while a second is started, then goes on beside it, behind the times."""

import asyncio
import contextlib
import socket

import psutil

from chaos.drill.faults.injector import POLL_SECONDS, RECOVERY_SECONDS, NotPossibleError, OnPart, Supervisor
from chaos.drill.witness import ProcessWitness, answers_well
from infra.local.control import Act, Status

TOGETHER_SECONDS = 5.0
"""For how long both go on."""
END_SECONDS = 15.0
OWN_PORTS = ("CAUSEWAY_ADMIN_PORT", "CAUSEWAY_PUBLIC_PORT", "CAUSEWAY_GATEWAY_PORT", "CAUSEWAY_DIRECTORY_PORT")
"""What two instances on one machine cannot share."""


class ServiceDoubled(OnPart):
    """Stops a service's process, starts another like it, and lets the first one go on; the witness looks at both."""

    anew = False

    def __init__(self, target: str, before: Status, ask: Supervisor) -> None:
        """Prepare."""
        super().__init__(target, before, ask)
        self._first = ProcessWitness(self.pid)
        self._second: asyncio.subprocess.Process | None = None
        self._admin = _free_port()

    async def put_on(self) -> None:
        """Stop the first, start the second, and wait until it serves.

        Raises:
            NotPossibleError: The second did not come to serve.
        """
        running = psutil.Process(self.pid)
        command, place, settings = running.cmdline(), running.cwd(), running.environ()
        settings |= {name: str(_free_port()) for name in OWN_PORTS if name in settings}
        settings |= {"CAUSEWAY_ADMIN_PORT": str(self._admin), "CAUSEWAY_INSTANCE": f"{self.target}-second"}
        await self.ask(Act("pause", (self.target,)))
        self._second = await asyncio.create_subprocess_exec(
            *command, cwd=place, env=settings, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            async with asyncio.timeout(RECOVERY_SECONDS):
                while not await answers_well(self._admin):  # noqa: ASYNC110  # it tells only who asks
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            raise NotPossibleError(reason=f"a second {self.target} did not come to serve.") from None

    async def saw(self) -> str:
        """Wait until the second says that it is well while the first stands still."""
        still = await self._first.stands_still()
        while not (await answers_well(self._admin) and self._first.is_still()):  # noqa: ASYNC110  # as above
            await asyncio.sleep(POLL_SECONDS)
        assert self._second is not None
        return f"{still} while process {self._second.pid} serves"

    async def take_off(self) -> None:
        """Let the first go on beside the second for a while; then the second ends."""
        try:
            await self.ask(Act("resume", (self.target,), wait=RECOVERY_SECONDS))
            await asyncio.sleep(TOGETHER_SECONDS)
        finally:
            await self._end_second()

    async def abandon(self) -> None:
        """End the second, of which the supervisor knows nothing."""
        await self._end_second()

    async def _end_second(self) -> None:
        if self._second is None or self._second.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._second.terminate()
        try:
            async with asyncio.timeout(END_SECONDS):
                await self._second.wait()
        except TimeoutError:
            self._second.kill()
            await self._second.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
