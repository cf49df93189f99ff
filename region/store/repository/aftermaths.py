"""What was made of messages, as rows; and what is left of those that were deleted."""

from collections.abc import Collection

from infra.postgres import Connection
from region.store.arrays import Byteas, Int8s, Texts
from region.store.repository.entries import COUNTED
from region.store.writes import Writes
from replication.alterations import Aftermath
from replication.codec import decode_aftermath, decode_body, encode_aftermath

Key = tuple[str, int]


async def load_aftermaths(connection: Connection, keys: Collection[Key]) -> dict[Key, Aftermath]:
    """Return what was made of messages, by conversation and seq; those of which nothing was are missing."""
    cursor = await connection.execute(
        "SELECT a.conversation_id, a.seq, a.state FROM unnest(%s::text[], %s::bigint[]) AS k(conversation_id, seq)"
        " JOIN aftermaths a ON a.conversation_id = k.conversation_id AND a.seq = k.seq",
        (Texts(key[0] for key in keys), Int8s(key[1] for key in keys)),
        binary=True,
    )
    return {(name, seq): decode_aftermath(bytes(state)) for name, seq, state in await cursor.fetchall()}


async def write_aftermaths(connection: Connection, writes: Writes) -> None:
    """Write what was made of messages; of those that were deleted, nothing stays but that they were there.

    Only messages and edits are emptied: what else an owner says was deleted stays, or nobody could read it any more.
    """
    if writes.aftermaths:
        await connection.execute(
            "INSERT INTO aftermaths (conversation_id, seq, state) SELECT * FROM unnest(%s::text[], %s::bigint[], %s::bytea[])"
            " ON CONFLICT (conversation_id, seq) DO UPDATE SET state = excluded.state",
            (*_keys(writes.aftermaths), Byteas(map(encode_aftermath, writes.aftermaths.values()))),
        )
    if writes.redacted:
        await connection.execute(
            "UPDATE entries e SET text = '', body = r.body"
            " FROM unnest(%s::text[], %s::bigint[], %s::bytea[], %s::text[]) AS r(conversation_id, seq, body, kind)"
            " WHERE e.conversation_id = r.conversation_id AND e.seq = r.seq"
            " AND CASE WHEN r.body = '' THEN e.kind = ANY(%s::text[]) ELSE e.kind = r.kind END",
            (
                *_keys(writes.redacted),
                Byteas(writes.redacted.values()),
                Texts(_kind(body) for body in writes.redacted.values()),
                Texts(COUNTED),
            ),
        )
        await connection.execute(
            "DELETE FROM attachments a USING unnest(%s::text[], %s::bigint[]) AS r(conversation_id, seq)"
            " WHERE a.conversation_id = r.conversation_id AND a.seq = r.seq",
            _keys(writes.redacted),
        )


def _keys(keys: Collection[Key]) -> tuple[Texts, Int8s]:
    return Texts(key[0] for key in keys), Int8s(key[1] for key in keys)


def _kind(body: bytes) -> str:
    """Return the kind of the entries that such a body is of; empty for no body."""
    return str(decode_body(body).__struct_config__.tag) if body else ""
