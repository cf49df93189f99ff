"""Where one message is, and the output that carried it: for tracing it. Never its text."""

from dataclasses import dataclass

from infra.postgres import Connection
from replication.codec import UndecodableRecordError, decode_record
from replication.ids import partition_of
from replication.outputs import decode_outputs
from replication.records import Entry, Hop, Record, Refusal, Submission


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What a region's store knows of a message.

    Attributes:
        state: `entry`; `held`, an entry that is not shown since one before it is missing; `pending`; or `refused`.
        conversation_id: Its conversation.
        author: Who sent it.
        recipient: To whom; empty where the store does not say.
        seq: Its number; 0 if it has none.
        waits_for: The region that has to decide, while it is pending.
        code: Why it was refused.
        position: Of the output that told it here; 0 if nothing has.
        received: The recipient's received mark here.
        read: The recipient's read mark here.
    """

    state: str
    conversation_id: str
    author: str
    recipient: str = ""
    seq: int = 0
    waits_for: str = ""
    code: str = ""
    position: int = 0
    received: int = 0
    read: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """How many have a message of a group, as this region knows.

    Attributes:
        members: Who may see it, its author not counted.
        received: Of them, whose devices have it.
        read: Of them, who have read it.
    """

    members: int
    received: int
    read: int


@dataclass(frozen=True, slots=True)
class Passage:
    """How a message came here.

    Attributes:
        hops: Where it had been when it was put out.
        committed_at: When the projector wrote it, microseconds since the epoch.
    """

    hops: tuple[Hop, ...]
    committed_at: int


async def whereabouts(connection: Connection, message_id: str) -> Whereabouts | None:
    """Return where a message is in this region; None if it was never here."""
    cursor = await connection.execute(
        "SELECT e.conversation_id, e.author, e.recipient, e.seq, e.position, e.seq > c.head, coalesce(m.received, 0), coalesce(m.read, 0)"
        " FROM entries e JOIN conversations c USING (conversation_id)"
        " LEFT JOIN members m ON m.conversation_id = e.conversation_id AND m.user_id = e.recipient"
        " WHERE e.message_id = %s",
        (message_id,),
    )
    if (entry := await cursor.fetchone()) is not None:
        conversation_id, author, recipient, seq, position, held, received, read = entry
        state = "held" if held else "entry"
        return Whereabouts(
            state, conversation_id, author, recipient, seq, position=position, received=received, read=read
        )
    cursor = await connection.execute(
        "SELECT conversation_id, author, code, position FROM refusals WHERE message_id = %s", (message_id,)
    )
    if (refusal := await cursor.fetchone()) is not None:
        conversation_id, author, code, position = refusal
        return Whereabouts("refused", conversation_id, author, code=code, position=position)
    cursor = await connection.execute(
        "SELECT conversation_id, author, waits_for, position FROM pendings WHERE message_id = %s", (message_id,)
    )
    if (pending := await cursor.fetchone()) is not None:
        conversation_id, author, waits_for, position = pending
        return Whereabouts("pending", conversation_id, author, waits_for=waits_for, position=position)
    return None


async def taken(connection: Connection, where: Whereabouts) -> Taken:
    """Return how many of a group's members have a message."""
    cursor = await connection.execute(
        "SELECT count(*), coalesce(sum((received >= %(seq)s)::int), 0)::int, coalesce(sum((read >= %(seq)s)::int), 0)::int"
        " FROM members WHERE conversation_id = %(conversation)s AND user_id <> %(author)s"
        " AND since BETWEEN 1 AND %(seq)s AND (until_seq = 0 OR until_seq >= %(seq)s)",
        {"conversation": where.conversation_id, "author": where.author, "seq": where.seq},
    )
    row = await cursor.fetchone()
    return Taken(*row) if row is not None else Taken(0, 0, 0)


async def passage(connection: Connection, where: Whereabouts, *, message_id: str, partitions: int) -> Passage | None:
    """Return the output that told a message here; None if it was pruned, is damaged, or of a newer version.

    Args:
        connection: To the store.
        where: As `whereabouts` found it.
        message_id: The message.
        partitions: Of this region's journal.
    """
    cursor = await connection.execute(
        "SELECT committed_at, payload FROM outputs WHERE partition = %s AND first <= %s AND last >= %s"
        " ORDER BY first DESC LIMIT 1",
        (partition_of(where.conversation_id, partitions), where.position, where.position),
        binary=True,
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    committed_at, payload = row
    try:
        for output in decode_outputs(payload):
            if output.position == where.position:
                return _passage(decode_record(output.record, output.version), message_id, committed_at)
    except UndecodableRecordError:
        pass
    return None


def _passage(record: Record, message_id: str, committed_at: int) -> Passage | None:
    match record:
        case Entry() | Refusal() if record.message_id == message_id:
            return Passage(record.hops, committed_at)
        case Submission(id=identifier) if identifier == message_id:
            return Passage(record.hops, committed_at)
    return None
