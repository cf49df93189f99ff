"""Answers sends that were stored before: with their entries as they are now, since they may have been read meanwhile."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping

import psycopg
import structlog
from prometheus_client import Counter, Gauge

from infra.backoff import Backoff
from infra.postgres import STORE_FAILURES, Pool
from infra.tasks import heed_cancellation
from infra.telling import told
from region.gateway import repository
from region.gateway.views import Marks
from replication.records import Entry

log = structlog.get_logger()

MOST_WAITING = 2_000
"""Each of 16 KiB at most. Beyond, an answer is left out; the device repeats what has none when it reconnects."""
MOST_AT_ONCE = 500

WAITING = Gauge("causeway_gateway_repeats_waiting", "Answers to repeated sends that wait for a look into the store.")
DROPPED = Counter(
    "causeway_gateway_repeats_dropped_total", "Answers to repeated sends that were left out, since too many waited."
)


class Repeats:
    """Entries of repeated sends that wait for a look into the store, many at once; `run` is to run beside it."""

    def __init__(self, store: Pool) -> None:
        """Say where marks are."""
        self._store = store
        self._waiting: deque[Entry] = deque()
        self._added = asyncio.Event()

    def add(self, entry: Entry) -> None:
        """Answer with that entry soon."""
        if len(self._waiting) >= MOST_WAITING:
            DROPPED.inc()
            return
        self._waiting.append(entry)
        WAITING.set(len(self._waiting))
        self._added.set()

    async def run(self, answer: Callable[[Entry, Mapping[str, Marks]], None]) -> None:
        """Look, and answer, until cancelled; while the store is away, answers wait.

        Args:
            answer: Tells an entry, with the marks of its conversation's members.
        """
        backoff = Backoff(first=0.2, most=2.0)
        while True:
            heed_cancellation()
            if not self._waiting:
                self._added.clear()
                await self._added.wait()
            entries = [self._waiting[n] for n in range(min(len(self._waiting), MOST_AT_ONCE))]
            try:
                found = await self._marks({entry.conversation_id for entry in entries})
            except (*STORE_FAILURES, psycopg.Error) as error:
                log.warning("repeated sends wait for the store", problem=told(error))
                await asyncio.sleep(backoff.next())
                continue
            backoff.reset()
            for entry in entries:
                self._waiting.popleft()
                answer(entry, found.get(entry.conversation_id, {}))
            WAITING.set(len(self._waiting))

    async def _marks(self, conversations: set[str]) -> dict[str, dict[str, Marks]]:
        found: dict[str, dict[str, Marks]] = {}
        async with self._store.connection() as connection:
            for member in await repository.marks_of(connection, sorted(conversations), ()):
                found.setdefault(member.conversation_id, {})[member.user_id] = member.marks
        return found
