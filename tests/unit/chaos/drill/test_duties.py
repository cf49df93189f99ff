"""A handing over is carried out by the operator's command, and is seen by what services say; a drill that is broken off brings duties home."""

import asyncio
import stat
import sys
from pathlib import Path

import pytest

from chaos.drill.faults import duties
from chaos.drill.faults.duties import DutiesMoved, NotHomeError, bring_home, follows, holder_of
from chaos.drill.faults.injector import NotPossibleError
from chaos.drill.nemesis import Nemesis
from chaos.drill.schedule import Fault, Kind
from chaos.judge.ledger import Ledger
from infra.local.control import PartStatus, RegionStatus, Request, Status

LIMIT_SECONDS = 60.0
COMMAND = """#!{python}
import json, pathlib, sys, time
place = pathlib.Path({place!r})
asked = " ".join(sys.argv[1:])
with (place / "asked").open("a") as log:
    log.write(asked + chr(10))
holder = (place / "holder").read_text()
if "status" in asked:
    copy = {{"state": "follow", "whole": True, "connected": holder == "us"}}
    print(json.dumps({{"regions": [{{"region": "us", "holder": holder, "standby": "eu", "copy": copy}}, {{"region": "eu", "holder": "eu"}}]}}))
elif "--rehearse" in asked:
    sys.exit((place / "hindered").exists())
elif "--why" not in asked or "--confirm us" not in asked:
    print("causeway region: type the name")
    sys.exit(1)
elif (place / "broken").exists():
    print("causeway region: it is stuck")
    sys.exit(1)
else:
    print("   0.1 s  drain   us accepts nothing more (blobs 3)", flush=True)
    print("something else", flush=True)
    print("   9.2 s  serve   eu serves", flush=True)
    (place / "holder").write_text("us" if holder == "eu" else "eu")
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A command that does as if; what it was asked lies beside it."""
    command = tmp_path / "causeway"
    command.write_text(COMMAND.format(python=sys.executable, place=str(tmp_path)))
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "holder").write_text("us")
    monkeypatch.setattr(duties, "COMMAND", command)
    monkeypatch.setattr(duties, "READY_SECONDS", 0.0)
    monkeypatch.setattr(duties, "LOOK_SECONDS", 0.01)
    return tmp_path


def status(home: Path) -> Status:
    """Return a federation in which eu stands by us."""

    def part(**ports: int) -> PartStatus:
        return PartStatus("healthy", 1, 0.0, 0, ports, "/log")

    us = {"front": part(admin=1), "back": part(admin=2), "kafka": part(kafka=3), "eu-back": part(admin=4)}
    eu = {"front": part(admin=5), "us-gateway": part(admin=6), "us-back": part(admin=7), "standby": part(admin=8)}
    return Status("healthy", str(home), 1, {"us": RegionStatus("", us), "eu": RegionStatus("", eu)}, {})


def mover(home: Path, told: list[str], kind: Kind = Kind.EVACUATE, target: str = "us>eu") -> DutiesMoved:
    """Return who moves them."""

    async def ask(_: Request) -> Status:
        return status(home)

    return DutiesMoved(Fault(1, 1, 0.0, kind, target, 0.0), status(home), ask, told.append)


async def test_what_the_command_does_is_told_and_what_services_say_is_seen(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the processes at the site that is left, and of no other: not the word of who put it on."""
    told: list[str] = []
    standing: set[int] = {4, 6, 7}

    async def counted(port: int) -> dict[str, float]:
        return {duties.STANDS_BY: float(port in standing)}

    monkeypatch.setattr(duties, "counted", counted)
    fault = mover(place, told)
    watching = asyncio.create_task(fault.saw())
    async with asyncio.timeout(LIMIT_SECONDS):
        await fault.put_on()
        await asyncio.sleep(2 * duties.SURE_LOOKS * duties.LOOK_SECONDS)
        assert not watching.done()
        standing.add(1)
        assert await watching == "us/front stands by"
        standing -= {6, 7}
        await fault.recovered()
        await fault.abandon()

    assert told == ["drain: us accepts nothing more (blobs 3)", "serve: eu serves"]
    assert await holder_of(place, "us") == "eu"
    assert not await follows(place, "eu")


async def test_what_is_elsewhere_or_hindered_is_not_moved(place: Path) -> None:
    """The command would do the opposite of what was planned, or nothing."""
    with pytest.raises(NotPossibleError, match="are at us, not at eu"):
        await mover(place, [], Kind.RETURN, "eu>us").put_on()
    (place / "hindered").touch()
    with pytest.raises(NotPossibleError, match="in the way"):
        await mover(place, []).put_on()
    (place / "hindered").unlink()
    (place / "broken").touch()
    with pytest.raises(NotPossibleError, match="it is stuck"):
        await mover(place, []).put_on()
    assert await follows(place, "eu")


async def test_duties_are_brought_home(place: Path) -> None:
    """Once, and only if they are away; who could not is told, with what to do."""
    await bring_home(place, "us")
    (place / "holder").write_text("eu")
    await bring_home(place, "us")
    assert (place / "holder").read_text() == "us"
    assert (place / "asked").read_text().count("evacuate") == 1

    (place / "holder").write_text("eu")
    (place / "broken").touch()
    with pytest.raises(NotHomeError, match="causeway region evacuate us"):
        await bring_home(place, "us")


async def test_healing_brings_home_what_a_drill_has_handed_over(
    place: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Also after Ctrl-C while the command runs, which is let come to its end first."""
    monkeypatch.setattr("chaos.drill.nemesis.control.ask", lambda *_: status(place))

    async def counted(_: int) -> dict[str, float]:
        return {duties.STANDS_BY: 1.0}

    monkeypatch.setattr(duties, "counted", counted)
    with Ledger(tmp_path / "ledger", seed=1) as ledger:
        striker = Nemesis(place, ledger)
        faults = [Fault(1, 1, 0.0, Kind.EVACUATE, "us>eu", 0.0)]
        running = asyncio.create_task(striker.run(faults, elapsed=ledger.now))
        async with asyncio.timeout(LIMIT_SECONDS):
            while (place / "holder").read_text() == "us":  # noqa: ASYNC110  # another process
                await asyncio.sleep(0.05)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await striker.heal()

    assert (place / "holder").read_text() == "us"
