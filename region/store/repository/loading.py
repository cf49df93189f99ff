"""What a projector must know before it judges a batch: whole sets by arrays, in one pipelined round trip or two."""

# ruff: noqa: S608 — only constants of this module are put into statements

import contextlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from psycopg.rows import TupleRow

from infra.errors import CausewayError
from infra.postgres import Connection
from region.store.arrays import Int8s, Texts
from region.store.repository import entries, members
from region.store.repository.entries import COUNTED, entry_of
from region.store.repository.members import member_of
from region.store.rows import Conversation, Device, Known, Member, Pending, Place, User
from replication import runs
from replication.codec import UndecodableRecordError, decode_details
from replication.records import Refusal

_ENTRY = entries.COLUMNS
_MEMBER = members.COLUMNS
_STAFF = members.STAFF


MOST_HELD_BYTES = 64 * 1024 * 1024
"""Of entries above gaps that are loaded for one batch, unless they are of one conversation, which holds less."""


class TooMuchHeldError(CausewayError):
    """What a batch needs holds {bytes} bytes above gaps. It is taken in parts."""

    code = "too-much-held"
    definite = True


@dataclass(slots=True)
class Loaded:
    """What the store knows of what was asked; what is missing in a mapping does not exist."""

    conversations: dict[str, Conversation] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    users: dict[str, User] = field(default_factory=dict)
    devices: dict[tuple[str, str], Device] = field(default_factory=dict)


async def places(connection: Connection, partitions: Collection[int]) -> dict[int, Place]:
    """Return how far those journal partitions have been projected."""
    cursor = await connection.execute(
        "SELECT partition, next_offset, position FROM journal_partitions WHERE partition = ANY(%s::bigint[])",
        (Int8s(partitions),),
    )
    return {row[0]: Place(*row) for row in await cursor.fetchall()}


async def load(
    connection: Connection,
    *,
    conversations: Collection[str] = (),
    messages: Collection[str] = (),
    users: Collection[str] = (),
    devices: Collection[str] = (),
    named: Collection[str] = (),
) -> Loaded:
    """Load what a batch names, in one round trip.

    Args:
        connection: Where.
        conversations: Ids of conversations, loaded with their members and what they hold; of a channel's members, its owners and posters.
        messages: Message ids; `known` tells which of them have an outcome or are pending.
        users: Ids of users.
        devices: Ids of users whose devices are loaded that are logged in.
        named: Ids of devices of theirs that are loaded also if they are not.

    Raises:
        TooMuchHeldError: These conversations hold too much to be loaded at once.
    """
    loaded = Loaded()
    cursors = {
        name: connection.cursor(binary=True) for name in ("conversations", "members", "known", "users", "devices")
    }
    several = bool(conversations) or (bool(messages) + bool(users) + bool(devices)) > 1
    async with (
        connection.pipeline() if several else contextlib.nullcontext()
    ):  # a pipeline of one costs more than it saves
        if conversations:
            wanted = (Texts(conversations),)
            await cursors["conversations"].execute(
                "SELECT conversation_id, head, epoch, message_count, opened, held, position, updated_at, details, missing"
                " FROM conversations WHERE conversation_id = ANY(%s::text[])",
                wanted,
            )
            await cursors["members"].execute(
                f"SELECT m.conversation_id, {_MEMBER} FROM members m WHERE m.conversation_id = ANY(%s::text[])"
                f" AND (left(m.conversation_id, 1) <> 'c' OR m.role IN ({_STAFF}))",
                wanted,
            )
        if messages:
            await cursors["known"].execute(
                "WITH asked AS (SELECT unnest(%s::text[]) AS message_id)"
                " SELECT message_id FROM asked JOIN entries USING (message_id)"
                " UNION ALL SELECT message_id FROM asked JOIN pendings USING (message_id)"
                " UNION ALL SELECT message_id FROM asked JOIN refusals USING (message_id)",
                (Texts(messages),),
            )
        if users:
            await cursors["users"].execute(
                "SELECT user_id, handle, display_name, password_hash, reservation, home_epoch, confirmed, created_at, status_text, findable,"
                " picture"
                " FROM users WHERE user_id = ANY(%s::text[])",
                (Texts(users),),
            )
        if devices:
            await cursors["devices"].execute(
                "SELECT user_id, device_id, name, family, generation, created_at, revoked_at, refreshed_at,"
                " revoked_why, repeated"
                " FROM devices WHERE user_id = ANY(%s::text[]) AND (revoked_at IS NULL OR device_id = ANY(%s::text[]))",
                (Texts(devices), Texts(named)),
            )
    if conversations:
        rows, members = await cursors["conversations"].fetchall(), await cursors["members"].fetchall()
        await _take_conversations(connection, loaded, rows, members)
    if messages:
        loaded.known = {message_id for (message_id,) in await cursors["known"].fetchall()}
    if users:
        loaded.users = {row[0]: User(*row) for row in await cursors["users"].fetchall()}
    if devices:
        loaded.devices = {(row[0], row[1]): Device(*row) for row in await cursors["devices"].fetchall()}
    return loaded


