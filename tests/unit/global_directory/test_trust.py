"""Who is trusted: nobody before anything was heard, from the directory or from the access lists."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Self

import pytest

from global_directory import trust as module
from global_directory.trust import Trust
from infra.acls import Rule, denials
from infra.errors import UnavailableError
from infra.identity import Door, ExpelledCallerError


class FakeDirectory:
    """Answers, cannot be reached, or is silent."""

    def __init__(self, *, expelled: frozenset[str] | None = None, silent: bool = False) -> None:
        self.expelled = expelled
        self.silent = silent

    async def expulsions(self) -> frozenset[str]:
        """Return who was expelled."""
        if self.silent:
            await asyncio.Event().wait()
        if self.expelled is None:
            raise UnavailableError(what="The directory")
        return self.expelled


class FakeLists:
    """Access lists; `None` if Kafka cannot be reached."""

    rules: frozenset[Rule] | None = frozenset()

    def __init__(self, _: str) -> None:
        pass

    async def __aenter__(self) -> Self:
        """Connect."""
        if self.rules is None:
            raise ConnectionError
        return self

    async def __aexit__(self, *_: object) -> None:
        """Disconnect."""

    async def read(self) -> frozenset[Rule]:
        """Return the rules."""
        return self.rules or frozenset()


@pytest.fixture(autouse=True)
def lists(monkeypatch: pytest.MonkeyPatch) -> type[FakeLists]:
    """The access lists of the region's Kafka."""

    class Lists(FakeLists):
        pass

    monkeypatch.setattr(module, "AccessLists", Lists)
    monkeypatch.setattr(module, "ALONE_SECONDS", 0.0)
    return Lists


class Running:
    """What runs while a region is trusted."""

    def __init__(self) -> None:
        self.begun = 0
        self.on = False

    async def run(self) -> None:
        """Run for ever."""
        self.begun += 1
        self.on = True
        try:
            await asyncio.Event().wait()
        finally:
            self.on = False


@asynccontextmanager
async def following(trust: Trust) -> AsyncIterator[dict[str, Running]]:
    """Follow trust in ap and eu, and look after a moment."""
    running = {"ap": Running(), "eu": Running()}
    tasks = [asyncio.create_task(trust.while_trusted(region, one.run)) for region, one in running.items()]
    await asyncio.sleep(0)
    assert not any(one.begun for one in running.values()), "before anything was heard"
    tasks.append(asyncio.create_task(trust.run()))
    await asyncio.sleep(0.05)
    try:
        yield running
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


async def test_a_silent_directory_opens_nothing_to_whom_kafka_denies(lists: type[FakeLists]) -> None:
    """The access lists are asked meanwhile; the expelled region never runs, not even for a moment."""
    lists.rules = denials(["eu"])
    trust = Trust(FakeDirectory(silent=True), kafka="kafka", pause=0.01)
    door = Door(["us", "ap", "eu"])
    door.hold(["ap", "eu"])
    trust.tell(door.expel)
    assert isinstance(door.refusal("eu"), UnavailableError)
    assert isinstance(door.refusal("ap"), UnavailableError)
    assert door.refusal("us") is None

    async with following(trust) as running:
        assert (running["ap"].on, running["eu"].begun) == (True, 0)
        assert not trust.certain
        assert isinstance(door.refusal("eu"), ExpelledCallerError)
        assert door.refusal("ap") is None


async def test_while_neither_is_heard_nobody_is_trusted(lists: type[FakeLists]) -> None:
    """Until one of them comes back."""
    lists.rules = None
    async with following(Trust(FakeDirectory(), kafka="kafka", pause=0.01)) as running:
        assert not any(one.begun for one in running.values())
        lists.rules = denials(["eu"])
        await asyncio.sleep(0.05)
        assert (running["ap"].on, running["eu"].begun) == (True, 0)


async def test_an_outage_of_the_directory_alone_harms_nobody(lists: type[FakeLists]) -> None:
    """Neither where access lists deny nobody anything, nor where there are none."""
    async with following(Trust(FakeDirectory(), kafka="kafka", pause=0.01)) as running:
        assert all(one.on for one in running.values())
    lists.rules = None
    async with following(Trust(FakeDirectory(), pause=0.01)) as running:
        assert all(one.on for one in running.values())


async def test_the_directory_has_the_last_word(lists: type[FakeLists]) -> None:
    """Whom Kafka still denies everything is trusted if the directory says so; and what changes is followed."""
    lists.rules = denials(["eu"])
    directory = FakeDirectory(expelled=frozenset())
    trust = Trust(directory, kafka="kafka", pause=0.01)
    told: list[frozenset[str]] = []
    trust.tell(told.append)
    async with following(trust) as running:
        assert all(one.on for one in running.values())
        directory.expelled = frozenset({"eu"})
        await asyncio.sleep(0.05)
        assert (running["ap"].on, running["eu"].on) == (True, False)
        directory.expelled = None
        await asyncio.sleep(0.05)
        assert (running["ap"].begun, running["eu"].on) == (1, False)
        directory.expelled = frozenset()
        await asyncio.sleep(0.05)
        assert (running["ap"].begun, running["eu"].begun) == (1, 2)
    assert told[-3:] == [frozenset(), frozenset({"eu"}), frozenset()]
