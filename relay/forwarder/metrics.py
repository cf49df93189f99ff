"""What a forwarder counts; times are seconds since the epoch."""

from prometheus_client import Counter, Gauge, Histogram

RECORDS = Counter("causeway_forwarder_records", "Records put into relay topics, repeated ones too.", ["destination"])
HEARTBEATS = Counter("causeway_forwarder_heartbeats", "Heartbeats put into relay topics.", ["destination"])
GAPS = Counter(
    "causeway_forwarder_gaps", "Relay rows that do not continue their stream: rows are missing.", ["destination"]
)
DAMAGED = Counter(
    "causeway_forwarder_damaged_records",
    "Records that were not sent since their batch in the store cannot be read, or they are too large for any topic.",
    ["destination"],
)
BATCH = Gauge("causeway_forwarder_batch_records", "Records in the last batch: how much had waited.")
DRAINED = Gauge(
    "causeway_forwarder_drained_timestamp_seconds", "When nothing was left to send to the destination.", ["destination"]
)
SAVED = Gauge("causeway_forwarder_saved_timestamp_seconds", "When progress was last kept.")
WAITED = Histogram(
    "causeway_forwarder_waited_seconds",
    "For how long what was decided waited for the standby to have it.",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)
KEPT = Gauge(
    "causeway_forwarder_standby_kept",
    "Whether the standby has everything that has left this region (1), so that it may take over without a plan.",
    ["standby"],
)


def begin(destination: str) -> None:
    """Show each counter of a destination at 0: to Prometheus, a series that begins at 1 has not increased."""
    for counter in (RECORDS, HEARTBEATS, GAPS, DAMAGED):
        counter.labels(destination)
