"""What commands and standbys have in common: it is looked first, everything is written down as done by whom, and what was begun is gone on with unasked."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from region.evacuation.audit import Audit, Line
from region.evacuation.checks import Check
from region.evacuation.seats import Seat
from region.failover import declaring, late
from region.failover.declaring import NotReadyToFailError, declare

HOME, TARGET = (Seat("us", site, site, "", 1, ("ap", "eu"), None, frozenset(), ()) for site in ("us", "eu"))
GOOD = Check("copy", ok=True, detail="it is whole")
BAD = Check("services", ok=False, detail="3 of 4 processes stand by")


class World:
    """Who holds, and what was looked at and done."""

    holder = "us"

    def __init__(self, found: Sequence[Check]) -> None:
        self.found = found
        self.done: list[str] = []

    async def duties(self) -> tuple[()]:
        """Return who holds what: the checks are made up."""
        return ()

    async def expulsions(self) -> frozenset[str]:
        """Return who was expelled."""
        return frozenset()

    async def look(self, *_: object) -> list[Check]:
        """Return what is found."""
        self.done.append("looked")
        return list(self.found)

    def takeover(self, *_: object) -> Any:
        """Return the steps."""

        async def look() -> SimpleNamespace:
            return SimpleNamespace(holder=self.holder)

        async def run() -> dict[str, float]:
            self.done.append("took over")
            return {"claim": 0.5}

        return SimpleNamespace(look=look, run=run)


@pytest.fixture
def audit(tmp_path: Path) -> Audit:
    """Where the detector writes down."""
    return Audit("fail", "us", why="taken for down", who="detector", path=tmp_path / "log")


def world(monkeypatch: pytest.MonkeyPatch, *found: Check) -> World:
    """Return one in which that is found."""
    made = World(found)
    monkeypatch.setattr(late, "look", made.look)
    monkeypatch.setattr(declaring, "Takeover", made.takeover)
    return made


async def declared(made: World, audit: Audit, looked: Sequence[Check] | None = None) -> list[tuple[str, str, str]]:
    """Declare us dead; return what was written down: by whom, what and why."""
    directory = cast("declaring.Directory", made)
    took = await declare(HOME, TARGET, directory, readers={}, audit=audit, tell=lambda _: None, looked=looked)
    assert took == {"claim": 0.5}
    lines = [msgspec.json.decode(line, type=Line) for line in audit.path.read_bytes().splitlines()]
    return [(one.who, one.what, one.why) for one in lines]


async def test_it_is_looked_first_and_written_down(monkeypatch: pytest.MonkeyPatch, audit: Audit) -> None:
    """What was found, that it begins, and that it is done."""
    made = world(monkeypatch, GOOD)
    assert await declared(made, audit) == [
        ("detector", "copy: it is whole", "taken for down"),
        ("detector", "us is declared dead, eu takes over", "taken for down"),
        ("detector", "done: eu holds", "taken for down"),
    ]
    assert made.done == ["looked", "took over"]


async def test_what_was_looked_at_just_now_is_not_looked_at_again(
    monkeypatch: pytest.MonkeyPatch, audit: Audit
) -> None:
    """It takes time; it is written down all the same."""
    made = world(monkeypatch, BAD)
    assert "copy: it is whole" in [what for _, what, _ in await declared(made, audit, [GOOD])]
    assert made.done == ["took over"]


async def test_what_is_in_the_way_is_named_and_nothing_done(monkeypatch: pytest.MonkeyPatch, audit: Audit) -> None:
    """All of it."""
    made = world(monkeypatch, GOOD, BAD)
    with pytest.raises(NotReadyToFailError, match="services: 3 of 4"):
        await declared(made, audit)
    assert made.done == ["looked"]
    assert not audit.path.exists()


async def test_what_has_claimed_is_gone_on_with_unasked(monkeypatch: pytest.MonkeyPatch, audit: Audit) -> None:
    """There is no way back, whatever is in the way."""
    made = world(monkeypatch, BAD)
    made.holder = "eu"
    await declared(made, audit)
    assert made.done == ["took over"]
