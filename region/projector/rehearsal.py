"""Regions without Kafka, store and network: the same judgement over tables in memory, for tests and for trying things out.

us, eu = Rehearsal("us"), Rehearsal("eu")
us.submit(message(alice, bob, "hello"))
us.project()
for relayed in us.relayed_to("eu"):
    eu.submit(relayed.record, via=relayed.via)
eu.project()
"""

import copy
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from region.projector import aftermaths
from region.projector.cases import Case, freed, needs_of, read_marks, recipients, seats_of
from region.projector.docket import Docket, State, advanced
from region.projector.judge import finish, judge
from region.projector.marks import marked
from region.projector.reminders import due, remind
from region.projector.restraints import pairs_of
from region.store.reports import OpenReports
from region.store.rows import Concealed, Conversation, Device, Pending, Place, PreferencesRow, Restraints, User
from region.store.writes import Writes
from replication.alterations import Aftermath, MessageEdited
from replication.channels import ChannelMessageSent
from replication.codec import decode_body, decode_record
from replication.holding.deciding import Standing
from replication.ids import content_hash, direct_conversation_id, message_id, partition_of, region_of
from replication.moderation import AccountRestored, AccountSuspended, ReportDismissed, UserReported
from replication.outputs import Output
from replication.poison.records import Poison
from replication.records import (
    TEXTS,
    Body,
    Entry,
    Journalable,
    Journaled,
    LogBody,
    MessageSent,
    Outcome,
    Record,
    Refusal,
    Stream,
    Submission,
    Via,
    emptied,
)
from replication.runs import holds


@dataclass(frozen=True, slots=True)
class Relayed:
    """A record on its way to another region, and its place in its stream."""

    record: Journalable
    via: Via


@dataclass
class Tables:
    """What the store would hold."""

    conversations: dict[str, Conversation] = field(default_factory=dict)
    entries: dict[tuple[str, int], tuple[Entry, int]] = field(default_factory=dict)
    pendings: dict[str, Pending] = field(default_factory=dict)
    refusals: dict[str, tuple[Refusal, int]] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    devices: dict[tuple[str, str], Device] = field(default_factory=dict)
    preferences: dict[tuple[str, str], PreferencesRow] = field(default_factory=dict)
    concealed: dict[tuple[str, str], Concealed] = field(default_factory=dict)
    poison: list[Poison] = field(default_factory=list)
    aftermaths: dict[tuple[str, int], Aftermath] = field(default_factory=dict)
    blocks: set[tuple[str, str]] = field(default_factory=set)
    writers: dict[str, str] = field(default_factory=dict)
    suspended: set[str] = field(default_factory=set)
    reports: dict[str, Submission] = field(default_factory=dict)
    pictures: dict[str, str] = field(default_factory=dict)
    made_up: list[Entry] = field(default_factory=list)

    def apply(self, writes: Writes) -> None:
        """Change the tables as a commit would.

        Raises:
            AssertionError: An entry would be written over another.
        """
        for entry, position in writes.entries:
            assert (entry.conversation_id, entry.seq) not in self.entries, "an entry was written twice"
            self.entries[entry.conversation_id, entry.seq] = entry, position
        for key, position in writes.revealed.items():
            self.entries[key] = self.entries[key][0], position
        self._redact(writes)
        for conversation_id, conversation in copy.deepcopy(writes.conversations).items():
            known = self.conversations.get(conversation_id)
            self.conversations[conversation_id] = conversation
            conversation.members = {**(known.members if known else {}), **conversation.members}
        for (conversation_id, user_id), member in copy.deepcopy(writes.members).items():
            if conversation_id in self.conversations:
                self.conversations[conversation_id].members[user_id] = member
        for conversation_id in writes.removed:
            self.conversations.pop(conversation_id, None)
        self.made_up += [entry for name, entry in writes.claimed.items() if name not in self.pendings]
        self.pendings.update(writes.pendings)
        for identifier in writes.resolved:
            self.pendings.pop(identifier, None)
        for identifier, refusal in writes.refusals.items():
            self.refusals.setdefault(identifier, refusal)
        self.users.update(copy.deepcopy(writes.users))
        self.devices.update(copy.deepcopy(writes.devices))
        self.preferences.update(copy.deepcopy(writes.preferences))
        self.concealed.update(writes.concealed)
        self.poison += writes.poison
        self.writers |= writes.writers
        self.pictures |= writes.pictured
        self._moderate(writes)
        for pair, blocked in writes.blocks.items():
            (self.blocks.add if blocked else self.blocks.discard)(pair)

    def _redact(self, writes: Writes) -> None:
        for key, body in writes.redacted.items():
            if key in self.entries:
                entry, position = self.entries[key]
                post = isinstance(entry.body, ChannelMessageSent)
                if body and isinstance(entry.body, MessageEdited):
                    self.entries[key] = replace(entry, body=decode_body(body)), position
                elif isinstance(entry.body, TEXTS) and (post or not body):
                    self.entries[key] = replace(entry, body=emptied(entry.body)), position
        self.aftermaths.update(writes.aftermaths)

    def _moderate(self, writes: Writes) -> None:
        for decided, body in writes.moderation:
            if isinstance(body, UserReported):
                self.reports.setdefault(decided.id, decided)
            elif isinstance(body, ReportDismissed):
                self.reports.pop(body.report_id, None)
            elif isinstance(body, AccountSuspended):
                self.suspended.add(decided.author)
            elif isinstance(body, AccountRestored):
                self.suspended.discard(decided.author)

    def visible(self, conversation_id: str) -> list[Entry]:
        """Return the entries up to the head, in order."""
        head = self.conversations[conversation_id].head if conversation_id in self.conversations else 0
        return [self.entries[conversation_id, seq][0] for seq in range(1, head + 1)]


