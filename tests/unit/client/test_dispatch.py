"""What the store must remember survives a store that fails for a while."""

import sqlite3
from collections.abc import Mapping

import pytest

from region.client.connection import Advance, KeepMarks, Settle, Tell
from region.client.dispatch import MOST_BEFORE_TYPES, Dispatch
from region.client.events import Heard, Types
from region.client.frames import Message, Position
from region.client.handles import Stage
from region.client.marks import Seen
from region.client.outbox import Item
from region.client.stores import MemoryStore


class FullDisk(MemoryStore):
    """A store without room, until there is some again."""

    def __init__(self) -> None:
        super().__init__()
        self.full = True
        self.dropped: list[str] = []
        self.kept: dict[str, Seen | None] = {}

    async def drop(self, client_message_ids: list[str]) -> None:
        """Fail, or note what is dropped."""
        self._check()
        self.dropped += client_message_ids

    async def save_positions(
        self, positions: Mapping[str, Position], resume: str | None, marks: Mapping[str, Seen | None]
    ) -> None:
        """Fail, or note the marks."""
        self._check()
        self.kept |= dict(marks)

    def _check(self) -> None:
        if self.full:
            raise sqlite3.OperationalError("database or disk is full")


async def test_what_could_not_be_kept_is_kept_the_next_time() -> None:
    """Settled names and marks stay in memory until the store has them, and are given to it once."""
    store, seen = FullDisk(), Seen()
    dispatch = Dispatch(store, listen=False)
    dispatch.perform(Settle("c1"), me="me")
    dispatch.perform(KeepMarks("m1", seen), me="me")

    with pytest.raises(sqlite3.OperationalError):
        await dispatch.save()
    store.full = False
    await dispatch.save()
    await dispatch.save()

    assert store.dropped == ["c1"]
    assert store.kept == {"m1": seen}


async def test_a_user_with_much_to_read_is_not_told_who_types() -> None:
    """Everything else is told."""
    dispatch = Dispatch(MemoryStore(), listen=True)
    heard = Heard(
        Message(message_id="m1", conversation_id="g1", sender_id="u2", recipient_id="", text="", seq=1, epoch=1)
    )
    types = Types("g1", "u2", 6.0)
    for _ in range(MOST_BEFORE_TYPES + 5):
        dispatch.perform(Tell(types), me="me")
    dispatch.perform(Tell(heard), me="me")

    events = dispatch.events()
    told = [(await anext(events))[0] for _ in range(MOST_BEFORE_TYPES + 1)]
    assert told == [*[types] * MOST_BEFORE_TYPES, heard]


def test_a_handle_knows_whether_its_standby_has_it() -> None:
    """Once it is accepted, where that was waited for; what is learned later takes nothing back."""
    dispatch = Dispatch(MemoryStore(), listen=False)
    handle = dispatch.handle(Item(client_message_id="c1", text="hello", recipient_id="u2"))
    assert handle.replicated is None

    dispatch.perform(Advance("c1", Stage.ACCEPTED, replicated=True), me="me")
    dispatch.perform(Advance("c1", Stage.RECEIVED), me="me")

    assert handle.replicated is True
