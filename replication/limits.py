"""How large the parts of a record may be: what a gateway takes from a device, and an ingester from another region. Pure.

Characters are counted and nothing is said of which: what is printable differs between versions of Unicode, and so between regions.
"""

from typing import Final

from replication.records import (
    ConversationAnswered,
    Entry,
    Hop,
    Mark,
    MessageSent,
    Opening,
    Record,
    Refusal,
    Submission,
)

TEXT_BYTES: Final = 16 * 1024
"""Of a message's text, in UTF-8."""
CLIENT_ID_CHARACTERS: Final = 128
"""Of what a device calls its message."""
ID_CHARACTERS: Final = 128
"""Of any id or name that a region makes; theirs have 64 at most."""
CODE_CHARACTERS: Final = 64
"""Of why something was refused."""
DETAIL_CHARACTERS: Final = 1_000
"""Of the sentence that goes with it."""
MOST_HOPS: Final = 32
"""A message that crosses twice makes nine."""
HASH_BYTES: Final = 64
"""Of a content's hash; ours have 16."""


def object_to_size(record: Record) -> str | None:
    """Return what is larger in this record than any region makes it; None if nothing is."""
    for what, size, limit in _sizes(record):
        if size > limit:
            return f"its {what} has {size}, and {limit} is the most"
    return _object_to_hops(record.hops) if isinstance(record, Submission | Entry | Refusal) else None


def _sizes(record: Record) -> list[tuple[str, int, int]]:
    if isinstance(record, Mark):
        return _ids(record.conversation_id, record.user_id)
    if isinstance(record, Opening):
        return _ids(record.conversation_id, record.author, record.recipient)
    if isinstance(record, Refusal):
        return [
            *_ids(record.message_id, record.conversation_id, record.author),
            ("client message id", len(record.client_message_id), CLIENT_ID_CHARACTERS),
            ("code", len(record.code), CODE_CHARACTERS),
            ("detail", len(record.detail), DETAIL_CHARACTERS),
            ("content hash", len(record.content_hash), HASH_BYTES),
        ]
    if isinstance(record, Entry):
        return [
            *_ids(record.message_id, record.conversation_id, record.author, record.home),
            *_message(record.body),
            ("content hash", len(record.content_hash), HASH_BYTES),
        ]
    if isinstance(record, Submission):
        ids = (record.id, record.author, record.home, record.device, record.conversation_id, record.reply_to)
        body = record.body
        return [
            *_ids(*ids),
            *(_message(body) if isinstance(body, MessageSent) else []),
            *([("code", len(body.code), CODE_CHARACTERS)] if isinstance(body, ConversationAnswered) else []),
            ("content hash", len(record.content_hash), HASH_BYTES),
        ]
    return []


def _ids(*ids: str) -> list[tuple[str, int, int]]:
    return [("id", len(identifier), ID_CHARACTERS) for identifier in ids]


def _message(body: MessageSent) -> list[tuple[str, int, int]]:
    return [
        *_ids(body.recipient_id),
        ("client message id", len(body.client_message_id), CLIENT_ID_CHARACTERS),
        ("text", len(body.text.encode()), TEXT_BYTES),
    ]


def _object_to_hops(hops: tuple[Hop, ...]) -> str | None:
    if len(hops) > MOST_HOPS:
        return f"it claims {len(hops)} hops, and {MOST_HOPS} are the most"
    return "a hop has too long a name" if any(len(hop.stage) > ID_CHARACTERS for hop in hops) else None
