"""Short drills on the session's federation: parts and links are struck in turn under traffic, one round of each named drill, and the judge's verdict is true."""

from pathlib import Path

import msgspec
import pytest

from chaos.federation import Federation

MINUTES, RATE, SEED = 2, 60, 1
LEEWAY = 4
"""What must hold soon is measured by drills on a machine of their own; here it is to hold on one that others use."""
PATIENCE_SECONDS = 900.0
"""Faults wait for the recovery from those before them, and everybody's histories are read at the end."""

pytestmark = pytest.mark.timeout(PATIENCE_SECONDS + 300)


class Struck(msgspec.Struct):
    """A fault of the report."""

    kind: str
    seen: float | None


class Changes(msgspec.Struct):
    """Changes of groups, or of channels, of one kind."""

    kind: str
    numbered: int


class Crowds(msgspec.Struct):
    """Groups in figures."""

    groups: int
    accepted: int
    refused: int
    changes: list[Changes]


class Figures(msgspec.Struct):
    """The figures of the report that are looked at."""

    faults: list[Struck]
    accepted: int
    unanswered: int
    crowds: Crowds
    channels: Crowds


class Measured(msgspec.Struct):
    """What a fault came to."""

    spared: int
    arrived: int


class Judgement(msgspec.Struct):
    """What the judge says."""

    measured: list[Measured]


class Report(msgspec.Struct):
    """What is looked at of a report."""

    planned: int
    figures: Figures
    judgement: Judgement


def test_a_drill_of_two_minutes_is_true(whole: Federation, tmp_path: Path) -> None:
    """Exit 0 says so: every fault was seen from outside, and whatever clients were promised held."""
    whole.run(
        "drill", "run", "parts", "--minutes", str(MINUTES), "--rate", str(RATE), "--seed", str(SEED), "--leeway", str(LEEWAY), "--out", str(tmp_path),
        patience=PATIENCE_SECONDS,
    )  # fmt: skip

    report = msgspec.json.decode((tmp_path / "report.json").read_bytes(), type=Report)
    assert (tmp_path / "report.html").exists()
    assert len(report.figures.faults) == report.planned
    assert all(fault.seen is not None for fault in report.figures.faults)
    assert len({fault.kind for fault in report.figures.faults}) > 3
    assert report.figures.unanswered == 0
    assert report.figures.accepted > 0.9 * 60 * MINUTES * RATE
    crowds = report.figures.crowds
    assert crowds.groups == len(whole.status().regions)
    assert crowds.accepted > crowds.refused > 0
    assert {"member_added", "member_joined", "member_left", "member_removed", "role_changed"} <= {
        one.kind for one in crowds.changes if one.numbered
    }
    channels = report.figures.channels
    assert channels.groups == len(whole.status().regions)
    assert channels.accepted > channels.refused > 0
    assert {"member_joined", "member_left", "member_removed", "role_changed"} <= {
        one.kind for one in channels.changes if one.numbered
    }


def test_a_tour_of_the_named_drills_is_true(whole: Federation, tmp_path: Path) -> None:
    """A split, a slow cable, a silent directory, a zombie, a mirror that repeats itself and one with amnesia: whom each spares is served, and all arrives soon after it."""
    whole.run(
        "drill",
        "run",
        "tour",
        "--seed",
        "1",
        "--leeway",
        str(LEEWAY),
        "--out",
        str(tmp_path),
        patience=PATIENCE_SECONDS,
    )

    report = msgspec.json.decode((tmp_path / "report.json").read_bytes(), type=Report)
    assert (tmp_path / "report.html").exists()
    kinds = ["split", "slow cable", "freeze", "pause", "repeat", "truncate"]
    assert [fault.kind for fault in report.figures.faults] == kinds
    assert all(fault.seen is not None for fault in report.figures.faults)
    assert len(report.judgement.measured) == report.planned
    assert all(one.spared and one.arrived for one in report.judgement.measured)
