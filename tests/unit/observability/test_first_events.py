"""An alert on an increase is raised by the first event too: each series is there, at 0, before anything happens."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from relay.ingester import metrics as ingester_metrics
from replication.poison.keeping import Why
from replication.poison.records import Kind

ROOT = Path(__file__).parents[3]
RULES = sorted((ROOT / "infra/observability/prometheus/rules").glob("*.yml"))
GROWTH = re.compile(r"(?:increase|rate)\((causeway_\w+)(?:\{([^}]*)\})?\[")
MATCHER = re.compile(r'(\w+)(=~|!~|!=|=)"([^"]*)"')
VALUES = {
    "causeway_ingester_records_total": {"verdict": set(ingester_metrics.VERDICTS)},
    "causeway_ingester_poison_total": {"kind": {kind.value for kind in Kind}},
    "causeway_projector_poison_total": {"kind": {kind.value for kind in Kind}},
    "causeway_aside_not_kept_total": {
        "why": {why.value for why in Why},
        "topic": {"journal", "eu.relay.us"},
    },
    "causeway_media_failures_total": {"what": {"checking", "fetching"}},
    "causeway_gateway_breaks_total": {"cause": {"gap", "emptied", "redis", "silence", "unreadable"}},
}
"""Everything that a label may say, where that is known."""


def grown(text: str) -> set[tuple[str, str]]:
    """Return the counters, with their matchers, whose growth an expression reads."""
    return {(name, matchers) for name, matchers in GROWTH.findall(text)}


def matched(sample: Sample, matchers: str) -> bool:
    """Whether Prometheus would take the sample for the selector."""
    for label, operator, wanted in MATCHER.findall(matchers):
        there = sample.labels.get(label, "")
        equal = re.fullmatch(wanted, there) is not None if "~" in operator else there == wanted
        if equal == operator.startswith("!"):
            return False
    return True


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    """What all services tell when they have begun, and nothing has happened yet."""
    script = Path(__file__).parent / "beginning.py"
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [sample for family in text_string_to_metric_families(done.stdout) for sample in family.samples]


WANTED = sorted(set().union(*(grown(path.read_text()) for path in RULES)))


def test_the_rules_are_read() -> None:
    """Selectors with and without matchers."""
    assert grown('sum(increase(causeway_a_total[1h])) + rate(causeway_b_total{result="x"}[5m])') == {
        ("causeway_a_total", ""),
        ("causeway_b_total", 'result="x"'),
    }
    assert len(WANTED) > 15


@pytest.mark.parametrize(("name", "matchers"), WANTED)
def test_every_counter_whose_growth_raises_an_alert_is_there_from_the_start(
    samples: list[Sample], name: str, matchers: str
) -> None:
    """At 0, with every value that its labels may have."""
    there = [sample for sample in samples if sample.name == name and matched(sample, matchers)]

    assert there
    assert {sample.value for sample in there} == {0.0}
    for label, values in VALUES.get(name, {}).items():
        assert {sample.labels[label] for sample in samples if sample.name == name} == values
