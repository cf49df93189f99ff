"""What is kept of a record that was put aside, and how a person names it. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from infra.errors import CausewayError

REPAIR: Final = ".repair-"
"""In a source, between a topic and the stream whose gap an answer filled."""

LONGEST_REASON: Final = 400
"""Characters of a reason that are kept and told; a peer may have written parts of it."""


def told(reason: str) -> str:
    """Return a reason as it may stand in logs and in the store: of bounded length, and without control characters."""
    cut = reason if len(reason) <= LONGEST_REASON else reason[: LONGEST_REASON - 1] + "…"
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in cut)


class Kind(StrEnum):
    """Why a record was put aside."""

    UNREADABLE = "unreadable"
    """Its bytes are no record."""

    IMPOSSIBLE = "impossible"
    """It can be read, and not applied, or does not belong where it came from."""

    NEWER = "newer"
    """Newer software wrote it; whoever can read it takes it in by itself."""

    BEHIND = "behind"
    """It follows a newer one of the same conversation or user, and is taken in after it."""

    HELD = "held"
    """It comes above a gap of its conversation, where no more is held, and is taken in by itself once that is closed."""

    @property
    def final(self) -> bool:
        """Whether nothing takes the record in by itself, ever."""
        return self in FINAL

    @property
    def roommates(self) -> "tuple[Kind, ...]":
        """The kinds with which it shares a room, itself among them; empty: it is always kept, since its reader waits when there is too much."""
        if self.final:
            return FINAL
        return (self,) if self is Kind.HELD else ()


FINAL: Final = (Kind.UNREADABLE, Kind.IMPOSSIBLE)


class NoSuchPoisonError(CausewayError):
    """There is no poison {name} in this region. `causeway poison list REGION --all` shows what there is."""

    code = "no-such-poison"
    status = 404
    definite = True


@dataclass(frozen=True, slots=True)
class Poison:
    """A record that was put aside.

    Attributes:
        source: The topic in which it stood: the journal, or a mirrored relay topic; of what came in an answer, with the stream.
        partition: Its partition there.
        offset: Its offset there.
        kind: Why it was put aside.
        reason: The same, in a sentence.
        value: Its bytes.
        key: The conversation or user that it concerns; empty if that is not known.
        seq: Of an entry that is held: its place in its conversation; else 0.
    """

    source: str
    partition: int
    offset: int
    kind: Kind
    reason: str
    value: bytes | None
    key: str = ""
    seq: int = 0

    @property
    def name(self) -> str:
        """How a person names it."""
        return f"{self.source}/{self.partition}/{self.offset}"

    @property
    def place(self) -> tuple[str, int, int]:
        """Where it stood."""
        return self.source, self.partition, self.offset

    @property
    def topic(self) -> str:
        """The topic in which it stood, or which an answer with it repaired."""
        return topic_of(self.source)


def topic_of(source: str) -> str:
    """Return the topic of a source: itself, unless it stands for answers that repaired the topic."""
    return source.partition(REPAIR)[0]


class Amount(NamedTuple):
    """How much is aside.

    Attributes:
        records: How many records.
        size: How many bytes they have.
    """

    records: int = 0
    size: int = 0

    def plus(self, value: bytes | None) -> "Amount":
        """Return it with one record more, of those bytes."""
        return Amount(self.records + 1, self.size + len(value or b""))

    def minus(self, value: bytes | None) -> "Amount":
        """Return it with one record less."""
        return Amount(self.records - 1, self.size - len(value or b""))


@dataclass(frozen=True, slots=True)
class Room:
    """How much may be aside.

    Attributes:
        records: How many records.
        size: How many bytes they may have.
    """

    records: int = 10_000
    size: int = 64 * 1024 * 1024

    def left(self, amount: Amount) -> bool:
        """Whether one more record may come to what is there; it may be larger than what is left."""
        return amount.records < self.records and amount.size < self.size


ROOM: Final = Room()


@dataclass(frozen=True, slots=True)
class There:
    """What stands at a place already.

    Attributes:
        value: The record's bytes.
        replayed: Whether it was taken in after all.
    """

    value: bytes | None
    replayed: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """The same as the store has it; times in microseconds since the epoch.

    Attributes:
        poison: The record.
        found_at: When it was put aside.
        wanted_at: When somebody asked last for its replay; None if nobody did.
        wanted_by: Who.
        tried_at: When a replay failed last; None if none did.
        replayed_at: When it was taken in after all; None if it was not.
    """

    poison: Poison
    found_at: int
    wanted_at: int | None = None
    wanted_by: str = ""
    tried_at: int | None = None
    replayed_at: int | None = None


def place_of(name: str) -> tuple[str, int, int]:
    """Return source, partition and offset of a name.

    Raises:
        NoSuchPoisonError: It is none.
    """
    source, partition, offset, *rest = [*name.rsplit("/", 2), "", ""]
    if rest != ["", ""] or not (partition.isdecimal() and offset.isdecimal() and len(offset) < 19):  # noqa: PLR2004 — a bigint
        raise NoSuchPoisonError(name=name)
    return source, int(partition), int(offset)
