"""A drill lets its faults come and go, and stops by itself when it should; what it has struck is healed by who called it."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import pytest

from chaos.drill import run
from chaos.drill.course import Course
from chaos.drill.nemesis import Nemesis
from chaos.drill.run import Order, Watched
from chaos.drill.schedule import Fault, Kind
from infra.local.control import Status

LIMIT_SECONDS = 30.0
FAULTS = (Fault(1, 1, 0.0, Kind.KILL, "us/kafka", 0.01),)


class People:
    """Somebody who writes without an end.

    Attributes:
        regions: Where they live.
        wrote: Whether they were let go on until the end.
    """

    regions = ("eu", "us")

    def __init__(self) -> None:
        """Nobody has written yet."""
        self.wrote = False

    def clock(self) -> Callable[[], float]:
        """No time passes."""
        return lambda: 1000.0

    async def write(self, _: Callable[[], float]) -> None:
        """Go on."""
        try:
            await asyncio.Event().wait()
        finally:
            self.wrote = True


class Faults:
    """A nemesis whose faults are over at once, or never.

    Attributes:
        striking: The faults that last.
        cancelled: Whether the faults that were left were given up.
    """

    striking = ()

    def __init__(self, *, end: bool) -> None:
        """Say how it goes."""
        self.cancelled = False
        self._end = end

    async def run(self, faults: Sequence[Fault], *, elapsed: Callable[[], float]) -> None:
        """Strike."""
        assert faults == FAULTS
        try:
            await (asyncio.sleep(0) if self._end else asyncio.Event().wait())
        except asyncio.CancelledError:
            self.cancelled = True
            raise


async def stormed(nemesis: Faults, tmp_path: Path) -> tuple[Watched, People]:
    """Let it storm; return what came of it."""
    progress, people = Watched(), People()
    order = Order("parts", tmp_path, seconds=1.0, rate=1e6, seed=1)
    async with asyncio.timeout(LIMIT_SECONDS):
        await run._storm(order, cast("Course", people), progress, cast("Nemesis", nemesis), FAULTS)  # noqa: SLF001  # the heart of a drill
    return progress, people


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is waited for."""
    monkeypatch.setattr(run, "CALM_SECONDS", 0.0)
    monkeypatch.setattr(run, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr("chaos.drill.run.control.ask", lambda *_: Status("healthy", "/home", None, {}, {}))


async def test_it_ends_with_its_faults(tmp_path: Path) -> None:
    """Nothing stopped it."""
    progress, people = await stormed(Faults(end=True), tmp_path)

    assert (progress.stopped, people.wrote) == ("", True)


async def test_it_stops_by_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """For a reason that is told; the faults that are left are given up."""
    monkeypatch.setattr("chaos.drill.safety.LEAST_DISK_BYTES", 1 << 62)
    nemesis = Faults(end=False)

    progress, _ = await stormed(nemesis, tmp_path)

    assert "of disk are left" in progress.stopped
    assert nemesis.cancelled


async def test_it_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Faults that take much longer than was reckoned leave the judge in doubt."""
    monkeypatch.setattr(run, "RECOVERY_SECONDS", 0.0)
    monkeypatch.setattr(run, "OVERRUN", 0.05)
    nemesis = Faults(end=False)

    progress, _ = await stormed(nemesis, tmp_path)

    assert "were not over" in progress.stopped
    assert nemesis.cancelled
