"""What the answer to a search in one's own history looks like."""

from typing import Final

import msgspec

from region.gateway.views import Message


class MatchView(msgspec.Struct, frozen=True):
    """A place of a text that matched.

    Attributes:
        offset: Where, counted in Unicode code points.
        length: How long.
    """

    offset: int
    length: int


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was found.

    Attributes:
        message: As one sees it now.
        matches: What of its text matched, up to 50 places.
        before: For `GET /messages`: the message and what is older, the newest first.
        after: For `GET /messages`: what is newer, the oldest first.
    """

    message: Message
    matches: list[MatchView]
    before: str
    after: str


class Hits(msgspec.Struct, frozen=True, kw_only=True):
    """Messages of one's own history.

    Attributes:
        hits: Those that got their present text last in front; there may be fewer than `limit` though there are more to come.
        next: What to pass as `cursor` for more; null if there are none.
        incomplete: Conversations of which one may see more than this region has: that is not searched. Up to 50.
    """

    hits: list[Hit]
    next: str | None
    incomplete: list[str]


SHOWN: Final = (Hits,)
