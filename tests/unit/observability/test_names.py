"""Rules, dashboards and runbooks name what is there; what runbooks tell to type is in `test_runbooks`."""

import re
from importlib import import_module
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from infra.observability.dashboards import PLACE, dashboard
from infra.observability.names import missing

ROOT = Path(__file__).parents[3]
RULES = sorted((ROOT / "infra/observability/prometheus/rules").glob("*.yml"))
RUNBOOKS = sorted((ROOT / "docs/operations").glob("*.md"))
SERVICES = (
    *("region.gateway.service", "region.projector.service", "region.fanout.service", "region.media.service"),
    *("relay.edge.service", "relay.forwarder.service", "relay.ingester.service", "global_directory.service"),
    *("region.standby.service", "region.failover.service"),
)


@pytest.fixture(scope="module")
def page() -> str:
    """What a process with all services tells on `/metrics`."""
    for service in SERVICES:
        import_module(service)
    return generate_latest().decode()


def test_every_metric_that_is_named_exists(page: str) -> None:
    """In rules, the dashboard, and runbooks."""
    texts = [path.read_text() for path in (*RULES, PLACE, *RUNBOOKS)]

    assert missing(texts, [page]) == set()


def test_a_wrong_name_is_found(page: str) -> None:
    """Planted in a rule and in the dashboard."""
    rule = RULES[0].read_text() + "\n      expr: rate(causeway_ingester_recrods_total[5m])"
    board = PLACE.read_text().replace("causeway:devices", "causeway:device")

    texts = [rule, board, *(path.read_text() for path in RULES)]

    assert missing(texts, [page]) == {"causeway_ingester_recrods_total", "causeway:device"}


def test_the_dashboard_is_what_its_code_makes() -> None:
    """Write it anew with `python -m infra.observability.dashboards`."""
    assert PLACE.read_text() == dashboard()


def test_every_alert_has_a_runbook() -> None:
    """At the place that it names, with what somebody needs at night."""
    named = re.findall(r"alert: (\w+)\n(?:.*\n)+?\s+runbook: (\S+)#(\S+)", "".join(path.read_text() for path in RULES))

    assert len(named) > 25
    for alert, page, anchor in named:
        text = (ROOT / page).read_text()
        assert anchor == alert.lower(), alert
        section = re.search(rf"^## {alert}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
        assert section, f"{page} has no section {alert}"
        assert all(f"**{word}.**" in section[1] for word in ("Means", "Hurts", "Look", "Do")), alert


def test_the_dashboard_and_the_alert_count_the_same_poison() -> None:
    """What only waits for newer software is none."""
    [expression] = re.findall(r"alert: Poison\n\s+expr: (.*) > 0", "".join(path.read_text() for path in RULES))
    selector = re.findall(r"causeway_projector_poison_total\{(.*?)\}", expression)

    shown = re.findall(r"causeway_projector_poison_total\{site=~\\\"\$site\\\",(.*?)\}", PLACE.read_text())
    assert [one.replace('\\"', '"') for one in shown] == selector
