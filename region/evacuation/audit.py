"""Who did what to a region's duties, when, and why: a line of JSON for each thing, in a file that is only appended to.

It stands beside the trace of operators in the directory (`global_directory.operators`, `causeway audit list`), and neither is made by the other. That one says
who was let do what, or was refused, for all machines, and nobody who acts can change it: a line at the beginning of an operation and its end. This one has
every step with its figures, on the disk before the step is done; it is what is left to read when the directory went away in the midst of it, and a command
that cannot write it does nothing.
"""

import getpass
import os
import time
from pathlib import Path
from typing import Final

import msgspec

from infra.local import homes

FILE: Final = "operations.jsonl"


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing.

    Attributes:
        at: Seconds since the epoch.
        who: The operator, by the name on this machine; or the detector.
        verb: The command.
        region: Whose duties.
        what: What was done, or happened.
        why: As the operator has said.
        step: In which step.
        figures: What was counted.
    """

    at: float
    who: str
    verb: str
    region: str
    what: str
    why: str = ""
    step: str = ""
    figures: dict[str, int] = {}


class Audit:
    """Writes the lines of one command."""

    def __init__(self, verb: str, region: str, *, why: str, who: str = "", path: Path | None = None) -> None:
        """Prepare.

        Args:
            verb: The command.
            region: Whose duties.
            why: As the operator has said.
            who: Who it is, if nobody at a terminal.
            path: Of the file; that of the local federation, or `CAUSEWAY_AUDIT`, by default.
        """
        named = os.environ.get("CAUSEWAY_AUDIT")
        self.path = path or (Path(named) if named else homes.home() / FILE)
        self._verb, self._region, self._why, self._who = verb, region, why, who or operator()

    def note(self, what: str, *, step: str = "", figures: dict[str, int] | None = None) -> None:
        """Append a line, and see that it is on the disk.

        Raises:
            OSError: It cannot be written; then nothing is to be done, either.
        """
        line = Line(round(time.time(), 3), self._who, self._verb, self._region, what, self._why, step, figures or {})
        with self.path.open("ab") as file:
            file.write(msgspec.json.encode(line) + b"\n")
            file.flush()
            os.fsync(file.fileno())


def operator() -> str:
    """Return who is at the terminal: as `CAUSEWAY_OPERATOR` says, or this machine."""
    return os.environ.get("CAUSEWAY_OPERATOR") or getpass.getuser()
