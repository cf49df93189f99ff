"""The one statement by which every batch is written: fence, entries, conversations, members, pendings, outputs, relay rows.

One, since each statement costs psycopg and the event loop about a tenth of a millisecond, which is as much as a message; and
a batch without rarities needs no transaction around it, since a statement is one. Every part takes arrays, empty ones too,
so that it is planned once and for all.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain

import psycopg

from infra.postgres import Connection
from region.store.arrays import Booleans, Byteas, Int8s, Texts
from region.store.rows import Conversation, Member, Pending
from region.store.writes import Move, Writes
from replication.outputs import Batch, RelayRow, encode_outputs
from replication.records import Entry

STATEMENT = """
    WITH fence AS (
        UPDATE journal_partitions j SET next_offset = m.after, position = m.position, updated_at = m.now
        FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
            AS m(partition, before, after, position, now)
        WHERE j.partition = m.partition AND j.next_offset = m.before
        RETURNING j.partition
    ),
    new_entries AS (
        INSERT INTO entries (conversation_id, seq, epoch, incarnation, message_count, kind, message_id, author, recipient,
            author_home, client_message_id, content_hash, text, sent_at, position)
        SELECT conversation_id, seq, epoch, incarnation, message_count, 'message_sent', message_id, author, recipient,
            author_home, client_message_id, content_hash, text, sent_at, position
        FROM unnest($6::text[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::text[], $12::text[],
            $13::text[], $14::text[], $15::text[], $16::bytea[], $17::text[], $18::bigint[], $19::bigint[])
            AS e(conversation_id, seq, epoch, incarnation, message_count, message_id, author, recipient, author_home,
            client_message_id, content_hash, text, sent_at, position)
    ),
    new_conversations AS (
        INSERT INTO conversations (conversation_id, kind, head, epoch, message_count, opened, held, position, updated_at)
        SELECT conversation_id, 'direct', head, epoch, message_count, opened, held, position, updated_at
        FROM unnest($20::text[], $21::bigint[], $22::bigint[], $23::bigint[], $24::boolean[], $25::bigint[], $26::bigint[],
            $27::bigint[])
            AS c(conversation_id, head, epoch, message_count, opened, held, position, updated_at)
        ON CONFLICT (conversation_id) DO UPDATE SET head = excluded.head, epoch = excluded.epoch,
            message_count = excluded.message_count, opened = excluded.opened, held = excluded.held,
            position = excluded.position, updated_at = excluded.updated_at
    ),
    new_members AS (
        INSERT INTO members (conversation_id, user_id, home, received, read, sent, read_count, read_sent, position)
        SELECT conversation_id, user_id, home, received, read, sent, read_count, read_sent, position
        FROM unnest($28::text[], $29::text[], $30::text[], $31::bigint[], $32::bigint[], $33::bigint[], $34::bigint[],
            $35::bigint[], $36::bigint[])
            AS m(conversation_id, user_id, home, received, read, sent, read_count, read_sent, position)
        ON CONFLICT (conversation_id, user_id) DO UPDATE SET home = excluded.home, received = excluded.received,
            read = excluded.read, sent = excluded.sent, read_count = excluded.read_count,
            read_sent = excluded.read_sent, position = excluded.position
    ),
    new_outputs AS (
        INSERT INTO outputs (partition, first, last, committed_at, payload)
        SELECT * FROM unnest($37::bigint[], $38::bigint[], $39::bigint[], $40::bigint[], $41::bytea[])
    ),
    new_relay_rows AS (
        INSERT INTO relay_rows (destination, partition, incarnation, epoch, first, last, positions, batch_first)
        SELECT destination, partition, incarnation, epoch, first, last, positions::bigint[], batch_first
        FROM unnest($42::text[], $43::bigint[], $44::bigint[], $45::bigint[], $46::bigint[], $47::bigint[], $48::text[],
            $49::bigint[])
            AS r(destination, partition, incarnation, epoch, first, last, positions, batch_first)
    ),
    new_pendings AS (
        INSERT INTO pendings (message_id, conversation_id, author, waits_for, position, ordinal, submitted_at, record)
        SELECT * FROM unnest($50::text[], $51::text[], $52::text[], $53::text[], $54::bigint[], $55::bigint[], $56::bigint[],
            $57::bytea[])
        ON CONFLICT (message_id) DO NOTHING
    ),
    old_pendings AS (
        DELETE FROM pendings WHERE message_id = ANY($58::text[])
    )
    SELECT 1 / CASE WHEN count(*) = $59::bigint THEN 1 ELSE 0 END FROM fence
"""
"""Divides by zero, and so writes nothing, unless every partition is where the projector believes it to be.

Placeholders are PostgreSQL's own: psycopg would parse its own anew each time, since it caches none of so long a statement.
"""


async def write(connection: Connection, moves: Collection[Move], writes: Writes, now: int) -> None:
    """Run the statement.

    Args:
        connection: In autocommit mode, or in a transaction.
        moves: How far the batch takes each partition.
        writes: What it changes.
        now: Microseconds since the epoch.

    Raises:
        psycopg.errors.DivisionByZero: Some partition is not where the projector believes it to be; nothing was written.
    """
    await psycopg.AsyncRawCursor(connection).execute(STATEMENT, _parameters(moves, writes, now))


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
        Texts([b.recipient_id for b in bodies]),
        Texts([e.home for e in plain]),
        Texts([b.client_message_id for b in bodies]),
        Byteas([e.content_hash for e in plain]),
        Texts([b.text for b in bodies]),
        Int8s([e.sent_at for e in plain]),
        Int8s([position for _, position in entries]),
    )


def _conversation_arrays(conversations: Iterable[Conversation]) -> tuple[object, ...]:
    rows = list(conversations)
    return (
        Texts([c.conversation_id for c in rows]),
        Int8s([c.head for c in rows]),
        Int8s([c.epoch for c in rows]),
        Int8s([c.message_count for c in rows]),
        Booleans([c.opened for c in rows]),
        Int8s([len(c.held) for c in rows]),
        Int8s([c.position for c in rows]),
        Int8s([c.updated_at for c in rows]),
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
