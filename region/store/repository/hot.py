"""The one statement by which every batch is written: fence, entries, conversations, members, outputs, relay rows.

One, since each statement costs psycopg and the event loop about a tenth of a millisecond, which is as much as a message.
Every part takes arrays, empty ones too, so that it is planned once and for all.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain

from region.store.arrays import Booleans, Byteas, Int8s, Texts
from region.store.rows import Conversation, Member
from region.store.writes import Move, Writes
from replication.outputs import Batch, RelayRow, encode_outputs
from replication.records import Entry

STATEMENT = """
    WITH fence AS (
        UPDATE journal_partitions j SET next_offset = m.after, position = m.position, updated_at = m.now
        FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
            AS m(partition, before, after, position, now)
        WHERE j.partition = m.partition AND j.next_offset = m.before
        RETURNING j.partition
    ),
    new_entries AS (
        INSERT INTO entries (conversation_id, seq, epoch, incarnation, message_count, kind, message_id, author, recipient,
            author_home, client_message_id, content_hash, text, sent_at, position)
        SELECT conversation_id, seq, epoch, incarnation, message_count, 'message_sent', message_id, author, recipient,
            author_home, client_message_id, content_hash, text, sent_at, position
        FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[],
            %s::text[], %s::text[], %s::text[], %s::bytea[], %s::text[], %s::bigint[], %s::bigint[])
            AS e(conversation_id, seq, epoch, incarnation, message_count, message_id, author, recipient, author_home,
            client_message_id, content_hash, text, sent_at, position)
    ),
    new_conversations AS (
        INSERT INTO conversations (conversation_id, kind, head, epoch, message_count, opened, held, position, updated_at)
        SELECT conversation_id, 'direct', head, epoch, message_count, opened, held, position, updated_at
        FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::boolean[], %s::bigint[], %s::bigint[],
            %s::bigint[])
            AS c(conversation_id, head, epoch, message_count, opened, held, position, updated_at)
        ON CONFLICT (conversation_id) DO UPDATE SET head = excluded.head, epoch = excluded.epoch,
            message_count = excluded.message_count, opened = excluded.opened, held = excluded.held,
            position = excluded.position, updated_at = excluded.updated_at
    ),
    new_members AS (
        INSERT INTO members (conversation_id, user_id, home, received, read, sent, read_count, read_sent, position)
        SELECT conversation_id, user_id, home, received, read, sent, read_count, read_sent, position
        FROM unnest(%s::text[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
            %s::bigint[], %s::bigint[])
            AS m(conversation_id, user_id, home, received, read, sent, read_count, read_sent, position)
        ON CONFLICT (conversation_id, user_id) DO UPDATE SET home = excluded.home, received = excluded.received,
            read = excluded.read, sent = excluded.sent, read_count = excluded.read_count,
            read_sent = excluded.read_sent, position = excluded.position
    ),
    new_outputs AS (
        INSERT INTO outputs (partition, first, last, committed_at, payload)
        SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bytea[])
    ),
    new_relay_rows AS (
        INSERT INTO relay_rows (destination, partition, incarnation, epoch, first, last, positions, batch_first)
        SELECT destination, partition, incarnation, epoch, first, last, positions::bigint[], batch_first
        FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[],
            %s::bigint[])
            AS r(destination, partition, incarnation, epoch, first, last, positions, batch_first)
    )
    SELECT count(*) FROM fence
"""
"""Returns how many partitions were where the projector believed them to be; if not all, roll everything back."""


def parameters(moves: Collection[Move], writes: Writes, now: int) -> tuple[object, ...]:
    """Return the statement's parameters.

    Args:
        moves: How far the batch takes each partition.
        writes: What it changes.
        now: Microseconds since the epoch.
    """
    return tuple(
        chain(
            _move_arrays(moves, now),
            _entry_arrays(writes.entries),
            _conversation_arrays(writes.conversations.values()),
            _member_arrays(writes.members),
            _output_arrays(writes.outputs),
            _relay_arrays(writes.relay_rows),
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
