"""Turn one mirrored record into what is to be done with it: append it to the journal, or count it as had, aside or a heartbeat.

Pure: `reader` brings the bytes and the time, and carries the steps out.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias, cast

import msgspec

from infra.errors import CausewayError
from relay.ingester.admission import NEWEST_HOME_EPOCH, Admissible, object_to_record, object_to_stream
from replication.codec import (
    UndecodableRecordError,
    UnknownVersionError,
    decode_record,
    decode_relayed,
    encode,
    stamped,
)
from replication.ids import partition_of
from replication.poison.records import Kind
from replication.progress import Taken, Term
from replication.records import Entry, Hop, Journaled, Record, Refusal, Relayed, Stream, Submission, Via
from replication.streams import DROP, Drop, Park, Verdict, judge, judge_heartbeat
from replication.topics import incoming_topic


class NewerOriginError(CausewayError):
    """{origin} sends records of a newer version than this software can read, or of a home epoch that is not known here yet, more than are put aside. Upgrade this region; partition {partition} waits, and nothing is lost."""

    code = "newer-origin"
    definite = True


class UnknownEpochError(CausewayError):
    """{origin} sends something of epoch {epoch}, of which nobody here has heard yet who holds its duties. It is read again once the directory has told; nothing is lost meanwhile."""

    code = "unknown-epoch"
    definite = True


@dataclass(frozen=True, slots=True)
class Append:
    """The record is new.

    Attributes:
        partition: Of the local journal.
        key: Of the journal record.
        value: Of the journal record.
        trace: The `traceparent` that it goes on with; empty if it is not traced.
    """

    partition: int
    key: bytes
    value: bytes
    trace: str = ""


@dataclass(frozen=True, slots=True)
class Had:
    """The record was here before."""


@dataclass(frozen=True, slots=True)
class Beat:
    """The record is a heartbeat."""


@dataclass(frozen=True, slots=True)
class Aside:
    """The record must not be appended, but kept; its sequence, where that can be read, counts as had.

    Attributes:
        reason: For people.
        kind: Of poison.
        via: Its place in its stream, if that can be read.
    """

    reason: str
    kind: Kind = Kind.UNREADABLE
    via: Via | None = None


@dataclass(frozen=True, slots=True)
class Early:
    """Records before this one are missing, so it must wait.

    Attributes:
        sequence: Its own.
    """

    sequence: int


Step: TypeAlias = Append | Had | Beat | Aside | Early
HAD, BEAT = Had(), Beat()


@dataclass(frozen=True, slots=True)
class Gap:
    """Records of a stream are missing.

    Attributes:
        stream: The stream.
        park: What is missing.
    """

    stream: Stream
    park: Park

    @property
    def term(self) -> Term:
        """The stream's incarnation and epoch."""
        return self.stream.incarnation, self.stream.epoch


@dataclass(frozen=True, slots=True)
class Judged:
    """What one mirrored record comes to.

    Attributes:
        step: What to do with it.
        forwarded_at: When the origin sent it, microseconds since the epoch; 0 if that cannot be read.
        gap: What it showed to be missing, if anything; nothing is noted of it.
        term: Of its stream, if that can be read.
    """

    step: Step
    forwarded_at: int = 0
    gap: Gap | None = None
    term: Term | None = None

    def traced(self, trace: str) -> "Judged":
        """Return it with what is to be appended, if anything, going on in that trace."""
        return replace(self, step=replace(self.step, trace=trace)) if isinstance(self.step, Append) else self


