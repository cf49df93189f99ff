"""Sees that of the commands that move a region's duties one runs at a time: `evacuate`, `fail` and `restore`."""

import contextlib
import fcntl
from collections.abc import Iterator

from infra.errors import CausewayError
from infra.local import homes


class BusyError(CausewayError):
    """Another command is moving the duties of {region} just now. Wait until it has ended."""

    code = "busy"
    status = 409
    definite = True


@contextlib.contextmanager
def alone(region: str) -> Iterator[None]:
    """See that no second command of this machine moves the same duties at the same time.

    Raises:
        BusyError: One does.
    """
    with (homes.home() / f"moving-{region}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BusyError(region=region) from error
        yield
