"""Sees that of the commands that move a region's duties one runs at a time, and remembers where to one that was not ended is on its way."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from infra.errors import CausewayError
from infra.local import homes


class BusyError(CausewayError):
    """Another command is moving the duties of {region} just now. Wait until it has ended, or end it with Ctrl-C: it says how far it came."""

    code = "busy"
    status = 409
    definite = True


class OnItsWay:
    """To which site a region's duties are on their way, by a command that was not ended.

    What directory and stores say tells how far it came, and not which way once it is through: whoever runs `evacuate` again, because the terminal died, is
    not to bring the duties back.
    """

    def __init__(self, file: TextIO) -> None:
        """Remember it in a file that is open for reading and writing."""
        self._file = file

    @property
    def to(self) -> str:
        """The site; empty if nothing is on its way."""
        self._file.seek(0)
        return self._file.read().strip()

    def note(self, site: str) -> None:
        """Remember it, on the disk; an empty one for nothing.

        Raises:
            OSError: It cannot be written; then nothing is to be done, either.
        """
        self._file.seek(0)
        self._file.truncate()
        self._file.write(site)
        self._file.flush()
        os.fsync(self._file.fileno())


@contextlib.contextmanager
def alone(region: str) -> Iterator[OnItsWay]:
    """See that no second command of this machine moves the same duties at the same time; yield what was begun and not ended.

    Raises:
        BusyError: One does.
    """
    with _file(region).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BusyError(region=region) from error
        yield OnItsWay(file)


def on_its_way(region: str) -> str:
    """Return to which site a region's duties are on their way; empty if nothing is. For who only looks."""
    with contextlib.suppress(FileNotFoundError):
        return _file(region).read_text().strip()
    return ""


def _file(region: str) -> Path:
    return homes.home() / f"moving-{region}.lock"
