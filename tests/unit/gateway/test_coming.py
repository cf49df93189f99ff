"""Who was just made a member in another region may name the conversation before its entry is here."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import cast

import pytest

from infra.errors import NotFoundError
from infra.postgres import Pool
from region.accounts.ports import Directory
from region.gateway.groups import coming
from region.gateway.groups.coming import MOST_WAITING, PAUSES, Coming
from region.gateway.recipients import Recipients
from replication.ids import channel_id, group_id

EVA, ANN = "u" + "b" * 24 + "-eu", "u" + "a" * 24 + "-us"
THEIRS, OURS, CHANNEL = group_id(ANN, "g"), group_id(EVA, "g"), channel_id(ANN, "c")


class Store:
    """A store in which a user sees everything after so many looks; no connection of it may be lent while somebody waits."""

    def __init__(self, after: float = float("inf")) -> None:
        """Say after how many looks."""
        self.looks = self.lent = 0
        self.pauses: list[float] = []
        self._after = after

    def connection(self) -> object:
        """Lend one."""
        return _Lent(self)

    async def sees(self, *_: object) -> bool:
        """Look."""
        self.looks += 1
        return self.looks > self._after

    async def pause(self, seconds: float) -> None:
        """Let others work."""
        assert self.lent == 0
        self.pauses.append(seconds)
        await asyncio.sleep(0)


class _Lent(contextlib.AbstractAsyncContextManager[None]):
    def __init__(self, store: Store) -> None:
        self._store = store

    async def __aenter__(self) -> None:
        self._store.lent += 1

    async def __aexit__(self, *_: object) -> None:
        self._store.lent -= 1


@pytest.fixture
def begin(monkeypatch: pytest.MonkeyPatch) -> Callable[[Store], Coming]:
    """Return what makes one that reads a store."""

    def make(store: Store) -> Coming:
        monkeypatch.setattr(coming, "sees", store.sees)
        return Coming(region="eu", store=cast("Pool", store), pause=store.pause)

    return make


@pytest.mark.parametrize("conversation", [THEIRS, CHANNEL])
async def test_what_comes_while_one_waits_is_seen(begin: Callable[[Store], Coming], conversation: str) -> None:
    """As soon as it is here."""
    store = Store(after=3)
    assert await begin(store).sees(EVA, conversation, patiently=True)
    assert store.pauses == list(PAUSES[:3])


async def test_what_never_comes_is_waited_for_briefly(begin: Callable[[Store], Coming]) -> None:
    """Four seconds, and then it is not there."""
    store = Store()
    assert not await begin(store).sees(EVA, THEIRS, patiently=True)
    assert sum(store.pauses) == pytest.approx(4)


@pytest.mark.parametrize(
    ("conversation", "patiently"), [(OURS, True), (THEIRS, False), ("d" + "0" * 32 + "-us", True), ("nonsense", True)]
)
async def test_what_cannot_come_is_not_waited_for(
    begin: Callable[[Store], Coming], conversation: str, *, patiently: bool
) -> None:
    """One's own region's, no group or channel, or where nobody wants to wait."""
    store = Store()
    assert not await begin(store).sees(EVA, conversation, patiently=patiently)
    assert (store.looks, store.pauses) == (1, [])


async def test_only_so_many_wait(begin: Callable[[Store], Coming]) -> None:
    """One more is answered at once; when they are done there is room again."""
    store = Store()
    waits = begin(store)
    many = [asyncio.create_task(waits.sees(EVA, THEIRS, patiently=True)) for _ in range(MOST_WAITING)]
    while len(store.pauses) < MOST_WAITING:  # noqa: ASYNC110 — a turn of the loop for each
        await asyncio.sleep(0)
    before = len(store.pauses)
    assert not await waits.sees(EVA, THEIRS, patiently=True)
    await asyncio.gather(*many)
    assert len(store.pauses) == MOST_WAITING * len(PAUSES) >= before
    assert not await waits.sees(EVA, THEIRS, patiently=True)
    assert len(store.pauses) == (MOST_WAITING + 1) * len(PAUSES)


async def test_a_message_to_a_group_that_is_on_its_way_finds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever writes waits; a device's frame, behind which others wait, does not."""
    store = Store(after=2)
    monkeypatch.setattr(coming, "sees", store.sees)
    monkeypatch.setattr(coming, "PAUSES", (0.0, 0.0))
    recipients = Recipients(
        region="eu", regions=frozenset({"us", "eu"}), store=cast("Pool", store), directory=cast("Directory", None)
    )
    with pytest.raises(NotFoundError):
        await recipients.find(EVA, recipient_id=None, conversation_id=THEIRS)
    assert await recipients.find(EVA, recipient_id=None, conversation_id=THEIRS, patiently=True) == (THEIRS, "")
