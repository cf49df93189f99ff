"""What an edge counts."""

from http import HTTPStatus
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

BRIDGED = Counter(
    "causeway_edge_bridged_requests", "HTTP requests bridged to a gateway in another process.", ["region", "status"]
)
SECONDS = Histogram(
    "causeway_edge_bridged_seconds",
    "How long bridged requests took.",
    ["region"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 1.5, 3.0, 10.0),
)
FOLLOWED = Counter("causeway_edge_redirects", "421 answers that were followed.", ["region"])
SOCKETS = Gauge("causeway_edge_sockets", "Open WebSockets of devices by the region that serves them.", ["region"])
HELD = Gauge("causeway_edge_held", "Devices and requests that wait for duties which are between two sites.")
REFUSED_SOCKETS = Counter("causeway_edge_refused_sockets", "WebSockets whose region could not be reached.", ["region"])
REQUESTS = Counter(
    "causeway_edge_requests_total",
    "HTTP requests of devices: by who answered (a gateway in this process: here; one that it was bridged to: bridged; the edge itself: own), and how.",
    ["way", "result"],
)
RESULTS: Final = ("done", "refused", "limited", "failed")
for _result in RESULTS:
    REQUESTS.labels("own", _result)
TRUNKS = Gauge("causeway_edge_trunks", "Connected trunks.", ["region"])


def count(way: str, status: int) -> None:
    """Count an answer.

    Args:
        way: Who gave it: `here`, `bridged` or `own`.
        status: Its HTTP status.
    """
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        result = "failed"
    elif status == HTTPStatus.TOO_MANY_REQUESTS:
        result = "limited"
    else:
        result = "refused" if status >= HTTPStatus.BAD_REQUEST else "done"
    REQUESTS.labels(way, result).inc()


def begin(region: str) -> None:
    """Show each counter of a region at 0: to Prometheus, a series that begins at 1 has not increased."""
    for counter in (FOLLOWED, REFUSED_SOCKETS):
        counter.labels(region)
