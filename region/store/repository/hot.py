"""The one statement by which every batch is written: fence, entries, conversations, members, pendings, outputs, relay rows.

One, since each statement costs psycopg and the event loop about a tenth of a millisecond, which is as much as a message; and
a batch without rarities needs no transaction around it, since a statement is one. Every part takes arrays, empty ones too,
so that it is planned once and for all.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain, count
from typing import Final

from psycopg import AsyncRawCursor
from psycopg.rows import TupleRow

from infra.postgres import Connection
from region.store.arrays import Booleans, Byteas, Int8s, Texts
from region.store.repository.entries import encoded, said_by
from region.store.rows import Conversation, Member, Pending
from region.store.writes import Move, Writes
from replication import runs
from replication.codec import encode_details
from replication.outputs import Batch, RelayRow, encode_outputs
from replication.records import Entry, kind_of, recipient_of

_TYPES: Final = {
    "moves": "bigint[] " * 6,
    "entries": "text[] bigint[] bigint[] bigint[] bigint[] text[] text[] text[] text[] text[] text[] bytea[] bytea[] text[] bigint[] bigint[]",
    "conversations": "text[] text[] bigint[] bigint[] bigint[] boolean[] bigint[] bigint[] bigint[] bytea[] text[]",
    "members": "text[] text[] text[] bigint[] bigint[] bigint[] bigint[] bigint[] bigint[] text[] bigint[] bigint[] bigint[] text[]",
    "outputs": "bigint[] bigint[] bigint[] bigint[] bytea[]",
    "relays": "text[] bigint[] bigint[] bigint[] bigint[] bigint[] text[] bigint[]",
    "pendings": "text[] text[] text[] text[] bigint[] bigint[] bigint[] bytea[]",
    "resolved": "text[]",
    "moved": "bigint",
}
"""The types of what each part of the statement takes, in the order of `_parameters`."""


def _placeholders() -> dict[str, str]:
    number, found = count(1), dict[str, str]()
    for part, types in _TYPES.items():
        found[part] = ", ".join(f"${next(number)}::{name}" for name in types.split())
    return found


STATEMENT = """
    WITH fence AS (
        UPDATE journal_partitions j SET next_offset = m.after, position = m.position, updated_at = m.now
        FROM unnest({moves})
            AS m(partition, before, position_before, after, position, now)
        WHERE j.partition = m.partition AND j.next_offset = m.before AND j.position = m.position_before
        RETURNING j.partition
    ),
    new_entries AS (
        INSERT INTO entries (conversation_id, seq, epoch, incarnation, message_count, message_id, author, recipient,
            author_home, client_message_id, kind, body, content_hash, text, sent_at, position)
        SELECT conversation_id, seq, epoch, incarnation, message_count, message_id, author, recipient,
            author_home, client_message_id, kind, body, content_hash, text, sent_at, position
        FROM unnest({entries})
            AS e(conversation_id, seq, epoch, incarnation, message_count, message_id, author, recipient, author_home,
            client_message_id, kind, body, content_hash, text, sent_at, position)
    ),
    new_conversations AS (
        INSERT INTO conversations (conversation_id, kind, head, epoch, message_count, opened, held, position, updated_at,
            details, missing)
        SELECT * FROM unnest({conversations})
        ON CONFLICT (conversation_id) DO UPDATE SET head = excluded.head, epoch = excluded.epoch,
            message_count = excluded.message_count, opened = excluded.opened, held = excluded.held,
            position = excluded.position, updated_at = excluded.updated_at, details = excluded.details,
            missing = excluded.missing
    ),
    new_members AS (
        INSERT INTO members (conversation_id, user_id, home, received, read, sent, read_count, read_sent, position,
            role, joined, since, until_seq, hidden)
        SELECT * FROM unnest({members})
        ON CONFLICT (conversation_id, user_id) DO UPDATE SET home = excluded.home, received = excluded.received,
            read = excluded.read, sent = excluded.sent, read_count = excluded.read_count,
            read_sent = excluded.read_sent, position = excluded.position, role = excluded.role,
            joined = excluded.joined, since = excluded.since, until_seq = excluded.until_seq, hidden = excluded.hidden
    ),
    new_outputs AS (
        INSERT INTO outputs (partition, first, last, committed_at, payload)
        SELECT * FROM unnest({outputs})
    ),
    new_relay_rows AS (
        INSERT INTO relay_rows (destination, partition, incarnation, epoch, first, last, positions, batch_first)
        SELECT destination, partition, incarnation, epoch, first, last, positions::bigint[], batch_first
        FROM unnest({relays})
            AS r(destination, partition, incarnation, epoch, first, last, positions, batch_first)
    ),
    new_pendings AS (
        INSERT INTO pendings (message_id, conversation_id, author, waits_for, position, ordinal, submitted_at, record)
        SELECT * FROM unnest({pendings})
        ON CONFLICT (message_id) DO NOTHING
    ),
    old_pendings AS (
        DELETE FROM pendings WHERE message_id = ANY({resolved}) RETURNING message_id
    )
    SELECT 1 / CASE WHEN count(*) = {moved} THEN 1 ELSE 0 END, ARRAY(SELECT message_id FROM old_pendings) FROM fence
""".format_map(_placeholders())
"""Divides by zero, and so writes nothing, unless every partition is where the projector believes it to be.

