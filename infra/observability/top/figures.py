"""Two looks at a federation to tables of figures: regions with rates and lags, parts, links. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from infra.local.control import LinkStatus, PartStatus
from infra.observability.top.look import Look, Series

Cell: TypeAlias = str | float | None
"""A word, a figure, or None where nobody knows."""

WORST_FIRST: Final = ("failed", "crashed", "orphaned", "unhealthy", "down", "paused", "waiting", "starting", "healthy")


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Attributes:
        name: What it shows.
        columns: Their names; the first one names the row.
        rows: A cell for each column.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def sorted_by(self, column: int, *, downwards: bool) -> "Table":
        """Return it with its rows in the order of a column; unknown cells are last either way."""
        known = [row for row in self.rows if row[column] is not None]
        unknown = [row for row in self.rows if row[column] is None]
        ordered = sorted(known, key=lambda row: _order(row[column]), reverse=downwards)
        return Table(self.name, self.columns, (*ordered, *unknown))


def tables(now: Look, before: Look | None) -> tuple[Table, Table, Table]:
    """Return regions, parts and links.

    Args:
        now: The newest look.
        before: An earlier one, for rates; without it there are none.
    """
    return _regions(now, before), _parts(now, before), _links(now)


def _regions(now: Look, before: Look | None) -> Table:
    columns = ("region", "state", "devices", "sends/s", "failed/s", "delivered/s", "from others/s")
    lags = ("projector", "fan-out", "forwarder", "ingester", "pending", "parked")
    rows = tuple(_region(name, now, before) for name in now.status.regions)
    return Table("regions", (*columns, *lags), rows)


def _region(region: str, now: Look, before: Look | None) -> tuple[Cell, ...]:
    parts = now.status.regions[region].parts
    state = min((part.state for part in parts.values()), key=_badness, default="unknown")

    def total(name: str, **labels: str) -> float | None:
        return _total(_of(now, region), name, labels)

    def rate(name: str, **labels: str) -> float | None:
        if before is None or now.at <= before.at:
            return None
        new, old = total(name, **labels), _total(_of(before, region), name, labels)
        return None if new is None or old is None else max(0.0, new - old) / (now.at - before.at)

    def age(name: str, pick: Callable[[Iterable[float]], float]) -> float | None:
        values = [value for series in _of(now, region) for _, value in series.get(name, ()) if value > 0]
        return max(0.0, now.at - pick(values)) if values else None

    return (
        *(region, state, total("causeway_gateway_sockets"), rate("causeway_gateway_sends_total")),
        _sum(rate("causeway_gateway_sends_total", result=result) for result in ("failed", "unavailable")),
        *(rate("causeway_gateway_deliveries_total"), rate("causeway_ingester_records_total", verdict="passed")),
        age("causeway_projector_reached_timestamp_seconds", min),
        age("causeway_fanout_caught_up_timestamp_seconds", min),
        age("causeway_forwarder_drained_timestamp_seconds", min),
        age("causeway_ingester_forwarded_timestamp_seconds", min),
        age("causeway_projector_oldest_pending_timestamp_seconds", min),
        total("causeway_ingester_parked_streams"),
    )


def _parts(now: Look, before: Look | None) -> Table:
    rows = tuple(_part(name, part, now, before) for name, part in now.status.parts().items())
    return Table("parts", ("part", "state", "up s", "restarts", "cpu %", "MiB", "why"), rows)


def _part(name: str, part: PartStatus, now: Look, before: Look | None) -> tuple[Cell, ...]:
    series = now.metrics.get(name)
    memory = None if series is None else _total([series], "process_resident_memory_bytes", {})
    cpu = None
    if before is not None and series is not None and now.at > before.at:
        new = _total([series], "process_cpu_seconds_total", {})
        old = _total([before.metrics.get(name, {})], "process_cpu_seconds_total", {})
        cpu = None if new is None or old is None or new < old else 100 * (new - old) / (now.at - before.at)
    up = max(0.0, now.at - part.since) if part.pid is not None and part.since else None
    return (name, part.state, up, float(part.restarts), cpu, None if memory is None else memory / 2**20, part.reason)


def _links(now: Look) -> Table:
    rows = tuple(_link(name, link) for name, link in now.status.links.items())
    return Table("links", ("link", "state", "latency ms", "jitter ms", "Mbit/s"), rows)


def _link(name: str, link: LinkStatus) -> tuple[Cell, ...]:
    bandwidth = link.bandwidth_bits / 1e6 if link.bandwidth_bits else None
    return (name.replace(">", " → "), "cut" if link.cut else "open", link.latency_ms, link.jitter_ms, bandwidth)


def _of(look: Look, region: str) -> Sequence[Series]:
    return [series for name, series in look.metrics.items() if name.startswith(f"{region}/")]


def _total(found: Iterable[Series], name: str, labels: Mapping[str, str]) -> float | None:
    values = [
        value
        for series in found
        for has, value in series.get(name, ())
        if all(has.get(label) == wanted for label, wanted in labels.items())
    ]
    return sum(values) if values else None


def _sum(figures: Iterable[float | None]) -> float | None:
    known = [figure for figure in figures if figure is not None]
    return sum(known) if known else None


def _badness(state: str) -> int:
    return WORST_FIRST.index(state) if state in WORST_FIRST else 0


def _order(cell: Cell) -> tuple[float, str]:
    return (0.0, cell) if isinstance(cell, str) else (cell or 0.0, "")
