"""What is looked at before an evacuation, as far as that needs no servers; and what its log says."""

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Self

import msgspec
import pytest
import typer

from global_directory import place
from global_directory.holding.schemas import DutyView
from region.evacuation import checks, cli, seats
from region.evacuation.audit import Audit, Line
from region.evacuation.cli import after_evacuation
from region.evacuation.seats import Seat
from region.failover import late

DUTY = DutyView("us", "us", 1, 1, "eu", (), 6.0, laid_down=False)


def seat(site: str) -> Seat:
    """Return a seat of us's duties."""
    return Seat("us", site, f"postgresql://{site}/x", "", 4, ("ap", "eu"), None, frozenset({"gateway"}), ())


@pytest.mark.parametrize(
    ("duty", "said"),
    [
        (DUTY, "epoch 1, eu stands by"),
        (replace(DUTY, holder="eu"), "eu holds the duties, not us"),
        (replace(DUTY, standby=""), "nobody stands by, not eu"),
        (replace(DUTY, standby="ap"), "ap stands by, not eu"),
        (replace(DUTY, promised_seconds=0.0), "the lease is not renewed: its holder is islanded, or does not run"),
    ],
)
def test_the_lease_must_be_its_holders_and_the_target_its_standby(duty: DutyView, said: str) -> None:
    """Said as what an operator would look for."""
    found = checks.lease(duty, seat("us"), seat("eu"))
    assert (found.ok, found.detail) == (duty == DUTY, said)


def test_a_copy_that_was_not_completed_takes_nobodys_room() -> None:
    """It is thrown away before anything is copied, so it is counted as free, and said so; else nobody would ever come home."""
    found = checks.room(seat("us"), size=300 * MIB, free=100 * MIB, connections=10, thrown=1100 * MIB)
    assert found.ok
    assert "1200 MiB are free at us once a copy that was not completed is thrown away (1100 of them)" in found.detail
    assert not checks.room(seat("us"), size=300 * MIB, free=100 * MIB, connections=10, thrown=900 * MIB).ok


def test_a_lease_that_was_laid_down_is_in_nobodys_way() -> None:
    """It is so for good, and this command leads on from there, unless the store went on: `store` says that."""
    found = checks.lease(replace(DUTY, laid_down=True, promised_seconds=0.0), seat("us"), seat("eu"))
    assert found.ok
    assert "laid down" in found.detail


def test_nobody_concerned_may_be_expelled() -> None:
    """Others may."""
    assert checks.trust(seat("us"), seat("eu"), {"ap"}).ok
    assert checks.trust(seat("us"), seat("eu"), {"eu", "us"}).detail == "expelled: eu, us"


MIB = 2**20


@pytest.mark.parametrize(
    ("site", "free", "connections", "ok", "said"),
    [
        ("eu", 512 * MIB, 10, True, "the store has 300 MiB; 512 MiB are free at eu; its PostgreSQL takes 10 more"),
        ("eu", 511 * MIB, 10, False, "511 MiB are free at eu, not 512"),
        ("us", 1112 * MIB, 10, True, "the store has 300 MiB; 1112 MiB are free at us"),
        ("us", 1111 * MIB, 9, False, "1111 MiB are free at us, not 1112; its PostgreSQL takes 9 more connections, not"),
        ("eu", None, 9, False, "its PostgreSQL takes 9 more connections, not 10"),
        (
            "eu",
            None,
            None,
            True,
            "the store has 300 MiB; how much is free at eu is not known here, and 512 MiB must be",
        ),
    ],
)
def test_the_target_must_have_room(
    site: str, free: int | None, connections: int | None, said: str, *, ok: bool
) -> None:
    """At home twice the store, which is dumped and made anew; elsewhere the copy is there. What cannot be known is said."""
    found = checks.room(seat(site), size=300 * MIB, free=free, connections=connections)
    assert found.ok is ok
    assert found.detail.startswith(said)


def test_what_is_dumped_on_another_disk_must_have_room_there() -> None:
    """Then home needs room for the store alone."""
    found = [
        checks.room(seat("us"), size=300 * MIB, free=812 * MIB, connections=10, dumped=left * MIB)
        for left in (300, 299)
    ]
    assert [one.ok for one in found] == [True, False]
    assert found[1].detail == "299 MiB are free where it is dumped on the way (TMPDIR), not 300"


@pytest.mark.parametrize(
    ("zones", "ok", "said"),
    [
        ({}, True, "no legal zones are named, so each region may hold what any other does"),
        ({"us": "north", "eu": "north"}, True, "both are in the legal zone north"),
        ({"us": "americas", "eu": "europe"}, False, "us is in the legal zone americas, eu in europe"),
        ({"us": "americas"}, False, "us is in the legal zone americas, eu in no zone"),
    ],
)
async def test_nothing_is_handed_to_another_legal_zone(
    zones: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch, *, ok: bool
) -> None:
    """Neither by plan nor without; and what is elsewhere already may always come home."""

    async def attempt(name: str, _: object, **__: object) -> checks.Check:
        return checks.Check(name, ok=True, detail="")

    home, target = replace(seat("us"), zones=zones), replace(seat("eu"), zones=zones)
    for module in (checks, late):
        monkeypatch.setattr(module, "attempt", attempt)
    for found in (await checks.look(home, target, [DUTY], ()), await late.look(home, target, [DUTY], ())):
        [one] = [one for one in found if one.name == "residency"]
        assert (one.ok, one.detail) == (ok, said)
    assert checks.residency(home).ok


