"""Reports are read again as they were written: found, compared, taken as a plan."""

from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from chaos.bench.measure import Machine
from chaos.drill import archive
from chaos.drill.archive import (
    NoPlanError,
    NoReportError,
    UnreadableReportError,
    compared,
    differences,
    find,
    plan_in,
    read,
    trend,
    trends,
)
from chaos.drill.figures import count
from chaos.drill.moves import Move
from chaos.drill.outcome import Report
from chaos.drill.schedule import Fault, Kind
from chaos.judge import events as e
from chaos.judge.judgement import judge
from chaos.judge.ledger import numbered
from infra.local.link import Shape

PLAN = (
    Fault(1, 1, 10.0, Kind.SLOW, "eu-us", 5.0, rest=4.0, shape=Shape(0.1, 0.02, 1e6), expects=e.Expectation((("eu",), ("us",)), 3.0, 10.0)),
    Fault(2, 2, 20.0, Kind.KILL, "us/kafka", 3.0, later=1.5),
)  # fmt: skip
EVENTS: list[e.Event] = [
    e.Run(0, 1), e.FaultBegun(1, "f1", "slow cable", "eu-us", PLAN[0].expects), e.FaultSeen(2, "f1", "so it is"),
    e.FaultEnded(3, "f1"), e.Settled(20), e.Ended(21),
]  # fmt: skip


def report(
    name: str = "cable", seed: int = 1, began: str = "2026-01-01T00:00:00+00:00", plan: tuple[Fault, ...] = PLAN
) -> Report:
    """Return a report of a ledger in which hardly anything happens, so that most figures are unknown."""
    ledger = list(numbered(EVENTS))
    machine = Machine(cores=2, memory_gb=8.0, processor="any", kernel="any", python="any", load_before=0.5)
    return Report(
        name=name, seed=seed, rate=20, minutes=1, planned=2, began_at=began, machine=machine, offline=0, share=0.1,
        judgement=judge(ledger), figures=count(ledger), hold=5.0, plan=plan, struck="the link eu-us",
    )  # fmt: skip


def file(home: Path, directory: str, one: Report) -> Path:
    """Put a report where drills put theirs."""
    place = home / "chaos" / directory
    place.mkdir(parents=True)
    (place / archive.REPORT).write_bytes(msgspec.json.encode(one))
    return place


def test_a_plan_is_read_as_it_was_written(tmp_path: Path) -> None:
    """With shapes and expectations: a replay strikes the same, and expects the same."""
    place = file(tmp_path, "one", report())

    assert plan_in(read(place)) == plan_in(read(place / archive.REPORT)) == plan_in(find(tmp_path, "one")) == PLAN


def test_what_is_unknown_is_read_as_that(tmp_path: Path) -> None:
    """Nothing was shown, so there is no latency; and nothing converged of which nothing arrived."""
    kept = read(file(tmp_path, "one", report())).kept

    assert (kept.figures.struck.p99, kept.figures.budget.accepted, kept.converged) == (None, None, None)
    assert kept.seen == 1
    assert archive.row(find(tmp_path, "one"))[:4] == ("2026-01-01T00:00", "cable", "1", "unknown")


def test_reports_are_listed_by_time(tmp_path: Path) -> None:
    """Of all drills or of one; what cannot be read is left out."""
    file(tmp_path, "b", report(began="2026-01-02T00:00:00+00:00"))
    file(tmp_path, "c", report("split", began="2026-01-03T00:00:00+00:00"))
    file(tmp_path, "a", report(began="2026-01-04T00:00:00+00:00"))
    (tmp_path / "chaos" / "a" / archive.REPORT).rename(tmp_path / "chaos" / "a" / "other.json")
    file(tmp_path, "torn", report()).joinpath(archive.REPORT).write_text("{")

    assert [one.place.parent.name for one in archive.all_in(tmp_path)] == ["b", "c"]
    assert [one.place.parent.name for one in archive.all_in(tmp_path, "split")] == ["c"]
    assert [line[:3] for line in trends(archive.all_in(tmp_path))] == [("cable", 1, 0), ("split", 1, 0)]


def test_an_earlier_version_s_report_has_no_plan(tmp_path: Path) -> None:
    """It says how the drill is run again all the same."""
    place = file(tmp_path, "old", report("parts", seed=7, plan=()))

    with pytest.raises(NoPlanError, match="drill run parts --seed 7"):
        plan_in(read(place))


def test_what_is_no_report_is_told(tmp_path: Path) -> None:
    """Where it was looked for, or why it cannot be read."""
    with pytest.raises(NoReportError, match="none such"):
        find(tmp_path, "none such")
    (tmp_path / archive.REPORT).write_text("[]")
    with pytest.raises(UnreadableReportError, match=archive.REPORT):
        read(tmp_path)


def test_two_reports_are_compared(tmp_path: Path) -> None:
    """Whether they had the same plan, and what of their rulings differs."""
    one, other = read(file(tmp_path, "one", report())), read(file(tmp_path, "two", report(seed=2)))

    assert differences(one.kept, one.kept) == []
    assert differences(one.kept, other.kept) == ["seed"]
    assert differences(one.kept, replace(one.kept, plan=PLAN[:1])) == ["plan"]
    shorter = replace(one.kept, minutes=one.kept.minutes / 2, standbys={"us": "eu"})
    assert differences(one.kept, shorter) == ["minutes", "standbys"]
    assert ("seed", "1", "2") in compared(one, other)
    bare = archive.Filed(other.place, replace(other.kept, judgement=archive.Judged("true")))
    assert ("lost", "unknown", "not asked") in compared(one, bare)


def test_a_trend_is_drawn() -> None:
    """The highest is the tallest; what is unknown is a gap."""
    assert trend([0.0, None, 50.0, 100.0]) == "▁ ▅█"
    assert trend([]) == ""
    assert trend([0.0]) == "▁"


def test_how_duties_moved_is_told_in_its_parts(tmp_path: Path) -> None:
    """What was not measured is left out; the silence is followed over runs."""
    death = Move("f1", "us>eu", detect=7.25, decide=1.0, execute=9.5, back=55.0, silence=20.0, accepted=9, late=2)
    kept = read(file(tmp_path, "one", replace(report(), moves=(death, Move("f2", "eu>us"))))).kept

    assert [str(move) for move in kept.moves] == [
        "us>eu: detect 7.2 s, decide 1.0 s, execute 9.5 s, back 55.0 s, silence 20.0 s; 0 lost and 2 late of 9",
        "eu>us: nothing was measured; 0 lost and 0 late of 0",
    ]
    assert kept.silence == 20.0