Placeholders are PostgreSQL's own: psycopg would parse its own anew each time, since it caches none of so long a statement.
"""


async def write(connection: Connection, moves: Collection[Move], writes: Writes, now: int) -> AsyncRawCursor[TupleRow]:
    """Run the statement; the cursor's row says, once the transaction is over, which pendings there were of those that were decided.

    Args:
        connection: In autocommit mode, or in a transaction.
        moves: How far the batch takes each partition.
        writes: What it changes.
        now: Microseconds since the epoch.

    Raises:
        psycopg.errors.DivisionByZero: Some partition is not where the projector believes it to be; nothing was written.
    """
    return await AsyncRawCursor(connection).execute(STATEMENT, _parameters(moves, writes, now))


def _parameters(moves: Collection[Move], writes: Writes, now: int) -> tuple[object, ...]:
    return tuple(
        chain(
            _move_arrays(moves, now),
            _entry_arrays(writes.entries),
            _conversation_arrays(writes.conversations.values()),
            _member_arrays(writes.members),
            _output_arrays(writes.outputs),
            _relay_arrays(writes.relay_rows),
            _pending_arrays(writes.pendings),
            (Texts(writes.resolved), len(moves)),
        )
    )


def _move_arrays(moves: Collection[Move], now: int) -> tuple[object, ...]:
    return (
        Int8s([m.before.partition for m in moves]),
        Int8s([m.before.next_offset for m in moves]),
        Int8s([m.before.position for m in moves]),
        Int8s([m.next_offset for m in moves]),
        Int8s([m.position for m in moves]),
        Int8s([now] * len(moves)),
    )


def _entry_arrays(entries: Sequence[tuple[Entry, int]]) -> tuple[object, ...]:
    plain = [entry for entry, _ in entries]
    bodies = [entry.body for entry in plain]
    return (
        Texts([e.conversation_id for e in plain]),
        Int8s([e.seq for e in plain]),
        Int8s([e.epoch for e in plain]),
        Int8s([e.incarnation for e in plain]),
        Int8s([e.count for e in plain]),
        Texts([e.message_id for e in plain]),
        Texts([e.author for e in plain]),
        Texts([recipient_of(b) for b in bodies]),
        Texts([e.home for e in plain]),
        Texts([b.client_message_id for b in bodies]),
        Texts([kind_of(b) for b in bodies]),
        Byteas([encoded(b) for b in bodies]),
        Byteas([e.content_hash for e in plain]),
        Texts([said_by(b) for b in bodies]),
        Int8s([e.sent_at for e in plain]),
        Int8s([position for _, position in entries]),
    )


def _conversation_arrays(conversations: Iterable[Conversation]) -> tuple[object, ...]:
    rows = list(conversations)
    return (
        Texts([c.conversation_id for c in rows]),
        Texts([c.kind for c in rows]),
        Int8s([c.head for c in rows]),
        Int8s([c.epoch for c in rows]),
        Int8s([c.message_count for c in rows]),
        Booleans([c.opened for c in rows]),
        Int8s([len(c.held) for c in rows]),
        Int8s([c.position for c in rows]),
        Int8s([c.updated_at for c in rows]),
        Byteas([encode_details(c.details) for c in rows]),
        Texts([runs.write(c.missing) for c in rows]),
    )


def _member_arrays(members: Mapping[tuple[str, str], Member]) -> tuple[object, ...]:
    rows = members.values()
    return (
        Texts([conversation_id for conversation_id, _ in members]),
        Texts([m.user_id for m in rows]),
        Texts([m.home for m in rows]),
        Int8s([m.received for m in rows]),
        Int8s([m.read for m in rows]),
        Int8s([m.sent for m in rows]),
        Int8s([m.read_count for m in rows]),
        Int8s([m.read_sent for m in rows]),
        Int8s([m.position for m in rows]),
        Texts([m.role for m in rows]),
        Int8s([m.joined for m in rows]),
        Int8s([m.since for m in rows]),
        Int8s([m.until for m in rows]),
        Texts([runs.write(m.hidden) for m in rows]),
    )


def _output_arrays(batches: Collection[Batch]) -> tuple[object, ...]:
    return (
        Int8s([b.partition for b in batches]),
        Int8s([b.first for b in batches]),
        Int8s([b.last for b in batches]),
        Int8s([b.committed_at for b in batches]),
        Byteas([encode_outputs(b.outputs) for b in batches]),
    )


def _relay_arrays(rows: Collection[RelayRow]) -> tuple[object, ...]:
    return (
        Texts([r.stream.destination for r in rows]),
        Int8s([r.stream.partition for r in rows]),
        Int8s([r.stream.incarnation for r in rows]),
        Int8s([r.stream.epoch for r in rows]),
        Int8s([r.first for r in rows]),
        Int8s([r.first + len(r.positions) - 1 for r in rows]),
        Texts([f"{{{','.join(map(str, r.positions))}}}" for r in rows]),  # unnest cannot take arrays of unequal length
        Int8s([r.batch_first for r in rows]),
    )


def _pending_arrays(pendings: Mapping[str, Pending]) -> tuple[object, ...]:
    rows = pendings.values()
    return (
        Texts(pendings),
        Texts(p.submission.conversation_id for p in rows),
        Texts(p.submission.author for p in rows),
        Texts(p.waits_for for p in rows),
        Int8s(p.position for p in rows),
        Int8s(p.ordinal for p in rows),
        Int8s(p.submission.submitted_at for p in rows),
        Byteas(p.encoded() for p in rows),
    )
