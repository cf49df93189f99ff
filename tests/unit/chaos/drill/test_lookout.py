"""The lookout notes when a region says that its lease has lapsed, and no longer than it said so."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from chaos.drill import lookout
from chaos.drill.lookout import ISLANDED, Lookout
from chaos.judge import events as e
from chaos.judge.ledger import Ledger, read

LIMIT_SECONDS = 30.0


async def looked(answers: Iterator[dict[str, float]], monkeypatch: pytest.MonkeyPatch, path: Path) -> list[e.Islanded]:
    """Let the lookout look at these answers, one after another; return what it notes."""
    done, clock = asyncio.Event(), iter(range(1000))

    async def counted(_: int) -> dict[str, float]:
        if (answer := next(answers, None)) is None:
            done.set()
            await asyncio.Event().wait()
            raise AssertionError
        return answer

    monkeypatch.setattr(lookout, "counted", counted)
    monkeypatch.setattr(lookout, "LOOK_SECONDS", 0.0)
    with Ledger(path, seed=1, clock=lambda: float(next(clock))) as ledger:
        looking = asyncio.create_task(Lookout({"us": 1}, ledger.now, ledger.note).run())
        async with asyncio.timeout(LIMIT_SECONDS):
            await done.wait()
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
    return [event for _, event in read(path) if isinstance(event, e.Islanded)]


async def test_an_island_lasts_until_it_was_last_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Who does not answer says nothing; what lies after the last question that was answered so is nobody's."""
    says: list[dict[str, float]] = [{ISLANDED: 0.0}, {}, {ISLANDED: 1.0}, {ISLANDED: 2.0}, {}, {ISLANDED: 0.0}]

    began, ended = await looked(iter(says), monkeypatch, tmp_path / "ledger")

    assert (began.region, began.since, ended.region, ended.since) == ("us", True, "us", False)
    assert began.at < ended.last < ended.at


async def test_who_holds_the_lease_is_not_noted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A ledger is long enough."""
    assert await looked(iter([{ISLANDED: 0.0}] * 3), monkeypatch, tmp_path / "ledger") == []


async def test_an_island_ends_with_the_lookout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """When nobody looks any more, nobody knows whether the lease has lapsed."""
    began, ended = await looked(iter([{ISLANDED: 1.0}, {ISLANDED: 1.0}]), monkeypatch, tmp_path / "ledger")

    assert (began.since, ended.since) == (True, False)
    assert began.at < ended.last < ended.at
