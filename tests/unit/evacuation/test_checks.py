"""What is looked at before an evacuation, as far as that needs no servers; and what its log says."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from global_directory.holding.schemas import DutyView
from region.evacuation import checks
from region.evacuation.audit import Audit, Line
from region.evacuation.seats import Seat

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
        (replace(DUTY, laid_down=True), "the lease of epoch 1 was laid down"),
        (replace(DUTY, promised_seconds=0.0), "the lease is not renewed: its holder is islanded, or does not run"),
    ],
)
def test_the_lease_must_be_its_holders_and_the_target_its_standby(duty: DutyView, said: str) -> None:
    """Said as what an operator would look for."""
    found = checks.lease(duty, seat("us"), seat("eu"))
    assert (found.ok, found.detail) == (duty == DUTY, said)


def test_nobody_concerned_may_be_expelled() -> None:
    """Others may."""
    assert checks.trust(seat("us"), seat("eu"), {"ap"}).ok
    assert checks.trust(seat("us"), seat("eu"), {"eu", "us"}).detail == "expelled: eu, us"


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
