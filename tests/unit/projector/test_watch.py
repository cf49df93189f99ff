"""A session is watched from beside: Kafka's absence and a silent store are told, and only the unexpected ends the watcher."""

import asyncio
import time
from collections.abc import Callable, Iterable

import pytest
from prometheus_client import REGISTRY

from infra.health import Health
from infra.kafka import KafkaError
from region.projector.watch import PATIENCE, PAUSE, watch

EXPECTED = {0: 3, 1: 4}


class Journal:
    """A journal that ends at ten, or fails, or says nothing."""

    def __init__(self) -> None:
        """Begin well."""
        self.failure: Exception | None = None
        self.silent = False

    async def ends(self, partitions: Iterable[int]) -> dict[int, int]:
        """Answer as told."""
        if self.silent:
            await asyncio.Event().wait()
        if self.failure is not None:
            raise self.failure
        return dict.fromkeys(partitions, 10)


class Projection:
    """A projection that is at a batch since then."""

    busy_since: float | None = None


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 — health is told of, not waited for
            await asyncio.sleep(0)


def wellness(health: Health, what: str) -> bool | None:
    """Return whether a condition holds; None if it was not told of."""
    condition = health.conditions.get(what)
    return None if condition is None else condition.ok


@pytest.mark.parametrize("failure", [KafkaError("gone"), ConnectionRefusedError("refused"), None])
async def test_kafkas_absence_is_told_and_its_return(failure: Exception | None) -> None:
    """An error and silence alike make the journal ill; the first answer makes it well."""
    journal, health = Journal(), Health()
    watching = asyncio.create_task(watch(journal, Projection(), EXPECTED, health, pause=0, patience=0.01))
    await until(lambda: wellness(health, "journal") is True)

    journal.failure, journal.silent = failure, failure is None
    await until(lambda: wellness(health, "journal") is False)
    assert "Kafka" in health.conditions["journal"].detail
    journal.failure, journal.silent = None, False
    await until(lambda: wellness(health, "journal") is True)

    assert not watching.done()
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching


async def test_a_silent_store_is_told() -> None:
    """A commit that takes too long is no error yet, but no health either."""
    projection, health = Projection(), Health()
    projection.busy_since = time.monotonic()
    watching = asyncio.create_task(watch(Journal(), projection, EXPECTED, health, pause=0, patience=0.01))

    await until(lambda: wellness(health, "store") is False)
    assert "silent" in health.conditions["store"].detail
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching


async def test_what_nobody_expects_ends_the_watcher_with_its_error() -> None:
    """So that whoever started it hears of it."""
    journal = Journal()
    journal.failure = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        await watch(journal, Projection(), EXPECTED, Health(), pause=0)


def test_absence_is_told_within_ten_seconds() -> None:
    """The longest that Kafka can be away unnoticed."""
    assert PAUSE + PATIENCE < 10


async def test_how_far_the_journal_is_projected_is_told() -> None:
    """Up to now where nothing waits; else that stays as it was, for whoever projects tells it."""

    def reached(partition: int) -> float:
        return (
            REGISTRY.get_sample_value("causeway_projector_reached_timestamp_seconds", {"partition": str(partition)})
            or 0
        )

    began, health = time.time(), Health()
    watching = asyncio.create_task(watch(Journal(), Projection(), {7: 10, 8: 9}, health, pause=0, patience=1))

    await until(lambda: reached(7) >= began)
    assert reached(8) == 0
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching
