"""SQL reads for what devices are shown: pages, messages, conversations, and what changed since a device was last told."""

# ruff: noqa: S608 — only constants of this module are put into statements

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from psycopg.rows import TupleRow

from infra.postgres import Connection
from region.gateway.cursors import LARGEST
from region.gateway.groups.former import told
from region.gateway.views import Marks
from region.store.repository import buckets, concealed, entries, unsettled
from region.store.repository.entries import entry_of
from replication import runs
from replication.codec import decode_details
from replication.groups import RANKS
from replication.ids import is_channel_id, region_of
from replication.pictures import Picture
from replication.records import Entry
from replication.runs import Runs

_ENTRY = entries.COLUMNS
_TOLD = buckets.TOLD
_CONCEALING = concealed.JOIN
_CONCEALED = concealed.COLUMN
_CHANGED_MOST = 10_000


@dataclass(frozen=True, slots=True)
class State:
    """Which incarnation of which region a store belongs to, and how far its partitions have come.

    Attributes:
        region: The region.
        incarnation: It rises when the region lost its Kafka or its store.
        epoch: In which the region decides.
        positions: Partition to its last output position.
    """

    region: str
    incarnation: int
    epoch: int
    positions: dict[int, int]


@dataclass(frozen=True, slots=True)
class Head:
    """A conversation's newest visible entry.

    Attributes:
        conversation_id: The conversation.
        seq: Its number; 0 if there is none. For who is no member any more, the last one that the user may see.
        epoch: That numbered it.
        since: The first seq that the user may see.
        hidden: Runs that the user may not see.
        active: Whether the user is a member now.
    """

    conversation_id: str
    seq: int
    epoch: int
    since: int = 1
    hidden: Runs = ()
    active: bool = True

    def sees(self, seq: int) -> bool:
        """Whether the user may see an entry that is not above it."""
        return seq >= self.since and not runs.holds(self.hidden, seq)


@dataclass(frozen=True, slots=True)
class Marked:
    """A member's marks in a conversation."""

    conversation_id: str
    user_id: str
    marks: Marks


@dataclass(frozen=True, slots=True)
class Listing:
    """A conversation as its member's list shows it.

    Attributes:
        head: Its newest visible entry.
        updated_at: When it changed, microseconds since the epoch.
        peer_id: The other member of a 1:1 conversation; None for others.
        name: What it is called, for who belongs to it; empty for a 1:1 conversation.
        own: The member's marks.
        peer: The other member's marks.
        unread: How many messages of the other member are above the member's read mark.
        last: The seq of the entry that stands for it: the head, or what is below if that was deleted by the member for oneself.
        picture: What stands for it, for who belongs to it; None for nothing.
    """

    head: Head
    updated_at: int
    peer_id: str | None
    name: str
    own: Marks
    peer: Marks
    unread: int
    last: int
    picture: Picture | None = None


async def state(connection: Connection) -> State | None:
    """Return the store's state; None if no projector has ever prepared it."""
    cursor = await connection.execute("SELECT region, incarnation, epoch FROM region_state LIMIT 1")
    row = await cursor.fetchone()
    if row is None:
        return None
    cursor = await connection.execute("SELECT partition, position FROM journal_partitions ORDER BY partition")
    return State(row[0], row[1], row[2], dict(await cursor.fetchall()))


async def members(connection: Connection, conversation_id: str) -> dict[str, Marks]:
    """Return the marks of a conversation's present members, by user; empty if it does not exist here, or is a channel."""
    if is_channel_id(conversation_id):
        return {}  # each member's are the member's own
    cursor = await connection.execute(
        f"SELECT m.user_id, least(m.received, c.head), least(m.read, c.head), m.joined FROM members m"
        f" JOIN conversations c ON c.conversation_id = m.conversation_id WHERE m.conversation_id = %s AND {_ACTIVE}",
        (conversation_id,),
    )
    return {user_id: _marks(received, read, joined) for user_id, received, read, joined in await cursor.fetchall()}


