"""Two instances of a service at once: one stands still while a second is started, then goes on beside it, behind the times."""

import asyncio
import contextlib
import socket

import psutil

from chaos.drill.faults.injector import POLL_SECONDS, RECOVERY_SECONDS, NotPossibleError, OnPart, Supervisor
from chaos.drill.visitors import visit
from chaos.drill.witness import ProcessWitness, answers_well, counted
from infra.local.control import Act, Status

TOGETHER_SECONDS = 5.0
"""For how long both go on."""
END_SECONDS = 15.0
PUBLIC_PORT = "CAUSEWAY_PUBLIC_PORT"
OWN_PORTS = (
    "CAUSEWAY_ADMIN_PORT",
    PUBLIC_PORT,
    "CAUSEWAY_GATEWAY_PORT",
    "CAUSEWAY_MEDIA_PORT",
    "CAUSEWAY_DIRECTORY_PORT",
)
"""What two instances on one machine cannot share."""
WORK = frozenset(
    {
        "causeway_edge_requests_total",
        "causeway_gateway_sends_total",
        "causeway_projector_records_total",
        "causeway_fanout_outputs_total",
        "causeway_forwarder_records_total",
        "causeway_ingester_records_total",
    }
)
"""What services count of their work; where one of these has risen, the instance had something to do, and did it."""
UNREACHED = ("directory", "gateway", "media")
"""Processes that do nothing but answer others at an address that is known: nobody would come to a second one."""


def can_be_doubled(part: str) -> bool:
    """Whether a second instance of a service would have something to do: it takes its share of Kafka, or people reach it."""
    return part.rpartition("/")[2] not in UNREACHED


class ServiceDoubled(OnPart):
    """Stops a service's process, starts another like it, and lets the first one go on; the witness looks at both.

    A second one that serves people is not known to anybody; two visitors write to each other through it.
    """

    anew = False

    def __init__(self, target: str, before: Status, ask: Supervisor) -> None:
        """Prepare."""
        super().__init__(target, before, ask)
        self._first = ProcessWitness(self.pid)
        self._second: asyncio.subprocess.Process | None = None
        self._admin = _free_port()
        self._visiting: asyncio.Task[None] | None = None

    async def put_on(self) -> None:
        """Stop the first, start the second, and wait until it has done something.

        Raises:
            NotPossibleError: The second ended, or had done nothing in time.
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
        if "public" in self.before.parts()[self.target].ports:
            self._visiting = asyncio.create_task(visit(f"http://127.0.0.1:{settings[PUBLIC_PORT]}"))
        await self._until_it_works(self._second)

    async def saw(self) -> str:
        """Wait until the second is well and has done something while the first stands still."""
        still = await self._first.stands_still()
        while not ((done := await self._work()) and self._first.is_still()):  # noqa: ASYNC110  # it tells only who asks
            await asyncio.sleep(POLL_SECONDS)
        assert self._second is not None
        return f"{still} while process {self._second.pid} serves: {done:.0f} things done"

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

    async def _until_it_works(self, second: asyncio.subprocess.Process) -> None:
        try:
            async with asyncio.timeout(RECOVERY_SECONDS):
                while not await self._work():
                    if second.returncode is not None:
                        reason = f"a second {self.target} ended with {second.returncode}."
                        raise NotPossibleError(reason=reason)
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            reason = f"a second {self.target} had done nothing after {RECOVERY_SECONDS:.0f} s."
            raise NotPossibleError(reason=reason) from None

    async def _work(self) -> float:
        """Return how much the second has done by its own account; 0 while it is not well."""
        if not await answers_well(self._admin):
            return 0.0
        return sum(value for name, value in (await counted(self._admin)).items() if name in WORK)

    async def _end_second(self) -> None:
        if self._visiting is not None:
            self._visiting.cancel()
            await asyncio.gather(self._visiting, return_exceptions=True)
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