class Rehearsal:
    """One region's journal, projector and store, in memory."""

    def __init__(self, name: str, *, partitions: int = 4, federation: Sequence[str] = ()) -> None:
        """Begin with an empty journal and store.

        Args:
            name: The region.
            partitions: How many partitions its journal has.
            federation: All regions that there are; whichever are named, if none are given.
        """
        self.federation = frozenset(federation)
        self.name = name
        self.partitions = partitions
        self.journal: list[list[Journaled]] = [[] for _ in range(partitions)]
        self.tables = Tables()
        self.places = {number: Place(number, 0, 0) for number in range(partitions)}
        self.heads: dict[Stream, int] = {}
        self.outputs: list[tuple[int, Output]] = []
        self.now = 1_000_000
        self.standing = Standing.HOLDING
        self._relayed: dict[str, list[Relayed]] = {}

    def submit(self, record: Journalable, *, via: Via | None = None, overtaken: bool = False) -> None:
        """Append to the journal."""
        key = record.key if isinstance(record, Submission) else record.conversation_id
        self.journal[partition_of(key, self.partitions)].append(Journaled(record=record, via=via, overtaken=overtaken))

    def befriend(self, user_id: str) -> None:
        """Have a user who is at home here, confirmed."""
        self.tables.users[user_id] = User(user_id, user_id, user_id, "", "", 1, confirmed=True, created_at=0)

    def waiting(self) -> int:
        """Return how many records wait to be projected."""
        return sum(len(records) - self.places[number].next_offset for number, records in enumerate(self.journal))

    def project(self, most: int = 1_000_000) -> Docket:
        """Project one batch of that many records at most, over all partitions, and commit it."""
        docket, cases = self._judged(most)
        self._commit(docket)
        assert len(cases) <= most
        return docket

    def remind(self, after: int = 0) -> None:
        """Ask again for what waits, of those whose turn came since then, and commit it."""
        self.now += 1
        docket = self._docket(State())
        spans = due(after, self.now)
        waiting = [
            pending
            for pending in sorted(self.tables.pendings.values(), key=lambda pending: pending.ordinal)
            if any(first <= pending.submission.submitted_at < beyond for first, beyond in spans)
        ]
        remind(docket, waiting, here=self.places)
        self._commit(docket)

    def _commit(self, docket: Docket) -> None:
        moves = docket.settle(self.heads)
        self.tables.apply(docket.writes)
        for move in moves:
            number = move.before.partition
            self.places[number] = Place(number, move.next_offset, move.position)
        self.heads.update(advanced(docket.writes.relay_rows))
        self._take_outputs(docket)

    def project_in_vain(self, most: int = 1_000_000) -> None:
        """Judge a batch, and crash before committing it."""
        self._judged(most)

    def relayed_to(self, destination: str) -> Sequence[Relayed]:
        """Return all that was ever relayed to that region, in the order of its streams."""
        return self._relayed.get(destination, [])

    def told(self, user_id: str) -> list[Record]:
        """Return what the devices of a user were told, in order."""
        return [decode_record(output.record, output.version) for _, output in self.outputs if user_id in output.users]

    def replied(self, gateway: str) -> list[Record]:
        """Return what a waiting gateway was told, in order."""
        return [
            decode_record(output.record, output.version) for _, output in self.outputs if output.reply_to == gateway
        ]

    def _judged(self, most: int) -> tuple[Docket, list[Case]]:
        cases: list[Case] = []
        for number, records in enumerate(self.journal):
            start = self.places[number].next_offset
            waiting = range(start, min(len(records), start + most - len(cases)))
            cases += [
                Case(number, at, records[at].record, records[at].via, overtaken=records[at].overtaken) for at in waiting
            ]
        self.now += 1
        docket = self._docket(self._state(cases))
        for case in cases:
            judge(docket, case)
        finish(docket)
        return docket, cases

    def _docket(self, state: State) -> Docket:
        return Docket(
            here=self.name,
            incarnation=1,
            epoch=1,
            partitions=self.partitions,
            now=self.now,
            state=state,
            places=self.places,
            federation=self.federation,
            standing=self.standing,
        )

    def _state(self, cases: Sequence[Case]) -> State:
        tables, needs = copy.deepcopy(self.tables), needs_of(cases)
        state = State(
            conversations={c: tables.conversations[c] for c in needs.conversations if c in tables.conversations}
        )
        held = freed(cases, state.conversations)
        seats = needs.seats.union(*(seats_of(one.conversation_id, one.author, one.body) for one in held))
        for conversation in state.conversations.values():
            if conversation.is_channel:  # of its members only some are loaded
                everybody = conversation.members
                conversation.forget_subscribers()
                named = {user for channel, user in seats if channel == conversation.conversation_id}
                conversation.members |= {user: everybody[user] for user in named & everybody.keys()}
        for entry, _ in tables.entries.values():
            if entry.message_id in needs.messages:
                state.known[entry.message_id] = entry
        state.known |= {name: pending for name, pending in tables.pendings.items() if name in needs.messages}
        state.known |= {name: refusal for name, (refusal, _) in tables.refusals.items() if name in needs.messages}
        for conversation_id in needs.answered:
            waiting = [p for p in tables.pendings.values() if p.submission.conversation_id == conversation_id]
            state.waiting[conversation_id] = sorted(waiting, key=lambda pending: pending.ordinal)
        wanted = needs.users | recipients(cases, here=self.name, opened=())
        state.users = {name: user for name, user in tables.users.items() if name in wanted}
        reserved = frozenset(user for user, who in tables.writers.items() if who == "friends")
        pairs = pairs_of((*(case.record for case in cases), *held), here=self.name)
        state.restraints = Restraints(frozenset(tables.blocks & pairs), reserved & (wanted | needs.asked))
        state.suspended = tables.suspended & needs.devices
        state.reports = _open_reports(tables)
        state.devices = {
            key: device
            for key, device in tables.devices.items()
            if key[0] in needs.devices and (device.revoked_at is None or key[1] in needs.named)
        }
        state.preferences = copy.deepcopy(
            {key: tables.preferences[key] for key in needs.preferences if key in tables.preferences}
        )
        state.concealed = {key: tables.concealed[key] for key in needs.concealed if key in tables.concealed}
        for conversation_id, reader, wanted_seq in read_marks(cases, here=self.name):
            known = state.conversations.get(conversation_id)
            if known is None or reader not in known.members:
                continue
            seq = marked(known, known.members[reader], wanted_seq)
            up_to = [
                e
                for (c, s), (e, _) in tables.entries.items()
                if c == conversation_id and s <= seq and isinstance(e.body, TEXTS)
            ]
            stopped = known.members[reader].hidden if conversation_id[0] == "d" else ()
            own = sum(e.author == reader or holds(stopped, e.seq) for e in up_to)
            state.counts[conversation_id, reader, seq] = len(up_to), own
        keys = aftermaths.wanted(cases, state)
        state.aftermaths = {key: tables.aftermaths[key] for key in keys if key in tables.aftermaths}
        for conversation in state.conversations.values():
            conversation.trim(0)  # as if it was loaded from the store
        return state

    def _take_outputs(self, docket: Docket) -> None:
        by_position: dict[tuple[int, int], Output] = {}
        for batch in docket.writes.outputs:
            assert [output.position for output in batch.outputs] == list(range(batch.first, batch.last + 1))
            for output in batch.outputs:
                by_position[batch.partition, output.position] = output
                self.outputs.append((batch.partition, output))
        for row in docket.writes.relay_rows:
            for sequence, position in enumerate(row.positions, start=row.first):
                output = by_position[row.stream.partition, position]
                record = decode_record(output.record, output.version)
                assert not isinstance(record, Outcome)
                via = Via(row.stream, sequence, position)
                self._relayed.setdefault(row.stream.destination, []).append(Relayed(record, via))


