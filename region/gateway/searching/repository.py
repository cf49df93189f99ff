"""SQL reads of what may match a search: entries whose words are in the index, within what the reader may see at most."""

# ruff: noqa: S608 — only constants of this module are put into statements

from typing import Final

from infra.postgres import Connection
from region.gateway.searching.wanted import KINDS, Wanted
from region.store import words
from region.store.repository import entries
from region.store.repository.entries import entry_of
from replication.records import Entry

MOST_CONVERSATIONS: Final = 10_000
"""Of one user, those that changed last."""

_ENTRY = entries.COLUMNS
_INDEXED = words.INDEXED
_SEARCHED = words.SEARCHED
_FOLDED = words.FOLDED

_SCOPE = (
    " FROM members m JOIN conversations c ON c.conversation_id = m.conversation_id"
    " WHERE m.user_id = %(reader)s AND m.since > 0"
    " AND (%(conversation)s::text IS NULL OR m.conversation_id = %(conversation)s)"
    " AND (%(letter)s::text IS NULL OR left(m.conversation_id, 1) = %(letter)s)"
)

# One look into the index for each conversation, by its name and all words together: it costs what these have in common, however
# much others write. An edit is at or after its message, so it is not held against `until` here.
_CANDIDATES = (
    "WITH q AS MATERIALIZED (SELECT concat_ws(' & ',"
    f"  nullif(plainto_tsquery('simple', (SELECT {_FOLDED} FROM (SELECT %(whole)s::text AS text) t))::text, ''),"
    f"  (SELECT string_agg(nullif(plainto_tsquery('simple', {_FOLDED})::text || ':*', ':*'), ' & ')"
    "   FROM unnest(%(begun)s::text[]) AS t(text))"
    " ) AS words),"
    " s AS MATERIALIZED (SELECT m.conversation_id, m.since,"
    "  CASE WHEN m.until_seq > 0 THEN least(c.head, m.until_seq) ELSE c.head END AS top"
    f" {_SCOPE} ORDER BY c.updated_at DESC LIMIT {MOST_CONVERSATIONS})"
    f" SELECT {_ENTRY} FROM q CROSS JOIN s CROSS JOIN LATERAL (SELECT * FROM entries"
    f"  WHERE {_INDEXED} @@ concat('''', s.conversation_id, ''' & (', q.words, ')')::tsquery AND {_SEARCHED}"
    "  AND seq BETWEEN s.since AND s.top AND (%(sender)s::text IS NULL OR author = %(sender)s)"
    "  AND sent_at >= %(since)s AND (sent_at < %(until)s OR kind = 'message_edited')"
    "  AND (sent_at, conversation_id, seq) < (%(sent_at)s, %(at)s, %(seq)s)"
    "  ORDER BY sent_at DESC, conversation_id DESC, seq DESC LIMIT %(most)s) e"
    " WHERE q.words <> '' ORDER BY e.sent_at DESC, e.conversation_id DESC, e.seq DESC LIMIT %(most)s"
)
_LACKING = f"SELECT m.conversation_id {_SCOPE} AND c.missing <> '' ORDER BY c.updated_at DESC, m.conversation_id LIMIT %(most)s"


async def candidates(
    connection: Connection, reader: str, wanted: Wanted, *, after: tuple[int, str, int], most: int
) -> list[Entry]:
    """Return messages and edits that may match, the newest first, from behind a place on."""
    sent_at, conversation_id, seq = after
    cursor = await connection.execute(
        _CANDIDATES,
        {
            **_scope(reader, wanted),
            "whole": " ".join(term.typed for term in wanted.terms if not term.begins),
            "begun": [term.typed for term in wanted.terms if term.begins],
            "sender": wanted.sender_id,
            "since": wanted.since,
            "until": wanted.until,
            "sent_at": sent_at,
            "at": conversation_id,
            "seq": seq,
            "most": most,
        },
        binary=True,
    )
    return [entry_of(row) for row in await cursor.fetchall()]


async def lacking(connection: Connection, reader: str, wanted: Wanted, *, most: int) -> list[str]:
    """Return those of the conversations of which this region does not have everything."""
    cursor = await connection.execute(_LACKING, {**_scope(reader, wanted), "most": most})
    return [row[0] for row in await cursor.fetchall()]


def _scope(reader: str, wanted: Wanted) -> dict[str, str | None]:
    return {
        "reader": reader,
        "conversation": wanted.conversation_id,
        "letter": KINDS.get(wanted.kind or ""),
    }
