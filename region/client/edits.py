"""What editing a message takes, and what its history gives."""

import msgspec

from region.client.frames import Mention, Message


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """Another text for a message."""

    client_message_id: str
    text: str
    mentions: tuple[Mention, ...] = ()


class EditView(msgspec.Struct, frozen=True, kw_only=True):
    """What a message said by the entry of that seq."""

    seq: int
    text: str
    sent_at: str = ""


class Edits(msgspec.Struct, frozen=True):
    """All that a message said, the oldest first; of one that was deleted, nothing."""

    message: Message
    edits: list[EditView] = []
