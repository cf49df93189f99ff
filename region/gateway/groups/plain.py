"""Pages that hold messages alone, made of pages of the whole log: what else happened there is left out, and does not count."""

from collections.abc import Awaitable, Callable
from typing import Final

from msgspec.structs import replace

from region.gateway.cursors import Place, read_place
from region.gateway.groups.pages import fitting
from region.gateway.schemas import Page
from region.gateway.views import Message
from region.store.repository.entries import COUNTED

LEAST_READ: Final = 20
MOST_READ: Final = 200
"""Entries of the log that are read at a time."""
MOST_PAGES: Final = 10
"""So often for one page; what has fewer messages by then goes on at its cursor."""

Read = Callable[[Place | None, int], Awaitable[tuple[Page, Place | None]]]
"""As `Pages.backwards` or `Pages.forwards` from a cursor on, of so many entries at most."""


def only_messages(page: Page) -> Page:
    """Return a page less what is no message."""
    return replace(page, messages=[message for message in page.messages if message.kind in COUNTED])


async def messages_alone(read: Read, start: Place | None, limit: int, *, forwards: bool) -> Page:
    """Return a page of messages, in the order of those that are read.

    Args:
        read: Reads the log.
        start: From where on; None from its end.
        limit: How many messages at most.
        forwards: Whether pages go on at `previous`, as with `after`; else at `next`.
    """
    page, _ = await read(start, min(max(limit + 1, LEAST_READ), MOST_READ))
    first = page
    found = only_messages(page).messages
    for _ in range(MOST_PAGES - 1):
        onwards = _onwards(page, forwards=forwards)
        if onwards is None or len(found) > limit or fitting(_texts(found)) < len(found):
            break
        page, _ = await read(read_place(onwards, field="next"), MOST_READ)
        found += only_messages(page).messages
    shown = found[: min(limit, fitting(_texts(found)))]
    onwards = _onwards(page, forwards=forwards)
    if len(shown) < len(found):
        onwards = _behind(shown[-1], found[len(shown) :]) or onwards
    return replace(first, messages=shown, **{"previous" if forwards else "next": onwards})


def newest_of_others(page: Page, reader: str) -> Place | None:
    """Return up to where the reader has now received, if any of it is somebody else's."""
    others = [Place(one.epoch, one.seq) for one in page.messages if one.sender_id != reader and one.seq is not None]
    return max(others, key=lambda place: place.seq, default=None)


def _onwards(page: Page, *, forwards: bool) -> str | None:
    return page.previous if forwards else page.next


def _texts(found: list[Message]) -> list[str]:
    return [message.text for message in found]


def _behind(last: Message, others: list[Message]) -> str | None:
    """Return where a page goes on that ends with a message; queued ones are in no cursor, so behind one that is at the first numbered one."""
    if last.seq is not None:
        return str(Place(last.epoch, last.seq))
    numbered = next((one for one in others if one.seq is not None), None)
    return None if numbered is None else str(Place(numbered.epoch, (numbered.seq or 0) + 1))
