"""Entries as rows: which columns hold what of a body, both ways; the one place to extend when there are other bodies."""

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from replication.alterations import MessageEdited
from replication.channels import ChannelMessageSent
from replication.codec import decode_body, encode_body
from replication.groups import GroupMessageSent
from replication.records import TEXTS, Entry, LogBody, MessageSent, kind_of, recipient_of, text_of

COLUMNS: Final = (
    "e.conversation_id, e.seq, e.epoch, e.incarnation, e.message_count, e.message_id, e.author, e.recipient,"
    " e.author_home, e.client_message_id, e.content_hash, e.text, e.sent_at, e.kind, e.body"
)
"""What `entry_of` takes, of a table named e."""

COUNTED: Final = tuple(str(kind.__struct_config__.tag) for kind in TEXTS)
"""Kinds of entries that are messages."""


def encoded(body: LogBody) -> bytes:
    """Return what the store keeps of a body beyond the columns that each has; nothing if they hold all of it."""
    return (
        b""
        if _of_columns(kind_of(body), recipient_of(body), body.client_message_id, text_of(body)) == body
        else encode_body(body)
    )


def said_by(body: LogBody) -> str:
    """Return the text that messages are searched by: what a message says, or what an edit makes it say.

    Of an edit the body has it as well; a NUL, which no text column takes, stands there alone.
    """
    return body.text.replace("\0", " ") if isinstance(body, MessageEdited) else text_of(body)


def entry_of(row: Sequence[object]) -> Entry:
    """Rebuild an entry from its `COLUMNS`; hops are not stored.

    Raises:
        UndecodableRecordError: Its body is damaged, or newer software wrote it.
    """
    conversation_id, seq, epoch, incarnation, count, message_id, author, recipient, *others = row
    home, client_id, digest, text, sent_at, kind, body = others
    plain = _of_columns(str(kind), str(recipient), str(client_id), str(text))
    return Entry(
        conversation_id=conversation_id,  # type: ignore[arg-type]  # columns are typed by the schema
        seq=seq,  # type: ignore[arg-type]
        epoch=epoch,  # type: ignore[arg-type]
        incarnation=incarnation,  # type: ignore[arg-type]
        count=count,  # type: ignore[arg-type]
        message_id=message_id,  # type: ignore[arg-type]
        author=author,  # type: ignore[arg-type]
        home=home,  # type: ignore[arg-type]
        content_hash=bytes(digest),  # type: ignore[call-overload]
        body=plain if plain is not None and not body else _beyond(bytes(body), str(client_id)),  # type: ignore[call-overload]
        sent_at=sent_at,  # type: ignore[arg-type]
    )


def _beyond(body: bytes, client_message_id: str) -> LogBody:
    """Return the body that is kept; of a channel's post that was deleted, the column alone says what it was called."""
    found = decode_body(body)
    if isinstance(found, ChannelMessageSent) and not found.client_message_id:
        return replace(found, client_message_id=client_message_id)
    return found


def _of_columns(kind: str, recipient: str, client_message_id: str, text: str) -> LogBody | None:
    """Return the body that the columns alone make, if they make one."""
    if kind == COUNTED[0]:
        return MessageSent(recipient, client_message_id, text)
    if kind == COUNTED[1]:
        return GroupMessageSent(client_message_id, text)
    return ChannelMessageSent(client_message_id, text) if kind == COUNTED[2] else None
