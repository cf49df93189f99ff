"""How far each stream of one mirrored partition has been taken in, as text that fits into a consumer's commit metadata.

Pure. Why it is kept there: `docs/decisions/0003-stream-progress-in-commit-metadata.md`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import msgspec

from infra.errors import CausewayError
from replication.streams import Progress, coarsen

LIMIT: Final = 4000
"""Bytes of metadata that are used; Kafka's `offset.metadata.max.bytes` is 4,096 by default."""

MOST_STREAMS: Final = 24
"""Streams of a partition that are remembered; a new one comes only with an incarnation or an epoch."""

Term: TypeAlias = tuple[int, int]
"""Incarnation and epoch, which tell the streams of a partition apart; they only rise."""


class UnreadableProgressError(CausewayError):
    """The progress that was committed cannot be read: {reason}. Every stream is judged anew: what comes is welcome, gaps are holes."""

    code = "unreadable-progress"
    definite = True


@dataclass
class Taken:
    """What has been taken in from one partition.

    Attributes:
        streams: Term to progress.
        floor: Streams of this term and below that are not in `streams` were forgotten: their records count as had.
    """

    streams: dict[Term, Progress] = field(default_factory=dict)
    floor: Term = (0, 0)

    def of(self, term: Term) -> Progress | None:
        """Return a stream's progress; None if it was forgotten."""
        known = self.streams.get(term)
        return known if known is not None or term <= self.floor else Progress()

    def copy(self) -> "Taken":
        """Return an independent copy, so that a batch which fails leaves no trace."""
        return Taken(dict(self.streams), self.floor)

    @property
    def missing(self) -> int:
        """How many sequences are in holes."""
        return sum(progress.missing for progress in self.streams.values())


class _Stream(msgspec.Struct, array_like=True):
    incarnation: int
    epoch: int
    last: int
    holes: tuple[tuple[int, int], ...] = ()


class _Metadata(msgspec.Struct, array_like=True):
    version: int
    floor: Term
    streams: list[_Stream]


_VERSION = 1
_decoder = msgspec.json.Decoder(_Metadata)


def fit(taken: Taken) -> tuple[Taken, str]:
    """Return the progress and its text; where it is too long, the oldest streams are forgotten and holes become coarser.

    The caller goes on with the progress that is returned, so that what is kept and what is done agree. It differs from the
    argument only after hundreds of separate gaps or dozens of epochs, which is worth an alert.
    """
    streams = dict(sorted(taken.streams.items()))
    floor = taken.floor
    while len(streams) > MOST_STREAMS:
        oldest = next(iter(streams))
        floor = max(floor, oldest)
        del streams[oldest]
    text = _text(streams, floor)
    while len(text) > LIMIT:
        worst = max(streams, key=lambda term: len(streams[term].holes))
        streams[worst] = coarsen(streams[worst], len(streams[worst].holes) * 3 // 4)
        text = _text(streams, floor)
    return Taken(streams, floor), text


def read(metadata: str) -> Taken:
    """Read what `fit` wrote.

    Raises:
        UnreadableProgressError: It is of another version, or no such text.
    """
    try:
        found = _decoder.decode(metadata)
    except msgspec.DecodeError as error:
        raise UnreadableProgressError(reason=str(error)) from error
    if found.version != _VERSION:
        raise UnreadableProgressError(reason=f"it has version {found.version}")
    return Taken({(s.incarnation, s.epoch): Progress(s.last, s.holes) for s in found.streams}, found.floor)


def _text(streams: Mapping[Term, Progress], floor: Term) -> str:
    kept = [
        _Stream(incarnation, epoch, progress.last, progress.holes) for (incarnation, epoch), progress in streams.items()
    ]
    return msgspec.json.encode(_Metadata(_VERSION, floor, kept)).decode()


def group_of(region: str, epoch: int) -> str:
    """Return the group of consumers in whose commits a region's progress stands while its duties are held in an epoch."""
    return f"ingester-{region}" if epoch == 1 else f"ingester-{region}-{epoch}"


def whole_up_to(taken: Taken, term: Term) -> int:
    """Return the last sequence of a stream up to which everything was taken in, and no hole is left; 0 if that is not known."""
    progress = taken.streams.get(term)
    if progress is None:
        return 0
    return min([progress.last, *(first - 1 for first, _ in progress.holes)])
