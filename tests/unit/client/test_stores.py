"""Stores keep what must outlive a device."""

from collections.abc import Callable
from pathlib import Path

import pytest

from region.client.accounts import Tokens
from region.client.frames import Position
from region.client.marks import Seen
from region.client.outbox import Item
from region.client.session import SessionData
from region.client.stores import MemoryStore, Saved, SqliteStore, Store

SESSION = SessionData(Tokens("u1", "alice", "us", "device", "access", "refresh", 900.0), 5.0)
Reopen = Callable[[], Store]


@pytest.fixture(params=["memory", "sqlite"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Reopen:
    """Opens the same store again and again."""
    memory = MemoryStore()
    return (lambda: memory) if request.param == "memory" else (lambda: SqliteStore(tmp_path / "alice.sqlite"))


async def test_what_was_kept_is_there_again(reopen: Reopen) -> None:
    """Session, items in order, positions, marks and resume token outlive the client."""
    store = reopen()
    items = tuple(Item(client_message_id=name, text=name, recipient_id="u2") for name in "cab")
    for item in items:
        await store.put(item)
    await store.save_session(SESSION)
    seen = Seen(Position(1, 2), Position(1, 1))
    await store.save_positions({"d1": Position(1, 2)}, "token", {"d1": Seen(), "d2": seen, "d3": seen})
    await store.save_positions({"d2": Position(1, 3)}, "newer", {"d1": seen, "d2": None})
    await store.drop(["a"])
    await store.close()

    again = reopen()
    saved = await again.load()
    await again.close()

    positions = {"d1": Position(1, 2), "d2": Position(1, 3)}
    assert saved == Saved(SESSION, (items[0], items[2]), positions, "newer", {"d1": seen, "d3": seen})


async def test_a_message_typed_twice_is_kept_once(reopen: Reopen) -> None:
    """The client message id names it."""
    store = reopen()
    for text in ("first", "second"):
        await store.put(Item(client_message_id="a", text="first", conversation_id="d1", typed_at=len(text)))

    assert len((await store.load()).items) == 1
    await store.close()


async def test_forgetting_leaves_nothing(reopen: Reopen) -> None:
    """Another user may log in."""
    store = reopen()
    await store.put(Item(client_message_id="a", text="a", recipient_id="u2"))
    await store.save_session(SESSION)
    await store.save_positions({"d1": Position(1, 2)}, "token", {"d1": Seen()})

    await store.forget()

    assert await store.load() == Saved()
    await store.close()


async def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    """Tokens and texts rest in it."""
    store = SqliteStore(tmp_path / "alice.sqlite")
    await store.load()
    await store.close()

    assert (tmp_path / "alice.sqlite").stat().st_mode & 0o077 == 0
