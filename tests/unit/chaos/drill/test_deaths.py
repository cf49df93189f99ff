"""A region is killed, declared dead by the operator's command once that is noticed, and restored when it is back, also if the drill is broken off."""

import asyncio
import json
import stat
import sys
from pathlib import Path

import pytest

from chaos.drill.faults import deaths, duties
from chaos.drill.faults.deaths import RegionDies
from chaos.drill.faults.duties import NotHomeError
from chaos.drill.faults.injector import NotPossibleError
from chaos.drill.nemesis import Nemesis
from chaos.drill.schedule import Fault, Kind
from chaos.judge.ledger import Ledger
from infra.local.control import Act, PartStatus, RegionStatus, Request, Status

LIMIT_SECONDS = 60.0
COMMAND = """#!{python}
import json, pathlib, sys
place = pathlib.Path({place!r})
asked = " ".join(sys.argv[1:])
with (place / "asked").open("a") as log:
    log.write(asked + chr(10))
holder = (place / "holder").read_text()
if "status" in asked:
    policy = (place / "policy").read_text() if (place / "policy").exists() else "propose"
    why = (place / "hindrance").read_text() if (place / "hindrance").exists() else "that it is down is in doubt"
    down = {{"hindrance": why}} if policy == "automatic" else None
    duty = {{"region": "us", "holder": holder, "standby": "eu", "taken_for_down": down}}
    print(json.dumps({{"regions": [duty], "takeover": policy}}))
elif "--rehearse" in asked:
    pass
elif (place / "stuck").exists():
    (place / "stuck").unlink()
    print("causeway region: these still end")
    sys.exit(1)
elif "restore" in asked and holder == "us":
    print("us holds the duties of us: it was not declared dead, or is restored. Nothing was changed.")
    sys.exit(1)
elif "restore" in asked:
    print("   0.3 s  hand in us has come back (records 3)", flush=True)
    (place / "holder").write_text("us")
else:
    print("   0.1 s  claim   eu begins epoch 2", flush=True)
    (place / "holder").write_text("eu")
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
    monkeypatch.setattr(deaths, "LOOK_SECONDS", 0.001)
    monkeypatch.setattr(deaths, "AGAIN_SECONDS", 0.01)
    return tmp_path


def mortal(home: Path, told: list[str], asked: list[str], *regions: str) -> RegionDies:
    """Return who kills us, in a federation of these regions."""
    parts = {"kafka": PartStatus("healthy", None, 0.0, 0, {}, "/log")}
    serving = {"front": PartStatus("healthy", None, 0.0, 0, {"admin": 7}, "/log")}
    there = {region: RegionStatus("http://127.0.0.1:9", parts if region == "us" else serving) for region in regions}
    status = Status("healthy", str(home), 1, there, {})

    async def ask(request: Request) -> Status:
        if isinstance(request, Act):
            asked.append(f"{request.verb} {' '.join(request.names)}")
        return status

    return RegionDies(Fault(1, 1, 0.0, Kind.DEATH, "us>eu", 0.0), status, ask, told.append)


async def test_of_two_regions_the_silence_of_one_must_do(place: Path) -> None:
    """All that is decided is told, in its order: what follows from it is measured by it."""
    told: list[str] = []
    asked: list[str] = []
    fault = mortal(place, told, asked, "us", "eu")

    await fault.put_on()
    assert await fault.saw() == "0 processes are gone"
    await fault.take_off()
    await fault.recovered()
    await fault.abandon()

    assert asked == ["kill us/kafka", "heal us/kafka"]
    assert told == [
        "kill: everything of us", "detect: nobody answers at the edge of us, 3 times in a row", "claim: eu begins epoch 2",
        "taken: eu serves", "hand in: us has come back (records 3)", "back: us holds again",
    ]  # fmt: skip
    said = (place / "asked").read_text()
    assert "region fail us --why a drill --confirm us" in said
    assert "region restore us --why a drill ends --confirm us" in said


async def test_of_three_the_others_take_it_for_down(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That is what raises an alert; who does not say so in time is not waited for."""
    says = [0.0]

    async def counted(_: int) -> dict[str, float]:
        return {deaths.TAKEN_FOR_DOWN: says[0]}

    monkeypatch.setattr(deaths, "counted", counted)
    monkeypatch.setattr(deaths, "DETECT_SECONDS", 0.05)
    for said, words in ((1.0, "eu/front says that us is taken for down"), (0.0, "nobody takes it for down")):
        says[0] = said
        (place / "holder").write_text("us")
        told: list[str] = []
        await mortal(place, told, [], "us", "eu", "ap").put_on()
        assert told[1].startswith(f"detect: {words}")


def written(place: Path, *lines: tuple[str, str], region: str = "us") -> None:
    """Write down what whoever takes a region over does, as it does: step and words."""
    with (place / "operations.jsonl").open("a") as file:
        for step, what in lines:
            file.write(json.dumps({"at": 1.0, "verb": "fail", "region": region, "step": step, "what": what}) + "\n")