async def head(connection: Connection, conversation_id: str) -> Head:
    """Return the newest visible entry of a conversation, which may not exist."""
    cursor = await connection.execute(
        "SELECT head, epoch FROM conversations WHERE conversation_id = %s", (conversation_id,)
    )
    row = await cursor.fetchone()
    return Head(conversation_id, *(row or (0, 0)))


async def entries_below(
    connection: Connection, conversation_id: str, *, seq: int, most: int, hidden: Runs = ()
) -> list[Entry]:
    """Return the entries below that seq, less what is hidden, the newest first."""
    cursor = await connection.execute(
        f"SELECT {_ENTRY} FROM entries e WHERE e.conversation_id = %s AND e.seq < %s {_NOT_HIDDEN} AND {_SHOWN}"
        " AND e.seq <= (SELECT head FROM conversations WHERE conversation_id = %s) ORDER BY e.seq DESC LIMIT %s",
        (conversation_id, seq, [run[0] for run in hidden], [run[1] for run in hidden], conversation_id, most),
        binary=True,
    )
    return [entry_of(row) for row in await cursor.fetchall()]


async def entries_above(
    connection: Connection, conversation_id: str, *, seq: int, most: int, top: int = LARGEST, hidden: Runs = ()
) -> list[Entry]:
    """Return the entries above that seq and up to the top, less what is hidden, the oldest first."""
    cursor = await connection.execute(
        f"SELECT {_ENTRY} FROM entries e WHERE e.conversation_id = %s AND e.seq > %s AND e.seq <= %s {_NOT_HIDDEN} AND {_SHOWN}"
        " AND e.seq <= (SELECT head FROM conversations WHERE conversation_id = %s) ORDER BY e.seq LIMIT %s",
        (conversation_id, seq, top, [run[0] for run in hidden], [run[1] for run in hidden], conversation_id, most),
        binary=True,
    )
    return [entry_of(row) for row in await cursor.fetchall()]


async def entry_by_message(connection: Connection, message_id: str) -> Entry | None:
    """Return the visible entry of a message."""
    cursor = await connection.execute(
        f"SELECT {_ENTRY} FROM entries e JOIN conversations c ON c.conversation_id = e.conversation_id AND e.seq <= c.head"
        " WHERE e.message_id = %s LIMIT 1",
        (message_id,),
        binary=True,
    )
    row = await cursor.fetchone()
    return None if row is None else entry_of(row)


async def accepted_among(connection: Connection, messages: Sequence[str]) -> dict[str, bytes]:
    """Return, by message id, the content hashes of those that are visible entries, or wait for their owner."""
    queued = await unsettled.queued_among(connection, messages)
    found = {one.submission.id: one.submission.content_hash for one in queued}
    cursor = await connection.execute(
        "SELECT e.message_id, e.content_hash FROM entries e"
        " JOIN conversations c ON c.conversation_id = e.conversation_id AND e.seq <= c.head WHERE e.message_id = ANY(%s)",
        (list(messages),),
        binary=True,
    )
    return found | dict(await cursor.fetchall())


async def listings(connection: Connection, user_id: str, *, before: tuple[int, str], most: int) -> list[Listing]:
    """Return the user's conversations of which the user may see anything, the most recently changed first.

    Args:
        connection: Where.
        user_id: The member.
        before: (updated_at, conversation id) above the first to return.
        most: How many to return at most.
    """
    cursor = await connection.execute(
        f"SELECT c.conversation_id, {_TOP}, c.epoch, c.updated_at, p.user_id, c.details, least(m.received, c.head),"
        " least(m.read, c.head), least(p.received, c.head), least(p.read, c.head),"
        f" CASE WHEN {_ACTIVE} THEN (c.message_count - m.sent) - (m.read_count - m.read_sent) ELSE 0 END"
        f", m.hidden, {_ACTIVE}, {_CONCEALED} FROM members m JOIN conversations c ON c.conversation_id = m.conversation_id{_CONCEALING}"
        " LEFT JOIN members p ON c.kind = 'direct' AND p.conversation_id = m.conversation_id AND p.user_id <> m.user_id"
        " WHERE m.user_id = %s AND m.since > 0 AND m.hidden <> '1-' || c.head::text AND (c.updated_at, c.conversation_id) < (%s, %s)"
        " AND (c.head > 0 OR EXISTS (SELECT 1 FROM pendings q WHERE q.conversation_id = c.conversation_id AND q.author = m.user_id))"
        " ORDER BY c.updated_at DESC, c.conversation_id DESC LIMIT %s",
        (user_id, *before, most),
    )
    found: list[Listing] = []
    for (
        name,
        seq,
        epoch,
        at,
        peer,
        encoded,
        received,
        read,
        theirs,
        seen,
        unread,
        stopped,
        active,
        taken,
    ) in await cursor.fetchall():
        details = decode_details(encoded)
        hidden = runs.read(stopped)
        top = runs.below(hidden, min(seq, details.channel.shown) if details.channel else seq)
        marks, others = _marks(min(received, top), min(read, top)), _marks(theirs or 0, seen or 0)
        last = runs.below(runs.joined((*hidden, *runs.read(taken))), top) if taken else top
        known = told(name, details, active=active, here=region_of(user_id))
        found.append(
            Listing(Head(name, top, epoch), at, peer, known.name, marks, others, max(0, unread), last, known.picture)
        )
    return found