@dataclass(frozen=True, slots=True)
class Intake:
    """One origin's records on their way into this region.

    Attributes:
        origin: The region that they come from.
        here: This region.
        partitions: Of the local journal.
        held_at: At whose site the origin's duties are held that send what comes this way; at its own if none is given.
        site: At whose site this region's are.
        holds: Tells whether they are held there in an epoch; None if that epoch is not known yet. Without it, in all.
        over: Tells whether they were held there in an epoch that was ended by another one's claim: whatever its holder let others have, and has
            not come here, that other one says anew in its own epoch.
    """

    origin: str
    here: str
    partitions: int
    held_at: str = ""
    site: str = ""
    holds: Callable[[int], bool | None] | None = None
    over: Callable[[int], bool] | None = None

    @property
    def topic(self) -> str:
        """What they come by."""
        return incoming_topic(self.origin, self.here, held_at=self.held_at or self.origin, site=self.site or self.here)

    @property
    def way(self) -> str:
        """The way that they come, for people and metrics: the origin's name, and where its duties are held if not at home."""
        return self.origin if self.held_at in {"", self.origin} else f"{self.origin}@{self.held_at}"

    def is_over(self, epoch: int) -> bool:
        """Whether the streams of an epoch that come this way are over, so that what they lack comes in those of who ended it."""
        return self.holds is not None and self.over is not None and self.holds(epoch) is False and self.over(epoch)

    def take(self, value: bytes | None, *, partition: int, taken: Taken, now: int) -> Judged:
        """Judge one record of a mirrored partition, and note it in what is taken, unless records before it are missing.

        Args:
            value: Its bytes.
            partition: The mirrored topic's.
            taken: What was taken in so far from that partition; changed in place.
            now: Microseconds since the epoch.

        Raises:
            UnknownEpochError: It is of an epoch that is not known here yet.
        """
        try:
            relayed = decode_relayed(value)
        except UnknownVersionError as error:
            return Judged(Aside(str(error), Kind.NEWER))
        except UndecodableRecordError as error:
            return Judged(Aside(str(error)))
        stream = relayed.via.stream
        term = (stream.incarnation, stream.epoch)
        objection = object_to_stream(stream, origin=self.origin, here=self.here, partition=partition)
        if objection is not None:
            return Judged(Aside(objection, Kind.IMPOSSIBLE, relayed.via), relayed.forwarded_at)
        held = None if self.holds is None else self.holds(stream.epoch)
        if self.holds is not None and held is None:
            raise UnknownEpochError(origin=self.origin, epoch=stream.epoch)
        if (
            held is False and relayed.is_heartbeat
        ):  # of a stream that is over; whoever is new there tells how far it went
            return Judged(BEAT, relayed.forwarded_at)
        if self.is_over(stream.epoch):
            return Judged(HAD, relayed.forwarded_at)
        if held is False:
            reason = f"{self.held_at or self.origin} does not hold the duties of {self.origin} in epoch {stream.epoch}, or did not lay them down"
            return Judged(Aside(reason, Kind.IMPOSSIBLE, relayed.via), relayed.forwarded_at)
        if relayed.is_heartbeat:
            return Judged(BEAT, relayed.forwarded_at, _gap_before_heartbeat(taken, relayed), term)
        verdict = _note(taken, relayed)
        if isinstance(verdict, Park):
            return Judged(Early(relayed.via.sequence), relayed.forwarded_at, Gap(stream, verdict), term)
        step = HAD if isinstance(verdict, Drop) else self._admit(relayed, now)
        return Judged(step, relayed.forwarded_at, None, term)

    def must_wait(self, value: bytes | None) -> bool:
        """Whether a record would be put aside until it can be taken in by itself: so it must not be read while no more may be."""
        try:
            relayed = decode_relayed(value)
            if relayed.is_heartbeat:
                return False
            record = decode_record(relayed.record, relayed.version)
        except UnknownVersionError:
            return True
        except UndecodableRecordError:
            return False
        return _is_early(record) and object_to_record(record, origin=self.origin, here=self.here) is None

    def readmit(self, value: bytes | None, *, partition: int, taken: Taken, now: int) -> Append | Aside:
        """Judge a record again that was put aside, whether or not its sequence counts as had; if it is in a hole, that is filled.

        Args:
            value: Its bytes.
            partition: The mirrored topic's.
            taken: What was taken in from that partition; changed in place.
            now: Microseconds since the epoch.
        """
        try:
            relayed = decode_relayed(value)
        except UnknownVersionError as error:
            return Aside(str(error), Kind.NEWER)
        except UndecodableRecordError as error:
            return Aside(str(error))
        stream = relayed.via.stream
        objection = object_to_stream(stream, origin=self.origin, here=self.here, partition=partition)
        if objection is not None or relayed.is_heartbeat:
            return Aside(objection or "it is a heartbeat", Kind.IMPOSSIBLE, relayed.via)
        step = self._admit(relayed, now)
        if isinstance(step, Append):
            _note(taken, relayed)
        return step

    def _admit(self, relayed: Relayed, now: int) -> Append | Aside:
        try:
            record = decode_record(relayed.record, relayed.version)
        except UndecodableRecordError as error:
            return Aside(str(error), Kind.UNREADABLE, relayed.via)
        objection = object_to_record(record, origin=self.origin, here=self.here)
        if objection is not None:
            return Aside(objection, Kind.IMPOSSIBLE, relayed.via)
        if isinstance(record, Submission) and _is_early(record):  # it may be true, and only not known yet
            return Aside(f"home epoch {record.home_epoch} of its author is not known here yet", Kind.NEWER, relayed.via)
        admitted = self._stamp(cast("Admissible", record), relayed.forwarded_at, now)
        key = admitted.key if isinstance(admitted, Submission) else admitted.conversation_id
        return Append(
            partition_of(key, self.partitions), key.encode(), encode(Journaled(record=admitted, via=relayed.via))
        )

    def _stamp(self, record: Admissible, forwarded_at: int, now: int) -> Admissible:
        if not isinstance(record, Submission | Entry | Refusal):
            return record
        hops = (*record.hops, Hop(f"{self.origin}.forwarder", forwarded_at))
        return msgspec.structs.replace(record, hops=stamped(hops, f"{self.here}.ingester", now))


def _is_early(record: Record) -> bool:
    return isinstance(record, Submission) and record.home_epoch > NEWEST_HOME_EPOCH


def _note(taken: Taken, relayed: Relayed) -> Verdict:
    stream, sequence = relayed.via.stream, relayed.via.sequence
    term = (stream.incarnation, stream.epoch)
    known = taken.of(term)
    if known is None or sequence < 1:
        return DROP
    progress, verdict = judge(known, sequence)
    if progress is not known:
        taken.streams[term] = progress
    return verdict


def _gap_before_heartbeat(taken: Taken, relayed: Relayed) -> Gap | None:
    stream = relayed.via.stream
    known = taken.of((stream.incarnation, stream.epoch))
    park = None if known is None else judge_heartbeat(known, relayed.via.sequence)
    return None if park is None else Gap(stream, park)
