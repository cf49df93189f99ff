"""What a user takes away from oneself alone: it concerns the user's home and devices, and nobody else. Codec version 5."""

from typing import Final

import msgspec

MOST_RUNS: Final = 1_000
"""Of what one user has concealed in one conversation; messages that stand together make one."""


class MessageConcealed(msgspec.Struct, frozen=True, kw_only=True, tag="message_concealed"):
    """A user takes a message away from oneself, for good: there is nothing by which it comes back, so a late retry changes nothing.

    Attributes:
        about: The conversation.
        target: The message.
        first: The first seq that it stands for: in a channel, what nobody is shown goes with it.
        last: The message's number.
    """

    about: str
    target: str
    first: int
    last: int
