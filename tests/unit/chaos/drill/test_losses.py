"""A region's store is lost while it is down: only once nobody works on it, and it is restored with that said, also if the drill is broken off before it was declared dead."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chaos.drill.faults import deaths, losses
from chaos.drill.faults.deaths import RegionDies
from chaos.drill.faults.duties import NotHomeError
from chaos.drill.faults.injector import NotPossibleError
from chaos.drill.faults.losses import StoreLost
from chaos.drill.faults.takeovers import Standing
from chaos.drill.schedule import Fault, Kind
from infra.local.control import Act, PartStatus, RegionStatus, Request, Status

FAULT = Fault(1, 1, 0.0, Kind.LOSS, "us>eu", 0.0)


@pytest.fixture
def server(tmp_path: Path) -> "Iterator[subprocess.Popen[bytes]]":
    """A process that works in the place where the store keeps everything."""
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "rows").touch()
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], cwd=tmp_path / "store") as process:
        yield process
        process.kill()


class Commands:
    """The operator's commands, as if.

    Attributes:
        holder: Who holds.
        asked: What was asked for.
        fails: What to say instead of doing it.
        beaten: Whether who stands by takes over by itself just before.
    """

    def __init__(self, *_: object) -> None:
        self.holder = "us"
        self.asked: list[str] = []
        self.fails = ""
        self.beaten = False

    async def run(self, *words: str) -> tuple[int, str]:
        """Do it."""
        self.asked.append(" ".join(words))
        if self.beaten and words[0] == "fail":
            self.holder = "eu"
            return 1, "somebody is at it"
        if self.fails:
            return 1, self.fails
        self.holder = "eu" if words[0] == "fail" else "us"
        return 0, ""

    async def end(self) -> None:
        """It ends at once."""


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> Commands:
    """The commands, in the place of those that there are."""
    made = Commands()

    async def holder_of(*_: object) -> str:
        return made.holder

    async def ready(*_: object) -> None:
        """Nothing is in the way."""

    async def detected(_: RegionDies) -> str:
        return "it is silent"

    async def standing(*_: object) -> Standing:
        return Standing(made.holder, automatic=False)

    monkeypatch.setattr(losses, "holder_of", holder_of)
    monkeypatch.setattr(deaths, "standing", standing)
    monkeypatch.setattr(deaths, "ready", ready)
    monkeypatch.setattr(deaths, "Command", lambda *_: made)
    monkeypatch.setattr(RegionDies, "_detected", detected)
    return made


def lost(home: Path, server: Any, done: list[str]) -> StoreLost:
    """Return who kills us and removes its disk."""
    parts = {"postgres": PartStatus("healthy", server.pid, 0.0, 0, {}, "/log")}
    status = Status(
        "healthy", str(home), 1, {name: RegionStatus("http://127.0.0.1:9", parts) for name in ("us", "eu")}, {}
    )

    async def ask(request: Request) -> Status:
        if isinstance(request, Act):
            done.append(f"{request.verb} {' '.join(request.names)}, {(home / 'store').exists()}, {request.wait:g} s")
            if request.verb == "kill":
                server.kill()
                server.wait()
        return status

    return StoreLost(FAULT, status, ask, done.append)


async def test_its_disk_goes_after_its_processes(tmp_path: Path, server: Any, commands: Commands) -> None:
    """And the region comes back with an empty one."""
    done: list[str] = []
    fault = lost(tmp_path, server, done)
    await fault.put_on()
    assert await fault.saw() == "1 processes are gone, and so is the disk of postgres"
    assert not (tmp_path / "store").exists()
    await fault.take_off()
    await fault.abandon()
    await fault.bring_home()

    assert [one for one in done if one.startswith(("kill us/", "heal"))] == [
        "kill us/postgres, True, 60 s",
        "heal us/postgres, False, 0 s",
    ], "nobody waits for services that have no store"
    assert commands.asked == [
        "fail us --why a drill --confirm us",
        "restore us --store-lost --why a drill ends --confirm us",
        "restore us --store-lost --why a drill ends --confirm us",
    ], "what is home already is not declared dead again"


async def test_a_drill_that_is_broken_off_declares_it_dead_first(
    tmp_path: Path, server: Any, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its store it cannot go on by itself; and what cannot be done is told, once it was tried for long enough."""
    monkeypatch.setattr(deaths, "RESTORE_SECONDS", 0.0)
    fault = lost(tmp_path, server, [])
    commands.fails = "the lease runs"
    with pytest.raises(NotPossibleError, match="the lease runs"):
        await fault.put_on()
    with pytest.raises(NotHomeError, match="the lease runs"):
        await fault.bring_home()

    commands.fails = ""
    commands.asked.clear()
    await fault.bring_home()
    assert [one.split()[0] for one in commands.asked] == ["fail", "restore"]
    assert commands.holder == "us"


async def test_who_took_over_by_itself_is_not_complained_of(tmp_path: Path, server: Any, commands: Commands) -> None:
    """A broken-off drill that declares it dead, and comes second, goes on with the return."""
    fault = lost(tmp_path, server, [])
    commands.fails = "the lease runs"
    with pytest.raises(NotPossibleError):
        await fault.put_on()
    commands.fails, commands.beaten = "", True

    await fault.bring_home()

    assert commands.holder == "us"


def test_a_store_that_is_not_there_cannot_be_lost(tmp_path: Path, commands: Commands) -> None:
    """Then the fault is not put on, and the verdict is unknown."""

    class Nothing:
        pid = None

    with pytest.raises(NotPossibleError):
        lost(tmp_path, Nothing(), [])
