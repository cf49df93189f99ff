"""What alerts and dashboards look at is there."""

from pathlib import Path

import httpx

from chaos.federation import Federation
from infra.observability.dashboards import PLACE
from infra.observability.names import missing

RULES = sorted((Path(__file__).parents[2] / "infra/observability/prometheus/rules").glob("*.yml"))


async def test_every_metric_of_alerts_and_dashboards_is_told_by_somebody(
    http: httpx.AsyncClient, federation: Federation
) -> None:
    """By a running federation; a name that is planted is missed."""
    texts = [path.read_text() for path in (*RULES, PLACE) if path.stem != "standby"]  # here nobody stands by
    ports = [
        part.ports["admin"]
        for name, part in federation.status().parts().items()
        if "admin" in part.ports and name != "links"
    ]
    pages = [(await http.get(f"http://127.0.0.1:{port}/metrics")).text for port in ports]

    assert missing(texts, pages) == set()
    assert missing([*texts, "causeway_gateway_sendz_total > 0"], pages) == {"causeway_gateway_sendz_total"}
