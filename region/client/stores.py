"""Where a device keeps what must outlive it: the session, what was typed and has no outcome, and how far its user was told."""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from region.client.frames import Position
from region.client.marks import Seen
from region.client.outbox import Item
from region.client.session import SessionData

T = TypeVar("T")


class Saved(msgspec.Struct, frozen=True):
    """What an earlier run has left.

    Attributes:
        session: Who was logged in last; None if nobody ever was.
        items: What was typed and has no outcome yet, in order.
        positions: Conversation to the last entry that the user was told of.
        resume: The last resume token; None if there was none.
        marks: Conversation to what was marked and is not confirmed yet.
    """

    session: SessionData | None = None
    items: tuple[Item, ...] = ()
    positions: dict[str, Position] = {}
    resume: str | None = None
    marks: dict[str, Seen] = {}


class Store(Protocol):
    """What a client needs of its store. What `put` has taken in is there after a power cut."""

    async def load(self) -> Saved:
        """Return what is there."""

    async def put(self, item: Item) -> None:
        """Keep a message that was typed."""

    async def drop(self, client_message_ids: list[str]) -> None:
        """Forget messages whose outcome is known."""

    async def save_session(self, session: SessionData) -> None:
        """Keep who is logged in, or was."""

    async def save_positions(
        self, positions: Mapping[str, Position], resume: str | None, marks: Mapping[str, Seen | None]
    ) -> None:
        """Keep, all or nothing, how far the user was told, and has marked; what is not named stays, a mark that is None goes."""

    async def forget(self) -> None:
        """Forget everything: another user will log in here."""

    async def close(self) -> None:
        """Release what is held."""


class MemoryStore:
    """Keeps everything in memory: for tests, and for programs that need no more. It may be handed from client to client."""

    def __init__(self) -> None:
        self._session: SessionData | None = None
        self._items: dict[str, Item] = {}
        self._positions: dict[str, Position] = {}
        self._resume: str | None = None
        self._marks: dict[str, Seen] = {}

    async def load(self) -> Saved:
        """Return what is there."""
        return Saved(self._session, tuple(self._items.values()), dict(self._positions), self._resume, dict(self._marks))

    async def put(self, item: Item) -> None:
        """Keep a message that was typed."""
        self._items[item.client_message_id] = item

    async def drop(self, client_message_ids: list[str]) -> None:
        """Forget messages whose outcome is known."""
        for name in client_message_ids:
            self._items.pop(name, None)

    async def save_session(self, session: SessionData) -> None:
        """Keep who is logged in, or was."""
        self._session = session

    async def save_positions(
        self, positions: Mapping[str, Position], resume: str | None, marks: Mapping[str, Seen | None]
    ) -> None:
        """Keep how far the user was told, and has marked."""
        self._positions.update(positions)
        self._resume = resume
        for conversation_id, seen in marks.items():
            if seen is None:
                self._marks.pop(conversation_id, None)
            else:
                self._marks[conversation_id] = seen

    async def forget(self) -> None:
        """Forget everything."""
        self.__init__()  # type: ignore[misc]  # a store as good as new

    async def close(self) -> None:
        """Keep everything, for the next client."""


_SCHEMA = """
    CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS outbox (ordinal INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, item BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS positions (conversation TEXT PRIMARY KEY, epoch INTEGER NOT NULL, seq INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS marks (conversation TEXT PRIMARY KEY, seen BLOB NOT NULL);
"""


class SqliteStore:
    """Keeps everything in one SQLite file, written through to the disk; one client at a time."""

    def __init__(self, path: str | Path) -> None:
        """Name the file; it is made, readable by its owner alone, when the store is first used."""
        self._path = Path(path)
        # One thread: statements run in the order in which they were asked for, and the event loop never waits for a disk.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="causeway-store")
        self._connection: sqlite3.Connection | None = None

    async def load(self) -> Saved:
        """Return what is there."""
        return await self._run(self._load)

    async def put(self, item: Item) -> None:
        """Keep a message that was typed."""
        statement = "INSERT OR IGNORE INTO outbox (name, item) VALUES (?, ?)"
        await self._run(
            lambda database: database.execute(statement, (item.client_message_id, msgspec.json.encode(item)))
        )

    async def drop(self, client_message_ids: list[str]) -> None:
        """Forget messages whose outcome is known."""
        names = [(name,) for name in client_message_ids]
        await self._run(lambda database: database.executemany("DELETE FROM outbox WHERE name = ?", names))

    async def save_session(self, session: SessionData) -> None:
        """Keep who is logged in, or was."""
        await self._run(lambda database: _keep(database, "session", msgspec.json.encode(session)))

    async def save_positions(
        self, positions: Mapping[str, Position], resume: str | None, marks: Mapping[str, Seen | None]
    ) -> None:
        """Keep how far the user was told, and has marked."""
        rows = [(name, position.epoch, position.seq) for name, position in positions.items()]
        kept = [(name, msgspec.json.encode(seen)) for name, seen in marks.items() if seen is not None]
        gone = [(name,) for name, seen in marks.items() if seen is None]

        def save(database: sqlite3.Connection) -> None:
            database.executemany("INSERT OR REPLACE INTO positions VALUES (?, ?, ?)", rows)
            database.executemany("INSERT OR REPLACE INTO marks VALUES (?, ?)", kept)
            database.executemany("DELETE FROM marks WHERE conversation = ?", gone)
            _keep(database, "resume", msgspec.json.encode(resume))

        await self._run(save)

    async def forget(self) -> None:
        """Forget everything."""

        def empty(database: sqlite3.Connection) -> None:
            for table in ("kept", "outbox", "positions", "marks"):
                database.execute(f"DELETE FROM {table}")  # noqa: S608  # names of our own

        await self._run(empty)

    async def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.close)
            self._connection = None
        self._thread.shutdown(wait=False)

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        def run() -> T:
            if self._connection is None:
                self._connection = self._open()
            with self._connection:
                return work(self._connection)

        return await asyncio.get_running_loop().run_in_executor(self._thread, run)

    def _open(self) -> sqlite3.Connection:
        self._path.touch(mode=0o600)
        database = sqlite3.connect(self._path)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.executescript(_SCHEMA)
        return database

    @staticmethod
    def _load(database: sqlite3.Connection) -> Saved:
        kept = dict(database.execute("SELECT name, value FROM kept").fetchall())
        items = database.execute("SELECT item FROM outbox ORDER BY ordinal").fetchall()
        positions = database.execute("SELECT conversation, epoch, seq FROM positions").fetchall()
        marks = database.execute("SELECT conversation, seen FROM marks").fetchall()
        return Saved(
            session=msgspec.json.decode(kept.get("session", b"null"), type=SessionData | None),
            items=tuple(msgspec.json.decode(item, type=Item) for (item,) in items),
            positions={conversation: Position(epoch, seq) for conversation, epoch, seq in positions},
            resume=msgspec.json.decode(kept.get("resume", b"null"), type=str | None),
            marks={conversation: msgspec.json.decode(seen, type=Seen) for conversation, seen in marks},
        )


def _keep(database: sqlite3.Connection, name: str, value: bytes) -> None:
    database.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", (name, value))
