"""Each alert is raised by its fault and silent on health, as Prometheus' own promtool judges; its runbook is there."""

import re
import subprocess
from pathlib import Path

import pytest

from infra.local import promtool

ROOT = Path(__file__).parents[3]
RULES = sorted((ROOT / "infra/observability/prometheus/rules").glob("*.yml"))
CASES = sorted((Path(__file__).parent / "rules").glob("*.yml"))
ALERT = re.compile(r"- alert: (\w+)")
CASE = re.compile(r"- alertname: (\w+)\n\s+eval_time: \S+\n\s+exp_alerts:( \[\])?")
PLANTED = {
    "integrity": (
        "causeway_ingester_parked_streams) > 0",
        "causeway_ingester_parked_streams) > 1000",
        "StreamIsParked",
    ),
    "lag": ('stage="projector"} > 30', 'stage="projector"} > 30000', "ProjectorIsBehind"),
    "leases": ("(causeway_lease_islanded) > 0", "(causeway_lease_islanded) > 1", "RegionIsIslanded"),
    "objectives": ("> 14.4 * 0.0001", "> 14.4", "ErrorBudgetBurnsFast"),
    "service": ('up{job="causeway"} == 0', 'up{job="causeway"} == -1', "ProcessIsDown"),
    "standby": ("causeway_standby_behind_seconds) > 60", "causeway_standby_behind_seconds) > 60000", "StandbyIsBehind"),
}
"""By file of rules: a threshold, one that nothing reaches, and whose it is."""

pytestmark = [pytest.mark.integration, pytest.mark.timeout(promtool.BUILD_SECONDS)]


@pytest.fixture(scope="module")
def program() -> Path:
    """Promtool, built once."""
    return promtool.ensure(print)


def run(program: Path, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run promtool."""
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


def test_rules_are_as_promtool_wants_them(program: Path) -> None:
    """Syntax, and no duplicates."""
    done = run(program, "check", "rules", *RULES)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("cases", CASES, ids=lambda path: path.stem)
def test_alerts_are_raised_by_faults_and_silent_on_health(program: Path, cases: Path) -> None:
    """`promtool test rules`, with the sentences that somebody is woken by."""
    done = run(program, "test", "rules", cases)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("rules", PLANTED)
def test_a_rule_that_never_fires_is_found(program: Path, tmp_path: Path, rules: str) -> None:
    """A threshold that nothing reaches, planted in each file of rules, turns its cases red."""
    right, wrong, alert = PLANTED[rules]
    for path in RULES:
        text = path.read_text()
        if path.stem == rules:
            assert right in text
            text = text.replace(right, wrong)
        (tmp_path / path.name).write_text(text)
    cases = (Path(__file__).parent / f"rules/{rules}.yml").read_text()
    (tmp_path / "cases.yml").write_text(re.sub(r"\.\./[\w./]*/(?=\w+\.yml)", f"{tmp_path}/", cases))

    done = run(program, "test", "rules", "--run", f"^{re.escape(case_of(cases, alert))}$", tmp_path / "cases.yml")

    assert done.returncode != 0
    assert alert in done.stdout + done.stderr


def case_of(cases: str, alert: str) -> str:
    """Return the name of the first case in which it is raised: the others need not be gone through."""
    blocks = cases.split("\n  - name: ")[1:]
    return next(block.split('"')[1] for block in blocks if (alert, "") in CASE.findall(block))


def test_a_fault_is_planted_in_every_file() -> None:
    """Whoever adds a file of rules adds one."""
    assert {path.stem for path in RULES} == set(PLANTED)


def test_every_alert_has_a_case_in_which_it_is_raised_and_one_in_which_it_is_not() -> None:
    """Whoever adds an alert adds both."""
    alerts = {name for path in RULES for name in ALERT.findall(path.read_text())}
    cases = [case for path in CASES for case in CASE.findall(path.read_text())]

    assert len(alerts) > 25
    assert {name for name, silent in cases if not silent} == alerts
    assert {name for name, silent in cases if silent} == alerts
