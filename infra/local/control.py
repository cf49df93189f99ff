"""How another terminal reaches the supervisor: one JSON line each way over a unix socket in the home directory."""

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from infra.local import homes
from infra.local.errors import LocalError, NotRunningError, SupervisorGoneError
from infra.local.link import Shape

SOCKET = homes.SOCKET
PATIENCE = 90.0
WAIT_SECONDS = 60.0


class RefusedError(LocalError):
    """{message}"""  # noqa: D415 — the supervisor's own sentence

    code = "refused"


class Ask(msgspec.Struct, frozen=True, tag=True):
    """Tell how everything is."""


class Stop(msgspec.Struct, frozen=True, tag=True):
    """Stop all parts, then yourself; answered when all have ended.

    Attributes:
        discards: Their data is thrown away next, so nobody has to put it in order first.
    """

    discards: bool = False


class Act(msgspec.Struct, frozen=True, tag=True):
    """Do something to parts.

    Attributes:
        verb: What; `heal` resumes what is paused and starts what was killed.
        names: To whom.
        stay_down: With `kill`: do not start it again.
        wait: Seconds to wait for each of the parts to be well again after `restart`, `resume` or `heal`; 0: that is not waited for.
        build: With `restart`: as which version services start from now on; empty for the one that the federation was brought up as,
            None for the one that each runs as.
    """

    verb: Literal["kill", "pause", "resume", "restart", "heal"]
    names: tuple[str, ...]
    stay_down: bool = False
    wait: float = WAIT_SECONDS
    build: str | None = None


class Reshape(msgspec.Struct, frozen=True, tag=True):
    """Change the shape of directions of links; answered when it is in force.

    Attributes:
        shapes: Direction, such as `us>eu`, to its new shape.
    """

    shapes: dict[str, Shape]


Request = Ask | Stop | Act | Reshape


class PartStatus(msgspec.Struct, frozen=True):
    """How a part is; see `state.Condition`."""

    state: str
    pid: int | None
    since: float
    restarts: int
    ports: dict[str, int]
    log: str
    reason: str = ""
    crashes: int = 0


class RegionStatus(msgspec.Struct, frozen=True):
    """A region's address and parts, by short name."""

    public_url: str
    parts: dict[str, PartStatus]


class LinkStatus(msgspec.Struct, frozen=True):
    """One direction of a link."""

    latency_ms: float
    jitter_ms: float
    bandwidth_bits: float
    cut: bool


class Status(msgspec.Struct, frozen=True):
    """How everything is: `down`, `starting`, `healthy`, `degraded` or `stopping`; `orphaned` when only the supervisor is gone."""

    state: str
    home: str
    supervisor: int | None
    regions: dict[str, RegionStatus]
    federal: dict[str, PartStatus] = msgspec.field(name="global")
    links: dict[str, LinkStatus] = {}

    def parts(self) -> dict[str, PartStatus]:
        """Return all parts by full name."""
        return self.federal | {
            f"{region}/{name}": part for region, there in self.regions.items() for name, part in there.parts.items()
        }


class Reply(msgspec.Struct, frozen=True):
    """The supervisor's answer: a status, or a sentence that says why not."""

    status: Status | None = None
    error: str | None = None


@contextlib.contextmanager
def short_path(home: Path) -> Iterator[str]:
    """Give the socket a short path, however long the home's is: a unix socket's may have 107 bytes only."""
    directory = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{directory}/{SOCKET}"
    finally:
        os.close(directory)


def ask(home: Path, request: Request, patience: float = PATIENCE) -> Status:
    """Send a request to the home's supervisor and return how everything is after it.

    Raises:
        NotRunningError: No supervisor runs there; a SupervisorGoneError when it was killed, and what it started runs on.
        RefusedError: It did not do it; the message says why.
    """
    try:
        with short_path(home) as path, socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(patience)
            connection.connect(path)
            connection.sendall(msgspec.json.encode(request) + b"\n")
            with connection.makefile("rb") as answers:
                line = answers.readline()
    except TimeoutError:
        raise RefusedError(message=f"the supervisor did not answer within {patience:.0f} s") from None
    except OSError:
        line = b""
    if not line:
        raise SupervisorGoneError(home=home) if homes.orphans(home) else NotRunningError(home=home)
    reply = msgspec.json.decode(line, type=Reply)
    if reply.status is None:
        raise RefusedError(message=reply.error or "the supervisor refused")
    return reply.status
