"""A federation's home directory: what it is called, what describes it, who was started from it, and how it is wiped."""

import contextlib
import fcntl
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from infra.identity import DIRECTORY
from infra.local import toolchain
from infra.local.certified import AUTHORITY
from infra.local.errors import HomeInUseError, LocalError, StaleHomeError
from infra.local.federation import BASE_PORT, FORMAT, REGIONS, Federation, UnknownRegionError
from infra.local.process import Identity
from infra.local.tools import stage_of

DESCRIPTION = "federation.json"
PROCESSES = "processes.json"
SOCKET = "control.sock"
BOOT = Path("/proc/sys/kernel/random/boot_id")
LOCK = "supervisor.lock"
OPERATORS = "operators"
"""Where the session of who is logged in as an operator lies."""
VISITORS = "chaos"
"""Where commands that look from outside keep what they want to find again: accounts that they registered."""
DIRECTORIES = frozenset({"logs", "links", AUTHORITY, OPERATORS, VISITORS, DIRECTORY, f"{DIRECTORY}-postgres", *REGIONS})
OPERATIONS = "operations.jsonl"
"""In which each step of what moves duties is written down."""
MOVING = tuple(f"moving-{region}.lock" for region in REGIONS)
"""By which commands that move a region's duties exclude each other, and remember the way."""
FILES = frozenset({PROCESSES, f"{PROCESSES}.new", SOCKET, f"{DESCRIPTION}.new", DESCRIPTION, LOCK, OPERATIONS, *MOVING})
LEFTOVER_SECONDS = 15.0
BASE_PORTS = range(1024, 65_001)


class StrangeHomeError(LocalError):
    """{home} holds other things ({other}), and no federation was ever brought up there; nothing was touched. Choose another home: CAUSEWAY_HOME=/some/directory."""

    code = "strange-home"


class BadBasePortError(LocalError):
    """CAUSEWAY_BASE_PORT is '{text}', and must be a number from 1024 to 65000."""

    code = "bad-base-port"


class BadBuildError(LocalError):
    """CAUSEWAY_BUILD is '{text}', and must name a Python file that runs services as `infra.serve` does; only tests set it."""

    code = "bad-build"


def home() -> Path:
    """Return the home that this command is about: `CAUSEWAY_HOME`, or `.causeway/federation` of the project."""
    named = os.environ.get("CAUSEWAY_HOME")
    return Path(named).absolute() if named else toolchain.ROOT / ".causeway" / "federation"


def base_port() -> int:
    """Return the first port to use: `CAUSEWAY_BASE_PORT`, or 7000.

    Raises:
        BadBasePortError: It is no usable number.
    """
    text = os.environ.get("CAUSEWAY_BASE_PORT") or str(BASE_PORT)
    if not text.isdecimal() or int(text) not in BASE_PORTS:
        raise BadBasePortError(text=text)
    return int(text)


def build() -> str:
    """Return the Python file that runs the services instead of `infra.serve`: `CAUSEWAY_BUILD`, which only tests set; or nothing.

    Raises:
        BadBuildError: It is no file.
    """
    named = os.environ.get("CAUSEWAY_BUILD")
    if not named:
        return ""
    if not Path(named).is_file():
        raise BadBuildError(text=named)
    return str(Path(named).absolute())


def read_federation(directory: Path) -> Federation:
    """Read what the home was last brought up as.

    Raises:
        StaleHomeError: It says nothing that this version understands.
    """
    try:
        federation = msgspec.json.decode((directory / DESCRIPTION).read_bytes(), type=Federation)
    except (msgspec.DecodeError, FileNotFoundError, UnknownRegionError) as error:
        raise StaleHomeError(home=directory, reason=f"{DESCRIPTION} cannot be read ({error})") from error
    if federation.format != FORMAT:
        raise StaleHomeError(
            home=directory, reason=f"it has format {federation.format}, and this version makes format {FORMAT}"
        )
    return msgspec.structs.replace(federation, home=str(directory))  # a copy is not about the original


def make(directory: Path) -> None:
    """Make the home's directory, unless it is there.

    Raises:
        StrangeHomeError: It holds what is not ours.
    """
    if not (directory / DESCRIPTION).exists():
        _check_ours(directory)
    directory.mkdir(parents=True, exist_ok=True)


