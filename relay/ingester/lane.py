"""One mirrored partition on its way in: what was taken, which streams are parked at a gap, and what waits behind it.

Pure. A stream with a gap is parked: what comes after the gap waits here, while other streams of the partition go on. The gap
is closed by the origin's answer, by what the mirror brings after all, or by giving it up; then what waited is taken in, in
order. A crash forgets what waits: `offset` never lies above it, and what was taken in from above it is told by its sequence.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

from relay.ingester.intake import Append, Aside, Early, Intake, Judged
from replication.poison.records import REPAIR, Poison
from replication.progress import Taken, Term
from replication.records import Stream
from replication.repair.pages import Page, Want
from replication.streams import Park, Progress, Range, give_up

MOST_WAITING: Final = 2000
MOST_BYTES: Final = 4 * 1024 * 1024
"""Records, and bytes of them, that wait behind the gaps of one partition; then nothing more of it is read."""
GONE: Final = "the origin no longer has it"
"""Why a gap is passed for which it was asked, and has answered."""


class Waiting(NamedTuple):
    """A record that came before its turn.

    Attributes:
        offset: In the mirrored partition.
        value: Its bytes.
    """

    offset: int
    value: bytes


@dataclass(slots=True)
class Parking:
    """A stream that stands before a gap.

    Attributes:
        stream: The stream.
        since: When it was parked, or the repair last came forward, on the caller's clock.
        upto: The highest sequence of which it is known that something up to there is missing.
        revealed_at: Offset of the record that told so.
        waiting: What came after the gap, by sequence.
    """

    stream: Stream
    since: float
    upto: int
    revealed_at: int
    waiting: dict[int, Waiting] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parked:
    """A stream was parked.

    Attributes:
        stream: The stream.
        park: The first gap.
    """

    stream: Stream
    park: Park


@dataclass(frozen=True, slots=True)
class Passed:
    """A gap was passed as a hole.

    Attributes:
        stream: The stream.
        park: The gap.
        reason: Why it was not repaired.
    """

    stream: Stream
    park: Park
    reason: str


@dataclass(frozen=True, slots=True)
class Freed:
    """A stream goes on.

    Attributes:
        stream: The stream.
    """

    stream: Stream


@dataclass(frozen=True, slots=True)
class Left:
    """A parked stream is over, and not waited for any more: what it lacks comes in those of who ended its epoch.

    Attributes:
        stream: The stream.
    """

    stream: Stream


@dataclass(frozen=True, slots=True)
class Begun:
    """A stream begins above 1: the origin does not keep what was before, and this region had it before its duties came to be held here.

    Attributes:
        stream: The stream.
        first: Its first sequence here.
    """

    stream: Stream
    first: int


Note: TypeAlias = Parked | Passed | Freed | Left | Begun


@dataclass(slots=True)
class Came:
    """What something that arrived came to.

    Attributes:
        judged: Records to carry out, in order.
        notes: What is to be told.
        poison: What must be kept aside before anything is committed.
    """

    judged: list[Judged] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    poison: list[Poison] = field(default_factory=list)

    def add(self, more: "Came") -> None:
        """Add what came after it."""
        self.judged += more.judged
        self.notes += more.notes
        self.poison += more.poison


@dataclass(slots=True)
class Lane:
    """One mirrored partition of one origin.

    Attributes:
        intake: Judges its records.
        partition: The partition.
        taken: What was taken in.
        next: The next offset to read.
        begins_anywhere: Whether streams may begin above 1, since it is not known here what was taken in of them where the duties were held before.
        parked: Streams that stand before a gap.
        waiting: How many records wait behind gaps.
        waiting_bytes: How many bytes they have.
    """

    intake: Intake
    partition: int
    taken: Taken
    next: int
    begins_anywhere: bool = False
    parked: dict[Term, Parking] = field(default_factory=dict)
    waiting: int = 0
    waiting_bytes: int = 0

    @property
    def offset(self) -> int:
        """Where reading must go on after a crash."""
        held = [parking.revealed_at for parking in self.parked.values()]
        held += [waiting.offset for parking in self.parked.values() for waiting in parking.waiting.values()]
        return min([self.next, *held])

    @property
    def full(self) -> bool:
        """Whether nothing more can wait, so that nothing more is to be read."""
        return self.waiting >= MOST_WAITING or self.waiting_bytes >= MOST_BYTES

    def take(self, value: bytes | None, offset: int, *, now: int, clock: float) -> Came:
        """Take the next record of the partition.

        Args:
            value: Its bytes.
            offset: Where it stands.
            now: Microseconds since the epoch.
            clock: Seconds on a monotonic clock.
        """
        came = Came()
        judged = self.intake.take(value, partition=self.partition, taken=self.taken, now=now)
        self.next = offset + 1
        self._put_aside(judged, offset, value, came)
        if not isinstance(judged.step, Early):
            came.judged.append(judged)
        if (gap := judged.gap) is not None:
            parking = self.parked.get(gap.term)
            if parking is None:
                parking = self.parked[gap.term] = Parking(gap.stream, clock, gap.park.last_missing, offset)
                came.notes.append(Parked(gap.stream, gap.park))
            elif gap.park.last_missing > parking.upto:
                parking.upto, parking.revealed_at = gap.park.last_missing, offset
            if isinstance(judged.step, Early) and judged.step.sequence not in parking.waiting:
                self._keep(parking, judged.step.sequence, Waiting(offset, value or b""))
        elif judged.term in self.parked:
            self._go_on(judged.term, came, now)
        return came

    def answered(self, want: Want, page: Page, *, now: int, clock: float, full: bool = False) -> Came:
        """Take the origin's answer, as if the mirror had brought it; what the origin no longer has is passed.

        Args:
            want: What was asked for: a gap, or a hole.
            page: The answer.
            now: Microseconds since the epoch.
            clock: Seconds on a monotonic clock.
            full: Whether nothing more may be put aside that waits for something; it stays a hole, and is asked for again.
        """
        came = Came()
        term = (want.stream.incarnation, want.stream.epoch)
        for value in page.records:
            if full and self.intake.must_wait(value):
                continue
            judged = self._read(value, now)
            if isinstance(judged.step, Early):
                if judged.term != term or judged.step.sequence > page.upto:
                    continue  # not what was asked for
                self._pass_over(term, judged.step.sequence - 1, GONE, came, now)
                judged = self._read(value, now)
            if not isinstance(judged.step, Early):
                came.judged.append(judged)
                self._put_aside(judged, None, value, came)
        self._pass_over(term, page.upto, GONE, came, now)
        if term in self.parked:
            self.parked[term].since = clock
        return came

    def give_up(self, term: Term, reason: str, *, now: int) -> Came:
        """Pass a parked stream's gap, which cannot be repaired now; it stays a hole, and is welcome later.

        Args:
            term: The stream's.
            reason: Why.
            now: Microseconds since the epoch.
        """
        came = Came()
        self._pass_over(term, self.missing(term).last, reason, came, now)
        return came

    def leave(self) -> Came:
        """Let go of parked streams that are over."""
        came = Came()
        for term in [term for term in self.parked if self.intake.is_over(term[1])]:
            came.notes.append(Left(self.parked[term].stream))
            self._forget(term)
        return came

    def _forget(self, term: Term) -> None:
        """Wait no more for what a stream lacks."""
        forgotten = self.parked.pop(term).waiting.values()
        self.waiting -= len(forgotten)
        self.waiting_bytes -= sum(len(waiting.value) for waiting in forgotten)

    def missing(self, term: Term) -> Want:
        """Return the first gap of a parked stream."""
        parking = self.parked[term]
        last = min(parking.waiting) - 1 if parking.waiting else parking.upto
        return Want(parking.stream, self._last(term) + 1, last)

    def holes(self) -> Iterator[tuple[Stream, tuple[Range, ...]]]:
        """Return the holes of each stream that has some, and is not over."""
        for term, progress in sorted(self.taken.streams.items()):
            if progress.holes and not self.intake.is_over(term[1]):
                yield Stream(self.intake.origin, *term, self.intake.here, self.partition), progress.holes

    @property
    def holes_in_all(self) -> int:
        """How many sequences are in those."""
        return sum(last - first + 1 for _, holes in self.holes() for first, last in holes)

    def _last(self, term: Term) -> int:
        known = self.taken.of(term)
        return 0 if known is None else known.last

    def readmit(self, value: bytes | None, *, now: int) -> Append | Aside:
        """Judge a record again that was put aside; see `Intake.readmit`."""
        return self.intake.readmit(value, partition=self.partition, taken=self.taken, now=now)

    def _read(self, value: bytes, now: int) -> Judged:
        return self.intake.take(value, partition=self.partition, taken=self.taken, now=now)

    def _put_aside(self, judged: Judged, place: int | None, value: bytes | None, came: Came) -> None:
        """Note what must be kept; what came in an answer and has no place in a stream stays a hole, and the origin keeps it."""
        step = judged.step
        if not isinstance(step, Aside):
            return
        source = self.intake.topic
        if place is None and step.via is not None:
            stream, place = step.via.stream, step.via.sequence
            source = f"{source}{REPAIR}{stream.incarnation}.{stream.epoch}"
        if place is not None:
            came.poison.append(Poison(source, self.partition, place, step.kind, step.reason, value))

    def _keep(self, parking: Parking, sequence: int, waiting: Waiting) -> None:
        parking.waiting[sequence] = waiting
        self.waiting += 1
        self.waiting_bytes += len(waiting.value)

    def _go_on(self, term: Term, came: Came, now: int) -> None:
        """Take in what waited and is next now."""
        parking = self.parked[term]
        while (next_ := parking.waiting.pop(self._last(term) + 1, None)) is not None:
            self.waiting -= 1
            self.waiting_bytes -= len(next_.value)
            judged = self._read(next_.value, now)
            came.judged.append(judged)
            self._put_aside(judged, next_.offset, next_.value, came)
        if not parking.waiting and self._last(term) >= parking.upto:
            del self.parked[term]
            came.notes.append(Freed(parking.stream))

    def _pass_over(self, term: Term, upto: int, reason: str, came: Came, now: int) -> None:
        """Give up what is missing up to there; what waits between is taken in."""
        while term in self.parked:
            self._go_on(term, came, now)
            if term not in self.parked or (missing := self.missing(term)).first > upto:
                return
            park = Park(missing.first, min(missing.last, upto))
            known = self.taken.of(term)
            if known is None:  # so old that it was forgotten: its records count as had
                self._forget(term)
                return
            if self.begins_anywhere and known == Progress() and reason == GONE:
                self.taken.streams[term] = Progress(park.last_missing)
                came.notes.append(Begun(missing.stream, park.last_missing + 1))
            else:
                self.taken.streams[term] = give_up(known, park)
                came.notes.append(Passed(missing.stream, park, reason))
