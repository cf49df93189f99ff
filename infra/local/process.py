"""Starting and stopping one process, and knowing it again: by its pid and the kernel's start time, never by its name."""

import contextlib
import errno
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from infra.local import kafka, postgres
from infra.local.errors import DiskFullError, LittleRoomError, LocalError, MissingProgramError
from infra.local.parts import Part
from infra.local.tools import Tools

LARGEST_LOG = 20_000_000
NO_ROOM = 50_000_000
"""With fewer bytes free, whatever fails most likely fails for that: a cluster or an archive takes so much."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Which process: pids are used again, the pair is not.

    Attributes:
        pid: Its process id.
        started: When it started, in the kernel's clock ticks since boot.
    """

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> "Identity | None":
        """Return who has that pid now; None when nobody has, or only a zombie."""
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return None if fields[0] in "ZX" else cls(pid, int(fields[19]))

    def alive(self) -> bool:
        """Whether it is still this process that has the pid."""
        return Identity.of(self.pid) == self

    def signal(self, number: signal.Signals) -> bool:
        """Send a signal to the process and its group, if it is still this process; return whether it was.

        Who is stopped, continued or killed takes its descendants along: PostgreSQL's backends have sessions of their own.
        """
        if not self.alive():
            return False
        descendants: dict[int, psutil.Process] = {}
        try:
            if number in {signal.SIGSTOP, signal.SIGKILL}:
                os.killpg(self.pid, signal.SIGSTOP)  # so that it has no more children
            if number in {signal.SIGSTOP, signal.SIGKILL, signal.SIGCONT}:
                while fresh := [child for child in self._descendants() if child.pid not in descendants]:
                    descendants |= {child.pid: child for child in fresh}
                    for child in fresh:
                        with contextlib.suppress(psutil.NoSuchProcess):
                            child.send_signal(number)
            os.killpg(self.pid, number)
        except ProcessLookupError:
            return False
        return True

    def _descendants(self) -> list[psutil.Process]:
        try:
            return psutil.Process(self.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []


def prepare(part: Part, tools: Tools) -> None:
    """Write a part's files and make its data directory, whatever its kind needs.

    Raises:
        DiskFullError: There is no room for it.
        LocalError: It cannot be prepared; the message says why.
    """
    part.log.parent.mkdir(parents=True, exist_ok=True)
    with explained(part.directory.parent):
        _prepare(part, tools)


def _prepare(part: Part, tools: Tools) -> None:
    if part.kind != "postgres":
        part.directory.mkdir(parents=True, exist_ok=True)
    for path, text in part.files.items():
        path.write_text(text)
    if part.kind == "kafka":
        kafka.prepare(part, tools.java)
    if part.kind == "postgres":
        postgres.prepare(part, tools.template, postgres.other_user())


def spawn(part: Part) -> subprocess.Popen[bytes]:
    """Start a part in a session of its own, with its output at the end of its log.

    Raises:
        MissingProgramError: Its program is not there.
        DiskFullError: No space for its log.
    """
    user = postgres.other_user() if part.unprivileged else None
    try:
        with contextlib.suppress(OSError):  # on a full disk a long log is a smaller evil
            rotate(part.log)
        with explained(part.log.parent), part.log.open("ab") as log:
            return subprocess.Popen(
                part.argv,
                cwd=part.directory,
                env=os.environ | dict(part.env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=user.pw_uid if user else None,
                group=user.pw_gid if user else None,
                extra_groups=[] if user else None,
            )
    except FileNotFoundError as error:
        raise MissingProgramError(program=part.argv[0], reason=str(error)) from error


def need_room(place: Path, needed: int) -> None:
    """See that so many bytes are free where the place is or will be.

    Raises:
        LittleRoomError: They are not.
    """
    free = _free(place)
    if free < needed:
        raise LittleRoomError(path=place, free=free // 1_000_000, needed=needed // 1_000_000)


def lack_of_room(place: Path) -> str:
    """Say that the disk which holds the place is full; nothing when it is not."""
    free = _free(place)
    return str(DiskFullError(path=place, free=free // 1_000_000)) if free < NO_ROOM else ""


def _free(place: Path) -> int:
    return shutil.disk_usage(next(parent for parent in (place, *place.parents) if parent.is_dir())).free


@contextlib.contextmanager
def explained(*places: Path) -> Iterator[None]:
    """Say so when something fails since the disk of one of the places is full, whoever noticed it and however they put it.

    Raises:
        DiskFullError: It is.
    """
    try:
        yield
    except (OSError, LocalError) as error:
        for place in places:
            free = _free(place)
            if free < NO_ROOM or (isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}):
                raise DiskFullError(path=place, free=free // 1_000_000) from error
        raise


def rotate(log: Path) -> None:
    """Keep one older log aside when it has grown large; whoever writes to it appends, so it may be cut under them."""
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        shutil.copyfile(log, log.with_suffix(".log.1"))
        os.truncate(log, 0)


def stop(process: subprocess.Popen[bytes], number: signal.Signals, patience: float = 10.0) -> None:
    """Ask a process to end, make it end after `patience` seconds, and take its group along."""
    identity = Identity.of(process.pid)
    if identity is not None:
        identity.signal(signal.SIGCONT)
        if number is signal.SIGKILL:
            identity.signal(number)
        else:
            process.send_signal(number)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            identity.signal(signal.SIGKILL)
    process.wait()


def wait_for(condition: Callable[[], bool], patience: float, every: float = 0.05) -> bool:
    """Ask until it is so or `patience` seconds have passed; return whether it is."""
    until = time.monotonic() + patience
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(every)
    return True