async def entries_at(connection: Connection, heads: Sequence[Head]) -> dict[str, Entry]:
    """Return the entries at those heads, by conversation."""
    cursor = await connection.execute(
        f"SELECT {_ENTRY} FROM unnest(%s::text[], %s::bigint[]) AS h(conversation_id, seq)"
        " JOIN entries e ON e.conversation_id = h.conversation_id AND e.seq = h.seq",
        ([h.conversation_id for h in heads], [h.seq for h in heads]),
        binary=True,
    )
    return {entry.conversation_id: entry for entry in map(entry_of, await cursor.fetchall())}


async def changed_since(connection: Connection, user_id: str, told: Mapping[int, int]) -> list[Head]:
    """Return the user's conversations that changed above those positions of their partitions, the newest change first."""
    cursor = await connection.execute(
        f"SELECT {_HEAD} FROM members m JOIN conversations c ON c.conversation_id = m.conversation_id{_CONCEALING}"
        f" JOIN {_TOLD} ON substr(c.conversation_id, 2, 3) BETWEEN t.first AND t.last AND greatest(c.position, m.position) > t.position"
        " WHERE m.user_id = %s AND m.since > 0 ORDER BY c.updated_at DESC, c.conversation_id LIMIT %s",
        (*buckets.told_rows(told), user_id, _CHANGED_MOST),
    )
    return [_head(row) for row in await cursor.fetchall()]


async def conversations_of(connection: Connection, user_id: str) -> list[Head]:
    """Return the user's conversations, the most recently changed first."""
    cursor = await connection.execute(
        f"SELECT {_HEAD} FROM members m JOIN conversations c ON c.conversation_id = m.conversation_id{_CONCEALING}"
        " WHERE m.user_id = %s AND m.since > 0 ORDER BY c.updated_at DESC, c.conversation_id LIMIT %s",
        (user_id, _CHANGED_MOST),
    )
    return [_head(row) for row in await cursor.fetchall()]


async def entries_since(
    connection: Connection, heads: Sequence[Head], told: Mapping[str, int], *, most: int
) -> list[Entry] | None:
    """Return the visible entries that were put out above those positions, by conversation and seq; None if there are too many.

    Args:
        connection: Where.
        heads: The conversations.
        told: Conversation to the position of its partition.
        most: How many to return at most, those counted that are hidden from the user.
    """
    # Positions rise with seq, so the last one told is found from the newest downwards, without touching older ones.
    cursor = await connection.execute(
        f"SELECT {_ENTRY} FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::bigint[]) AS h(conversation_id, seq, since, told)"
        f" CROSS JOIN LATERAL (SELECT * FROM entries e WHERE e.conversation_id = h.conversation_id AND e.seq BETWEEN h.since AND h.seq"
        "  AND e.seq > coalesce((SELECT o.seq FROM entries o WHERE o.conversation_id = h.conversation_id AND o.seq <= h.seq"
        f"   AND o.position <= h.told ORDER BY o.seq DESC LIMIT 1), 0) AND {_SHOWN} ORDER BY e.seq LIMIT %s) e"
        " ORDER BY e.conversation_id, e.seq LIMIT %s",
        (
            [h.conversation_id for h in heads],
            [h.seq for h in heads],
            [h.since for h in heads],
            [told[h.conversation_id] for h in heads],
            most + 1,
            most + 1,
        ),
        binary=True,
    )
    return _seen(heads, await cursor.fetchall(), most)


