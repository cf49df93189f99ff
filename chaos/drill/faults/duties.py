"""A region's duties handed to another site by an operator's command, or back home: what the command tells is noted as it decides, that it happens is told by the services."""

import asyncio
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from chaos.drill.faults.injector import NotPossibleError, Supervisor
from chaos.drill.schedule import Fault, Kind
from chaos.drill.witness import counted
from infra.errors import CausewayError
from infra.local.control import Ask, Status

COMMAND = Path(sys.executable).with_name("causeway")
COMMAND_SECONDS = 240.0
READY_SECONDS = 90.0
"""How long nothing may stand in the way any more before it is given up: a copy that was just begun must be whole first."""
LOOK_SECONDS, ASK_SECONDS = 0.2, 1.0
SURE_LOOKS = 5
STANDS_BY = "causeway_turn_stands_by"
STEP = re.compile(r"\s*[\d.]+ s\s+(hand in|[a-z]+)\s+(.+)")
"""A line of the command: seconds, step, and what is done or waited for."""
NOT_GOOD = "NOT GOOD"
WHY = "a drill"


class NotHomeError(CausewayError):
    """The duties of {region} are at {holder}, and could not be brought home: {reason} `causeway region {verb} {region} --why "…"` brings them."""

    code = "not-home"
    definite = True


class _Copy(msgspec.Struct):
    state: str = ""
    whole: bool = False
    connected: bool = False


class _Proposal(msgspec.Struct):
    hindrance: str = ""


class Duty(msgspec.Struct):
    """How a region's duties stand, as far as a drill asks; `taken_for_down` says what is in the way of a takeover by itself."""

    region: str
    holder: str | None = None
    standby: str | None = None
    copy: _Copy | None = None
    taken_for_down: _Proposal | None = None


class Duties(msgspec.Struct):
    """What `causeway region status` says; `takeover` is the policy."""

    regions: list[Duty]
    takeover: str | None = None


class Command:
    """What an operator does to a region by `causeway region`: what it tells is taken down as it goes.

    Args:
        home: The federation's home.
        tell: Takes that down.
    """

    def __init__(self, home: Path, tell: Callable[[str], None]) -> None:
        self._home, self._tell = home, tell
        self._process: asyncio.subprocess.Process | None = None

    async def run(self, *arguments: str) -> tuple[int, str]:
        """Run it, and tell what it does; return its status and the last that it said."""
        self._process = process = await _started(self._home, "region", *arguments)
        assert process.stdout is not None
        last = ""
        async for raw in process.stdout:
            line = raw.decode(errors="replace").strip()
            last = line or last
            if (step := STEP.fullmatch(line)) is not None:
                self._tell(f"{step[1]}: {step[2]}")
        return await process.wait(), last

    async def end(self) -> None:
        """Let it come to its end: one that is broken off leaves a region that nobody serves."""
        if self._process is not None and self._process.returncode is None:
            async with asyncio.timeout(COMMAND_SECONDS):
                await self._process.communicate()


class DutiesMoved:
    """Runs the command; the witness asks the processes of the site that is left whether they have begun to stand by.

    Attributes:
        region: Whose duties.
    """

    def __init__(self, fault: Fault, before: Status, ask: Supervisor, tell: Callable[[str], None]) -> None:
        """Prepare.

        Args:
            fault: Which.
            before: How everything is.
            ask: Asks the supervisor.
            tell: Takes down what the command says that it does.
        """
        self._source, _, self._target = fault.target.partition(">")
        self.region = self._source if fault.kind is Kind.EVACUATE else self._target
        self._home, self._ask = Path(before.home), ask
        self._command = Command(self._home, tell)
        self._leaving = _serving(before, self.region, self._source)
        self._coming = _serving(before, self.region, self._target)
        self._begins = asyncio.Event()

    async def put_on(self) -> None:
        """Hand them over, once nothing stands in the way.

        Raises:
            NotPossibleError: They are not there, or something stands in the way, or the command failed; then it has handed them back.
        """
        if (holder := await holder_of(self._home, self.region)) != self._source:
            raise NotPossibleError(reason=f"the duties of {self.region} are at {holder}, not at {self._source}.")
        await ready(self._home, "evacuate", self.region)
        self._begins.set()
        status, said = await self._command.run("evacuate", self.region, "--why", WHY, "--confirm", self.region)
        if status:
            raise NotPossibleError(reason=said)

    async def saw(self) -> str:
        """Wait until a process at the site that is left says that it stands by, again and again: who has only just started does not know yet whose turn it is."""
        await self._begins.wait()
        said = dict.fromkeys(self._leaving, 0)
        while True:
            for name, port in self._leaving.items():
                stands_by = (await counted(port)).get(STANDS_BY, 0.0) > 0
                said[name] = said[name] + 1 if stands_by else 0
                if said[name] == SURE_LOOKS:
                    return f"{name} stands by"
            await asyncio.sleep(LOOK_SECONDS)

    async def take_off(self) -> None:
        """It ends with its command."""

    async def recovered(self) -> None:
        """Wait until whoever serves there now does so, all parts are well, and nothing stands in the way of handing the duties on: where that takes a copy, a whole one follows."""
        while not await self._is_well():  # noqa: ASYNC110  # they tell only who asks
            await asyncio.sleep(ASK_SECONDS)
        await ready(self._home, "evacuate", self.region)

    async def abandon(self) -> None:
        """Let the command come to its end."""
        await self._command.end()

    async def bring_home(self) -> None:
        """See to it that the duties are at home; see `bring_home`."""
        await bring_home(self._home, self.region)

    async def _is_well(self) -> bool:
        now = await self._ask(Ask())
        told = [await counted(port) for port in self._coming.values()]
        serve = all(one and not one.get(STANDS_BY, 0.0) for one in told)  # an edge has no turn
        return serve and all(part.state == "healthy" for part in now.parts().values())


