"""Pages of messages alone, whatever else stands in the log between them."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from region.gateway.cursors import LARGEST, Place, read_place
from region.gateway.groups import pages
from region.gateway.groups.plain import MOST_READ, Read, messages_alone, newest_of_others
from region.gateway.schemas import Page
from region.gateway.views import Message

ANN, BOB = "u" + "a" * 24 + "-us", "u" + "b" * 24 + "-eu"
SAID, DONE, GONE = "group_message_sent", "member_added", "hidden"


def message(kind: str, seq: int | None, **more: Any) -> Message:
    """What a page shows."""
    known = {"text": "x" if kind == SAID else "", "sender_id": ANN} | more
    return Message(
        message_id=f"m{seq}", conversation_id="g", kind=kind, seq=seq, epoch=1, status="unread", sent_at="", **known
    )


class Log:
    """A log, and pages of it as `Pages` makes them."""

    def __init__(self, kinds: Sequence[str], queued: int = 0) -> None:
        """Say what stands in it, from seq 1 on, and how many of the reader's own messages wait."""
        self.entries = [message(kind, seq) for seq, kind in enumerate(kinds, 1)]
        self.queued = [message(SAID, None) for _ in range(queued)]
        self.reads = 0

    async def backwards(self, start: Place | None, most: int) -> tuple[Page, None]:
        """Older ones, the newest first; queued ones stand above."""
        assert 1 <= most <= MOST_READ
        self.reads += 1
        before = LARGEST if start is None else start.seq
        waiting = [] if start else self.queued[:most]
        found = [one for one in reversed(self.entries) if one.seq is not None and one.seq < before]
        shown = found[: most - len(waiting)]
        last = shown[-1] if shown else None
        at = None if len(shown) == len(found) else f"1.{last.seq if last else (found[0].seq or 0) + 1}"
        return Page("g", [*waiting, *shown], at, None), None

    async def forwards(self, start: Place | None, most: int) -> tuple[Page, None]:
        """Newer ones, the oldest first."""
        assert start is not None
        assert 1 <= most <= MOST_READ
        self.reads += 1
        found = [one for one in self.entries if one.seq is not None and one.seq > start.seq]
        shown = found[:most]
        return Page("g", shown, None, None if len(shown) == len(found) else f"1.{shown[-1].seq}"), None


async def walk(read: Read, limit: int, *, forwards: bool) -> list[list[Message]]:
    """Return all pages."""
    found: list[list[Message]] = []
    start = Place(0, 0) if forwards else None
    while True:
        page = await messages_alone(read, start, limit, forwards=forwards)
        found.append(page.messages)
        onwards = page.previous if forwards else page.next
        if onwards is None:
            return found
        start = read_place(onwards, field="before")


kinds = st.lists(st.sampled_from([SAID, DONE, GONE]) | st.just(DONE), max_size=120)


@given(kinds=kinds, limit=st.integers(1, MOST_READ), forwards=st.booleans())
async def test_every_page_is_full_and_every_message_is_on_one(kinds: list[str], limit: int, forwards: bool) -> None:  # noqa: FBT001
    """But the last, which has no cursor to go on; what is no message is on none."""
    log = Log(kinds)
    found = await walk(log.forwards if forwards else log.backwards, limit, forwards=forwards)

    wanted = [seq for seq, kind in enumerate(kinds, 1) if kind == SAID]
    assert [one.seq for page in found for one in page] == (wanted if forwards else wanted[::-1])
    assert {len(page) for page in found[:-1]} <= {limit}
    assert found[-1] or len(found) == 1  # nobody is sent to a page on which nothing is


@given(kinds=kinds, queued=st.integers(1, 30), limit=st.integers(1, 30))
async def test_what_is_queued_stands_above_and_in_no_cursor(kinds: list[str], queued: int, limit: int) -> None:
    """However many there are; what is numbered is found behind."""
    found = await walk(Log(kinds, queued).backwards, limit, forwards=False)

    shown = [one.seq for page in found for one in page]
    wanted = [seq for seq, kind in enumerate(kinds, 1) if kind == SAID][::-1]
    assert shown == [None] * min(queued, limit) + wanted


async def test_one_look_is_enough_where_there_are_messages_alone() -> None:
    """As in most 1:1 conversations."""
    log = Log([SAID] * 1_000)
    page = await messages_alone(log.backwards, None, 50, forwards=False)
    assert (len(page.messages), page.next, log.reads) == (50, "1.951", 1)


async def test_a_log_without_messages_is_not_read_for_ever() -> None:
    """The page has fewer then, and its cursor goes on."""
    log = Log([SAID, *[DONE] * 10_000])
    page = await messages_alone(log.backwards, None, 50, forwards=False)
    assert page.messages == []
    assert page.next is not None
    assert log.reads <= 10
    assert [one.seq for found in await walk(log.backwards, 50, forwards=False) for one in found] == [1]


async def test_a_page_ends_where_it_has_enough_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """As pages of the log do."""
    monkeypatch.setattr(pages, "PAGE_BYTES", 3)
    found = await walk(Log([SAID, DONE] * 10).backwards, 50, forwards=False)
    assert [len(page) for page in found] == [3, 3, 3, 1]


def test_what_is_shown_of_others_is_received() -> None:
    """One's own is not, nor what is queued."""
    shown = [message(SAID, None), message(SAID, 9), message(SAID, 7, sender_id=BOB), message(SAID, 5, sender_id=BOB)]
    assert newest_of_others(Page("g", shown, None, None), ANN) == Place(1, 7)
    assert newest_of_others(Page("g", shown[:2], None, None), ANN) is None
