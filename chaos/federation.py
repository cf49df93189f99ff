"""The federation as an operator sees it: through the `causeway` command, and nothing else."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from infra.errors import CausewayError

PATIENCE_SECONDS = 180.0
SAID_LINES = 40


class CommandError(CausewayError):
    """`causeway {arguments}` failed: {reason}"""  # noqa: D415  # the command's own sentence follows

    code = "command"
    definite = False


class PartStatus(msgspec.Struct, frozen=True):
    """How one part is.

    Attributes:
        state: `healthy`, when it is well.
        pid: Its process; None if it has none.
        ports: What it listens on, by name.
        log: Where its output goes.
    """

    state: str
    pid: int | None = None
    ports: dict[str, int] = {}
    log: str = ""


class RegionStatus(msgspec.Struct, frozen=True):
    """A region's address and parts."""

    public_url: str
    parts: dict[str, PartStatus]


class Status(msgspec.Struct, frozen=True):
    """How everything is.

    Attributes:
        state: `healthy`, when everything is well.
        home: Where the federation's data lives.
        regions: By name.
        federal: Parts that belong to no region.
    """

    state: str
    home: str
    regions: dict[str, RegionStatus]
    federal: dict[str, PartStatus] = msgspec.field(name="global", default_factory=dict)

    def parts(self) -> dict[str, PartStatus]:
        """Return all parts by full name, such as `us/kafka`."""
        regional = {
            f"{region}/{name}": part for region, there in self.regions.items() for name, part in there.parts.items()
        }
        return {**self.federal, **regional}


class Federation:
    """A federation on this machine.

    Args:
        environment: Settings besides those of this process, such as `CAUSEWAY_HOME`.
        command: How to call the command line; this environment's own by default.
        patience: How long a command may take, where it is not said with it, seconds.
    """

    def __init__(
        self,
        environment: Mapping[str, str] | None = None,
        *,
        command: tuple[str, ...] | None = None,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._environment = {**os.environ, **(environment or {})}
        self._command = command or (str(Path(sys.executable).with_name("causeway")),)
        self._patience = patience

    def run(self, *arguments: str, patience: float | None = None) -> str:
        """Run `causeway` with these arguments and return what it printed.

        Raises:
            CommandError: It failed, and a note to it is the last that it said; or it took longer than `patience` seconds.
        """
        limit = self._patience if patience is None else patience
        try:
            done = subprocess.run(  # noqa: S603  # our own command line
                [*self._command, *arguments],
                env=self._environment,
                capture_output=True,
                text=True,
                timeout=limit,
                check=False,
                stdin=subprocess.DEVNULL,
            )
        except subprocess.TimeoutExpired as error:
            raise CommandError(arguments=" ".join(arguments), reason=f"no end after {limit:.0f} s") from error
        if done.returncode != 0:
            reason = (done.stderr.strip() or done.stdout.strip() or f"status {done.returncode}").splitlines()[-1]
            failure = CommandError(arguments=" ".join(arguments), reason=reason)
            failure.add_note("\n".join((done.stdout + done.stderr).splitlines()[-SAID_LINES:]))
            raise failure
        return done.stdout

    def status(self) -> Status:
        """Return how everything is.

        Raises:
            CommandError: No federation is running.
        """
        return msgspec.json.decode(self.run("status", "--json"), type=Status)

    async def act(self, *arguments: str) -> str:
        """As `run`, without holding up the event loop."""
        return await asyncio.to_thread(self.run, *arguments)
