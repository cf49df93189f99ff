"""A page of history is read in several looks at the store, between which a queued message may be numbered."""

import contextlib
from collections.abc import Sequence
from typing import cast

import pytest
from msgspec.structs import replace

from infra.postgres import Pool
from region.gateway import repository
from region.gateway.cursors import read_place
from region.gateway.groups import pages
from region.gateway.groups.pages import Pages
from region.gateway.groups.recall import Recall
from region.gateway.guards import Look
from region.gateway.repository import Head
from region.gateway.views import Message
from region.store.repository import unsettled
from region.store.repository.unsettled import Queued
from replication.ids import direct_conversation_id
from replication.records import Entry, MessageSent, Submission

US, EU = "u" + "a" * 24 + "-us", "u" + "b" * 24 + "-eu"
CONVERSATION = direct_conversation_id(US, EU)


def submission(number: int) -> Submission:
    """A message that is accepted."""
    body = MessageSent(EU, f"c{number}", f"text {number}")
    return Submission(
        id=f"m{number}", author=US, home="us", home_epoch=1, body=body, submitted_at=0, conversation_id=CONVERSATION
    )


def entry(number: int) -> Entry:
    """The same message, numbered."""
    sent = submission(number)
    assert isinstance(sent.body, MessageSent)
    return Entry(
        conversation_id=CONVERSATION, seq=number, epoch=1, incarnation=1, count=number, message_id=sent.id, author=US,
        home="us", content_hash=sent.content_hash, body=sent.body, sent_at=0, hops=(),
    )  # fmt: skip


class NoStore:
    """A pool whose connections nobody asks."""

    def connection(self) -> contextlib.AbstractAsyncContextManager[None]:
        """Lend one."""
        return contextlib.nullcontext()


class Log:
    """A conversation that both users see wholly, with one message that waits; instead of what reads the store."""

    def __init__(self, entries: Sequence[Entry], waiting: Sequence[Queued]) -> None:
        """Say what it holds, the newest first."""
        self._entries, self._waiting = entries, waiting

    async def queued_in(self, connection: object, conversation_id: str, *, author: str, most: int) -> Sequence[Queued]:
        """Messages that wait."""
        return self._waiting[:most]

    async def entries_below(
        self, connection: object, conversation_id: str, *, seq: int, most: int, hidden: object
    ) -> Sequence[Entry]:
        """Older ones."""
        return [one for one in self._entries if one.seq < seq][:most]

    async def entries_above(
        self, connection: object, conversation_id: str, *, seq: int, most: int, top: int, hidden: object
    ) -> Sequence[Entry]:
        """Newer ones, the oldest first."""
        return [one for one in reversed(self._entries) if one.seq > seq][:most]

    async def head(self, connection: object, conversation_id: str) -> Head:
        """The newest one's number."""
        return Head(conversation_id, self._entries[0].seq, 1)

    async def members(self, connection: object, conversation_id: str) -> dict[str, object]:
        """Nobody has marks."""
        return {}

    async def sight(self, connection: object, conversation_id: str, user_id: str) -> None:
        """Nothing is hidden."""

    async def aftermaths(self, *_: object) -> dict[int, object]:
        """Nothing was made of any."""
        return {}

    def stand_in(self, monkeypatch: pytest.MonkeyPatch) -> Pages:
        """Return pages that read it."""
        for name in ("entries_below", "entries_above", "head", "members"):
            monkeypatch.setattr(repository, name, getattr(self, name))
        monkeypatch.setattr(pages, "sight", self.sight)
        monkeypatch.setattr(pages, "aftermaths", self.aftermaths)
        monkeypatch.setattr(unsettled, "queued_in", self.queued_in)
        return Pages(cast("Pool", NoStore()), cast("Recall", None), cast("Look", None))


@pytest.mark.parametrize("limit", [1, 2, 50])
async def test_a_message_that_is_numbered_between_two_looks_is_shown_once(
    monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    """As numbered; what is older stays reachable by the cursor."""
    log = [entry(number) for number in (4, 3, 2, 1)]
    read = Log(log, [Queued(submission(4), "eu")]).stand_in(monkeypatch)

    page, _ = await read.backwards(US, CONVERSATION, None, limit)

    assert [message.seq for message in page.messages] == [4, 3, 2, 1][:limit]
    assert (page.next is not None) == (limit < len(log))


@pytest.mark.parametrize("direction", ["backwards", "forwards"])
@pytest.mark.parametrize("size", [1, 30, 100, 1000])
async def test_a_page_ends_where_it_has_enough_text_and_its_cursor_goes_on(
    monkeypatch: pytest.MonkeyPatch, direction: str, size: int
) -> None:
    """Every message is shown once, none twice; a text that is larger than a page may be is a page of its own."""
    monkeypatch.setattr(pages, "PAGE_BYTES", 120)
    log = [
        replace(entry(n), body=MessageSent(EU, f"c{n}", "é" * (size // 2) + "x" * (size % 2))) for n in range(9, 0, -1)
    ]
    read, asked = Log(log, [Queued(submission(10), "eu")]).stand_in(monkeypatch), 4
    seen: list[Sequence[Message]] = []
    cursor = None if direction == "backwards" else "0.0"
    while not seen or cursor is not None:
        place = None if cursor is None else read_place(cursor, field="cursor")
        if direction == "backwards":
            page, _ = await read.backwards(US, CONVERSATION, place, asked)
            cursor = page.next
        else:
            assert place is not None
            page, _ = await read.forwards(US, CONVERSATION, place, asked)
            cursor = page.previous
        seen.append(page.messages)

    shown = [message.seq for some in seen for message in some]
    assert shown == ([None, *range(9, 0, -1)] if direction == "backwards" else list(range(1, 10)))
    for some in seen:
        assert len(some) <= asked
        assert len(some) == 1 or sum(len(message.text.encode()) for message in some) <= 120