def _open_reports(tables: Tables) -> OpenReports:
    bodies = [(one.author, one.body) for one in tables.reports.values()]
    keys = [(author, body.user_id, body.message_id) for author, body in bodies if isinstance(body, UserReported)]
    return OpenReports(keys, Counter(key[0] for key in keys), Counter(region_of(key[0]) for key in keys))


def message(author: str, recipient: str, text: str, *, name: str | None = None, reply_to: str = "") -> Submission:
    """Return a message as the author's gateway would submit it.

    Args:
        author: Who sends it.
        recipient: Who is to get it.
        text: What it says.
        name: The client message id; the text if it is not given.
        reply_to: The gateway instance that waits.
    """
    body = MessageSent(recipient, text if name is None else name, text)
    conversation_id = direct_conversation_id(author, recipient)
    return submission(
        author,
        body,
        conversation_id=conversation_id,
        identifier=message_id(author, conversation_id, body.client_message_id),
        digest=content_hash(recipient, text),
        reply_to=reply_to,
    )


def deed(author: str, conversation_id: str, body: LogBody, *, reply_to: str = "") -> Submission:
    """Return what somebody wants to be numbered in a group, as the author's gateway would submit it."""
    return submission(
        author,
        body,
        conversation_id=conversation_id,
        identifier=message_id(author, conversation_id, body.client_message_id),
        digest=content_hash(repr(body)),
        reply_to=reply_to,
    )


def submission(
    author: str,
    body: Body,
    *,
    conversation_id: str = "",
    identifier: str = "s",
    digest: bytes = b"",
    reply_to: str = "",
) -> Submission:
    """Return what the author's gateway would submit."""
    return Submission(
        id=identifier,
        author=author,
        home=region_of(author),
        home_epoch=1,
        body=body,
        submitted_at=1,
        conversation_id=conversation_id,
        content_hash=digest,
        reply_to=reply_to,
    )
