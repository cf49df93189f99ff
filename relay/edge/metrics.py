"""What an edge counts."""

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
REFUSED_SOCKETS = Counter("causeway_edge_refused_sockets", "WebSockets whose region could not be reached.", ["region"])
TRUNKS = Gauge("causeway_edge_trunks", "Connected trunks.", ["region"])


def begin(region: str) -> None:
    """Show each counter of a region at 0: to Prometheus, a series that begins at 1 has not increased."""
    for counter in (FOLLOWED, REFUSED_SOCKETS):
        counter.labels(region)
