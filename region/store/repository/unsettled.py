"""SQL reads of what few users have: messages that were refused, or that wait for their owner."""

# ruff: noqa: S608 — only constants of this module are put into statements

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from infra.postgres import Connection
from region.store.repository import buckets
from replication.codec import UndecodableRecordError, decode_journaled
from replication.records import Refusal, Submission

_REFUSAL_FIELDS = (
    "message_id",
    "conversation_id",
    "author",
    "code",
    "detail",
    "content_hash",
    "epoch",
    "client_message_id",
)
_REFUSAL = f"SELECT {', '.join('r.' + name for name in _REFUSAL_FIELDS)} FROM refusals r"
_TOLD = buckets.TOLD
_NEWEST_REFUSALS = "ORDER BY r.refused_at DESC, r.position DESC LIMIT %s"


@dataclass(frozen=True, slots=True)
class Queued:
    """A message that its author's home keeps until its owner has decided.

    Attributes:
        submission: What was accepted.
        waits_for: The region that has to decide.
    """

    submission: Submission
    waits_for: str


async def refused_authors(connection: Connection, users: Sequence[str]) -> set[str]:
    """Return those of the users of whom any message was refused."""
    cursor = await connection.execute(
        "SELECT u.user_id FROM unnest(%s::text[]) AS u(user_id) WHERE EXISTS (SELECT 1 FROM refusals r WHERE r.author = u.user_id)",
        (list(users),),
    )
    return {row[0] for row in await cursor.fetchall()}


async def queued_authors(connection: Connection, conversations: Sequence[str]) -> set[str]:
    """Return whose messages of those conversations wait for their owners."""
    cursor = await connection.execute(
        "SELECT DISTINCT author FROM pendings WHERE conversation_id = ANY(%s::text[])", (list(conversations),)
    )
    return {row[0] for row in await cursor.fetchall()}


async def refusal_by_message(connection: Connection, message_id: str) -> Refusal | None:
    """Return the refusal of a message."""
    cursor = await connection.execute(f"{_REFUSAL} WHERE r.message_id = %s", (message_id,))
    return next(map(_refusal, await cursor.fetchall()), None)


async def queued_by_message(connection: Connection, message_id: str) -> Queued | None:
    """Return a message that waits for its owner."""
    cursor = await connection.execute("SELECT record, waits_for FROM pendings WHERE message_id = %s", (message_id,))
    return next(map(_queued, await cursor.fetchall()), None)


async def queued_among(connection: Connection, messages: Sequence[str]) -> list[Queued]:
    """Return those of these messages that wait for their owner."""
    cursor = await connection.execute(
        "SELECT record, waits_for FROM pendings WHERE message_id = ANY(%s)", (list(messages),)
    )
    return list(filter(None, map(_queued, await cursor.fetchall())))


async def queued_in(connection: Connection, conversation_id: str, *, author: str, most: int) -> list[Queued]:
    """Return the author's messages of a conversation that wait for its owner, the newest first."""
    cursor = await connection.execute(
        "SELECT record, waits_for FROM pendings WHERE conversation_id = %s AND author = %s ORDER BY ordinal DESC LIMIT %s",
        (conversation_id, author, most),
    )
    return list(filter(None, map(_queued, await cursor.fetchall())))


async def queued_of(connection: Connection, author: str, conversations: Sequence[str], *, most: int) -> list[Queued]:
    """Return the author's messages in those conversations that wait for their owners, the oldest first."""
    cursor = await connection.execute(
        "SELECT record, waits_for FROM pendings WHERE conversation_id = ANY(%s::text[]) AND author = %s"
        " ORDER BY conversation_id, ordinal LIMIT %s",
        (list(conversations), author, most),
    )
    return list(filter(None, map(_queued, await cursor.fetchall())))


async def newest_queued(connection: Connection, author: str, conversations: Sequence[str]) -> dict[str, Queued]:
    """Return the author's newest message in each of those conversations that waits for its owner."""
    cursor = await connection.execute(
        "SELECT h.conversation_id, p.record, p.waits_for FROM unnest(%s::text[]) AS h(conversation_id) CROSS JOIN LATERAL"
        " (SELECT record, waits_for FROM pendings WHERE conversation_id = h.conversation_id AND author = %s"
        "  ORDER BY ordinal DESC LIMIT 1) p",
        (list(conversations), author),
    )
    return {name: queued for name, *row in await cursor.fetchall() if (queued := _queued(row)) is not None}


async def refusals_since(connection: Connection, author: str, told: Mapping[int, int], *, most: int) -> list[Refusal]:
    """Return the newest refusals that the author was not told, in order."""
    cursor = await connection.execute(
        f"{_REFUSAL} JOIN {_TOLD} ON substr(r.conversation_id, 2, 3) BETWEEN t.first AND t.last AND r.position > t.position"
        f" WHERE r.author = %s {_NEWEST_REFUSALS}",
        (*buckets.told_rows(told), author, most),
    )
    return [_refusal(row) for row in reversed(await cursor.fetchall())]


async def refusals_of(connection: Connection, author: str, *, most: int) -> list[Refusal]:
    """Return the author's newest refusals, in order."""
    cursor = await connection.execute(f"{_REFUSAL} WHERE r.author = %s {_NEWEST_REFUSALS}", (author, most))
    return [_refusal(row) for row in reversed(await cursor.fetchall())]


def _refusal(row: Sequence[object]) -> Refusal:
    return Refusal(**dict(zip(_REFUSAL_FIELDS, row, strict=True)))  # type: ignore[arg-type]


def _queued(row: Sequence[object]) -> Queued | None:
    try:
        submission = decode_journaled(bytes(row[0])).record  # type: ignore[call-overload]
    except UndecodableRecordError:
        return None  # of a newer projector: its author is told when it has its outcome
    return Queued(submission, str(row[1])) if isinstance(submission, Submission) else None
