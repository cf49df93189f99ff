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


def test_a_rule_that_never_fires_is_found(program: Path, tmp_path: Path) -> None:
    """A threshold a thousand times too high, planted, turns its case red."""
    planted = (ROOT / "infra/observability/prometheus/rules/lag.yml").read_text().replace("> 30", "> 30000")
    (tmp_path / "lag.yml").write_text(planted)
    cases = (Path(__file__).parent / "rules/lag.yml").read_text()
    (tmp_path / "cases.yml").write_text(re.sub(r"rule_files: .*", "rule_files: [lag.yml]", cases))

    done = run(program, "test", "rules", tmp_path / "cases.yml")

    assert done.returncode != 0
    assert "ProjectorIsBehind" in done.stdout + done.stderr


def test_every_alert_has_a_case_in_which_it_is_raised_and_one_in_which_it_is_not() -> None:
    """Whoever adds an alert adds both."""
    alerts = {name for path in RULES for name in ALERT.findall(path.read_text())}
    cases = [case for path in CASES for case in CASE.findall(path.read_text())]

    assert len(alerts) > 25
    assert {name for name, silent in cases if not silent} == alerts
    assert {name for name, silent in cases if silent} == alerts