async def entries_beyond(
    connection: Connection, heads: Sequence[Head], held: Mapping[str, int], *, most: int
) -> list[Entry] | None:
    """Return the visible entries above the seqs that a device holds, by conversation and seq; None if there are too many.

    Args:
        connection: Where.
        heads: The conversations.
        held: Conversation to the last seq that the device holds; 0 for what it does not name.
        most: How many to return at most.
    """
    cursor = await connection.execute(
        f"SELECT {_ENTRY} FROM unnest(%s::text[], %s::bigint[], %s::bigint[]) AS h(conversation_id, seq, held)"
        " CROSS JOIN LATERAL (SELECT * FROM entries e WHERE e.conversation_id = h.conversation_id AND e.seq > h.held"
        f"  AND e.seq <= h.seq AND {_SHOWN} ORDER BY e.seq LIMIT %s) e ORDER BY e.conversation_id, e.seq LIMIT %s",
        (
            [h.conversation_id for h in heads],
            [h.seq for h in heads],
            [max(held.get(h.conversation_id, 0), h.since - 1) for h in heads],
            most + 1,
            most + 1,
        ),
        binary=True,
    )
    return _seen(heads, await cursor.fetchall(), most)


async def marks_of(connection: Connection, conversations: Sequence[str], readers: Sequence[str]) -> list[Marked]:
    """Return the marks of all members of those conversations; of channels, the readers' alone."""
    cursor = await connection.execute(
        "SELECT m.conversation_id, m.user_id, least(m.received, c.head), least(m.read, c.head), m.joined"
        " FROM members m JOIN conversations c ON c.conversation_id = m.conversation_id"
        f" WHERE m.conversation_id = ANY(%s::text[]) AND {_ACTIVE}"
        " AND (left(m.conversation_id, 1) <> 'c' OR m.user_id = ANY(%s::text[])) ORDER BY m.conversation_id, m.user_id",
        (list(conversations), list(readers)),
    )
    return [Marked(c, user, _marks(*marked)) for c, user, *marked in await cursor.fetchall()]


_ACTIVE = f"m.role IN ({', '.join(repr(role) for role in RANKS)})"
_TOP = "CASE WHEN m.until_seq > 0 THEN least(c.head, m.until_seq) ELSE c.head END"
_HEAD = f"c.conversation_id, {_TOP}, c.epoch, m.since, m.hidden, {_ACTIVE}, {_CONCEALED}"
_SHOWN = "(left(e.conversation_id, 1) <> 'c' OR e.kind LIKE 'channel%%' OR e.kind LIKE 'message%%')"
"""Who belongs to a channel is in its log, and shown to nobody there."""
_NOT_HIDDEN = "AND NOT EXISTS (SELECT 1 FROM unnest(%s::bigint[], %s::bigint[]) AS h(first, last) WHERE e.seq BETWEEN h.first AND h.last)"


def _head(row: tuple[str, int, int, int, str, bool, str]) -> Head:
    conversation_id, seq, epoch, since, stopped, active, taken = row
    hidden = runs.read(stopped)
    return Head(
        conversation_id, seq, epoch, since, runs.joined((*hidden, *runs.read(taken))) if taken else hidden, active
    )


def _marks(received: int, read: int, joined: int = 0) -> Marks:
    return Marks(max(received, read), read, joined)


def _seen(heads: Sequence[Head], rows: Sequence[TupleRow], most: int) -> list[Entry] | None:
    """Return the entries less what is hidden from the user; None if there are more rows than that: what is beyond them was not read."""
    if len(rows) > most:
        return None
    entries = map(entry_of, rows)
    hidden = {head.conversation_id: head.hidden for head in heads if head.hidden}
    return [entry for entry in entries if not runs.holds(hidden.get(entry.conversation_id, ()), entry.seq)]