@pytest.fixture
def automatic(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A federation whose standbys take over by themselves, and whose regions take us for down."""

    async def counted(_: int) -> dict[str, float]:
        return {deaths.TAKEN_FOR_DOWN: 1.0}

    monkeypatch.setattr(deaths, "counted", counted)
    monkeypatch.delenv("CAUSEWAY_AUDIT", raising=False)
    (place / "policy").write_text("automatic")
    written(place, ("claim", "eu began epoch 2 long ago"), ("", "done: eu holds"))
    return place


async def test_where_takeovers_are_automatic_it_waits_for_who_stands_by(automatic: Path) -> None:
    """Nobody declares it dead beside that; its steps are told when they are done, and the end once the directory says who holds."""
    told: list[str] = []
    striking = asyncio.create_task(mortal(automatic, told, [], "us", "eu", "ap").put_on())
    async with asyncio.timeout(LIMIT_SECONDS):
        while len(told) < 2:  # noqa: ASYNC110  # another process
            await asyncio.sleep(0.01)
    written(automatic, ("before", "copy: it is whole"), ("claim", "eu begins epoch 4"))
    written(automatic, ("claim", "not of us"), ("", "done: ap holds"), region="eu")
    async with asyncio.timeout(LIMIT_SECONDS):
        while len(told) < 3:  # noqa: ASYNC110  # a file tells only who asks
            await asyncio.sleep(0.01)
    assert not striking.done()
    (automatic / "holder").write_text("eu")
    written(automatic, ("serve", "eu serves"), ("", "done: eu holds"))
    await asyncio.wait_for(striking, LIMIT_SECONDS)

    assert told == [
        "kill: everything of us", "detect: eu/front says that us is taken for down", "claim: eu begins epoch 4",
        "serve: eu serves", "taken: eu serves",
    ]  # fmt: skip
    assert "region fail us --why" not in (automatic / "asked").read_text()


async def test_a_takeover_that_does_not_come_is_told_with_what_is_in_its_way(
    automatic: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the directory says it; and also where somebody else was said to be done."""
    monkeypatch.setattr(deaths, "TAKEOVER_SECONDS", 0.05)
    with pytest.raises(NotPossibleError, match="did not take us over by itself: that it is down is in doubt"):
        await mortal(automatic, [], [], "us", "eu", "ap").put_on()


async def test_soon_after_a_drill_an_operator_acts_where_takeovers_are_automatic(automatic: Path) -> None:
    """Operators have just handed its duties back, so for ten minutes nothing comes by itself."""
    (automatic / "hindrance").write_text("operators have moved its duties, or tried to, 9 s ago")
    told: list[str] = []
    await mortal(automatic, told, [], "us", "eu", "ap").put_on()

    assert told[-1] == "taken: eu serves"
    assert "region fail us --why" in (automatic / "asked").read_text()


async def test_of_two_regions_an_operator_acts_whatever_the_policy_is(automatic: Path) -> None:
    """Neither ever judges the other, so nothing comes by itself."""
    told: list[str] = []
    await mortal(automatic, told, [], "us", "eu").put_on()

    assert told[-1] == "taken: eu serves"
    assert "region fail us --why" in (automatic / "asked").read_text()


async def test_what_is_elsewhere_or_not_taken_over_is_told(place: Path) -> None:
    """The drill says why, and the judge that nobody was served."""
    (place / "holder").write_text("eu")
    with pytest.raises(NotPossibleError, match="are at eu"):
        await mortal(place, [], [], "us", "eu").put_on()
    (place / "holder").write_text("us")
    (place / "stuck").touch()
    with pytest.raises(NotPossibleError, match="these still end"):
        await mortal(place, [], [], "us", "eu").put_on()


async def test_it_is_restored_again_and_again(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was killed counts as alive for a while; a region that was never declared dead has nothing to restore."""
    fault = mortal(place, [], [], "us", "eu")
    await fault.bring_home()
    (place / "holder").write_text("eu")
    (place / "stuck").touch()
    await fault.bring_home()
    assert (place / "holder").read_text() == "us"
    assert (place / "asked").read_text().count("restore") == 3

    (place / "holder").write_text("eu")
    (place / "stuck").touch()
    monkeypatch.setattr(deaths, "RESTORE_SECONDS", -1.0)
    with pytest.raises(NotHomeError, match="causeway region restore us"):
        await fault.bring_home()


async def test_a_drill_that_is_broken_off_restores_what_it_has_declared_dead(
    place: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Ctrl-C while the region is away: its parts are healed first, and then it gets its duties back."""
    told: list[str] = []
    asked: list[str] = []
    mover = mortal(place, told, asked, "us", "eu")
    status = Status("healthy", str(place), 1, {}, {})
    monkeypatch.setattr("chaos.drill.nemesis.control.ask", lambda *_: status)
    monkeypatch.setattr("chaos.drill.nemesis.injector_of", lambda *_: mover)
    with Ledger(tmp_path / "ledger", seed=1) as ledger:
        striker = Nemesis(place, ledger)
        running = asyncio.create_task(striker.run([Fault(1, 1, 0.0, Kind.DEATH, "us>eu", 600.0)], elapsed=ledger.now))
        async with asyncio.timeout(LIMIT_SECONDS):
            while "taken: eu serves" not in told:  # noqa: ASYNC110  # another process
                await asyncio.sleep(0.05)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            assert (place / "holder").read_text() == "eu"
            await striker.heal()

    assert (place / "holder").read_text() == "us"
