"""What the directory and its client count."""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

TRANSACTION_SECONDS: Final = Histogram(
    "causeway_directory_transaction_seconds",
    "Time of whole transactions, retries included.",
    ["transaction"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
TRANSACTION_FAILURES: Final = Counter(
    "causeway_directory_transaction_failures_total",
    "Failed attempts; lost_race is SQLSTATE 40001 and its kin, and is tried again.",
    ["transaction", "failure"],
)
LOOKUPS: Final = Counter("causeway_directory_lookups_total", "Look-ups answered.", ["by", "found"])
RESERVATIONS: Final = Counter(
    "causeway_directory_reservations_total", "Reservations by what became of the request.", ["result"]
)
OPERATORS_REFUSED: Final = Counter(
    "causeway_directory_operators_refused_total",
    "What operators, and whoever is none, were refused; also what was left out of the trace.",
    ["verb"],
)
ANNOUNCED_AT: Final = Gauge(
    "causeway_directory_region_announced_timestamp_seconds", "When a region last announced itself here.", ["region"]
)
CACHE_LOOKUPS: Final = Counter(
    "causeway_directory_client_lookups_total",
    "Look-ups of the client: fresh from the cache, fetched, stale since the directory is away, or failed.",
    ["kind", "source"],
)
CACHE_ENTRIES: Final = Gauge(
    "causeway_directory_client_cache_entries", "Entries that the client's caches hold.", ["kind"]
)
CLIENT_RETRIES: Final = Counter(
    "causeway_directory_client_retries_total", "Requests of the client that were tried again.", ["call"]
)
