"""A batch while it is judged: what is known, and what follows. Pure: the caller loads the one and writes the other."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from region.projector.cases import Case
from region.store.reports import OpenReports
from region.store.rows import (
    Concealed,
    Conversation,
    Device,
    Known,
    Member,
    Pending,
    Place,
    PreferencesRow,
    Restraints,
    User,
)
from region.store.writes import Move, Writes
from replication.alterations import Aftermath
from replication.codec import encode_record, version_of
from replication.holding.deciding import Kind as Sort
from replication.holding.deciding import Standing, may_begin
from replication.outputs import Batch, Output, RelayRow
from replication.poison.records import Kind
from replication.records import Hop, Outcome, Record, Stream, Submission

USUAL_WINDOW: Final = 48 * 3_600_000_000
"""For how many microseconds a message may be edited, unless a setting says otherwise."""

MOST_AHEAD: Final = 5 * 60_000_000
"""By how many microseconds the clock of an author's home is believed to be ahead of the owner's; it would let its users edit for ever."""


@dataclass(slots=True)
class State:
    """What is known to the judge; what is missing in a mapping does not exist.

    Attributes:
        conversations: The conversations that the batch names.
        known: What became of the message ids that the batch names.
        waiting: Pendings, in order, of conversations that the batch answers or begins.
        users: Users at home here.
        devices: Devices, by user and device.
        preferences: By user and conversation.
        concealed: What users have taken away from themselves, by user and conversation.
        counts: For (conversation, member, seq) below a conversation's tail: how many messages there are up to the seq, and
            how many of them are the member's.
        aftermaths: By conversation and seq, what was made of messages that the batch is about.
        suspended: Users whose account is suspended, of those whose devices the batch concerns.
        restraints: Whom users at home here keep away, of those whom the batch concerns.
        reports: What users have reported and nobody has decided about, of those whom the batch concerns.
    """

    conversations: dict[str, Conversation] = field(default_factory=dict)
    known: dict[str, Known] = field(default_factory=dict)
    waiting: dict[str, list[Pending]] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    devices: dict[tuple[str, str], Device] = field(default_factory=dict)
    preferences: dict[tuple[str, str], PreferencesRow] = field(default_factory=dict)
    concealed: dict[tuple[str, str], Concealed] = field(default_factory=dict)
    counts: dict[tuple[str, str, int], tuple[int, int]] = field(default_factory=dict)
    aftermaths: dict[tuple[str, int], Aftermath] = field(default_factory=dict)
    suspended: set[str] = field(default_factory=set)
    restraints: Restraints = field(default_factory=Restraints)
    reports: OpenReports = field(default_factory=OpenReports)


@dataclass(slots=True)
class Risen:
    """Marks of one member that rose in this batch.

    Attributes:
        conversation: Whose marks they are in.
        member: The member.
        partition: The journal partition.
        received: The last submission that raised the received mark; None if none did.
        read: The last submission that raised the read mark; likewise.
    """

    conversation: Conversation
    member: Member
    partition: int
    received: Submission | None = None
    read: Submission | None = None


@dataclass(slots=True)
class _Draft:
    """What one partition puts out."""

    place: Place
    next_offset: int
    position: int
    outputs: list[Output] = field(default_factory=list)
    relays: dict[str, list[int]] = field(default_factory=dict)


class Docket:
    """One batch: its state, which judging changes in place, and what it writes.

    If judging or committing fails, the state is worth nothing any more: whoever keeps it between batches drops it.
    """

    def __init__(
        self,
        *,
        here: str,
        incarnation: int,
        epoch: int,
        partitions: int,
        now: int,
        state: State,
        places: Mapping[int, Place],
        edit_window: int = USUAL_WINDOW,
        federation: Collection[str] = (),
        standing: Standing = Standing.HOLDING,
    ) -> None:
        """Open a batch.

        Args:
            here: This region.
            incarnation: Of this region's store.
            epoch: In which this region decides.
            partitions: How many partitions the journal has.
            now: Microseconds since the epoch, one for the whole batch.
            state: What is known.
            places: How far each partition has been projected.
            edit_window: For how many microseconds messages may be edited.
            federation: All regions that there are; whichever are named, if none are given.
            standing: How this region stands to its duties, for the whole batch.
        """
        self.here = here
        self.standing = standing
        self.permitted = False
        """Whether something was let in that only a holder may let in."""
        self._federation = frozenset(federation)
        self.incarnation = incarnation
        self.epoch = epoch
        self.partitions = partitions
        self.now = now
        self.edit_window = edit_window
        self.state = state
        self.hop = Hop(f"{here}.projector", now)
        self.writes = Writes()
        self.risen: dict[tuple[str, str], Risen] = {}
        self.counted: Counter[tuple[str, str]] = Counter()
        self.trace = ""
        """Of the case that is judged."""
        self.offset = 0
        """Of the case that is judged, in its partition of the journal."""
        self._places = places
        self._drafts: dict[int, _Draft] = {}

    def time_of(self, submission: Submission) -> int:
        """Return when a submission was accepted, as its author's home says, if that can be; microseconds since the epoch."""
        return min(submission.submitted_at, self.now + MOST_AHEAD)

    def enter(self, case: Case) -> None:
        """Take a case up: its partition is read up to it, unless it is one that was put aside and is judged again."""
        self.trace, self.offset = case.trace, case.offset
        draft = self._draft(case.partition)
        if case.revived:
            self.writes.replayed.append(case.as_poison(case.kind, ""))
        else:
            draft.next_offset = case.offset + 1

    def put(
        self,
        partition: int,
        record: Record,
        *,
        users: tuple[str, ...] = (),
        reply_to: str = "",
        known: bool = False,
        to: Iterable[str] = (),
    ) -> int:
        """Put a record out; return its position.

        Args:
            partition: The journal partition.
            record: What is told.
            users: Users at home here whose devices are told.
            reply_to: The gateway instance that waits for it.
            known: Whether it repeats an earlier outcome.
            to: Regions that it is relayed to.
        """
        draft = self._draft(partition)
        draft.position = position = draft.position + 1
        draft.outputs.append(
            Output(position, encode_record(record), users, reply_to, known, version_of(record), self.trace)
        )
        for destination in to:
            draft.relays.setdefault(destination, []).append(position)
        return position

    def answer(self, case: Case, submission: Submission, code: str = "", detail: str = "") -> None:
        """Tell the gateway that waits for the submission, if one does, what became of it."""
        if submission.reply_to:
            outcome = Outcome(id=submission.id, code=code, detail=detail)
            self.put(case.partition, outcome, reply_to=submission.reply_to)

    def has_region(self, name: str) -> bool:
        """Whether there is a region of that name: what is relayed to another is read by nobody, and stays for ever."""
        return not self._federation or name in self._federation

    def permits(self) -> bool:
        """Whether to do what only a holder may; who asks does it then."""
        permitted = may_begin(Sort.PERMIT, self.standing)
        self.permitted |= permitted
        return permitted

    def count(self, what: str, code: str = "") -> None:
        """Count something for the metrics."""
        self.counted[what, code] += 1

    def changed(self, conversation: Conversation, position: int, *members: Member) -> None:
        """Note that a conversation and some of its members changed, as of that position."""
        conversation.position = position
        writes = self.writes
        writes.conversations[conversation.conversation_id] = conversation
        for member in members:
            writes.members[conversation.conversation_id, member.user_id] = member

    def stands(self, conversation: Conversation, member: Member) -> None:
        """Note that where a member stands changed, and nothing that others are told of."""
        self.writes.members[conversation.conversation_id, member.user_id] = member

    def begin(self, conversation_id: str, members: Iterable[Member], *, opened: bool) -> Conversation:
        """Create a conversation; its members are written with its first change."""
        conversation = Conversation(conversation_id, {member.user_id: member for member in members}, opened=opened)
        self.state.conversations[conversation_id] = conversation
        self.writes.removed.discard(conversation_id)
        return conversation

    def remove(self, conversation: Conversation) -> None:
        """Take out a conversation that never had an entry."""
        conversation_id = conversation.conversation_id
        del self.state.conversations[conversation_id]
        self.writes.conversations.pop(conversation_id, None)
        for user_id in conversation.members:
            self.writes.members.pop((conversation_id, user_id), None)
        self.writes.removed.add(conversation_id)

    def put_aside(self, case: Case, reason: str, kind: Kind = Kind.IMPOSSIBLE) -> None:
        """Keep a record aside that cannot be read or applied, now or ever."""
        self.count("poison", kind.value)
        self.writes.poison.append(case.as_poison(kind, reason))
        if case.revived:
            self.writes.replayed = [
                kept for kept in self.writes.replayed if (kept.partition, kept.offset) != (case.partition, case.offset)
            ]

    def settle(self, heads: Mapping[Stream, int]) -> list[Move]:
        """Close the batch: fill in the outputs and relay rows; return how far it takes each partition.

        Args:
            heads: The last sequence of each stream; `advanced` tells the new ones once the batch is committed.
        """
        moves: list[Move] = []
        for partition, draft in self._drafts.items():
            moves.append(Move(draft.place, draft.next_offset, draft.position))
            if not draft.outputs:
                continue
            first = draft.outputs[0].position
            self.writes.outputs.append(Batch(partition, first, draft.position, tuple(draft.outputs), self.now))
            for destination, positions in draft.relays.items():
                stream = Stream(self.here, self.incarnation, self.epoch, destination, partition)
                self.writes.relay_rows.append(RelayRow(stream, heads.get(stream, 0) + 1, tuple(positions), first))
        return moves

    def _draft(self, partition: int) -> _Draft:
        draft = self._drafts.get(partition)
        if draft is None:
            place = self._places[partition]
            draft = self._drafts[partition] = _Draft(place, place.next_offset, place.position)
        return draft


def advanced(rows: Iterable[RelayRow]) -> dict[Stream, int]:
    """Return the last sequence of each stream that those rows extend."""
    return {row.stream: row.first + len(row.positions) - 1 for row in rows}