@pytest.mark.parametrize(("patience", "ok", "asked"), [(60.0, True, 3), (0.0, False, 1)])
async def test_who_has_served_until_a_moment_ago_may_start_anew(
    patience: float, asked: int, monkeypatch: pytest.MonkeyPatch, *, ok: bool
) -> None:
    """The other way follows an evacuation as soon as it is wanted; it does not wait for ever for who does not come."""
    answers = [False, False, True]

    async def services(_: Seat) -> checks.Check:
        return checks.Check("services", ok=answers.pop(0), detail="")

    async def attempt(name: str, look_at: Callable[[], Awaitable[checks.Check]], **_: object) -> checks.Check:
        return await look_at() if name == "services" else checks.Check(name, ok=True, detail="")

    monkeypatch.setattr(checks, "services", services)
    monkeypatch.setattr(checks, "attempt", attempt)
    monkeypatch.setattr(checks, "RETURN_SECONDS", patience)
    monkeypatch.setattr(checks, "LOOK_SECONDS", 0.0)

    found = {one.name: one.ok for one in await checks.look(seat("us"), seat("eu"), [DUTY], ())}

    assert (found["services"], 3 - len(answers)) == (ok, asked)


async def test_a_region_of_which_the_directory_knows_nothing_is_not_looked_at() -> None:
    """Nothing else is asked."""
    found = await checks.look(seat("us"), seat("eu"), [], ())
    assert [(one.name, one.ok) for one in found] == [("directory", False)]


def test_what_is_done_is_written_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who, what, why; each thing at once, after what was there."""
    monkeypatch.setenv("CAUSEWAY_OPERATOR", "ada")
    path = tmp_path / "operations.jsonl"
    path.write_bytes(b'{"before": 1}\n')
    audit = Audit("evacuate", "us", why="new disks", path=path)

    audit.note("the copy is complete", step="copy", figures={"rows": 3})

    lines = path.read_bytes().splitlines()
    assert lines[0] == b'{"before": 1}'
    line = msgspec.json.decode(lines[1], type=Line)
    assert (line.who, line.verb, line.region, line.why) == ("ada", "evacuate", "us", "new disks")
    assert (line.what, line.step, line.figures) == ("the copy is complete", "copy", {"rows": 3})
    with pytest.raises(FileNotFoundError):
        Audit("evacuate", "us", why="x", path=tmp_path / "no" / "file").note("begun")


def test_what_is_to_be_done_next_is_said_of_what_is_good_and_of_what_is_not() -> None:
    """Nothing is to be mended where everything is good; else what, where it stands, and how to look again."""
    good, wrong = checks.Check("lease", ok=True, detail=""), checks.Check("copy", ok=False, detail="")

    assert checks.mend([good], "evacuation", "again") == []
    assert checks.mend([good, wrong], "evacuation", "again") == [
        "Mend first, as docs/operations/evacuation.md says: copy",
        "Then look again: again",
    ]


def test_after_an_evacuation_it_is_said_what_is_to_be_done_there_and_at_home() -> None:
    """The way back, while the duties are elsewhere; what cannot be done yet, once they are home."""
    assert after_evacuation(seat("us"), seat("eu"))[-1] == "Back again: causeway region evacuate us --why …"
    assert after_evacuation(seat("eu"), seat("us")) == [
        "causeway region status: until eu has a whole copy again, us cannot be handed on"
    ]


class Directory:
    """Says that us holds, and that nobody is expelled."""

    async def __aenter__(self) -> Self:
        """Connect."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Disconnect."""

    async def duties(self) -> tuple[DutyView, ...]:
        """Return who holds."""
        return (DUTY,)

    async def expulsions(self) -> frozenset[str]:
        """Return who is expelled."""
        return frozenset()


@pytest.mark.parametrize("ok", [True, False])
def test_a_rehearsal_tells_scripts_what_is_to_be_done_next(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, ok: bool
) -> None:
    """The command itself, or what is to be mended; with a status that says which."""

    async def look(*_: object) -> list[checks.Check]:
        return [checks.Check("copy", ok=ok, detail="as it is")]

    async def between(*_: object, **__: object) -> tuple[Seat, Seat]:
        return seat("us"), seat("eu")

    monkeypatch.setattr(place, "directory", Directory)
    monkeypatch.setattr(checks, "look", look)
    monkeypatch.setattr(cli, "_between", between)
    monkeypatch.setattr(seats, "find", lambda _: {"us": seat("us"), "eu": seat("eu")})

    with contextlib.nullcontext() if ok else pytest.raises(typer.Exit):
        cli.evacuate("us", rehearse=True, as_json=True)

    said = msgspec.json.decode(capsys.readouterr().out)
    assert (said["ok"], said["next"][0]) == (
        ok,
        "Hand them over: causeway region evacuate us --why …"
        if ok
        else "Mend first, as docs/operations/evacuation.md says: copy",
    )
