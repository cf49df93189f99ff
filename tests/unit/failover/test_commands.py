"""The commands that move duties: one at a time, with errors that say what to do, and a return that is one."""

from pathlib import Path
from typing import Any, Self

import pytest

from global_directory import place
from global_directory.holding.schemas import DutyView
from infra.errors import CausewayError, UnavailableError
from region.evacuation import cli as moving
from region.evacuation.alone import BusyError, alone
from region.evacuation.checks import Check
from region.evacuation.cli import Evacuated, TooLateError
from region.evacuation.seats import Seat
from region.failover import cli, late, losses
from region.failover.cli import NotHomeError
from region.failover.losses import NOTHING, GivenUp


def test_one_command_moves_duties_at_a_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Those of another region may move meanwhile, and the same ones later."""
    monkeypatch.setattr("infra.local.homes.home", lambda: tmp_path)
    with alone("us"), alone("eu"), pytest.raises(BusyError, match="us"), alone("us"):
        pass
    with alone("us"):
        pass


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (TimeoutError(), TooLateError),
        (ConnectionRefusedError(), UnavailableError),
    ],
)
def test_what_does_not_answer_is_said(error: Exception, expected: type[CausewayError]) -> None:
    """By what to do, not by a traceback."""

    async def work() -> None:
        raise error

    with pytest.raises(expected):
        moving.run(work())


class Directory:
    """Says that eu holds."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    async def __aenter__(self) -> Self:
        """Connect."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Disconnect."""

    async def duties(self) -> tuple[DutyView, ...]:
        """Return who holds."""
        return (DutyView("us", "eu", 2, 2, "", (), 6.0, laid_down=False),)


class Return:
    """Hands in two records."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    async def run(self) -> dict[str, int]:
        """Do it."""
        return {"handed in": 2}


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, str]]:
    """From where to where duties are evacuated."""
    asked: list[tuple[str, str]] = []

    async def evacuate_now(region: str, *_: object, way: tuple[Seat, Seat], **__: object) -> Evacuated:
        asked.append((way[0].site, way[1].site))
        return Evacuated(region, asked[0][1] if len(asked) == 1 else "eu", {}, [], [])

    monkeypatch.setenv("CAUSEWAY_AUDIT", str(tmp_path / "audit"))
    monkeypatch.setattr("infra.local.homes.home", lambda: tmp_path)
    monkeypatch.setattr(place, "directory", Directory)
    monkeypatch.setattr(cli, "Return", Return)
    monkeypatch.setattr(moving, "evacuate_now", evacuate_now)
    return asked


async def test_a_return_ends_at_home(ways: list[tuple[str, str]]) -> None:
    """Whatever serves just then; where it does not, that is said."""
    sites: dict[str, Any] = {
        site: Seat("us", site, site, "", 1, ("ap", "eu"), None, frozenset(), ()) for site in ("us", "eu")
    }

    done = await cli.restore_now("us", sites, "test", quiet=True)
    assert (done.holder, done.handed_in, ways) == ("us", {"handed in": 2}, [("eu", "us")])

    with pytest.raises(NotHomeError, match="eu"):
        await cli.restore_now("us", sites, "test", quiet=True)


SITES = {site: Seat("us", site, site, "", 1, ("ap", "eu"), None, frozenset(), ()) for site in ("us", "eu")}
GOOD, WRONG = Check("topics", ok=True, detail=""), Check("copy", ok=False, detail="")


class Foreseen(Directory):
    """Says who holds, as the test wants it; nobody is expelled."""

    holder = "us"

    async def duties(self) -> tuple[DutyView, ...]:
        """Return who holds."""
        return (DutyView("us", self.holder, 2, 2, "eu", (), 6.0, laid_down=False),)

    async def expulsions(self) -> frozenset[str]:
        """Return who is expelled."""
        return frozenset()


@pytest.mark.parametrize(
    ("holder", "found", "ok", "after"),
    [
        ("us", [GOOD], True, ["If us is dead: causeway region fail us --why …", "causeway region evacuate us --rehearse"]),
        ("us", [GOOD, WRONG], False, ["docs/operations/failover.md says: copy", "causeway region fail us --rehearse"]),
        ("eu", [WRONG], True, ["Go on, which is harmless if it is done: causeway region fail us --why …"]),
    ],
)  # fmt: skip
async def test_a_rehearsed_takeover_says_what_is_to_be_done_next(
    monkeypatch: pytest.MonkeyPatch, holder: str, found: list[Check], after: list[str], *, ok: bool
) -> None:
    """To do it, or what is to be mended first, or to go on with what was begun."""

    async def look(*_: object) -> list[Check]:
        return found

    monkeypatch.setattr(Foreseen, "holder", holder)
    monkeypatch.setattr(place, "directory", Foreseen)
    monkeypatch.setattr(late, "look", look)

    rehearsed = await cli.rehearse_now("us", SITES)

    assert rehearsed.ok is ok
    assert len(rehearsed.next) == len(after)
    assert all(words.endswith(end) for words, end in zip(rehearsed.next, after, strict=True))


@pytest.mark.parametrize(
    ("names", "given_up", "after"),
    [
        ([], NOTHING, ["Give the duties back: causeway region restore us --why …"]),
        (
            ["store"],
            NOTHING,
            [
                "Mend first, as docs/operations/incarnation.md says: store",
                "Then look again: causeway region restore us --rehearse",
                "Only if it is lost for good, say so then: --store-lost",
            ],
        ),
        (
            ["store", "journal"],
            GivenUp(store=True, journal=True),
            ["Give the duties back: causeway region restore us --store-lost --journal-lost --why …"],
        ),
        (
            ["store", "services"],
            GivenUp(store=True),
            [
                "Mend first, as docs/operations/failover.md says: services",
                "Then look again: causeway region restore us --store-lost --rehearse",
            ],
        ),
    ],
)
async def test_a_rehearsed_return_says_what_is_to_be_done_next(
    monkeypatch: pytest.MonkeyPatch, names: list[str], given_up: GivenUp, after: list[str]
) -> None:
    """With the options that were given; which ones give up what is lost is said once something is."""

    async def look(*_: object) -> list[Check]:
        return [GOOD, *(Check(name, ok=False, detail="") for name in names)]

    monkeypatch.setattr(place, "directory", Foreseen)
    monkeypatch.setattr(losses, "look", look)

    rehearsed = await cli.rehearse_return("us", SITES, given_up)

    assert (rehearsed.ok, rehearsed.next) == (after[0].startswith("Give"), after)
