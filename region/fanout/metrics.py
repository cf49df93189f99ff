"""What fan-out measures."""

from prometheus_client import Counter, Gauge, Histogram

PUBLICATIONS = Counter("causeway_fanout_publications_total", "Publications to gateways, heartbeats among them")
OUTPUTS = Counter("causeway_fanout_outputs_total", "Outputs that were read")
DAMAGED = Counter(
    "causeway_fanout_damaged_batches_total", "Batches that could not be read: devices look into the store"
)
DELIVERIES = Counter("causeway_fanout_deliveries_total", "Outputs that were published, once for each gateway concerned")
GATEWAYS = Gauge("causeway_fanout_gateways", "Gateways that are alive")
READ_POSITION = Gauge("causeway_fanout_position", "The last output position that was read", ["partition"])
COMMITTED = Gauge(
    "causeway_fanout_last_output_timestamp_seconds", "When the newest output that was published was committed"
)
CAUGHT_UP = Gauge("causeway_fanout_caught_up_timestamp_seconds", "When nothing was left to read for the last time")
STEP_SECONDS = Histogram(
    "causeway_fanout_step_seconds",
    "From reading a batch to having published it",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5),
)
