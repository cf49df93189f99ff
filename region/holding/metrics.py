"""How a process's lease is."""

from prometheus_client import Counter, Gauge

from region.holding.tenure import Tenure
from replication.holding.deciding import Standing

LEFT = Gauge(
    "causeway_lease_left_seconds",
    "For how long this process knows that its region holds its duties; whoever nobody stands by for renews by itself.",
    ["service"],
)
ISLANDED = Gauge(
    "causeway_lease_islanded", "Whether the lease has lapsed, so that nobody is let in (1), by service.", ["service"]
)
DEPOSED = Gauge(
    "causeway_lease_deposed",
    "Whether another epoch is known to hold this region's duties (1), by service.",
    ["service"],
)
RENEWALS = Counter(
    "causeway_lease_renewals_total", "Times that the lease was asked for, by result.", ["service", "result"]
)

MAY_RENEW = Gauge(
    "causeway_lease_may_renew",
    "Whether this region may renew the lease of one that it stands by for, while the directory says nothing (1): it was named, and has not asked for the epoch's end.",
    ["held"],
)


def follow(service: str, tenure: Tenure) -> None:
    """Tell of a tenure whenever metrics are read."""
    LEFT.labels(service).set_function(lambda: tenure.left / 1_000_000)
    ISLANDED.labels(service).set_function(lambda: tenure.standing() is Standing.ISLANDED)
    DEPOSED.labels(service).set_function(lambda: tenure.standing() is Standing.DEPOSED)