async def seats(connection: Connection, asked: Collection[tuple[str, str]]) -> list[tuple[str, Member]]:
    """Return where somebody stands in some channel, for those (channel, user) who stand anywhere there."""
    cursor = await connection.execute(
        f"SELECT m.conversation_id, {_MEMBER} FROM unnest(%s::text[], %s::text[]) AS a(conversation_id, user_id)"
        " JOIN members m ON m.conversation_id = a.conversation_id AND m.user_id = a.user_id",
        (Texts(one[0] for one in asked), Texts(one[1] for one in asked)),
        binary=True,
    )
    return [(conversation_id, member_of(columns)) for conversation_id, *columns in await cursor.fetchall()]


async def _take_conversations(
    connection: Connection, loaded: Loaded, conversations: list[TupleRow], members: list[TupleRow]
) -> None:
    holding: list[str] = []
    for conversation_id, head, epoch, count, opened, held, position, updated_at, details, missing in conversations:
        loaded.conversations[conversation_id] = Conversation(
            conversation_id,
            {},
            head,
            epoch,
            count,
            opened,
            position,
            updated_at,
            decode_details(details),
            runs.read(missing),
            base_count=count,
        )
        if held:
            holding.append(conversation_id)
    for conversation_id, *columns in members:
        member = member_of(columns)
        loaded.conversations[conversation_id].members[member.user_id] = member
    if holding:
        await _load_held(connection, loaded.conversations, holding)


async def _load_held(connection: Connection, conversations: dict[str, Conversation], holding: Collection[str]) -> None:
    if len(holding) > 1 and (size := await _held_bytes(connection, holding)) > MOST_HELD_BYTES:
        raise TooMuchHeldError(bytes=size)
    cursor = await connection.execute(
        f"SELECT {_ENTRY} FROM entries e JOIN conversations c USING (conversation_id)"
        " WHERE e.conversation_id = ANY(%s::text[]) AND e.seq > c.head",
        (Texts(holding),),
        binary=True,
    )
    for row in await cursor.fetchall():
        entry = entry_of(row)
        conversations[entry.conversation_id].held[entry.seq] = entry


async def _held_bytes(connection: Connection, holding: Collection[str]) -> int:
    cursor = await connection.execute(
        "SELECT coalesce(sum(octet_length(e.text) + octet_length(e.body)), 0)::bigint FROM entries e"
        " JOIN conversations c USING (conversation_id) WHERE e.conversation_id = ANY(%s::text[]) AND e.seq > c.head",
        (Texts(holding),),
    )
    row = await cursor.fetchone()
    return 0 if row is None else int(row[0])


async def known_outcomes(connection: Connection, messages: Collection[str]) -> dict[str, Known]:
    """Return what became of those message ids."""
    wanted = (Texts(messages),)
    entries, refusals, pendings = (connection.cursor(binary=True) for _ in range(3))
    async with connection.pipeline():
        await entries.execute(f"SELECT {_ENTRY} FROM entries e WHERE e.message_id = ANY(%s::text[])", wanted)
        await refusals.execute(
            "SELECT message_id, conversation_id, author, code, detail, content_hash, epoch, client_message_id"
            " FROM refusals WHERE message_id = ANY(%s::text[])",
            wanted,
        )
        await pendings.execute(
            "SELECT record, waits_for, position, ordinal FROM pendings WHERE message_id = ANY(%s::text[])", wanted
        )
    found: dict[str, Known] = {}
    for row in await pendings.fetchall():
        pending = Pending.decoded(*row)
        found[pending.submission.id] = pending
    for (
        message_id,
        conversation_id,
        author,
        code,
        detail,
        digest,
        epoch,
        client_message_id,
    ) in await refusals.fetchall():
        found[message_id] = Refusal(
            message_id=message_id,
            conversation_id=conversation_id,
            author=author,
            code=code,
            detail=detail,
            content_hash=digest,
            epoch=epoch,
            client_message_id=client_message_id,
        )
    for row in await entries.fetchall():
        entry = entry_of(row)
        found[entry.message_id] = entry
    return found


