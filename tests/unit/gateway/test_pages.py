"""A page of history is read in several looks at the store, between which a queued message may be numbered."""

from collections.abc import Sequence
from typing import cast

import pytest
from msgspec.structs import replace

from infra.postgres import Connection
from region.gateway import messages, repository
from region.gateway.cursors import Place, read_place
from region.gateway.repository import Queued
from region.gateway.views import Message
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


@pytest.mark.parametrize("limit", [1, 2, 50])
async def test_a_message_that_is_numbered_between_two_looks_is_shown_once(
    monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    """As numbered; what is older stays reachable by the cursor."""
    log = [entry(number) for number in (4, 3, 2, 1)]

    async def queued_in(connection: object, conversation_id: str, *, author: str, most: int) -> Sequence[Queued]:
        return [Queued(submission(4), "eu")][:most]

    async def entries_below(connection: object, conversation_id: str, *, seq: int, most: int) -> Sequence[Entry]:
        return [one for one in log if one.seq < seq][:most]

    async def members(connection: object, conversation_id: str) -> dict[str, object]:
        return {}

    monkeypatch.setattr(repository, "queued_in", queued_in)
    monkeypatch.setattr(repository, "entries_below", entries_below)
    monkeypatch.setattr(repository, "members", members)

    page, _ = await messages._backwards(cast("Connection", None), US, CONVERSATION, None, limit)  # noqa: SLF001 — what a first page is made by

    assert [message.seq for message in page.messages] == [4, 3, 2, 1][:limit]
    assert (page.next is not None) == (limit < len(log))


@pytest.mark.parametrize("direction", ["backwards", "forwards"])
@pytest.mark.parametrize("size", [1, 30, 100, 1000])
async def test_a_page_ends_where_it_has_enough_text_and_its_cursor_goes_on(
    monkeypatch: pytest.MonkeyPatch, direction: str, size: int
) -> None:
    """Every message is shown once, none twice; a text that is larger than a page may be is a page of its own."""
    monkeypatch.setattr(messages, "PAGE_BYTES", 120)
    log = [
        replace(entry(n), body=MessageSent(EU, f"c{n}", "é" * (size // 2) + "x" * (size % 2))) for n in range(9, 0, -1)
    ]
    asked = 4
    waiting = [Queued(submission(10), "eu")]

    async def queued_in(connection: object, conversation_id: str, *, author: str, most: int) -> Sequence[Queued]:
        return waiting[:most]

    async def entries_below(connection: object, conversation_id: str, *, seq: int, most: int) -> Sequence[Entry]:
        return [one for one in log if one.seq < seq][:most]

    async def entries_above(connection: object, conversation_id: str, *, seq: int, most: int) -> Sequence[Entry]:
        return [one for one in reversed(log) if one.seq > seq][:most]

    async def head(connection: object, conversation_id: str) -> repository.Head:
        return repository.Head(CONVERSATION, 9, 1)

    async def members(connection: object, conversation_id: str) -> dict[str, object]:
        return {}

    for fake in (queued_in, entries_below, entries_above, head, members):
        monkeypatch.setattr(repository, fake.__name__, fake)
    connection = cast("Connection", None)
    pages: list[Sequence[Message]] = []
    cursor = None if direction == "backwards" else "0.0"
    while not pages or cursor is not None:
        place = None if cursor is None else read_place(cursor, field="cursor")
        if direction == "backwards":
            page, _ = await messages._backwards(connection, US, CONVERSATION, place, asked)  # noqa: SLF001 — what pages are made by
            cursor = page.next
        else:
            page, _ = await messages._forwards(connection, US, CONVERSATION, place or Place(0, 0), asked)  # noqa: SLF001 — likewise
            cursor = page.previous
        pages.append(page.messages)

    shown = [message.seq for some in pages for message in some]
    assert shown == ([None, *range(9, 0, -1)] if direction == "backwards" else list(range(1, 10)))
    for some in pages:
        assert len(some) <= asked
        assert len(some) == 1 or sum(len(message.text.encode()) for message in some) <= 120
