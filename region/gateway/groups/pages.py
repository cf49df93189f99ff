"""A conversation's history in pages, as far as its reader may see it: what is hidden is a tombstone, what is not here is asked for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from infra.postgres import Pool
from region.gateway import repository
from region.gateway.alterations.aftermaths import aftermaths
from region.gateway.cursors import LARGEST, Place
from region.gateway.groups.recall import Recall
from region.gateway.groups.repository import Sight, sight
from region.gateway.guards import Look
from region.gateway.schemas import Page
from region.gateway.views import Marks, Message, entry_view, hidden_view, pending_view
from region.store.repository import unsettled
from replication import runs
from replication.alterations import NOTHING, Aftermath
from replication.ids import is_channel_id
from replication.records import Entry
from replication.runs import Runs

PAGE_BYTES: Final = 1_000_000
"""How much text a page has at most, bytes of UTF-8; its cursor goes on where it ends."""


@dataclass(frozen=True, slots=True)
class View:
    """Who looks at which conversation.

    Attributes:
        conversation_id: The conversation.
        reader: The user.
        sight: What the user may see; None of a conversation that has not begun.
    """

    conversation_id: str
    reader: str
    sight: Sight | None

    @property
    def top(self) -> int:
        """The last seq that the reader may see."""
        return self.sight.top if self.sight else LARGEST - 1

    @property
    def hidden(self) -> Runs:
        """Runs that the reader may not see."""
        return self.sight.hidden if self.sight else ()

    def sees(self, seq: int) -> bool:
        """Whether the reader may see that entry."""
        return self.sight is None or self.sight.member.may_see(seq)

    def lacking(self, first: int, last: int) -> Runs:
        """Return what of these seqs the reader may see, and is not in this region."""
        if self.sight is None or not self.sight.missing:
            return ()
        lacking = runs.within(self.sight.missing, first, min(last, self.top))
        for hidden_first, hidden_last in self.hidden:
            lacking = runs.without(lacking, hidden_first, hidden_last)
        return lacking


@dataclass(frozen=True, slots=True)
class Shown:
    """What stands on a page.

    Attributes:
        entries: In order.
        marks: Of the members.
        made: By seq, what was made of them.
    """

    entries: Sequence[Entry]
    marks: dict[str, Marks]
    made: dict[int, Aftermath]


class Pages:
    """Reads pages."""

    def __init__(self, store: Pool, recall: Recall, look: Look) -> None:
        """Say where entries are, who gets those that are elsewhere, and who keeps a reader from asking for them too often."""
        self._store = store
        self._recall = recall
        self._look = look

    async def backwards(
        self, reader: str, conversation_id: str, before: Place | None, limit: int
    ) -> tuple[Page, Place | None]:
        """Return older ones, the newest first; on the first page, the reader's queued ones stand above.

        Returns:
            The page, and the newest place of somebody else's on it.

        Raises:
            RateLimitedError: The reader asks for what is in other regions too often.
            UnavailableError: Some of it is in another region alone, which does not answer.
        """
        queued: list[unsettled.Queued] = []
        async with self._store.connection() as connection:
            if before is None:  # first of all: what is numbered meanwhile is seen below
                queued = await unsettled.queued_in(connection, conversation_id, author=reader, most=limit)
            view = View(conversation_id, reader, await sight(connection, conversation_id, reader))
            seq = min(LARGEST if before is None else before.seq, view.top + 1)
            found = await repository.entries_below(
                connection, conversation_id, seq=seq, most=limit + 1, hidden=view.hidden
            )
            marks = await repository.members(connection, conversation_id)
            made = await aftermaths(connection, found, view.sees)
            newest = (await repository.head(connection, conversation_id)).seq
        reach = found[-1].seq if len(found) > limit else 1
        if lacking := view.lacking(reach, seq - 1):
            await self._look(reader)
            asked = await self._recall.newest(conversation_id, lacking, most=limit + 1)
            floor = asked[0].seq if len(asked) > limit else 1
            found = [entry for entry in _merged(found, asked) if entry.seq >= floor][: limit + 1]
            made = await self._made(view, found)
        numbered = {entry.message_id for entry in found}  # what was queued a moment ago may have been numbered since
        waiting = [pending_view(q.submission, waits_for=q.waits_for) for q in queued if q.submission.id not in numbered]
        waiting = waiting[: fitting(message.text for message in waiting)]
        texts = [*(message.text for message in waiting), *_texts(found, made)]
        shown = found[: min(limit, fitting(texts)) - len(waiting)]
        oldest = None
        if len(found) > len(shown):
            # With no room left, the next page begins at the newest entry.
            oldest = _place(shown[-1]) if shown else Place(found[0].epoch, found[0].seq + 1)
        lowest = 1 if oldest is None else oldest.seq
        messages = [*waiting, *_with_tombstones(view, Shown(shown, marks, made), lowest, seq - 1)[::-1]]
        previous = None
        if before is not None and min(newest, view.top) > (shown[0].seq if shown else seq - 1):
            previous = _place(shown[0]) if shown else Place(0, max(0, seq - 1))
        return _page(conversation_id, messages, oldest, previous), _newest_of_others(shown, reader)

    async def forwards(self, reader: str, conversation_id: str, after: Place, limit: int) -> tuple[Page, Place | None]:
        """Return newer ones, the oldest first; see `backwards`."""
        async with self._store.connection() as connection:
            view = View(conversation_id, reader, await sight(connection, conversation_id, reader))
            found = await repository.entries_above(
                connection, conversation_id, seq=after.seq, most=limit + 1, top=view.top, hidden=view.hidden
            )
            marks = await repository.members(connection, conversation_id)
            made = await aftermaths(connection, found, view.sees)
        reach = found[-1].seq if len(found) > limit else view.top
        if lacking := view.lacking(after.seq + 1, reach):
            await self._look(reader)
            asked = await self._recall.oldest(conversation_id, lacking, most=limit + 1)
            ceiling = asked[-1].seq if len(asked) > limit else LARGEST
            found = [entry for entry in _merged(found, asked)[::-1] if entry.seq <= ceiling][: limit + 1]
            made = await self._made(view, found)
        shown = found[: min(limit, fitting(_texts(found, made)))]
        more = len(found) > len(shown)
        highest = shown[-1].seq if more else view.top
        messages = _with_tombstones(view, Shown(shown, marks, made), after.seq + 1, highest)
        first = shown[0].seq if shown else min(after.seq, LARGEST - 1) + 1
        async with self._store.connection() as connection:
            older = await repository.entries_below(
                connection, conversation_id, seq=min(first, view.top + 1), most=1, hidden=view.hidden
            )
        next_place = None
        if older or view.lacking(1, first - 1):
            next_place = _place(shown[0]) if shown else Place(older[0].epoch if older else 0, first)
        previous = _place(shown[-1]) if more else None
        return _page(conversation_id, messages, next_place, previous), _newest_of_others(shown, reader)

    async def bring(self, reader: str, conversation_id: str, seen: Sight, seqs: Iterable[int]) -> None:
        """Have those of these entries kept here that the reader may see and that are elsewhere; by then their messages are found by id.

        Raises:
            BusyError: Too much is asked for at the moment.
            RateLimitedError: The reader asks for what is in other regions too often.
            UnavailableError: Their owner does not answer.
        """
        view = View(conversation_id, reader, seen)
        lacking = runs.joined(run for seq in seqs for run in view.lacking(seq, seq))
        if lacking:
            await self._look(reader)
            await self._recall.newest(conversation_id, lacking, most=sum(last + 1 - first for first, last in lacking))

    async def _made(self, view: View, found: Sequence[Entry]) -> dict[int, Aftermath]:
        async with self._store.connection() as connection:
            return await aftermaths(connection, found, view.sees)


def fitting(texts: Iterable[str]) -> int:
    """Return how many of these texts a page has room for; the first always has some."""
    count = size = 0
    for text in texts:
        size += len(text.encode())
        if count and size > PAGE_BYTES:
            break
        count += 1
    return count


def _texts(found: Sequence[Entry], made: Mapping[int, Aftermath]) -> list[str]:
    return [made.get(entry.seq, NOTHING).text or entry.text for entry in found]


def _with_tombstones(view: View, shown: Shown, lowest: int, highest: int) -> list[Message]:
    """Return what is shown and a tombstone for each run between that is hidden, the oldest first."""
    entries = [
        (
            entry.seq,
            entry_view(
                entry,
                reader=view.reader,
                marks=shown.marks,
                aftermath=shown.made.get(entry.seq, NOTHING),
                sees=view.sees,
            ),
        )
        for entry in shown.entries
    ]
    tombstones = [
        (last, hidden_view(view.conversation_id, first, last))
        for first, last in runs.within(view.hidden, lowest, highest)
    ]
    found = [message for _, message in sorted(entries + tombstones, key=lambda one: one[0])]
    above = max([lowest - 1, *(seq for seq, _ in entries + tombstones)])
    if is_channel_id(view.conversation_id) and above < highest:
        found.append(hidden_view(view.conversation_id, above + 1, highest))  # who belongs to it has changed since
    return found


def _merged(found: Sequence[Entry], asked: Sequence[Entry]) -> list[Entry]:
    """Return both, each seq once, the newest first."""
    by_seq = {entry.seq: entry for entry in (*asked, *found)}
    return [by_seq[seq] for seq in sorted(by_seq, reverse=True)]


def _page(conversation_id: str, messages: list[Message], oldest: Place | None, newest: Place | None) -> Page:
    return Page(
        conversation_id, messages, None if oldest is None else str(oldest), None if newest is None else str(newest)
    )


def _place(entry: Entry) -> Place:
    return Place(entry.epoch, entry.seq)


def _newest_of_others(shown: Sequence[Entry], reader: str) -> Place | None:
    """Return up to where the reader has now received, if any of it is somebody else's."""
    others = [entry for entry in shown if entry.author != reader]
    return _place(max(others, key=lambda entry: entry.seq)) if others else None
