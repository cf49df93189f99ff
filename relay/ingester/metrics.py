"""What an ingester counts; times are seconds since the epoch, so that an alert can tell a lag from a silence."""

from typing import Final

from prometheus_client import Counter, Gauge

from replication.poison.records import Kind

VERDICTS: Final = ("passed", "dropped", "refused", "newer", "heartbeat")
"""What may become of a record; `newer` is what waits for newer software, as in every rolling upgrade."""

RECORDS = Counter("causeway_ingester_records", "Mirrored records by what became of them.", ["origin", "verdict"])
GAPS = Counter("causeway_ingester_gaps", "Gaps in a stream: records are missing, and asked for.", ["origin"])
MISSING = Gauge("causeway_ingester_missing_records", "Sequences that are recorded as holes.", ["origin", "partition"])
POISON = Counter("causeway_ingester_poison", "Mirrored records that were put aside, by kind.", ["origin", "kind"])
PARKED = Gauge("causeway_ingester_parked_streams", "Streams that stand before a gap.", ["origin", "partition"])
WAITING = Gauge("causeway_ingester_waiting_records", "Records that wait behind gaps.", ["origin", "partition"])
STANDING = Gauge(
    "causeway_ingester_standing_partitions",
    "Partitions that stand at a record of newer software, since no more may be put aside.",
    ["origin"],
)
EXPELLED = Gauge(
    "causeway_ingester_expelled_origins",
    "1 while nothing of that origin is taken in, for it was expelled from trust.",
    ["origin"],
)
HOLES = Counter("causeway_ingester_holes", "Gaps that were passed unrepaired, as holes.", ["origin"])
REPAIRS = Counter("causeway_ingester_repairs", "Questions for what was missed, by outcome.", ["origin", "outcome"])
REPAIRED = Counter("causeway_ingester_repaired_records", "Records that the origin answered with.", ["origin"])
OFFSET_JUMPS = Counter(
    "causeway_ingester_offset_jumps", "Times that offsets of a mirrored topic did not continue.", ["origin"]
)
COARSENED = Counter(
    "causeway_ingester_progress_coarsened", "Times that progress did not fit into commit metadata.", ["origin"]
)
FORWARDED = Gauge(
    "causeway_ingester_forwarded_timestamp_seconds",
    "When the newest record or heartbeat that was taken in had been sent by its origin.",
    ["origin", "partition"],
)
HEARTBEAT = Gauge(
    "causeway_ingester_heartbeat_timestamp_seconds",
    "When the newest heartbeat had been sent by its origin.",
    ["origin", "partition"],
)
COMMITTED = Gauge("causeway_ingester_committed_timestamp_seconds", "When progress was last committed.", ["origin"])
BATCH = Gauge("causeway_ingester_batch_records", "Records in the last batch.", ["origin"])


def begin(origin: str) -> None:
    """Show each counter of an origin at 0: to Prometheus, a series that begins at 1 has not increased."""
    for verdict in VERDICTS:
        RECORDS.labels(origin, verdict)
    for kind in Kind:
        POISON.labels(origin, kind.value)
    for counter in (GAPS, HOLES, OFFSET_JUMPS, COARSENED, REPAIRED):
        counter.labels(origin)
