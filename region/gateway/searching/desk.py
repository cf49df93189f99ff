"""Finds messages of one's own history: whatever the index proposes is looked at as its reader sees it now, by the rules of pages."""

import asyncio
from typing import Final

import psycopg
from msgspec import UNSET

from infra.errors import NotFoundError, UnavailableError
from infra.postgres import STORE_FAILURES, Connection, Pool
from region.gateway import repository as reads
from region.gateway.alterations.aftermaths import aftermaths
from region.gateway.cursors import Place
from region.gateway.groups.pages import PAGE_BYTES, View
from region.gateway.groups.repository import Sight, sight
from region.gateway.repository import Head
from region.gateway.searching import repository
from region.gateway.searching.schemas import Hit, Hits, MatchView
from region.gateway.searching.wanted import ATTACHED, Found, Wanted, matches, write_cursor
from region.gateway.views import Marks, Message, entry_view
from replication.alterations import NOTHING, MessageEdited
from replication.ids import is_conversation_id
from replication.records import TEXTS, Entry

MOST: Final = 50
"""Messages of one page."""
MOST_ROUNDS: Final = 8
"""How often more entries are looked at for one page; most are passed over only where much is hidden, or a filter is seldom met."""
MOST_LACKING: Final = 50
AT_ONCE: Final = 4
"""Searches in the store at the same time; who comes meanwhile waits."""
SECONDS: Final = 3.0
"""After which who waits, or searches, is turned away."""


class Searching:
    """Searches in the histories of those who live here."""

    def __init__(self, store: Pool) -> None:
        """Say where they are."""
        self._store = store
        self._looking = asyncio.Semaphore(AT_ONCE)

    async def find(self, reader: str, wanted: Wanted) -> Hits:
        """Return a page of what a user may see and is searched for.

        Raises:
            NotFoundError: The user may see nothing of that conversation, or there is none.
            UnavailableError: The store is away, or too busy.
        """
        try:
            async with asyncio.timeout(SECONDS), self._looking, self._store.connection() as connection:
                return await _Search(connection, reader, wanted).run()
        except (*STORE_FAILURES, psycopg.Error, TimeoutError) as error:
            raise UnavailableError(what="Searching") from error


class _Search:
    """One page, and what is known of its conversations meanwhile."""

    def __init__(self, connection: Connection, reader: str, wanted: Wanted) -> None:
        self._connection = connection
        self._reader = reader
        self._wanted = wanted
        self._sights: dict[str, Sight | None] = {}
        self._marks: dict[str, dict[str, Marks]] = {}

    async def run(self) -> Hits:
        wanted = self._wanted
        name = wanted.conversation_id
        if name is not None and not (is_conversation_id(name) and await self._sight(name)):
            raise NotFoundError(what="conversation")
        hits, further = await self._find()
        cursor = None if further is None else write_cursor(further)
        return Hits(hits=hits, next=cursor, incomplete=await self._incomplete())

    async def _find(self) -> tuple[list[Hit], Found | None]:
        wanted, hits, size, place = self._wanted, list[Hit](), 0, self._wanted.after
        for _ in range(MOST_ROUNDS):
            after = (place.sent_at, place.conversation_id, place.seq)
            proposed = await repository.candidates(
                self._connection, self._reader, wanted, after=after, most=wanted.limit + 1
            )
            more = len(proposed) > wanted.limit
            for entry in proposed[: wanted.limit]:
                hit = await self._hit(entry)
                if hit is not None:
                    size += len(hit.message.text.encode())
                    if len(hits) == wanted.limit or (hits and size > PAGE_BYTES):
                        return hits, place
                    hits.append(hit)
                place = Found(entry.sent_at, entry.conversation_id, entry.seq)
                await asyncio.sleep(0)  # long texts take a while: others have their turn between them
            if not more:
                return hits, None
        return hits, place

    async def _hit(self, entry: Entry) -> Hit | None:
        """Return what an entry is, if the reader sees these words of it: of each message, only the entry that says its present ones."""
        known = await self._sight(entry.conversation_id)
        if known is None or not known.member.may_see(entry.seq) or entry.seq > known.top:
            return None
        message = await self._message(entry, known)
        if message is None:
            return None
        made = await aftermaths(self._connection, [message], known.member.may_see)
        aftermath, wanted = made.get(message.seq, NOTHING), self._wanted
        if aftermath.deleted or (aftermath.edited or message.seq) != entry.seq:
            return None
        if not wanted.since <= message.sent_at < wanted.until or wanted.sender_id not in (None, message.author):
            return None
        if message.conversation_id not in self._marks:
            self._marks[message.conversation_id] = await reads.members(self._connection, message.conversation_id)
        view = entry_view(
            message,
            reader=self._reader,
            marks=self._marks[message.conversation_id],
            aftermath=aftermath,
            sees=known.member.may_see,
        )
        places = matches(view.text, wanted.terms) if _attaches(view, wanted.kind) else []
        if not places:
            return None
        return Hit(
            message=view,
            matches=[MatchView(offset, length) for offset, length in places],
            before=str(Place(message.epoch, message.seq + 1)),
            after=str(Place(message.epoch, message.seq)),
        )

    async def _message(self, entry: Entry, known: Sight) -> Entry | None:
        """Return the message that an entry is, or is an edit of, if the reader may see it and it is in this region."""
        body = entry.body
        if isinstance(body, TEXTS):
            return entry
        if not isinstance(body, MessageEdited) or not body.target_seq or not known.member.may_see(body.target_seq):
            return None
        found = await reads.entries_at(self._connection, [Head(entry.conversation_id, body.target_seq, 0)])
        message = found.get(entry.conversation_id)
        return message if message is not None and isinstance(message.body, TEXTS) else None

    async def _sight(self, conversation_id: str) -> Sight | None:
        if conversation_id not in self._sights:
            self._sights[conversation_id] = await sight(self._connection, conversation_id, self._reader)
        return self._sights[conversation_id]

    async def _incomplete(self) -> list[str]:
        names = await repository.lacking(self._connection, self._reader, self._wanted, most=MOST_LACKING)
        views = [View(name, self._reader, await self._sight(name)) for name in names]
        return [view.conversation_id for view in views if view.lacking(1, view.top)]


def _attaches(message: Message, kind: str | None) -> bool:
    """Whether a message has an attachment of that kind, if it is one."""
    if kind not in ATTACHED:
        return True
    return message.attachments is not UNSET and any(one.kind == kind for one in message.attachments)