async def ready(home: Path, verb: str, region: str) -> None:
    """Wait until a rehearsal of a command finds nothing in the way.

    Raises:
        NotPossibleError: Something is, for too long.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + READY_SECONDS
    while (found := await called(home, "region", verb, region, "--rehearse"))[0]:
        if loop.time() > until:
            wrong = [line.strip() for line in found[1].splitlines() if NOT_GOOD in line] or [found[1][-200:]]
            raise NotPossibleError(reason=f"a rehearsal finds something in the way: {'; '.join(wrong)}")
        await asyncio.sleep(ASK_SECONDS)


async def holder_of(home: Path, region: str) -> str | None:
    """Return at which site a region's duties are, by the directory."""
    return next((one.holder for one in (await duties_of(home)).regions if one.region == region), None)


async def follows(home: Path, site: str) -> bool:
    """Return whether a site has whole copies of all regions by which it stands, and these follow."""
    try:
        copies = [one.copy for one in (await duties_of(home)).regions if one.standby == site]
    except NotPossibleError:
        return False  # nobody answers yet
    return all(copy is not None and copy.state == "follow" and copy.whole and copy.connected for copy in copies)


async def duties_of(home: Path) -> Duties:
    """Return who holds what, by the directory.

    Raises:
        NotPossibleError: Nobody could say.
    """
    status, said = await called(home, "region", "status", "--json")
    try:
        return msgspec.json.decode(said, type=Duties)
    except msgspec.DecodeError:
        raise NotPossibleError(reason=f"`causeway region status` ended with {status}: {said[:200]}") from None


async def bring_home(home: Path, region: str) -> None:
    """See to it that a region's duties are at home.

    Raises:
        NotHomeError: They could not be brought there.
    """
    try:
        if (holder := await holder_of(home, region)) == region:
            return
    except NotPossibleError as error:
        raise NotHomeError(
            region=region, holder="nobody knows which site", reason=str(error), verb="evacuate"
        ) from None
    status, said = await called(home, "region", "evacuate", region, "--why", f"{WHY} ends", "--confirm", region)
    if status:
        raise NotHomeError(region=region, holder=holder, reason=said.splitlines()[-1] if said else "", verb="evacuate")


async def called(home: Path, *arguments: str) -> tuple[int, str]:
    """Run `causeway`; return its status and what it printed, or complained of if it printed nothing."""
    process = await _started(home, *arguments, aside=asyncio.subprocess.PIPE)
    said, complaint = await process.communicate()
    return process.returncode or 0, (said.strip() or complaint.strip()).decode(errors="replace")


async def _started(home: Path, *arguments: str, aside: int = asyncio.subprocess.STDOUT) -> asyncio.subprocess.Process:
    """Start `causeway` in a session of its own, so that Ctrl-C of the drill does not end it halfway."""
    return await asyncio.create_subprocess_exec(
        str(COMMAND), *arguments, env={**os.environ, "CAUSEWAY_HOME": str(home), "COLUMNS": "400"},
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=aside,
        start_new_session=True,
    )  # fmt: skip


def _serving(status: Status, region: str, site: str) -> dict[str, int]:
    """Return the processes at a site that serve a region's duties when it is their turn, with their admin ports."""
    found = {}
    for name, part in status.regions[site].parts.items():
        of = name.partition("-")[0]
        whose = of if of in status.regions and "-" in name else site
        if "admin" in part.ports and whose == region and name != "standby":
            found[f"{site}/{name}"] = part.ports["admin"]
    return found
