"""How far the standby is, as the store's side and the copy's side see it; times are seconds since the epoch."""

import math

from prometheus_client import Counter, Gauge

from region.standby.judging import Step

BEHIND_SECONDS = Gauge(
    "causeway_standby_behind_seconds", "For how long the standby has not had everything of this store.", ["standby"]
)
BEHIND_BYTES = Gauge(
    "causeway_standby_behind_bytes", "Bytes of this store's changes that the standby has not confirmed.", ["standby"]
)
ROOM = Gauge(
    "causeway_standby_room_bytes",
    "Bytes of changes that are still kept for the standby before it has to begin anew.",
    ["standby"],
)
CONNECTED = Gauge("causeway_standby_connected", "Whether the standby reads this store's changes (1).", ["standby"])
UNPUBLISHED = Gauge(
    "causeway_standby_unpublished_tables", "Tables without a primary key, which no standby can be given."
)
WHOLE = Gauge("causeway_standby_copy_whole", "Whether the copy has everything up to some moment (1).", ["held"])
REACHED = Gauge(
    "causeway_standby_copy_reached_timestamp_seconds",
    "Up to when the copy has everything, by the clock of its store; 0 while there is none.",
    ["held"],
)
APPLIED_LAG = Gauge(
    "causeway_standby_copy_behind_bytes", "Bytes of changes that the copy has not taken in, as last seen.", ["held"]
)
REACHABLE = Gauge("causeway_standby_source_reachable", "Whether the store that is copied answers here (1).", ["held"])
STATE = Gauge("causeway_standby_copy_state", "What is to be done with the copy (1 for one of them).", ["held", "state"])
MISSING = Gauge("causeway_standby_copy_missing_tables", "Tables that are not copied as a whole yet.", ["held"])
ROWS = Gauge("causeway_standby_copy_rows", "Rows that the copy which is being made has.", ["held"])
BLOBS = Gauge("causeway_standby_missing_blobs", "Images and files whose bytes the standby does not have yet.", ["held"])
BLOB_BYTES = Gauge("causeway_standby_missing_blob_bytes", "Their bytes.", ["held"])
MADE = Counter("causeway_standby_copies_made", "Copies that became whole.", ["held"])
ERRORS = Gauge(
    "causeway_standby_copy_errors", "Times that the copy could not take something in, since it was made.", ["held"]
)


def begin_store(standby: str) -> None:
    """Show what the store's side tells."""
    for gauge in (BEHIND_SECONDS, BEHIND_BYTES, CONNECTED):
        gauge.labels(standby).set(0)
    ROOM.labels(standby).set(math.inf)
    UNPUBLISHED.set(0)


def begin_copy(held: str) -> None:
    """Show what the copy's side tells."""
    for gauge in (WHOLE, REACHED, APPLIED_LAG, REACHABLE, MISSING, ROWS, ERRORS, BLOBS, BLOB_BYTES):
        gauge.labels(held).set(0)
    MADE.labels(held)
    state(held, Step.WAIT)


def state(held: str, step: Step) -> None:
    """Tell what is to be done with a copy."""
    for one in Step:
        STATE.labels(held, one).set(one is step)
