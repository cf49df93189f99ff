"""What a message must look like before anything is done with it, over HTTP and the WebSocket alike. Pure."""

from collections.abc import Sequence
from typing import Final

from infra.errors import InvalidFieldError, TooLargeError
from region.accounts.letters import object_to_name
from region.gateway.shapes import MentionView
from replication.alterations import MOST_MENTIONS
from replication.attachments import MOST_ATTACHMENTS
from replication.groups import ACKNOWLEDGEMENTS
from replication.ids import is_blob_id, is_user_id
from replication.limits import CLIENT_ID_CHARACTERS, TEXT_BYTES

RESERVED: Final = ("~", "stopped ")
"""How names begin that regions give to operations of their own: `alterations.named`, and whoever leaves since they block who added them."""


def check_text(text: str, *, field: str = "text", may_be_empty: bool = False) -> None:
    """Refuse a text that is empty (unless it may be), too large, or cannot be stored.

    Raises:
        InvalidFieldError: It is empty, or holds NUL or half a surrogate pair.
        TooLargeError: It has more than 16 KiB of UTF-8.
    """
    if not text and not may_be_empty:
        raise InvalidFieldError(field=field, reason="it is empty")
    if "\x00" in text:
        raise InvalidFieldError(field=field, reason="it holds a NUL character")
    if text.isascii():
        size = len(text)
    else:
        try:
            size = len(text.encode())
        except UnicodeEncodeError:
            raise InvalidFieldError(field=field, reason="it holds half of a surrogate pair") from None
    if size > TEXT_BYTES:
        raise TooLargeError(what=f"The {field}", size=size, limit=TEXT_BYTES)


def check_attachments(blob_ids: Sequence[str]) -> None:
    """Refuse attachments that are too many, named twice, or no blob ids.

    Raises:
        InvalidFieldError: They are one of these.
    """
    if len(blob_ids) > MOST_ATTACHMENTS:
        raise InvalidFieldError(field="attachments", reason=f"a message has at most {MOST_ATTACHMENTS}")
    if len(set(blob_ids)) < len(blob_ids):
        raise InvalidFieldError(field="attachments", reason="one is named twice")
    if not all(map(is_blob_id, blob_ids)):
        raise InvalidFieldError(field="attachments", reason="they are ids that POST /uploads gave")


def check_mentions(mentions: Sequence[MentionView], text: str) -> None:
    """Refuse mentions that are too many, name nobody, or lie outside the text.

    Raises:
        InvalidFieldError: They are one of these.
    """
    if len(mentions) > MOST_MENTIONS:
        raise InvalidFieldError(field="mentions", reason=f"a message has at most {MOST_MENTIONS}")
    for one in mentions:
        if not is_user_id(one.user_id):
            raise InvalidFieldError(field="mentions", reason="name users by their ids")
        if one.offset < 0 or one.length < 0 or one.offset + one.length > len(text):
            raise InvalidFieldError(field="mentions", reason="one lies outside the text")


def check_client_message_id(client_message_id: str) -> None:
    """Refuse a client message id that is empty, too long, not printable, or such as only regions give.

    An id follows from its name: who took the name of an operation beforehand would have it refused as another with the same id.

    Raises:
        InvalidFieldError: It is one of these.
    """
    if not 1 <= len(client_message_id) <= CLIENT_ID_CHARACTERS or not client_message_id.isprintable():
        reason = f"use 1 to {CLIENT_ID_CHARACTERS} printable characters"
        raise InvalidFieldError(field="client_message_id", reason=reason)
    if client_message_id.startswith(RESERVED):
        raise InvalidFieldError(
            field="client_message_id", reason="names that begin so are a region's own; begin with another character"
        )


def check_address(recipient_id: str | None, conversation_id: str | None) -> None:
    """Refuse a message that does not say where it goes, or says it twice.

    Raises:
        InvalidFieldError: Both or neither is given.
    """
    if (recipient_id is None) == (conversation_id is None):
        raise InvalidFieldError(field="recipient_id", reason="give either recipient_id or conversation_id")


def check_title(text: str, *, most: int) -> None:
    """Refuse what a group or a channel cannot be called: nothing, too much, or with what nobody sees.

    Raises:
        InvalidFieldError: It is one of these.
    """
    check_name("name", text, least=1, most=most)
    if objection := object_to_name(text):
        raise InvalidFieldError(field="name", reason=objection)


def check_name(field: str, text: str, *, least: int, most: int) -> None:
    """Refuse what is too short or too long, or cannot be stored.

    Raises:
        InvalidFieldError: It is one of these.
    """
    if not least <= len(text) <= most or "\x00" in text:
        raise InvalidFieldError(field=field, reason=f"use {least} to {most} characters, and no NUL")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidFieldError(field=field, reason="it holds half of a surrogate pair") from None


def check_acknowledgement(how: str | None) -> str | None:
    """Return how messages of a conversation are to be acknowledged, if that is possible.

    Raises:
        InvalidFieldError: It is not.
    """
    if how is not None and how not in ACKNOWLEDGEMENTS:
        raise InvalidFieldError(field="acknowledgement", reason="use local, replicated, or nothing between the quotes")
    return how
