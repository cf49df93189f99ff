"""Searching in one's own history, and seeing what is around a message that was found."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import TYPE_CHECKING, Literal

import msgspec

from region.client.frames import Message

if TYPE_CHECKING:
    from region.client.api import Api

Kind = Literal["direct", "group", "channel", "image", "file"]


class Match(msgspec.Struct, frozen=True):
    """A place of a text that matched, counted in Unicode code points."""

    offset: int
    length: int


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was found.

    Attributes:
        message: As one sees it now.
        matches: What of its text matched.
        before: For `Client.history`: the message and what is older.
        after: For `Client.history`: what is newer.
    """

    message: Message
    matches: tuple[Match, ...] = ()
    before: str
    after: str


class Hits(msgspec.Struct, frozen=True, kw_only=True):
    """A page of what was found, the newest text first.

    Attributes:
        hits: There may be fewer than asked for though there are more.
        next: The cursor for more; None if there are none.
        incomplete: Conversations of which one may see more than one's home has.
    """

    hits: list[Hit]
    next: str | None = None
    incomplete: tuple[str, ...] = ()


class HistorySearch:
    """Finds messages that one may see. Each call raises ProblemError, UnreachableError or LoggedOutError."""

    def __init__(self, api: "Api") -> None:
        """Call through that."""
        self._api = api

    async def page(
        self,
        query: str,
        *,
        conversation: str | None = None,
        sender: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        kind: Kind | None = None,
        limit: int = 20,
        cursor: str | None = None,
    ) -> Hits:
        """Return a page of messages in which all words of a query are.

        Args:
            query: Words, "words in a row", and beginnings as in `harb*`; whatever case and accents.
            conversation: In that one alone.
            sender: Written by that user.
            since: Sent then or later; with a time zone.
            until: Sent before; with a time zone.
            kind: In conversations of that kind, or with an attachment of that kind.
            limit: The most messages, 1 to 50.
            cursor: `next` of another page, for more.
        """
        given = {
            "query": query,
            "conversation_id": conversation,
            "sender_id": sender,
            "from": None if since is None else since.isoformat(),
            "until": None if until is None else until.isoformat(),
            "kind": kind,
            "limit": str(limit),
            "cursor": cursor,
        }
        return await self._api.search_history({name: value for name, value in given.items() if value is not None})

    async def walk(
        self, query: str, *, conversation: str | None = None, sender: str | None = None, kind: Kind | None = None
    ) -> AsyncIterator[Hit]:
        """Go through all that is found; see `page`."""
        cursor: str | None = None
        while True:
            page = await self.page(query, conversation=conversation, sender=sender, kind=kind, limit=50, cursor=cursor)
            for hit in page.hits:
                yield hit
            if (cursor := page.next) is None:
                return

    async def around(self, hit: Hit, *, limit: int = 20) -> list[Message]:
        """Return what stands around a message that was found, the oldest first: up to so many on each side, and itself."""
        where = {"conversation_id": hit.message.conversation_id}
        older = await self._api.history({**where, "before": hit.before, "limit": str(limit + 1)})
        newer = await self._api.history({**where, "after": hit.after, "limit": str(limit)})
        return [*reversed(older.messages), *newer.messages]
