"""Giving up what was begun: until somebody claims, and with words that say what to do where it is too late."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
import typer

from global_directory.holding.schemas import DutyView
from region.evacuation import aborting
from region.evacuation.aborting import (
    EVACUATE,
    FAIL,
    RESTORE,
    Aborted,
    NotBegunThereError,
    TooLateToAbortError,
    Verb,
    check,
    duty_of,
    hand_back,
)
from region.evacuation.audit import Audit
from region.evacuation.cli import show_aborted
from region.evacuation.errors import UnknownDutiesError
from region.evacuation.moving import Evacuation
from region.evacuation.seats import Seat
from replication.turns.records import Phase, Turn


def duty(holder: str, epoch: int, *, laid_down: bool = False) -> DutyView:
    """Return what the directory says of us."""
    return DutyView("us", holder, epoch, epoch, "", (), 6.0, laid_down=laid_down)


@pytest.mark.parametrize(
    ("verb", "source", "found", "words"),
    [
        (EVACUATE, "us", duty("eu", 2), "eu has claimed the duties of us, in epoch 2.*evacuate us.*brings them back"),
        (
            EVACUATE,
            "us",
            duty("us", 1, laid_down=True),
            "us has laid its lease for us down.*Run `causeway region evac.*or do what it says",
        ),
        (FAIL, "us", duty("eu", 2), "eu has claimed.*`causeway region fail us --why …` to its end.*restore us"),
        (RESTORE, "eu", duty("us", 3), "us has claimed.*`causeway region restore us --why …` to its end.*evacuate us"),
        (RESTORE, "eu", duty("eu", 2, laid_down=True), "eu has laid its lease for us down.*restore us"),
    ],
)
def test_nothing_is_given_up_once_somebody_claims(verb: Verb, source: str, found: DutyView, words: str) -> None:
    """It only goes forward; the error names the command, and what brings the duties back."""
    with pytest.raises(TooLateToAbortError, match=words):
        check(found, verb, source=source)


def test_until_then_everything_can_be() -> None:
    """Whoever has the duties has them still."""
    check(duty("us", 1), EVACUATE, source="us")
    check(duty("us", 1), FAIL, source="us")
    check(duty("eu", 2), RESTORE, source="eu")
    with pytest.raises(UnknownDutiesError, match="us"):
        duty_of((), "us")


@dataclass
class World:
    """A region that is being brought home from eu, and the directory.

    Attributes:
        duty: What the directory says, each time somebody asks; the last is repeated.
        turn: What the store at eu says.
        tail: What us has accepted and nobody has handed in.
        back: Whether the store at eu takes its turn back.
        done: What was done.
    """

    duty: list[DutyView] = field(default_factory=lambda: [duty("eu", 2)])
    turn: Turn | None = field(default_factory=lambda: Turn("us", 2, 2, "eu", Phase.DRAINING))
    tail: dict[int, int] = field(default_factory=dict)
    back: bool = True
    done: list[str] = field(default_factory=list)

    @property
    def directory(self) -> "World":
        """Who says who holds."""
        return self

    @property
    def source(self) -> Seat:
        """Where the duties are."""
        return Seat("us", "eu", "eu", "", 1, (), None, frozenset(), ())

    @property
    def target(self) -> Seat:
        """Where they were to go."""
        return Seat("us", "us", "us", "", 1, (), None, frozenset(), ())

    async def duties(self) -> tuple[DutyView, ...]:
        """Return what the directory says."""
        return (self.duty.pop(0) if len(self.duty) > 1 else self.duty[0],)

    async def hand_back(self) -> bool:
        """Let eu go on."""
        self.done.append("handed back")
        return self.back

    async def read_turn(self, _: object) -> Turn | None:
        """Return what the store says."""
        return self.turn

    async def read_tail(self, *_: object) -> dict[int, int]:
        """Return what is to be handed in."""
        return self.tail


@asynccontextmanager
async def _connected() -> AsyncIterator[str]:
    yield "store"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """The world, in the place of everything that is asked."""
    made = World()

    async def connect(url: str, **_: object) -> Any:
        assert url == "eu", "nobody asks the site to which they were to go"
        return _connected()

    monkeypatch.setattr(aborting, "connect", connect)
    monkeypatch.setattr(aborting, "read_turn", made.read_turn)
    monkeypatch.setattr(aborting, "read_tail", made.read_tail)
    return made


async def give_up(world: World, path: Path, *, rehearse: bool = False) -> Aborted:
    """Give up the way home."""
    audit = Audit("restore --abort", "us", why="a test", who="ada", path=path)
    return await hand_back(cast(Evacuation, world), RESTORE, audit, rehearse=rehearse)


def noted(path: Path) -> list[str]:
    """Return what was written down."""
    return [msgspec.json.decode(line)["what"] for line in path.read_bytes().splitlines()] if path.exists() else []


async def test_who_holds_goes_on_and_it_is_written_down(world: World, tmp_path: Path) -> None:
    """With what is to be done next; what is not handed in yet is on the disks of us alone."""
    done = await give_up(world, tmp_path / "audit")
    assert (done.holder, done.rehearsed, world.done) == ("eu", False, ["handed back"])
    assert noted(tmp_path / "audit") == ["asked for at eu", "eu goes on"]
    assert "All that us had accepted is handed in" in done.next[1]
    assert done.next[-1] == "Again, later: causeway region restore us --why …"

    world.tail = {0: 5}
    assert "Keep us's disks" in (await give_up(world, tmp_path / "audit")).next[1]


async def test_a_rehearsal_changes_nothing(world: World, tmp_path: Path) -> None:
    """Nor does it write anything down; it says the same."""
    done = await give_up(world, tmp_path / "audit", rehearse=True)
    assert (done.rehearsed, world.done, noted(tmp_path / "audit")) == (True, [], [])
    assert done.what == "eu goes on with the duties of us"


@pytest.mark.parametrize(
    ("changes", "next_"),
    [
        ({"duty": [duty("us", 3)]}, "causeway region restore us --why …"),
        ({"duty": [duty("eu", 2, laid_down=True)]}, "causeway region restore us --why …"),
        ({"turn": Turn("us", 1, 1, "us")}, "causeway region fail us --why …"),
    ],
)
async def test_that_it_is_too_late_is_what_a_rehearsal_answers(
    world: World, tmp_path: Path, changes: dict[str, Any], next_: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """In JSON as well, with what is to be done; its exit status says so."""
    for name, value in changes.items():
        setattr(world, name, value)
    found = await give_up(world, tmp_path / "audit", rehearse=True)
    assert (found.ok, found.rehearsed, world.done, noted(tmp_path / "audit")) == (False, True, [], [])
    assert [one.endswith(next_) for one in found.next] == [True]
    with pytest.raises(typer.Exit) as ended:
        show_aborted(found, as_json=True)
    assert ended.value.exit_code == 1
    assert msgspec.json.decode(capsys.readouterr().out, type=Aborted) == found
    with pytest.raises(typer.Exit):
        show_aborted(found, as_json=False)
    assert next_ in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"duty": [duty("us", 3)]}, TooLateToAbortError),
        ({"duty": [duty("eu", 2), duty("us", 3)], "back": False}, TooLateToAbortError),  # it went on meanwhile
        ({"turn": Turn("us", 1, 1, "us")}, NotBegunThereError),  # a takeover that is not done
        ({"turn": None}, NotBegunThereError),
        ({"back": False}, NotBegunThereError),
    ],
)
async def test_what_cannot_be_given_up_is_refused(
    world: World, tmp_path: Path, changes: dict[str, Any], error: type[Exception]
) -> None:
    """And that is written down as well."""
    for name, value in changes.items():
        setattr(world, name, value)
    with pytest.raises(error, match="Nothing was changed"):
        await give_up(world, tmp_path / "audit")
    assert [one.partition(":")[0] for one in noted(tmp_path / "audit")] == ["asked for at eu", "refused"]