def describe(federation: Federation) -> None:
    """Write down what the home is brought up as.

    Raises:
        StaleHomeError: It holds data with another number of partitions or brokers, or of another version.
        StrangeHomeError: It holds what is not ours.
    """
    directory = Path(federation.home)
    make(directory)
    if (directory / DESCRIPTION).exists():
        before = read_federation(directory)
        if before.partitions != federation.partitions:
            raise StaleHomeError(
                home=directory,
                reason=f"it has {before.partitions} partitions, which are fixed for its data, and {federation.partitions} are asked for",
            )
        for region in REGIONS:
            had, wanted = before.brokers.get(region, 1), federation.brokers.get(region, 1)
            if (directory / region).exists() and had != wanted:
                raise StaleHomeError(
                    home=directory,
                    reason=f"the Kafka of {region} has {had} brokers, which are fixed for its data, and {wanted} are asked for",
                )
    elif any((directory / name).exists() for name in REGIONS):
        raise StaleHomeError(home=directory, reason=f"it has data but no {DESCRIPTION}")
    (directory / "logs").mkdir(exist_ok=True)
    write(directory / DESCRIPTION, msgspec.json.encode(federation))


class Record(msgspec.Struct, frozen=True):
    """Who was started from a home.

    Attributes:
        boot: The kernel's life, since pids and start times mean nothing in another one.
        directory: Device and inode of the home, since who copies a home did not start its processes.
        processes: By part.
    """

    boot: str
    directory: tuple[int, int]
    processes: dict[str, Identity]

    @classmethod
    def of(cls, directory: Path, processes: dict[str, Identity]) -> "Record":
        """Describe processes that were started here and now."""
        there = directory.stat()
        return cls(BOOT.read_text().strip(), (there.st_dev, there.st_ino), processes)


def record(directory: Path, processes: dict[str, Identity]) -> None:
    """Write down who runs from the home, by part."""
    write(directory / PROCESSES, msgspec.json.encode(Record.of(directory, processes)))


def recorded(directory: Path) -> dict[str, Identity]:
    """Return the processes that were last recorded as started from the home, by part; they may be gone."""
    try:
        last = msgspec.json.decode((directory / PROCESSES).read_bytes(), type=Record)
    except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError):
        return {}
    return last.processes if last == Record.of(directory, last.processes) else {}


def orphans(directory: Path) -> dict[str, Identity]:
    """Return those that still live; while no supervisor does, they are what one left that was killed."""
    return {name: identity for name, identity in recorded(directory).items() if identity.alive()}


def end_leftovers(home: Path) -> None:
    """End what an earlier supervisor of this home started and did not live to end."""
    leftovers = recorded(home)
    for identity in leftovers.values():
        identity.signal(signal.SIGCONT)
        identity.signal(signal.SIGTERM)
    until = time.monotonic() + LEFTOVER_SECONDS
    for identity in leftovers.values():
        while identity.alive() and time.monotonic() < until:
            time.sleep(0.05)
        identity.signal(signal.SIGKILL)
        while identity.alive():
            time.sleep(0.02)


@contextlib.contextmanager
def alone(home: Path) -> Iterator[int]:
    """Hold the home; a process that inherits the descriptor, which is given, holds it on.

    Raises:
        HomeInUseError: Another supervisor does, or who starts, stops or wipes it.
    """
    with (home / LOCK).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            mine = (home / LOCK).exists() and (home / LOCK).samefile(f"/proc/self/fd/{file.fileno()}")
        except BlockingIOError:
            mine = False
        if not mine:  # or it was thrown away just now, with the home
            file.seek(0)
            raise HomeInUseError(home=home, pid=file.read().strip() or "unknown")
        _sign(file.fileno())
        yield file.fileno()


@contextlib.contextmanager
def alone_as_heir(descriptor: int) -> Iterator[int]:
    """Hold the home on that who started us held; so nobody comes between."""
    try:
        _sign(descriptor)
        yield descriptor
    finally:
        os.close(descriptor)


def _sign(descriptor: int) -> None:
    os.ftruncate(descriptor, 0)
    with contextlib.suppress(OSError):  # a full disk; the pid only serves a message
        os.write(descriptor, str(os.getpid()).encode())


def write(path: Path, data: bytes) -> None:
    """Write a file so that a reader finds the old or the new, never a part."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_bytes(data)
    fresh.replace(path)


def wipe(directory: Path) -> None:
    """Throw the home's data away, here and on the stage; whatever else lies in the directory stays there.

    Raises:
        StrangeHomeError: No federation was ever brought up there.
        HomeInUseError: A supervisor runs there.
    """
    if directory.exists():
        if not (directory / DESCRIPTION).exists():
            _check_ours(directory)
        with alone(directory):
            for name in DIRECTORIES:
                if (directory / name).exists():
                    shutil.rmtree(directory / name)
            for name in FILES:
                (directory / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # somebody else's things are in it
            directory.rmdir()
    stage = toolchain.stage_directory()
    if stage is not None:
        shutil.rmtree(stage_of(stage, directory), ignore_errors=True)


def _check_ours(directory: Path) -> None:
    other = sorted({path.name for path in directory.iterdir()} - DIRECTORIES - FILES) if directory.exists() else []
    if other:
        raise StrangeHomeError(home=directory, other=", ".join(other[:3]))
