"""How far standbys are with their copies of regions' stores, as both sides say at their admin ports. Pure."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import msgspec
from prometheus_client.parser import text_string_to_metric_families

BEHIND_SECONDS, BEHIND_BYTES = "causeway_standby_behind_seconds", "causeway_standby_behind_bytes"
CONNECTED = "causeway_standby_connected"
WHOLE, REACHED = "causeway_standby_copy_whole", "causeway_standby_copy_reached_timestamp_seconds"
STATE, MISSING, ROWS = (
    "causeway_standby_copy_state",
    "causeway_standby_copy_missing_tables",
    "causeway_standby_copy_rows",
)
BLOBS = "causeway_standby_missing_blobs"
NAMES = frozenset({BEHIND_SECONDS, BEHIND_BYTES, CONNECTED, WHOLE, REACHED, STATE, MISSING, ROWS, BLOBS})


class Copied(msgspec.Struct, frozen=True):
    """How far the copy of a region's store is; what neither side tells is None.

    Attributes:
        connected: Whether the standby reads the store's changes.
        behind_seconds: For how long the standby has not had everything: so much would be lost with the store.
        behind_bytes: The changes that it lacks, as they stand in the store's log.
        whole: Whether there is a copy that has everything up to some moment.
        complete_until: Which moment, seconds since the epoch, by the store's clock.
        state: What the standby is to do with it: follow, wait, stop, …
        missing_tables: How many tables are not there as a whole yet.
        rows: How many rows the copy has that is being made.
        missing_blobs: How many images and files it has no bytes of yet, as last counted.
    """

    connected: bool | None = None
    behind_seconds: float | None = None
    behind_bytes: float | None = None
    whole: bool | None = None
    complete_until: float | None = None
    state: str | None = None
    missing_tables: int | None = None
    rows: int | None = None
    missing_blobs: int | None = None

    def words(self) -> str:
        """Say it in a few words, the most important first."""
        until = f"{datetime.fromtimestamp(self.complete_until, UTC):%H:%M:%S} UTC" if self.complete_until else ""
        if self.state == "stop":
            return f"NOT FOLLOWED; has everything up to {until}" if self.whole else "NOT FOLLOWED, and not whole"
        if self.state == "hold":
            return "no copy: the duties were handed over"
        if self.whole is False:
            return f"being made: {self.missing_tables or 0} tables missing, {self.rows or 0} rows there"
        if self.whole and (self.connected is False or self.behind_seconds is None):
            return f"cut off; has everything up to {until}"
        if self.behind_seconds is None:
            return "?"
        blobs = f"; {self.missing_blobs} images and files missing" if self.missing_blobs else ""
        return f"{self.behind_seconds:.1f} s, {_size(self.behind_bytes or 0)} behind{blobs}"


def read(pages: Mapping[str, Iterable[str]]) -> dict[str, Copied]:
    """Return, by region whose store is copied, what is told of the copy.

    Args:
        pages: Region to the `/metrics` pages of its processes.
    """
    found: dict[str, dict[str, float]] = {}
    states: dict[str, str] = {}
    for region, own in pages.items():
        for name, labels, value in _samples(own):
            held = labels.get("held", region)
            told = found.setdefault(held, {})
            told[name] = max(value, told.get(name, 0.0))
            if name == STATE and value:
                states[held] = labels["state"]
    return {held: _copied(told, states.get(held)) for held, told in found.items()}


def _samples(pages: Iterable[str]) -> Iterable[tuple[str, Mapping[str, str], float]]:
    for page in pages:
        if BEHIND_SECONDS in page or WHOLE in page:
            for family in text_string_to_metric_families(page):
                for sample in family.samples:
                    if sample.name in NAMES:
                        yield sample.name, sample.labels, sample.value


def _copied(told: Mapping[str, float], state: str | None) -> Copied:
    missing, rows, blobs = told.get(MISSING), told.get(ROWS), told.get(BLOBS)
    return Copied(
        connected=bool(told[CONNECTED]) if CONNECTED in told else None,
        behind_seconds=told.get(BEHIND_SECONDS),
        behind_bytes=told.get(BEHIND_BYTES),
        whole=bool(told[WHOLE]) if WHOLE in told else None,
        complete_until=told.get(REACHED) or None,
        state=state,
        missing_tables=None if missing is None else int(missing),
        rows=None if rows is None else int(rows),
        missing_blobs=None if blobs is None else int(blobs),
    )


def _size(size: float) -> str:
    for unit in ("B", "kB", "MB"):
        if size < 1000:  # noqa: PLR2004  # as units go
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
