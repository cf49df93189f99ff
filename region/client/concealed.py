"""What one has deleted for oneself alone, as the region tells it."""

import msgspec


class Concealed(msgspec.Struct, frozen=True, tag="concealed"):
    """These messages are not shown any more, on any of one's devices; nor is what is done to them later.

    Attributes:
        conversation_id: The conversation.
        seqs: Runs, each from a first to a last number. None in an event that had no room: read the history anew.
    """

    conversation_id: str
    seqs: list[tuple[int, int]] | None = None
