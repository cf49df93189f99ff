"""`causeway drill list`, `run --dry-run`, `replay` and `report`, on a home in which there are reports, and on one in which there are none."""

from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from chaos.bench.measure import Machine
from chaos.drill import catalogue, cli
from chaos.drill.archive import REPORT
from chaos.drill.catalogue import plan_of
from chaos.drill.figures import count
from chaos.drill.nemesis import targets
from chaos.drill.outcome import Report
from chaos.drill.report import html
from chaos.judge import events as e
from chaos.judge.judgement import CHECKERS, EXPECTED, judge
from chaos.judge.ledger import numbered
from infra.local.control import PartStatus, RegionStatus, Status

PORTS = {
    "front": {"public": 1, "gateway": 2}, "back": {"admin": 3}, "mirror": {}, "redis": {"redis": 4}, "kafka": {"kafka": 5},
    "postgres": {"postgres": 6},
}  # fmt: skip
STANDBYS = {"us": "eu"}


def status(state: str = "healthy") -> Status:
    """Return a federation of two regions."""

    def part(ports: dict[str, int]) -> PartStatus:
        return PartStatus(state, 1, 0.0, 0, ports, "/log")

    regions = {name: RegionStatus("", {one: part(ports) for one, ports in PORTS.items()}) for name in ("us", "eu")}
    return Status(state, "/home", 1, regions, {"links": part({}), "directory": part({"http": 7, "admin": 8})})


def report(name: str, seed: int) -> Report:
    """Return a report of a drill of which nothing came."""
    plan = plan_of(name, targets(status(), STANDBYS), seconds=60, rate=20, hold=10, seed=seed)
    ledger = list(
        numbered([e.Run(0, seed), *(e.FaultBegun(1, one.name, one.kind, one.target, one.expects) for one in plan)])
    )
    machine = Machine(cores=2, memory_gb=8.0, processor="any", kernel="any", python="any", load_before=0.5)
    return Report(
        name=name, seed=seed, rate=20, minutes=1, planned=len(plan), began_at="2026-01-01T00:00:00+00:00", machine=machine,
        offline=0, share=0.1, judgement=judge(ledger), figures=count(ledger), hold=10, plan=plan, regions=("eu", "us"),
    )  # fmt: skip


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with two reports, of a federation that is up."""
    for name, seed in (("split", 1), ("zombie", 2)):
        place = tmp_path / "chaos" / f"drill-{name}-{seed}"
        place.mkdir(parents=True)
        (place / REPORT).write_bytes(msgspec.json.encode(report(name, seed)))
    monkeypatch.setenv("CAUSEWAY_HOME", str(tmp_path))
    monkeypatch.setattr(cli, "look", lambda _: (status(), STANDBYS))
    return tmp_path


def told(*arguments: str, status: int = 0) -> str:
    """Return what the command prints, in one line."""
    done = CliRunner(env={"COLUMNS": "300"}).invoke(cli.app, list(arguments))
    assert done.exit_code == status, done.output
    return " ".join(done.output.split())


@pytest.mark.usefixtures("home")
def test_the_list_tells_of_each_drill_and_how_it_ended_here() -> None:
    """And of what there is not, and why; and of every checker."""
    shown = told("list")

    assert all(name in shown for name in catalogue.DRILLS)
    assert "seed 1: unknown" in shown
    assert "never run here" in shown
    assert "journal loss: not there" in shown
    assert all(checker in shown for checker in (*CHECKERS, *EXPECTED))
    listed = msgspec.json.decode(told("list", "--json"), type=dict[str, dict[str, object]])
    assert (listed["zombie"]["last"], listed["cable"]["last"]) == ("unknown", None)


@pytest.mark.usefixtures("home")
def test_a_dry_run_tells_the_plan_and_touches_nothing() -> None:
    """What may be touched, what must hold, and which fault when."""
    shown = told("run", "zombie", "--dry-run", "--seed", "3")

    assert "may touch: everything of eu, everything of us, the link directory-us" in shown
    assert "cut us-directory" in shown


def test_a_replay_has_the_plan_of_its_report(home: Path) -> None:
    """By its name here, or by its path."""
    shown = told("replay", "drill-split-1", "--dry-run")

    assert shown == told("replay", str(home / "chaos" / "drill-split-1"), "--dry-run")
    assert report("split", 1).plan[0].target in shown


@pytest.mark.usefixtures("home")
def test_what_cannot_be_is_refused_before_anything_is_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    """No such drill, no such report, a federation that is ill: each says what to do instead."""
    assert "there are split" in told("run", "spilt", status=cli.UNUSABLE)
    assert "no report at nowhere" in told("replay", "nowhere", status=cli.UNUSABLE)
    assert "causeway up --brokers us=3 --projectors us=2" in told("run", "replicas", status=cli.UNUSABLE)
    monkeypatch.setattr(cli, "look", lambda _: (status("unhealthy"), STANDBYS))
    assert "causeway local heal" in told("run", "split", status=2)


@pytest.mark.usefixtures("home")
def test_reports_are_listed_shown_and_compared() -> None:
    """None named: all, with how each went over time; one: its rulings; two: side by side."""
    everything = told("report")
    assert "drill-split-1" in everything
    assert "drill-zombie-2" in everything
    assert "drill-zombie-2" not in told("report", "--drill", "split")
    assert "served" in told("report", "drill-split-1")
    assert "requests" not in told("report", "drill-split-1")
    assert "holder not asked unknown" in told("report", "drill-split-1", "drill-zombie-2")
    assert "no more" in told("report", "a", "b", "c", status=cli.UNUSABLE)
    assert len(msgspec.json.decode(told("report", "--json"), type=list[object])) == 2


def test_a_report_of_replicas_tells_how_many_requests_were_late(home: Path) -> None:
    """By what was killed, with what never was served as well."""
    place = home / "chaos" / "drill-replicas-1"
    place.mkdir()
    prompt = e.Expectation(prompt=10.0, usual=1.5)
    events: list[e.Event] = [
        e.FaultBegun(1.0, "f1", "kill", "us/kafka-2", prompt), e.FaultEnded(5.0, "f1"),
        e.Invoke(6.0, 1, "send", "va", "a", "us", "d-us", "t"), e.Invoke(7.0, 2, "other", "va", "a", "us"),
    ]  # fmt: skip
    judgement = judge(numbered([e.Run(0.0, 1), *events]))
    kept = msgspec.structs.replace(report("split", 1), name="replicas", judgement=judgement)
    (place / REPORT).write_bytes(msgspec.json.encode(kept))

    shown = told("report", "drill-replicas-1")

    assert "kafka: 1 requests, 0 within the usual time, 1 not in time; longest never" in shown


def test_a_home_without_reports_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And where to begin."""
    monkeypatch.setenv("CAUSEWAY_HOME", str(tmp_path))

    assert "causeway drill list" in told("report")


def test_the_page_says_what_had_to_hold_and_what_was_not_observed() -> None:
    """What is withheld from whoever reads it looks like what was seen."""
    shown = html(report("zombie", 2), "<svg/>", "<svg/>")

    assert "not observed" in shown
    assert "no standby is named here" in shown
    assert "nobody saw it" in shown
    assert "causeway drill replay" in shown
    assert "What had to hold meanwhile" in html(report("split", 1), "<svg/>", "<svg/>")
