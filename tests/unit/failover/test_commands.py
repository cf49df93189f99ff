"""The commands that move duties: one at a time, with errors that say what to do, and a return that is one."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import msgspec
import pytest

from global_directory import place
from global_directory.holding.schemas import DutyView, Former
from infra.errors import CausewayError, UnavailableError
from infra.postgres import NoAnswerError
from region.evacuation import cli as moving
from region.evacuation import seats
from region.evacuation.aborting import TooLateToAbortError
from region.evacuation.alone import BusyError, Way, alone, on_its_way
from region.evacuation.checks import Check
from region.evacuation.cli import Evacuated, ServerSilentError, TooLateError
from region.evacuation.moving import Evacuation
from region.evacuation.seats import Seat
from region.failover import cli, giving_up, late, losses
from region.failover.cli import NotHomeError
from region.failover.failing import Takeover
from region.failover.giving_up import NothingToRestoreError
from region.failover.losses import NOTHING, GivenUp
from region.failover.plan import Known
from replication.turns.records import Turn


def test_one_command_moves_duties_at_a_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Those of another region may move meanwhile, and the same ones later."""
    monkeypatch.setattr("infra.local.homes.home", lambda: tmp_path)
    with alone("us"), alone("eu"), pytest.raises(BusyError, match="us"), alone("us"):
        pass
    with alone("us"):
        pass


def test_which_way_was_begun_outlives_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Until it is said to be over; whoever only looks is told, too."""
    monkeypatch.setattr("infra.local.homes.home", lambda: tmp_path)
    assert on_its_way("us") is None
    there, home = Way("eu", 1, 1e9), Way("us", 2, 1e9)
    with alone("us") as way:
        assert way.way is None
        way.note(there)
    with alone("us") as way, alone("eu") as another:
        assert (way.way, on_its_way("us"), another.way) == (there, there, None)
        way.note(home)
        assert way.way == home
        way.note(None)
    assert on_its_way("us") is None
    (tmp_path / "moving-us.lock").write_text("eu")
    assert on_its_way("us") is None, "what nobody can read is of no use, and harms nobody"


@pytest.mark.parametrize(
    ("epoch", "seconds", "holds"), [(1, 60, True), (2, 60, True), (3, 60, False), (1, 4000, False), (2, 4000, False)]
)
def test_a_way_is_gone_on_with_for_a_while(epoch: int, seconds: float, *, holds: bool) -> None:
    """In the epoch that it ends, and the one that it begins; whoever comes later wants something else."""
    assert Way("eu", 1, 1e9).holds(epoch, 1e9 + seconds) is holds


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (TimeoutError(), TooLateError),
        (ConnectionRefusedError(), UnavailableError),
        (NoAnswerError("secret: refused", server="10.0.0.5:5433, database held_us"), ServerSilentError),
        (NoAnswerError("the server has not answered for 35 s", server="10.0.0.5:5433, database us"), ServerSilentError),
    ],
)
def test_what_does_not_answer_is_said(error: Exception, expected: type[CausewayError]) -> None:
    """By what to do, not by a traceback."""

    async def work() -> None:
        raise error

    with pytest.raises(expected) as raised:
        moving.run(work())
    assert "secret" not in str(raised.value)
    if isinstance(error, NoAnswerError):
        assert f"PostgreSQL at {error.server} does not answer" in str(raised.value)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ('password authentication failed for user "ada"', "password authentication failed"),
        ('database "held_us" does not exist', 'database "held_us" does not exist'),
        ("sorry, too many clients already", "sorry, too many clients already"),
        ('no pg_hba.conf entry for host "10.0.0.9", user "ada", database "us"', "no pg_hba.conf entry for host"),
        ("the database system is starting up", "the database system is starting up"),
    ],
)
def test_a_server_that_lets_nobody_in_says_why(said: str, told: str) -> None:
    """What is to be done is another thing each time; by whom one logs in is not told."""
    where = 'connection failed: connection to server at "10.0.0.5", port 5433 failed: FATAL:  '

    async def work() -> None:
        raise NoAnswerError(f"{where}{said}\n", server="10.0.0.5:5433, database us")

    with pytest.raises(ServerSilentError, match=f"lets nobody in and says: {told}") as raised:
        moving.run(work())
    assert "ada" not in str(raised.value)


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

    monkeypatch.setattr(Foreseen, "holder", "eu")
    monkeypatch.setattr(place, "directory", Foreseen)
    monkeypatch.setattr(losses, "look", look)

    rehearsed = await cli.rehearse_return("us", SITES, given_up)

    assert (rehearsed.ok, rehearsed.next) == (after[0].startswith("Give"), after)


class Held(Foreseen):
    """Says who holds in which epoch, and who did before."""

    duty = DutyView(
        "us",
        "us",
        3,
        3,
        "eu",
        (),
        6.0,
        laid_down=False,
        former=(Former(1, "us", laid_down=False), Former(2, "eu", laid_down=True)),
    )

    async def duties(self) -> tuple[DutyView, ...]:
        """Return that."""
        return (self.duty,)


async def test_a_return_that_was_done_before_is_done(
    ways: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The terminal died before it could say so; nothing is done again."""

    async def look(self: Evacuation) -> Any:
        return SimpleNamespace(serving=self.target.site == "us")

    monkeypatch.setattr(place, "directory", Held)
    monkeypatch.setattr(Evacuation, "look", look)
    monkeypatch.setattr(seats, "tools", lambda: Path("/"))

    done = await cli.restore_now("us", SITES, "test", quiet=True)

    assert (done.holder, done.seconds, ways) == ("us", {}, [])
    assert "whole copy" in done.next[0]


