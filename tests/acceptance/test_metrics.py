"""What alerts and dashboards look at is there."""

from pathlib import Path

from infra.observability.dashboards import PLACE
from infra.observability.names import missing
from tests.acceptance.gauges import Gauges

RULES = sorted((Path(__file__).parents[2] / "infra/observability/prometheus/rules").glob("*.yml"))


async def test_every_metric_of_alerts_and_dashboards_is_told_by_somebody(gauges: Gauges) -> None:
    """By a running federation; a name that is planted is missed."""
    texts = [path.read_text() for path in (*RULES, PLACE) if path.stem != "standby"]  # here nobody stands by
    pages = await gauges.pages()

    assert missing(texts, pages) == set()
    assert missing([*texts, "causeway_gateway_sendz_total > 0"], pages) == {"causeway_gateway_sendz_total"}
