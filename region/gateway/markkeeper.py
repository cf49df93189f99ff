"""Appends the marks of devices, merged for some milliseconds; what cannot be appended now is kept and tried again."""

import asyncio

import structlog
from prometheus_client import Counter, Gauge

from infra.backoff import Backoff
from infra.errors import UnavailableError
from infra.tasks import heed_cancellation
from region.gateway.cursors import Place
from region.gateway.journal import Journal
from region.gateway.marks import MarkBook, Raised, Reader
from region.gateway.submissions import Author, Clerk
from replication.ids import is_channel_id

log = structlog.get_logger()

MERGE_SECONDS = 0.05
MOST_WAITING = 100_000

MARKS_WAITING = Gauge("causeway_gateway_marks_waiting", "Marks, by user and conversation, that wait to be appended.")
MARKS_RAISED = Counter("causeway_gateway_marks_raised_total", "Marks that devices raised.")
MARKS_APPENDED = Counter("causeway_gateway_marks_appended_total", "Marks that were appended, after merging.")
MARKS_DROPPED = Counter("causeway_gateway_marks_dropped_total", "Marks that were dropped, since too many waited.")


class MarkKeeper:
    """Takes marks and appends them; `run` is to run beside it."""

    def __init__(self, journal: Journal, clerk: Clerk) -> None:
        """Say where marks go."""
        self._journal = journal
        self._clerk = clerk
        self._book = MarkBook(MOST_WAITING)
        self._raised = asyncio.Event()

    def raise_mark(self, reader: Reader, conversation_id: str, place: Place, *, read: bool) -> None:
        """Merge a mark into those that wait; in channels, only that somebody has read counts."""
        if not read and is_channel_id(conversation_id):
            return  # who posts is not told who has received it
        MARKS_RAISED.inc()
        self._merge(reader, conversation_id, place, read=read)

    async def run(self) -> None:
        """Append what was merged, until cancelled."""
        backoff = Backoff(first=1.0)
        while True:
            heed_cancellation()
            await self._raised.wait()
            await asyncio.sleep(MERGE_SECONDS)
            self._raised.clear()
            taken = self._book.take()
            try:
                while taken:
                    (user_id, conversation_id), raised = next(iter(taken.items()))
                    await self._append(conversation_id, raised)
                    del taken[user_id, conversation_id]
                backoff.reset()
            except UnavailableError:
                for (_, conversation_id), raised in taken.items():
                    self._again(conversation_id, raised)
                MARKS_WAITING.set(len(self._book))
                await asyncio.sleep(backoff.next())
            MARKS_WAITING.set(len(self._book))

    async def _append(self, conversation_id: str, raised: Raised) -> None:
        author = Author(raised.reader.user_id, raised.reader.home_epoch, raised.reader.device)
        for body in raised.bodies():
            appended = await self._journal.send(self._clerk.other(author, body, conversation_id=conversation_id))
            appended.add_done_callback(lambda done: self._on_appended(done, conversation_id, raised))
            MARKS_APPENDED.inc()

    def _on_appended(self, appended: "asyncio.Future[int]", conversation_id: str, raised: Raised) -> None:
        if appended.cancelled() or appended.exception() is not None:
            self._again(conversation_id, raised)

    def _again(self, conversation_id: str, raised: Raised) -> None:
        if raised.received is not None:
            self._merge(raised.reader, conversation_id, raised.received, read=False)
        if raised.read is not None:
            self._merge(raised.reader, conversation_id, raised.read, read=True)

    def _merge(self, reader: Reader, conversation_id: str, place: Place, *, read: bool) -> None:
        if (self._book.read if read else self._book.received)(reader, conversation_id, place):
            self._raised.set()
        else:
            MARKS_DROPPED.inc()
