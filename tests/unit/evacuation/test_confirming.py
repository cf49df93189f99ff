"""A region's name is asked for before anybody is kept out, and what was shown must be so still."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import pytest

from global_directory import place
from global_directory.holding.schemas import DutyView
from global_directory.operators import acting
from global_directory.operators.acting import Acting
from region.evacuation import confirming
from region.evacuation.alone import BusyError, alone
from region.evacuation.confirming import MovedMeanwhileError, confirmed, standing, standing_of

DUTY = DutyView("us", "us", 1, 1, "eu", (), 6.0, laid_down=False)


@dataclass
class World:
    """The directory, and somebody at a terminal.

    Attributes:
        duty: What the directory says.
        moved: What it says once the name was typed; None: the same.
        asked: What was asked for while nobody was kept out.
        begun: Operations that were begun: verb, what confirmed it, whether it asks.
    """

    duty: DutyView = DUTY
    moved: DutyView | None = None
    asked: list[str] = field(default_factory=list)
    begun: list[tuple[str, str, bool]] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        """Connect."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Disconnect."""

    async def duties(self) -> tuple[DutyView, ...]:
        """Return who holds."""
        return (self.duty,)

    def ask(self, verb: str, target: str, confirm: str) -> str:
        """Let others move the duties while the name is typed."""
        with alone(target):
            self.asked.append(verb)
        self.duty = self.moved or self.duty
        return confirm or target

    @contextmanager
    def operation(self, verb: str, target: str, *, why: str, confirm: str, asks: bool) -> Iterator[Acting]:
        """Begin one."""
        with pytest.raises(BusyError), alone(target):
            pass
        self.begun.append((verb, confirm, asks))
        yield Acting("o1", "ada", why)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> World:
    """The world, in the place of everything that is asked."""
    made = World()
    monkeypatch.setattr("infra.local.homes.home", lambda: tmp_path)
    monkeypatch.setattr(place, "directory", lambda: made)
    monkeypatch.setattr(confirming, "ask", made.ask)
    monkeypatch.setattr(confirming, "operation", made.operation)
    return made


def test_nobody_is_kept_out_while_the_name_is_typed(world: World) -> None:
    """A takeover by itself goes before who is away from the terminal; the operation asks no second time."""
    with confirmed("evacuate", "us", then=standing("us"), why="disks", confirm="") as (way, acting):
        assert (way.way, acting.who) == (None, "ada")
    assert (world.asked, world.begun) == (["evacuate"], [("evacuate", "us", False)])


@pytest.mark.parametrize(
    ("moved", "now"),
    [
        (replace(DUTY, holder="eu", epoch=2), "eu holds it in epoch 2"),
        (replace(DUTY, laid_down=True), "us holds it in epoch 1, and has laid the lease down"),
    ],
)
def test_what_was_shown_must_be_so_still(world: World, moved: DutyView, now: str) -> None:
    """Taken over meanwhile, `evacuate` would bring home what was to be handed away."""
    world.moved = moved
    with (
        pytest.raises(MovedMeanwhileError, match=f"us holds it in epoch 1; now {now}. Nothing was done"),
        confirmed("evacuate", "us", then=standing("us"), why="disks", confirm=""),
    ):
        pytest.fail("it went on")
    with alone("us"):
        assert len(world.begun) == 1, "the trace has it"


def test_that_a_lease_is_renewed_is_no_change() -> None:
    """Nor is one that has lapsed, which is what a takeover waits for."""
    assert standing_of(replace(DUTY, promised_seconds=0.0, keepers=())) == standing_of(DUTY)
    assert standing_of(None) == "the directory knew nothing of it"


def test_what_was_given_is_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is anything where nobody is at a terminal, or where nothing is destroyed."""
    typed: list[str] = []

    def prompt(question: str, **_: object) -> str:
        typed.append(question)
        return "us"

    monkeypatch.setattr("typer.prompt", prompt)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    assert acting.ask("evacuate", "us", "us") == "us"
    assert acting.ask("backup", "us", "") == ""
    assert typed == []
    assert acting.ask("evacuate", "us", "") == "us"
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    assert acting.ask("evacuate", "us", "") == ""
    assert typed == ["To confirm `evacuate`, type us"]
