"""What a projector counts, and how far it has come."""

from collections.abc import Mapping
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from replication.poison.records import Kind

RECORDS = Counter("causeway_projector_records_total", "Journal records projected.")
BATCH_RECORDS = Histogram(
    "causeway_projector_batch_records", "Journal records in a batch.", buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500)
)
BATCH_SECONDS = Histogram(
    "causeway_projector_batch_seconds",
    "Time from having read a batch to having committed it.",
    ["phase"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5),
)
OUTPUTS = Counter("causeway_projector_outputs_total", "Outcomes put out.")
RELAYED = Counter("causeway_projector_relayed_total", "Outcomes given to streams to other regions.", ["destination"])
REFUSALS = Counter("causeway_projector_refusals_total", "Submissions refused, by code.", ["code"])
PENDINGS = Counter(
    "causeway_projector_pending_total", "Messages kept pending, by the region that they wait for.", ["region"]
)
OLDEST_PENDING = Gauge(
    "causeway_projector_oldest_pending_timestamp_seconds",
    "When the oldest message that is pending was submitted, by the region that it waits for; absent if none is.",
    ["region"],
)
DUPLICATES = Counter("causeway_projector_duplicates_total", "Records that were known already.")
MADE_UP = Counter(
    "causeway_projector_made_up_total",
    "Entries of other regions' conversations whose author lives here and has not submitted them.",
)
OPEN_REPORTS = Gauge("causeway_projector_open_reports", "Reports that no moderator has decided about.")
REPORTS_DROPPED = Counter(
    "causeway_projector_reports_dropped_total",
    "Reports that were not taken: what stands already, or where too many are open.",
    ["reason"],
)
DROPPED = Counter("causeway_projector_dropped_total", "Marks that were dropped, by reason.", ["reason"])
HELD = Counter("causeway_projector_held_total", "Entries held because an earlier one is missing.")
CHARTERS = Counter("causeway_projector_charters_total", "Conversations of which a state was taken over.")
FILLED = Counter("causeway_projector_filled_total", "Entries that were missing and came.")
STOPPED = Counter("causeway_projector_stopped_total", "What was kept from users, who block who did it.")
POISON = Counter(
    "causeway_projector_poison_total",
    "Records put aside because they cannot be read or applied, or not yet, by kind.",
    ["kind"],
)
ASIDE = Gauge(
    "causeway_aside_records",
    "Records that are aside now, by the topic in which they stood and by kind.",
    ["source", "kind"],
)
ASIDE_BYTES = Gauge(
    "causeway_aside_bytes",
    "Bytes of the records that are aside now, by the topic in which they stood and by kind.",
    ["source", "kind"],
)
WAITING = Gauge("causeway_projector_waiting_partitions", "Partitions whose next record waits for newer software.")
LAPSED = Counter(
    "causeway_projector_lapsed_total", "Batches that let somebody in, during whose commit the region's lease lapsed."
)
FENCED = Counter("causeway_projector_fenced_total", "Batches that another projector had projected already.")
FAILURES = Counter("causeway_projector_failures_total", "Times that a session ended with an error, by kind.", ["kind"])
REMEMBERED = Gauge("causeway_projector_remembered_conversations", "Conversations in memory.")
NEXT_OFFSET = Gauge("causeway_projector_next_offset", "The next journal offset to project.", ["partition"])
JOURNAL_END = Gauge("causeway_projector_journal_end_offset", "The end of the journal.", ["partition"])
LAG = Gauge("causeway_projector_lag_records", "Journal records that wait to be projected.", ["partition"])
PROCESSED = Gauge(
    "causeway_projector_processed_timestamp_seconds", "When the record projected last was journaled.", ["partition"]
)
REACHED = Gauge(
    "causeway_projector_reached_timestamp_seconds",
    "Everything that was journaled before then is projected.",
    ["partition"],
)
NUDGE_FAILURES = Counter("causeway_projector_nudge_failures_total", "Nudges that Redis did not take.")
TRIMMED = Counter("causeway_projector_trimmed_records_total", "Old, decided records that were cut off of the journal.")
PRUNED = Counter("causeway_projector_pruned_total", "Old rows taken out of the store.", ["table"])


OTHERS: Final[Mapping[str, Counter]] = {
    "duplicate": DUPLICATES,
    "held": HELD,
    "charter": CHARTERS,
    "filled": FILLED,
    "stopped": STOPPED,
}
"""What has no code."""

for _kind in Kind:  # at 0: to Prometheus, a series that begins at 1 has not increased
    POISON.labels(_kind.value)


def forget_partitions() -> None:
    """Say nothing of partitions any more that another projector has by now."""
    for gauge in (NEXT_OFFSET, JOURNAL_END, LAG, PROCESSED, REACHED):
        gauge.clear()


def count(what: str, code: str, times: int) -> None:
    """Add what a docket counted."""
    if what == "refused":
        REFUSALS.labels(code).inc(times)
    elif what == "pending":
        PENDINGS.labels(code).inc(times)
    elif what == "poison":
        POISON.labels(code).inc(times)
    elif what == "report dropped":
        REPORTS_DROPPED.labels(code).inc(times)
    elif what == "dropped":
        DROPPED.labels(code).inc(times)
    else:
        OTHERS[what].inc(times)
