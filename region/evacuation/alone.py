"""Sees that of the commands that move a region's duties one runs at a time, and remembers where to one that was not ended is on its way."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from infra.errors import CausewayError
from infra.local import homes

FORGOTTEN_SECONDS: Final = 3600.0
"""After that long nobody who runs the command again goes on with it: what is not done by then is told by the stores."""
ROOM: Final = 128
"""Bytes that are always written."""


class BusyError(CausewayError):
    """Another command is moving the duties of {region} just now. Wait until it has ended, or end it with Ctrl-C: it says how far it came."""

    code = "busy"
    status = 409
    definite = True


class Way(msgspec.Struct, frozen=True):
    """To which site a region's duties are on their way.

    Attributes:
        to: The site.
        ended: The epoch that ends by it.
        at: When that was begun, or gone on with, seconds since the epoch.
    """

    to: str
    ended: int
    at: float

    def holds(self, epoch: int, now: float) -> bool:
        """Whether whoever runs the command again goes on with this, and does not begin another one."""
        return epoch in {self.ended, self.ended + 1} and now - self.at < FORGOTTEN_SECONDS


class OnItsWay:
    """To which site a region's duties are on their way, by a command that was not ended.

    What directory and stores say tells how far it came, and not which way once it is through: whoever runs `evacuate` again, because the terminal died, is
    not to bring the duties back.
    """

    def __init__(self, path: Path) -> None:
        """Remember it in a file, which is locked."""
        self._path = path

    @property
    def way(self) -> Way | None:
        """What was begun; None if nothing was."""
        return _read(self._path)

    def note(self, way: Way | None) -> None:
        """Remember it, on the disk; None for nothing.

        Raises:
            OSError: It cannot be written; then nothing is to be done, either.
        """
        content = b"" if way is None else msgspec.json.encode(way)
        with self._path.open("r+b") as file:
            file.write(content.ljust(ROOM))  # in one piece: a half of it would say nothing
            file.flush()
            os.fsync(file.fileno())


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
        yield OnItsWay(_file(region))


def on_its_way(region: str) -> Way | None:
    """Return to which site a region's duties are on their way; None if nothing is. For who only looks."""
    return _read(_file(region))


def _read(path: Path) -> Way | None:
    try:
        return msgspec.json.decode(path.read_bytes().strip() or b"null", type=Way | None)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def _file(region: str) -> Path:
    return homes.home() / f"moving-{region}.lock"