@pytest.mark.parametrize(
    ("serving", "steps", "words"),
    [(True, ("done",), "It is done."), (False, ("begin", "serve", "done"), "Go on, which is harmless if it is done")],
)
async def test_a_rehearsed_return_that_has_claimed_says_what_is_left(
    monkeypatch: pytest.MonkeyPatch, steps: tuple[str, ...], words: str, *, serving: bool
) -> None:
    """In JSON, too: with what is to be done next."""

    async def look(_: Evacuation) -> Any:
        return SimpleNamespace(serving=serving)

    monkeypatch.setattr(place, "directory", Held)
    monkeypatch.setattr(Evacuation, "look", look)
    monkeypatch.setattr(seats, "tools", lambda: Path("/"))
    rehearsed = await cli.rehearse_return("us", SITES, NOTHING)
    assert (rehearsed.ok, rehearsed.steps) == (True, steps)
    assert words in rehearsed.next[0]
    assert msgspec.json.decode(msgspec.json.encode(rehearsed), type=cli.Rehearsed) == rehearsed


@pytest.mark.parametrize(
    ("copy", "steps", "words"),
    [
        (Turn("us", 2, 2, "eu"), ("done",), "It is done: eu holds the duties of us"),
        (Turn("us", 1, 1, "us"), ("begin", "serve", "done"), "It was begun. Go on"),
    ],
)
async def test_a_rehearsed_takeover_that_has_claimed_says_what_is_left(
    monkeypatch: pytest.MonkeyPatch, copy: Turn, steps: tuple[str, ...], words: str
) -> None:
    """It is done, or it is to be gone on with."""

    async def look(_: Takeover) -> Known:
        return Known("us", "us", "eu", "eu", 2, 2, copy, follows=False, serving=True)

    async def checked(*_: object) -> list[Check]:
        return [WRONG]

    monkeypatch.setattr(Foreseen, "holder", "eu")
    monkeypatch.setattr(place, "directory", Foreseen)
    monkeypatch.setattr(Takeover, "look", look)
    monkeypatch.setattr(late, "look", checked)
    rehearsed = await cli.rehearse_now("us", SITES)
    assert (rehearsed.ok, rehearsed.steps, words in rehearsed.next[0]) == (True, steps, True)


async def test_a_region_that_was_never_away_is_not_restored(
    ways: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is there anything to be given up."""
    monkeypatch.setattr(Held, "duty", DutyView("us", "us", 1, 1, "eu", (), 6.0, laid_down=False))
    monkeypatch.setattr(place, "directory", Held)
    with pytest.raises(NothingToRestoreError, match="was not declared dead"):
        await cli.restore_now("us", SITES, "test", quiet=True)
    with pytest.raises(NothingToRestoreError):
        await giving_up.abort_restore("us", SITES, "test", rehearse=False)
    refused = await giving_up.abort_restore("us", SITES, "test", rehearse=True)
    assert (refused.ok, "was not declared dead" in refused.what) == (False, True)
    rehearsed = await cli.rehearse_return("us", SITES, NOTHING)
    assert (rehearsed.ok, rehearsed.steps, "was not declared dead" in rehearsed.next[0]) == (False, (), True)
    assert ways == []


async def test_declaring_dead_is_given_up_until_the_claim(
    ways: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nothing is changed by then; after it, it is said what goes forward."""
    monkeypatch.setattr(place, "directory", Held)
    assert ways == []
    done = await giving_up.abort_fail("us", SITES, "test", rehearse=True)
    assert (done.holder, done.rehearsed, (tmp_path / "audit").exists()) == ("us", True, False)
    done = await giving_up.abort_fail("us", SITES, "test", rehearse=False)
    assert (done.rehearsed, (tmp_path / "audit").read_text().count("\n")) == (False, 2)

    monkeypatch.setattr(Held, "duty", DutyView("us", "eu", 2, 2, "", (), 6.0, laid_down=False))
    refused = await giving_up.abort_fail("us", SITES, "test", rehearse=True)
    assert (refused.ok, refused.next[0].endswith("causeway region fail us --why …")) == (False, True)
    with pytest.raises(TooLateToAbortError, match=r"region fail us --why …` to its end.*restore us"):
        await giving_up.abort_fail("us", SITES, "test", rehearse=False)
    assert "refused" in (tmp_path / "audit").read_text()