async def pendings_in(connection: Connection, conversations: Collection[str]) -> dict[str, list[Pending]]:
    """Return the pendings of those conversations, each conversation's in order."""
    cursor = await connection.execute(
        "SELECT conversation_id, record, waits_for, position, ordinal FROM pendings"
        " WHERE conversation_id = ANY(%s::text[]) ORDER BY conversation_id, ordinal",
        (Texts(conversations),),
        binary=True,
    )
    found: dict[str, list[Pending]] = {}
    for conversation_id, *columns in await cursor.fetchall():
        found.setdefault(conversation_id, []).append(Pending.decoded(*columns))
    return found


async def pendings_of_ages(
    connection: Connection, submitted: Collection[tuple[int, int]], *, most: int
) -> list[Pending]:
    """Return pendings that were submitted in one of these spans, each conversation's in order; if there are more, any of them.

    Args:
        connection: To the store.
        submitted: Spans, each from one time up to and without another, microseconds since the epoch.
        most: The most that are returned.
    """
    cursor = await connection.execute(
        "SELECT record, waits_for, position, ordinal FROM pendings p WHERE EXISTS ("
        " SELECT 1 FROM unnest(%s::bigint[], %s::bigint[]) AS due(first, beyond)"
        " WHERE p.submitted_at >= due.first AND p.submitted_at < due.beyond)"
        " ORDER BY random() LIMIT %s",
        (Int8s(first for first, _ in submitted), Int8s(beyond for _, beyond in submitted), most),
        binary=True,
    )
    found: list[Pending] = []
    for row in await cursor.fetchall():
        with contextlib.suppress(UndecodableRecordError, TypeError):  # of newer software, or damaged: it waits for that
            found.append(Pending.decoded(*row))
    return sorted(found, key=lambda pending: (pending.submission.conversation_id, pending.ordinal))


async def waiting_since(connection: Connection) -> dict[str, tuple[int, int]]:
    """Return, by the region that pendings wait for, how many there are and when the oldest was submitted, in microseconds."""
    cursor = await connection.execute("SELECT waits_for, count(*), min(submitted_at) FROM pendings GROUP BY waits_for")
    return {region: (count, oldest) for region, count, oldest in await cursor.fetchall()}


async def counts_at(
    connection: Connection, asked: Iterable[tuple[str, str, int]]
) -> dict[tuple[str, str, int], tuple[int, int]]:
    """Return, for each (conversation, member, seq), how many messages there are up to it, and how many above it up to the head are the member's."""
    wanted = list(asked)
    cursor = await connection.execute(
        "SELECT a.conversation_id, a.user_id, a.seq, coalesce(e.message_count, 0),"
        "  (SELECT count(*) FROM entries l JOIN conversations c USING (conversation_id)"
        "   WHERE l.conversation_id = a.conversation_id AND l.seq > a.seq AND l.seq <= c.head AND l.author = a.user_id AND l.kind = ANY(%s::text[]))"
        " FROM unnest(%s::text[], %s::text[], %s::bigint[]) AS a(conversation_id, user_id, seq)"
        " LEFT JOIN entries e ON e.conversation_id = a.conversation_id AND e.seq = a.seq",
        (Texts(COUNTED), Texts(a[0] for a in wanted), Texts(a[1] for a in wanted), Int8s(a[2] for a in wanted)),
        binary=True,
    )
    return {(row[0], row[1], row[2]): (row[3], row[4]) for row in await cursor.fetchall()}


async def heads(connection: Connection, conversations: Collection[str]) -> dict[str, int]:
    """Return the last seq of each of those conversations."""
    cursor = await connection.execute(
        "SELECT conversation_id, head FROM conversations WHERE conversation_id = ANY(%s::text[])",
        (Texts(conversations),),
    )
    return dict(await cursor.fetchall())
