"""A message of one's own is found at every moment of its way from queued to numbered."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from infra.errors import NotFoundError
from region.accounts.tokens import AccessClaims
from region.gateway import messages as module
from region.gateway.acknowledging import Acknowledging
from region.gateway.messages import Messages
from region.holding.tenure import Tenure
from region.store.repository import unsettled
from replication.ids import direct_conversation_id, message_id

ADA, BOB = "u" + "a" * 24 + "-us", "u" + "b" * 24 + "-eu"
NAME = message_id(ADA, direct_conversation_id(ADA, BOB), "one")


class Store:
    """A store of one message, which the projector numbers after so many looks."""

    def __init__(self, looks: int) -> None:
        """Number it so late."""
        self.looks = looks

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator["Store"]:
        """Be the connection, too."""
        yield self

    def numbered(self) -> bool:
        """Look; whether it is by now."""
        self.looks -= 1
        return self.looks < 0


class Own(str):
    """An entry of the caller's own, for whom nothing is to be marked."""

    __slots__ = ()
    author = ADA


@pytest.fixture
def caller(monkeypatch: pytest.MonkeyPatch) -> AccessClaims:
    """Who asks for the message; what is read of the store stands for itself."""

    async def entry(store: Any, _caller: object, _name: str) -> str | None:
        return Own("entry") if store.numbered() else None

    async def queued(store: Any, _name: str) -> Any:
        if store.numbered():
            return None
        return cast("Any", type("Queued", (), {"submission": type("Of", (), {"author": ADA}), "waits_for": "eu"}))

    async def view(_store: object, _reader: str, found: str) -> str:
        return found

    monkeypatch.setattr(module, "_entry", entry)
    monkeypatch.setattr(unsettled, "queued_by_message", queued)
    monkeypatch.setattr(module, "seen_view", view)
    monkeypatch.setattr(module, "pending_view", lambda _submission, waits_for: f"queued for {waits_for}")
    return cast("AccessClaims", type("Claims", (), {"sub": ADA}))


def reading(store: Store) -> Messages:
    """Read that store."""
    unused: Any = None
    return Messages(
        store=cast("Any", store),
        recipients=unused,
        clerk=unused,
        outcomes=unused,
        marks=unused,
        pages=unused,
        composer=unused,
        tenure=Tenure("us"),
        acknowledging=Acknowledging(),
    )


@pytest.mark.parametrize(("looks", "shown"), [(0, "entry"), (1, "entry"), (2, "queued for eu"), (9, "queued for eu")])
async def test_it_is_numbered_between_two_looks(caller: AccessClaims, looks: int, shown: str) -> None:
    """It stood nowhere then, and was answered 404; found by a drill."""
    assert cast("Any", await reading(Store(looks)).one(caller, NAME)) == shown


async def test_what_nobody_has_sent_is_not_found(caller: AccessClaims, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often it is looked for."""

    async def nothing(*_: object) -> None:
        return None

    monkeypatch.setattr(module, "_entry", nothing)
    monkeypatch.setattr(unsettled, "queued_by_message", nothing)

    with pytest.raises(NotFoundError):
        await reading(Store(0)).one(caller, NAME)
