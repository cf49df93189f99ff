"""What can be sent, marked and asked: looked at before a region is. Pure."""

from collections.abc import Sequence

import msgspec

from region.client.errors import UnsendableError
from region.client.frames import TEXT_LIMIT, Message

ENCODED_LIMIT = 60 * 1024
"""Bytes that a text may have as JSON: a region closes the WebSocket on any frame above 64 KiB, each time that it is sent again."""


def check(text: str, to: str | None, conversation: str | None, attachments: Sequence[str]) -> None:
    """Refuse what no region would ever take.

    Raises:
        UnsendableError: It says where it goes twice or not at all, or its text is empty, too large, or no Unicode.
    """
    if (to is None) == (conversation is None):
        raise UnsendableError("Say either to whom the message goes, or into which conversation.")
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise UnsendableError("The text is not valid Unicode.") from error
    if not (0 if attachments else 1) <= size <= TEXT_LIMIT:
        raise UnsendableError(f"The text has {size} bytes; a message has 1 to {TEXT_LIMIT}.")
    if len(msgspec.json.encode(text)) > ENCODED_LIMIT:
        raise UnsendableError("The text has too many control characters: JSON makes six bytes of each.")


def place_of(message: Message) -> tuple[int, int]:
    """Return seq and epoch of a message that is to be marked.

    Raises:
        UnsendableError: It has no number yet.
    """
    if message.seq is None:
        raise UnsendableError("A message without a number cannot be marked.")
    return message.seq, message.epoch or 0


def given(**fields: str | None) -> dict[str, str]:
    """Return the fields of a question that have a value."""
    return {name: value for name, value in fields.items() if value is not None}
