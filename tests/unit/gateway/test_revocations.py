"""How homes ask each other which devices were logged out: whatever a peer asks or answers, it costs little and breaks nothing."""

import asyncio
from typing import cast

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from infra.postgres import Pool
from infra.ways import Ways
from region.gateway import revocations as module
from region.gateway.revocations import PATH, Revocations, make_internal
from region.gateway.revoked import MOST_TOLD, Told

ADA, DEVICE = "u" + "a" * 24 + "-eu", "v" + "1" * 16


class Slow:
    """Tells, once it may; counts how many ask at the same time."""

    def __init__(self) -> None:
        self.may = asyncio.Event()
        self.asking = 0
        self.most = 0

    async def told(self, since: int) -> Told:
        """Return nobody."""
        self.asking += 1
        self.most = max(self.most, self.asking)
        try:
            await self.may.wait()
        finally:
            self.asking -= 1
        return Told(since, 900.0, [])


async def _no_app(_: Scope, __: Receive, ___: Send) -> None:
    raise AssertionError


def asking(slow: Slow) -> httpx.AsyncClient:
    """Whoever asks."""
    app = make_internal(_no_app, cast("Revocations", slow))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://us")


async def test_a_query_of_too_many_fields_is_malformed() -> None:
    """It is the asker's mistake."""
    slow = Slow()
    slow.may.set()
    async with asking(slow) as client:
        assert (await client.get(PATH + "?" + "a=1&" * 9)).status_code == 400
        assert (await client.get(PATH, params={"since": "7"})).json()["now"] == 7
        assert (await client.get(PATH, params={"since": "x"})).json()["now"] == 0


async def test_only_some_are_answered_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others wait, and are turned away if that takes too long."""
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.05)
    slow = Slow()
    async with asking(slow) as client:
        answers = await asyncio.gather(*(client.get(PATH) for _ in range(module.AT_ONCE + 3)))
    assert {answer.status_code for answer in answers} == {503}
    assert slow.most == module.AT_ONCE


def follower() -> Revocations:
    """A region that follows others."""
    return Revocations(region="us", store=cast("Pool", None), lifetime=900.0, revoke=lambda *_: None)


async def answered(content: str, seconds: float = 0.1) -> tuple[Revocations, int]:
    """Follow a home that always answers the same; return what is known then, and how often it was asked."""
    asked = 0

    def answer(_: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        return httpx.Response(200, text=content)

    revocations = follower()
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        following = asyncio.create_task(revocations.follow("eu", Ways({"eu": "http://eu"}), client))
        await asyncio.wait({following}, timeout=seconds)
        assert not following.done()
        following.cancel()
    return revocations, asked


@pytest.mark.parametrize(
    "device",
    [
        f'["{ADA}","{DEVICE}",-1,""]',
        f'["{ADA}","{DEVICE}",{"9" * 400},""]',
        f'["{ADA}","{DEVICE}",1,"{"x" * 65}"]',
        f'["{ADA}","{"x" * 65}",1,""]',
        f'["{ADA[:-2]}ap","{DEVICE}",1,""]',
    ],
)
async def test_nothing_that_a_home_tells_stops_the_follower(device: str) -> None:
    """It is not believed."""
    revocations, _ = await answered(f'{{"now":1,"lifetime":900,"devices":[{device}]}}')
    assert len(revocations.elsewhere) == 0


async def test_a_home_that_never_ends_is_asked_with_pauses() -> None:
    """Also if each answer says that there is more."""
    device = f'["{ADA}","{DEVICE}",1,""]'
    revocations, asked = await answered(
        f'{{"now":1,"lifetime":900,"devices":[{",".join([device] * MOST_TOLD)}]}}', seconds=0.3
    )
    assert asked <= 2
    assert revocations.elsewhere.why("eu", ADA, DEVICE) == ""
