"""A takeover that a federation carries out by itself: whether it would, what is written down of it as it goes, and who holds by the directory."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from chaos.drill.faults.duties import Duty, duties_of

AUTOMATIC = "automatic"
FILE = "operations.jsonl"
VERB, BEFORE, DONE = "fail", "before", "done:"
"""Of a line: what is done, in which step everything is only looked at, and how the last one begins."""


class Standing(msgspec.Struct, frozen=True):
    """How a region's duties stand, by the directory.

    Attributes:
        holder: At which site they are; None if it does not tell.
        automatic: Whether who stands by takes over by itself.
        hindrance: Why it does not now; empty if nothing is known to be in the way.
    """

    holder: str | None
    automatic: bool
    hindrance: str = ""


async def standing(home: Path, region: str) -> Standing:
    """Ask how a region's duties stand.

    Raises:
        NotPossibleError: Nobody could say.
    """
    found = await duties_of(home)
    duty = next((one for one in found.regions if one.region == region), Duty(region))
    hindrance = "" if duty.taken_for_down is None else duty.taken_for_down.hindrance
    return Standing(duty.holder, found.takeover == AUTOMATIC, hindrance)


class _Line(msgspec.Struct):
    verb: str
    region: str
    what: str
    step: str = ""


class Written:
    """The lines that whoever takes a region over writes before each step, as `causeway region fail` does, from when this is made on."""

    def __init__(self, home: Path, region: str) -> None:
        """Begin behind what stands there.

        Args:
            home: Of the federation.
            region: Whose duties.
        """
        named = os.environ.get("CAUSEWAY_AUDIT")
        self._path, self._region = Path(named) if named else home / FILE, region
        self._place = self._path.stat().st_size if self._path.exists() else 0
        self.done = False
        """Whether the takeover was said to be done."""

    def steps(self) -> Iterator[str]:
        """Give what was written since the last time, as the command would tell it: the step, and what is done in it."""
        for line in self._lines():
            if (line.verb, line.region) != (VERB, self._region):
                continue
            self.done = self.done or line.what.startswith(DONE)
            if line.step not in {"", BEFORE}:
                yield f"{line.step}: {line.what}"

    def _lines(self) -> Iterator[_Line]:
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._place)
            for raw in file:
                if not raw.endswith(b"\n"):  # still being written
                    return
                self._place += len(raw)
                with contextlib.suppress(msgspec.DecodeError):  # of another kind
                    yield msgspec.json.decode(raw, type=_Line)
