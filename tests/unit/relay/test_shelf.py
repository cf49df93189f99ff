"""What is aside is counted as the store has it, so that a partition that waits goes on when there is room."""

import contextlib
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import cast

import pytest

from infra.health import Health
from infra.kafka import Consumer
from relay.ingester import shelf as shelves
from relay.ingester.asking import Asking
from relay.ingester.intake import Intake
from relay.ingester.reader import Reader
from relay.ingester.repairer import Repairer
from relay.ingester.shelf import MOST_NEWER, Shelf
from replication.poison import repository
from replication.poison.records import LONGEST_REASON, Amount, Kind, Poison, told

TOPIC = "us.relay.eu"
MOST = MOST_NEWER.records


class Store:
    """A store of which the test says what is aside in it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Stand in for the repository."""
        self.newer = 0
        self.newer_bytes = 0
        self.of_others = 0
        for name in ("amounts", "wanted", "waiting", "put_aside", "note_replayed", "note_tried"):
            monkeypatch.setattr(repository, name, getattr(self, name, self.nothing))
        monkeypatch.setattr(shelves, "choose", self.choose)

    async def amounts(self, _: object) -> dict[tuple[str, Kind], Amount]:
        """Tell what is aside."""
        return {
            (TOPIC, Kind.NEWER): Amount(self.newer - 1, 0),
            (f"{TOPIC}.repair-1.1", Kind.NEWER): Amount(1, self.newer_bytes),
            (TOPIC, Kind.IMPOSSIBLE): Amount(5 * MOST, 0),
            ("ap.relay.eu", Kind.NEWER): Amount(self.of_others, 0),
        }

    async def choose(self, _: object, records: list[Poison], **__: object) -> list[Poison]:
        """Keep all."""
        return records

    async def nothing(self, *_: object, **__: object) -> list[Poison]:
        """Do nothing, find nothing."""
        return []

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[None]:
        """Stand in for the pool."""
        yield


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    """An empty store."""
    return Store(monkeypatch)


@pytest.fixture
async def shelf(store: Store, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """The shelf in it."""
    monkeypatch.setattr(shelves, "make_pool", lambda *_, **__: store)
    return Shelf("", TOPIC)


async def test_a_shelf_is_full_for_as_long_as_the_store_says_so(store: Store, shelf: Shelf) -> None:
    """Of its own topic, and until enough was taken in, by whomever."""
    store.of_others = MOST
    await shelf.look()
    assert not shelf.full
    newer = Poison(TOPIC, 0, 7, Kind.NEWER, "newer", b"")
    await shelf.put([newer] * MOST)
    assert shelf.full
    await shelf.note([newer], [])
    assert not shelf.full
    store.newer = MOST
    await shelf.look()
    assert shelf.full
    store.newer = MOST - 1
    await shelf.look()
    assert not shelf.full
    store.newer_bytes = MOST_NEWER.size
    await shelf.look()
    assert shelf.full


async def test_a_partition_that_stands_goes_on_when_there_is_room(
    store: Store, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a new start of the ingester."""
    resumed: list[int] = []
    consumer = cast("Consumer", SimpleNamespace(resume=resumed.append))
    reader = Reader(
        Intake("us", "eu", 8),
        kafka="",
        health=Health(),
        repairer=Repairer("us", "", here="eu"),
        asking=Asking(patience=1, retry=1),
        shelf=shelf,
    )
    store.newer = MOST
    await shelf.look()
    monkeypatch.setattr(reader, "_standing", {3})
    reader.resume_paused(consumer)
    assert resumed == []
    store.newer = 0
    await shelf.look()
    reader.resume_paused(consumer)
    assert resumed == [3]


def test_what_a_peer_wrote_is_told_without_harm() -> None:
    """A name of a megabyte, or one that writes log lines of its own."""
    assert told("the stream begins in eu") == "the stream begins in eu"
    assert told("a\nb\0\x1b[2J") == "a\\nb\\x00\\x1b[2J"
    assert len(told("x" * 1_000_000)) == LONGEST_REASON
