"""Marks are merged by maximum before they are appended."""

from hypothesis import given
from hypothesis import strategies as st

from region.gateway.cursors import Place
from region.gateway.marks import MarkBook, Reader
from replication.records import MessageRead, MessageReceived

READER = Reader("u1", 1, "v1")
places = st.builds(Place, epoch=st.integers(1, 3), seq=st.integers(1, 50))


def order(place: Place) -> tuple[int, int]:
    """Marks are compared by epoch, then seq."""
    return place.epoch, place.seq


@given(received=st.lists(places), read=st.lists(places))
def test_the_highest_mark_of_each_kind_survives(received: list[Place], read: list[Place]) -> None:
    """Whatever the order in which they come; and a read mark implies the received one."""
    book = MarkBook(100)
    for place in received:
        book.received(READER, "c", place)
    for place in read:
        book.read(READER, "c", place)

    bodies = [body for raised in book.take().values() for body in raised.bodies()]

    top = max((*received, *read), key=order, default=None)
    highest = max((order(Place(body.epoch, body.seq)) for body in bodies), default=None)
    assert highest == (None if top is None else order(top))
    reads = [body for body in bodies if isinstance(body, MessageRead)]
    assert len(reads) == (1 if read else 0)
    if read:
        assert (reads[0].epoch, reads[0].seq) == order(max(read, key=order))


def test_conversations_and_users_are_kept_apart() -> None:
    """Taking empties the book."""
    book = MarkBook(100)
    book.received(READER, "one", Place(1, 1))
    book.received(READER, "two", Place(1, 2))
    book.received(Reader("u2", 1, "v2"), "one", Place(1, 3))

    taken = book.take()

    assert {key: raised.bodies() for key, raised in taken.items()} == {
        ("u1", "one"): [MessageReceived(epoch=1, seq=1)],
        ("u1", "two"): [MessageReceived(epoch=1, seq=2)],
        ("u2", "one"): [MessageReceived(epoch=1, seq=3)],
    }
    assert len(book) == 0


def test_a_full_book_still_merges() -> None:
    """Only who is new finds no room, and is told so."""
    book = MarkBook(1)
    assert book.received(READER, "c", Place(1, 1))

    assert book.received(READER, "c", Place(1, 2))
    assert book.read(READER, "c", Place(1, 2))
    assert not book.received(READER, "other", Place(1, 1))
    assert not book.read(READER, "other", Place(1, 1))

    assert [raised.bodies() for raised in book.take().values()] == [[MessageRead(epoch=1, seq=2)]]
    assert book.received(READER, "other", Place(1, 1))
