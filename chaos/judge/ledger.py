"""The ledger's file: JSON lines, written as things happen, never changed, and read again by the judge.

Many tasks of one process write one ledger, with one clock; what is kept in memory is one buffer.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from itertools import count
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Self, TypeAlias

import msgspec

from chaos.judge.events import VERSION, Ended, Event, Run
from infra.errors import CausewayError

Line: TypeAlias = tuple[int, Event]
"""An event and where in the ledger it stands; lines count from 1."""

BUFFER_BYTES = 64 * 1024
_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


class LedgerError(CausewayError):
    """The ledger {path} cannot be read: line {line}: {reason}. Was it changed, or written by another version?"""

    code = "ledger"
    definite = True


def digest(text: str) -> str:
    """Return what a ledger records instead of a text: 64 bits are enough to tell a million texts apart."""
    return blake2b(text.encode(), digest_size=8).hexdigest()


class Ledger:
    """A ledger that is being written; use it as a context manager, and note nothing after it.

    Attributes:
        random: What everything of the run is drawn from, so that the seed repeats it.
    """

    def __init__(
        self,
        path: Path,
        *,
        seed: int,
        about: str = "",
        fifo: bool = False,
        standbys: dict[str, str] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin a new ledger.

        Args:
            path: A file that does not exist yet.
            seed: What workload and faults follow from.
            about: What is run, for people.
            fifo: Whether devices keep their sends in order (see `Run`).
            standbys: Region to its standby.
            clock: Monotonic, seconds.

        Raises:
            FileExistsError: A ledger is never written twice.
        """
        self.random = Random(seed)
        self._ops = count(1)
        self._clock = clock
        self._began = clock()
        self._buffer = bytearray()
        self._encoder = msgspec.json.Encoder()
        self._file = path.open("xb", buffering=0)
        self.note(Run(0.0, seed, about, fifo, standbys or {}))

    def __enter__(self) -> Self:
        """Go on."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the ledger; it is whole only if nothing went wrong."""
        if error is None:
            self.note(Ended(self.now()))
        self.flush()
        self._file.close()

    def now(self) -> float:
        """Return the seconds since the ledger began."""
        return round(self._clock() - self._began, 6)

    def op(self) -> int:
        """Return the number of a new operation."""
        return next(self._ops)

    def note(self, event: Event) -> None:
        """Append an event, timed by `now`. Note an invocation before it is carried out, an observation after it was made."""
        self._encoder.encode_into(event, self._buffer, -1)
        self._buffer += b"\n"
        if len(self._buffer) >= BUFFER_BYTES:
            self.flush()

    def flush(self) -> None:
        """Hand over to the operating system what is in the buffer."""
        left = memoryview(bytes(self._buffer))
        while left:
            left = left[self._file.write(left) :]
        self._buffer.clear()


def write(path: Path, events: Iterable[Event]) -> None:
    """Write a whole ledger that was made up (see `rehearsal`)."""
    encoder = msgspec.json.Encoder()
    with path.open("xb") as file:
        file.writelines(encoder.encode(event) + b"\n" for event in events)


def read(path: Path) -> Iterator[Line]:
    """Read a ledger, line by line; one that was torn off ends where it was.

    Raises:
        LedgerError: A line within is no event, or the ledger is of another version.
    """
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            if not raw.endswith(b"\n"):
                return
            try:
                event = _decoder.decode(raw)
            except msgspec.DecodeError as error:
                raise LedgerError(path=path.name, line=number, reason=str(error)) from error
            if isinstance(event, Run) and event.version != VERSION:
                raise LedgerError(path=path.name, line=number, reason=f"it is of version {event.version}")
            yield number, event


def numbered(events: Iterable[Event]) -> Iterator[Line]:
    """Return events as the lines that they would be."""
    return enumerate(events, 1)
