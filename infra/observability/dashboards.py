"""The Grafana dashboard, made from a list of panels: `python -m infra.observability.dashboards` writes it anew."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

PLACE: Final = Path(__file__).parent / "grafana" / "causeway.json"
WIDTH, HEIGHT, ACROSS = 8, 8, 3


@dataclass(frozen=True, slots=True)
class Panel:
    """One graph.

    Attributes:
        title: What it shows.
        unit: Grafana's name of the unit.
        lines: Expression and legend of each line; `$site` is what the reader chose.
        threshold: From where it is red; None for nowhere.
        is_bad_below: Whether it is red below that, instead of above; such a graph may go below zero.
    """

    title: str
    unit: str
    lines: Sequence[tuple[str, str]]
    threshold: float | None = None
    is_bad_below: bool = False


ROWS: Final[dict[str, Sequence[Panel]]] = {
    "What users are promised": (
        Panel("Failed, of what is asked for", "percentunit", [('causeway:failed:ratio5m{site=~"$site"}', "{{site}} 5 min"), ('causeway:failed:ratio1h{site=~"$site"}', "{{site}} 1 h")], 0.0001),
        Panel("Accepted after, slowest percent", "s", [('causeway:ack:seconds_p99{site=~"$site"}', "{{site}} {{way}}")], 0.3),
        Panel("Delivered after, slowest percent", "s", [('causeway:delivery:seconds_p99{site=~"$site"}', "{{site}} {{way}}")], 1.5),
        Panel("Budget left, of 30 days", "percentunit", [('causeway:budget:left30d{site=~"$site"}', "{{site}}")], 0, is_bad_below=True),
        Panel("Budget burns, times what lasts a month", "short", [('causeway:failed:ratio1h{site=~"$site"} / 0.0001', "{{site}} 1 h, page from 14.4"), ('causeway:failed:ratio6h{site=~"$site"} / 0.0001', "{{site}} 6 h, page from 6"), ('causeway:failed:ratio3d{site=~"$site"} / 0.0001', "{{site}} 3 d, ticket from 1")], 1),
    ),
    "Lags": (
        Panel("Projector, fan-out, gateway", "s", [('causeway:lag:seconds{site=~"$site",stage=~"projector|fanout|gateway"}', "{{site}} {{stage}}")], 30),
        Panel("Forwarder, by destination", "s", [('causeway:lag:seconds{site=~"$site",stage="forwarder"}', "{{site}} to {{destination}}")], 60),
        Panel("Age of what comes, by origin", "s", [('causeway:lag:seconds{site=~"$site",stage="ingester"}', "{{origin}} to {{site}}")], 60),
        Panel("Oldest that waits for another region", "s", [('causeway:lag:seconds{site=~"$site",stage="pending"}', "{{site}} for {{region}}")], 300),
        Panel("Revocations, by home", "s", [('causeway:lag:seconds{site=~"$site",stage="revocations"}', "{{home}} to {{site}}")], 10),
    ),
    "Rates": (
        Panel("Asked for", "reqps", [('causeway:asked:rate5m{site=~"$site"}', "{{site}}")]),
        Panel("Sends, by what became of them", "reqps", [('sum by (site, result) (rate(causeway_gateway_sends_total{site=~"$site"}[5m]))', "{{site}} {{result}}")]),
        Panel("Between regions", "reqps", [('sum by (site, origin, verdict) (rate(causeway_ingester_records_total{site=~"$site"}[5m]))', "{{origin}} to {{site}} {{verdict}}")]),
    ),
    "What must not be": (
        Panel("Parked streams, missing records", "short", [('sum by (site, origin) (causeway_ingester_parked_streams{site=~"$site"})', "{{origin}} to {{site}} parked"), ('sum by (site, origin) (causeway_ingester_missing_records{site=~"$site"})', "{{origin}} to {{site}} missing")], 1),
        Panel("Poison, refused by the ingester", "short", [('sum by (site) (increase(causeway_projector_poison_total{site=~"$site",kind!~"newer|behind|held"}[1h]))', "{{site}} poison"), ('sum by (site, origin) (increase(causeway_ingester_records_total{site=~"$site",verdict="refused"}[1h]))', "{{site}} from {{origin}}")], 1),
        Panel("Certificates end in", "s", [('min by (site, name) (causeway_tls_certificate_expires_timestamp_seconds{site=~"$site"}) - time()', "{{site}} {{name}}")]),
    ),
    "Devices": (
        Panel("Connected", "short", [('causeway:devices{site=~"$site"}', "{{site}}")]),
        Panel("Connects", "reqps", [('causeway:connects:rate5m{site=~"$site"}', "{{site}}")]),
        Panel("Cut off, resynchronised", "short", [('sum by (site) (increase(causeway_gateway_slow_cuts_total{site=~"$site"}[10m]))', "{{site}} slow"), ('sum by (site, cause) (increase(causeway_gateway_breaks_total{site=~"$site"}[10m]))', "{{site}} {{cause}}")]),
    ),
}  # fmt: skip


def dashboard() -> str:
    """Return the dashboard as Grafana imports it, with a line break at its end."""
    panels: list[dict[str, object]] = []
    top = 0
    for title, graphs in ROWS.items():
        panels.append(_row(len(panels) + 1, title, top))
        for place, panel in enumerate(graphs):
            x, y = place % ACROSS * WIDTH, top + 1 + place // ACROSS * HEIGHT
            panels.append(_graph(len(panels) + 1, panel, x=x, y=y))
        top += 1 + -(-len(graphs) // ACROSS) * HEIGHT
    document = {
        "uid": "causeway",
        "title": "Causeway",
        "schemaVersion": 41,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "templating": {"list": [_variable("datasource", "datasource", "prometheus"), _sites()]},
        "panels": panels,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"


def _row(number: int, title: str, y: int) -> dict[str, object]:
    return {
        "id": number,
        "type": "row",
        "title": title,
        "collapsed": False,
        "panels": [],
        "gridPos": _place(0, y, 24, 1),
    }


def _graph(number: int, panel: Panel, *, x: int, y: int) -> dict[str, object]:
    below, above = ("red", "green") if panel.is_bad_below else ("green", "red")
    steps: list[dict[str, object]] = [{"color": below, "value": None}]
    if panel.threshold is not None:
        steps.append({"color": above, "value": panel.threshold})
    least: dict[str, object] = {} if panel.is_bad_below else {"min": 0}
    return {
        "id": number,
        "type": "timeseries",
        "title": panel.title,
        "datasource": _source(),
        "gridPos": _place(x, y, WIDTH, HEIGHT),
        "fieldConfig": {
            "defaults": least
            | {
                "unit": panel.unit,
                "thresholds": {"mode": "absolute", "steps": steps},
                "custom": {"thresholdsStyle": {"mode": "line" if panel.threshold is not None else "off"}},
            },
            "overrides": [],
        },
        "targets": [
            {"refId": chr(ord("A") + place), "datasource": _source(), "expr": expression, "legendFormat": legend}
            for place, (expression, legend) in enumerate(panel.lines)
        ],
    }


def _place(x: int, y: int, width: int, height: int) -> dict[str, int]:
    return {"x": x, "y": y, "w": width, "h": height}


def _source() -> dict[str, str]:
    return {"type": "prometheus", "uid": "${datasource}"}


def _variable(name: str, kind: str, query: str) -> dict[str, object]:
    return {"name": name, "type": kind, "query": query}


def _sites() -> dict[str, object]:
    asked = "label_values(causeway_gateway_sockets, site)"
    return _variable("site", "query", asked) | {
        "datasource": _source(),
        "multi": True,
        "includeAll": True,
        "refresh": 2,
        "current": {"text": "All", "value": "$__all"},
    }


if __name__ == "__main__":
    PLACE.parent.mkdir(exist_ok=True)
    PLACE.write_text(dashboard())
