"""Pinned messages that were sent before anybody here was a member: brought here when the pins are looked at, so that they are found by id."""

import contextlib
from typing import cast

import pytest

from infra.errors import UnavailableError
from infra.postgres import Pool
from region.accounts.tokens import AccessClaims
from region.gateway.alterations import desk as module
from region.gateway.alterations.desk import Alterations
from region.gateway.errors import RateLimitedError
from region.gateway.groups.pages import Pages
from region.gateway.groups.recall import Recall
from region.gateway.groups.repository import Sight
from region.gateway.messages import Messages
from region.gateway.submissions import Clerk
from region.store.rows import Member
from replication.alterations import Pin
from replication.groups import Details
from replication.ids import group_id, new_user_id
from replication.records import Entry
from replication.runs import Runs

ALICE, EVA = new_user_id("us"), new_user_id("eu")
GROUP = group_id(ALICE, "begin")
PINS = tuple(Pin(f"m{seq}", seq, ALICE, 8) for seq in (2, 4, 5, 9))


class NoStore:
    """A pool whose connections nobody asks."""

    def connection(self) -> contextlib.AbstractAsyncContextManager[None]:
        """Lend one."""
        return contextlib.nullcontext()


class Owner:
    """The region that has what was said before."""

    def __init__(self, *, away: bool = False) -> None:
        self.asked: list[tuple[str, Runs]] = []
        self._away = away

    async def newest(self, conversation_id: str, wanted: Runs, *, most: int) -> list[Entry]:
        """Note what is asked for, and how much of it."""
        assert most == sum(last + 1 - first for first, last in wanted)
        if self._away:
            raise UnavailableError(what="us")
        self.asked.append((conversation_id, wanted))
        return []


async def pinned(monkeypatch: pytest.MonkeyPatch, owner: Owner, *, often: bool = False, missing: Runs) -> list[int]:
    """Return which pins Eva of eu is shown, who may see what is above 2."""

    async def sight(_connection: object, _conversation_id: str, _user: str) -> Sight:
        return Sight(Member(EVA, "eu", since=3), 10, missing, Details("Travellers", pins=PINS))

    async def look(_: str) -> None:
        if often:
            raise RateLimitedError(retry_after=1)

    monkeypatch.setattr(module, "sight", sight)
    store = cast("Pool", NoStore())
    desk = Alterations(
        store=store,
        clerk=cast("Clerk", None),
        messages=cast("Messages", None),
        pages=Pages(store, cast("Recall", owner), look),
    )
    eva = AccessClaims(sub=EVA, home="eu", epoch=1, device="v", iss="eu", iat=0, exp=0)
    return [pin.seq for pin in (await desk.pins(eva, GROUP)).pins]


async def test_what_is_pinned_and_elsewhere_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the reader may see of it, and nothing that is here; once all is here, nobody is asked."""
    owner = Owner()
    assert await pinned(monkeypatch, owner, missing=((1, 7),)) == [4, 5, 9]
    assert owner.asked == [(GROUP, ((4, 5),))]
    assert await pinned(monkeypatch, owner, missing=((1, 3),)) == [4, 5, 9]
    assert len(owner.asked) == 1


async def test_pins_are_listed_though_their_messages_do_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """While their owner is away, and when one asks too often."""
    assert await pinned(monkeypatch, Owner(away=True), missing=((1, 7),)) == [4, 5, 9]
    owner = Owner()
    assert await pinned(monkeypatch, owner, often=True, missing=((1, 7),)) == [4, 5, 9]
    assert owner.asked == []
